package adobesim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// component is a metric or a dimension of Analytics.
type component struct {
	id, name, kind string
	// variable is what 1.4 calls it: "evar1", "prop2", "event3"; "" where it is none of these.
	variable string
}

func sampleMetrics() []component {
	out := []component{
		{"metrics/pageviews", "Page Views", "int", ""}, {"metrics/visits", "Visits", "int", ""}, {"metrics/visitors", "Unique Visitors", "int", ""},
		{"metrics/occurrences", "Occurrences", "int", ""}, {"metrics/orders", "Orders", "int", ""}, {"metrics/revenue", "Revenue", "currency", ""},
		{"metrics/bounces", "Bounces", "int", ""},
	}
	for i, name := range []string{"Sign-ups", "Downloads", "Video Starts"} {
		out = append(out, component{fmt.Sprintf("metrics/event%d", i+1), name, "int", fmt.Sprintf("event%d", i+1)})
	}
	return out
}

func sampleDimensions() []component {
	out := []component{
		{"variables/page", "Page", "string", ""}, {"variables/daterangeday", "Day", "time", ""}, {"variables/referringdomain", "Referring Domain", "string", ""},
		{"variables/browser", "Browser", "string", ""}, {"variables/geocountry", "Countries", "string", ""}, {"variables/product", "Product", "string", ""},
	}
	for i, name := range []string{"Internal Search Term", "Campaign", "Member Level"} {
		out = append(out, component{fmt.Sprintf("variables/evar%d", i+1), name, "string", fmt.Sprintf("evar%d", i+1)})
	}
	for i, name := range []string{"Site Section", "Author"} {
		out = append(out, component{fmt.Sprintf("variables/prop%d", i+1), name, "string", fmt.Sprintf("prop%d", i+1)})
	}
	return out
}

func (c component) shown() map[string]any {
	return map[string]any{
		"id": c.id, "title": c.name, "name": c.name, "type": c.kind, "category": "Sample", "support": []string{"oberon", "dataWarehouse"}, "pathable": false,
		"segmentable": true, "reportable": []string{"oberon"}, "description": "A sample.", "allowedForReporting": true,
	}
}

// listComponents answers with all of a report suite, which must be named.
func listComponents(all []component) func(*Sim, *analyticsCall) answer {
	return func(_ *Sim, c *analyticsCall) answer {
		if refused, ok := c.suiteNamed(); !ok {
			return refused
		}
		items := []map[string]any{}
		for _, one := range all {
			items = append(items, one.shown())
		}
		return jsonAnswer(http.StatusOK, items)
	}
}

// showComponent answers with one, by its id with or without what stands before the slash.
func showComponent(prefix string, all []component) func(*Sim, *analyticsCall) answer {
	return func(_ *Sim, c *analyticsCall) answer {
		if refused, ok := c.suiteNamed(); !ok {
			return refused
		}
		id := prefix + "/" + strings.TrimPrefix(c.rest[1], prefix+"/")
		if i := slices.IndexFunc(all, func(one component) bool { return one.id == id }); i >= 0 {
			return jsonAnswer(http.StatusOK, all[i].shown())
		}
		return c.fail(http.StatusNotFound, "resource_not_found", "There is no such resource")
	}
}

func (c *analyticsCall) suiteNamed() (answer, bool) {
	id := c.query.Get("rsid")
	if id == "" {
		return c.fail(http.StatusBadRequest, "invalid_parameter", "rsid is missing"), false
	}
	if !slices.Contains(suiteIDs(c.of), id) {
		return c.noSuite(), false
	}
	return answer{}, true
}

func sampleCalculated() []map[string]any {
	return []map[string]any{{
		"id": "cm1001_5f1f3a0b2c3d4e5f60718293", "name": "Orders per Visit", "description": "A sample.", "rsid": "", "owner": map[string]any{"id": 200_002},
		"polarity": "positive", "precision": 2, "type": "decimal",
	}}
}

func sampleDateRanges() []map[string]any {
	return []map[string]any{{
		"id": "5f1f3a0b2c3d4e5f60718294", "name": "Last 30 days", "description": "A sample.", "owner": map[string]any{"id": 200_002}, "definition": "td-30d/td",
	}}
}
