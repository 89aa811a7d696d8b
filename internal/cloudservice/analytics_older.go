package cloudservice

import (
	"context"
	"iter"

	"latchkey/internal/analytics"
)

// fetchOlder gives a list as the API 1.4 has it, with the ids that the API 2.0 has: props and eVars are dimensions, events metrics.
// Variables that are not enabled are left out, as the API 2.0 leaves them out.
func (s *Services) fetchOlder(ctx context.Context, of *Service, l SyncList) iter.Seq2[Item, error] {
	center, as := of.Analytics.DataCenter, of.login()
	return func(yield func(Item, error) bool) {
		var out []Item
		var err error
		switch l.Kind {
		case ReportSuites:
			out, err = itemsOf(suiteItem)(s.older.ReportSuites(ctx, center, as))
		case Segments:
			out, err = itemsOf(segmentItem)(s.older.Segments(ctx, center, as))
		case Metrics:
			out, err = itemsOf(olderMetric)(s.older.Metrics(ctx, center, as, l.Suite))
			if err == nil {
				out, err = more(out)(itemsOf(variableItem("metrics/"))(s.older.Events(ctx, center, as, l.Suite)))
			}
		default:
			out, err = itemsOf(variableItem("variables/"))(s.older.Props(ctx, center, as, l.Suite))
			if err == nil {
				out, err = more(out)(itemsOf(variableItem("variables/"))(s.older.Evars(ctx, center, as, l.Suite)))
			}
		}
		if err != nil {
			yield(Item{}, err)
			return
		}
		seen := map[string]bool{"": true} // an event may be told of twice, as a metric too
		for _, item := range out {
			if !seen[item.ID] && !yield(item, nil) {
				return
			}
			seen[item.ID] = true
		}
	}
}

func itemsOf[T any](item func(T) Item) func([]T, error) ([]Item, error) {
	return func(all []T, err error) ([]Item, error) {
		var out []Item
		for _, one := range all {
			out = append(out, item(one))
		}
		return out, err
	}
}

func more(before []Item) func([]Item, error) ([]Item, error) {
	return func(after []Item, err error) ([]Item, error) { return append(before, after...), err }
}

func olderMetric(c analytics.Component) Item {
	return Item{ID: "metrics/" + c.ID, Name: c.Title}
}

// variableItem gives an item without an id for a variable that is not enabled.
func variableItem(prefix string) func(analytics.Variable) Item {
	return func(v analytics.Variable) Item {
		if v.Enabled != nil && !*v.Enabled || v.Type == "disabled" {
			return Item{}
		}
		return Item{ID: prefix + v.ID, Name: v.Name, Description: v.Description, Type: v.Type}
	}
}
