package cloudservice

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/finding"
	"latchkey/internal/suggest"
)

// kept is how many items are written at once: a list of any length takes no more memory than these.
const kept = 200

func (l SyncList) check() error {
	var problems finding.Problems
	ofSuite := l.Kind == Metrics || l.Kind == Dimensions
	switch {
	case !slices.Contains([]ListKind{ReportSuites, Segments, Metrics, Dimensions}, l.Kind):
		problems.Wrong("/list", "there is no such list", "use report-suites, segments, metrics or dimensions")
	case ofSuite && l.Suite == "":
		problems.Wrong("/suite", "metrics and dimensions are of a report suite", "name one")
	case !ofSuite && l.Suite != "":
		problems.Wrong("/suite", "that list is the company's, not a report suite's", "leave it out")
	}
	return problems.Errors()
}

// analyticsOf gives a connected service of Analytics, and how to call it.
func (s *Services) analyticsOf(ctx context.Context, caller access.Caller, ref Ref) (of Service, company string, as analytics.Access, err error) {
	if of, err = s.find(ctx, caller, ref, access.ConnectionsWrite); err != nil {
		return of, "", as, err
	}
	if of.Kind != Analytics {
		return of, "", as, fmt.Errorf("the cloud service %s is one of Target: %w", of.Name, ErrState)
	}
	if company, err = of.company(); err != nil || of.Authentication == Credentials {
		return of, company, as, err
	}
	with, err := s.config.Tokens.Access(ctx, caller, of.place(), of.Configuration)
	return of, company, analytics.Access{APIKey: with.APIKey, Token: with.Token}, err
}

// SyncAnalytics fetches a list from the product, page by page, and removes what the product has no more. Until it is through, the list has
// both.
func (s *Services) SyncAnalytics(ctx context.Context, caller access.Caller, ref Ref, l SyncList) (Synced, error) {
	if err := l.check(); err != nil {
		return Synced{}, err
	}
	of, company, as, err := s.analyticsOf(ctx, caller, ref)
	if err != nil {
		return Synced{}, err
	}
	begun := s.now()
	done := Synced{SyncList: l, Company: company, At: begun}
	round := begun.UnixMicro()
	var batch []Item
	for item, err := range s.fetch(ctx, &of, company, as, l) {
		if err != nil {
			return Synced{}, refused(&of, string(l.Kind), err)
		}
		done.Items++
		if batch = append(batch, item); len(batch) == kept {
			if err := s.config.Store.KeepItems(ctx, of.ID, l, round, batch); err != nil {
				return Synced{}, err
			}
			batch = batch[:0]
		}
	}
	if err := s.config.Store.KeepItems(ctx, of.ID, l, round, batch); err != nil {
		return Synced{}, err
	}
	entry := of.entry(caller, "cloud_service.sync", begun)
	entry.Detail["list"], entry.Detail["suite"], entry.Detail["items"] = string(l.Kind), l.Suite, strconv.Itoa(done.Items)
	return s.config.Store.EndRound(ctx, of.ID, done, round, entry)
}

// fetch gives a list as the product has it.
func (s *Services) fetch(ctx context.Context, of *Service, company string, as analytics.Access, l SyncList) iter.Seq2[Item, error] {
	if of.Authentication == Credentials {
		return s.fetchOlder(ctx, of, l)
	}
	switch l.Kind {
	case ReportSuites:
		return items(s.analytics.Suites(ctx, as, company), suiteItem)
	case Segments:
		return items(s.analytics.Segments(ctx, as, company, ""), segmentItem)
	case Metrics:
		return items(s.analytics.Metrics(ctx, as, company, l.Suite), componentItem)
	}
	return items(s.analytics.Dimensions(ctx, as, company, l.Suite), componentItem)
}

func suiteItem(s analytics.Suite) Item { return Item{ID: s.ID, Name: s.Name, Type: s.Type} }

func segmentItem(s analytics.Segment) Item {
	return Item{ID: s.ID, Name: s.Name, Description: s.Description, Suite: s.Suite}
}

func componentItem(c analytics.Component) Item {
	name := c.Title
	if name == "" {
		name = c.Name
	}
	return Item{ID: c.ID, Name: name, Description: c.Description, Type: c.Type}
}

func items[T any](all iter.Seq2[T, error], item func(T) Item) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for one, err := range all {
			if err != nil {
				yield(Item{}, err)
				return
			}
			if made := item(one); made.ID != "" && !yield(made, nil) {
				return
			}
		}
	}
}

// Lists gives the lists that were synced of the company that the service uses now.
func (s *Services) Lists(ctx context.Context, caller access.Caller, ref Ref) ([]Synced, error) {
	of, err := s.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	return s.listsOf(ctx, &of)
}

func (s *Services) listsOf(ctx context.Context, of *Service) ([]Synced, error) {
	company, err := of.company()
	if err != nil {
		return nil, nil // not connected: nothing is known of it
	}
	all, err := s.config.Store.SyncedLists(ctx, of.ID)
	return slices.DeleteFunc(all, func(l Synced) bool { return l.Company != company }), err
}

// Items gives a part of a list that was synced.
func (s *Services) Items(ctx context.Context, caller access.Caller, ref Ref, l SyncList, q ItemQuery) ([]Item, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	of, err := s.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	if synced, err := s.synced(ctx, &of, l); err != nil || !synced {
		return nil, err
	}
	return s.config.Store.Items(ctx, of.ID, l, q)
}

// synced tells whether a list is known of the company that the service uses now.
func (s *Services) synced(ctx context.Context, of *Service, l SyncList) (bool, error) {
	all, err := s.listsOf(ctx, of)
	return slices.ContainsFunc(all, func(known Synced) bool { return known.SyncList == l }), err
}

// known tells whether a list has an item, and what was probably meant when it has not. ok says that the list is there to tell.
func (s *Services) known(ctx context.Context, of *Service, l SyncList, id string) (has bool, near string, ok bool, err error) {
	if ok, err = s.synced(ctx, of, l); err != nil || !ok {
		return false, "", ok, err
	}
	if has, err = s.config.Store.HasItem(ctx, of.ID, l, id); err != nil || has {
		return has, "", true, err
	}
	const compared = 5000 // more are not read to guess a word
	all, err := s.config.Store.Items(ctx, of.ID, l, ItemQuery{Limit: compared})
	var names []string
	for _, item := range all {
		names = append(names, item.ID)
	}
	near, _ = suggest.Closest(id, names)
	return false, near, true, err
}

// suitesKnown notes the report suites that the synced list does not have. Without a list it says nothing.
func (s *Services) suitesKnown(ctx context.Context, of *Service, ids []string, pointer string, severity finding.Severity, problems *finding.Problems) error {
	for i, id := range ids {
		has, near, ok, err := s.known(ctx, of, SyncList{Kind: ReportSuites}, id)
		if err != nil {
			return err
		}
		if ok && !has {
			problems.Add(severity, pointer+"/"+strconv.Itoa(i), "the account sees no report suite "+id, meant(near, "sync the list when it is new: latchkey cloud-service sync "+of.Name))
		}
	}
	return nil
}

// meant says what was probably meant, and what to do otherwise.
func meant(near, otherwise string) string {
	if near == "" {
		return otherwise
	}
	return "did you mean " + near + "? Else " + otherwise
}
