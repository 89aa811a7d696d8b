package adobesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// segment is one of Analytics.
type segment struct {
	id, name, description, rsid string
	definition                  json.RawMessage
	modified                    time.Time
}

const sampleDefinition = `{"func":"segment","version":[1,0,0],"container":{"func":"container","context":"visits","pred":{"func":"exists","val":{"func":"attr","name":"variables/page"}}}}`

func sampleSegments(of Customer) []*segment {
	var out []*segment
	for i, name := range []string{"Visits from Mobile", "Purchasers", "First-time Visits", "Logged-in Visitors"} {
		out = append(out, &segment{
			id: fmt.Sprintf("s1001_5e1f3a0b2c3d4e5f607180%02x", i), name: name, description: "A sample: " + name, rsid: of.Company + ".prod",
			definition: json.RawMessage(sampleDefinition), modified: begun.Add(time.Duration(i) * time.Hour),
		})
	}
	return out
}

// shown gives what the call asks for: without expansion the few members that there are always.
func (g *segment) shown(c *analyticsCall) map[string]any {
	out := map[string]any{"id": g.id, "name": g.name, "description": g.description, "rsid": g.rsid, "owner": map[string]any{"id": 200_002, "name": "Ada Sample", "login": "ada"}}
	for _, name := range list(c.query, "expansion") {
		switch name {
		case "reportSuiteName":
			out[name] = "Production"
		case "ownerFullName":
			out[name] = "Ada Sample"
		case "modified", "definitionLastModified":
			out[name] = stamp(g.modified)
		case "tags", "categories":
			out[name] = []any{}
		case "definition":
			out[name] = g.definition
		case "compatibility":
			out[name] = map[string]any{"valid": true, "message": "", "supported_products": []string{"oberon"}}
		case "publishingStatus":
			out[name] = map[string]any{"published": false}
		}
	}
	return out
}

func (s *Sim) listSegments(c *analyticsCall) answer {
	ids, suites, items := list(c.query, "segmentFilter"), list(c.query, "rsids", "rsid"), []any{}
	for _, g := range c.of.segments {
		if len(ids) > 0 && !slices.Contains(ids, g.id) || len(suites) > 0 && !slices.Contains(suites, g.rsid) ||
			!strings.Contains(strings.ToLower(g.name), strings.ToLower(c.query.Get("name"))) {
			continue
		}
		items = append(items, g.shown(c))
	}
	return c.page(items)
}

// segment gives the place of the one that the path names; -1 for none.
func (c *analyticsCall) segment() int {
	return slices.IndexFunc(c.of.segments, func(g *segment) bool { return g.id == c.rest[1] })
}

func (c *analyticsCall) noSegment() answer {
	return c.fail(http.StatusNotFound, "resource_not_found", "There is no such segment")
}

func (s *Sim) showSegment(c *analyticsCall) answer {
	if i := c.segment(); i >= 0 {
		return jsonAnswer(http.StatusOK, c.of.segments[i].shown(c))
	}
	return c.noSegment()
}

// segmentText is a segment as it is written.
type segmentText struct {
	Name, Description, RSID *string
	Definition              json.RawMessage
}

func (s *Sim) createSegment(c *analyticsCall) answer {
	var ask segmentText
	if !c.decode(&ask) || ask.Name == nil || ask.RSID == nil || len(ask.Definition) == 0 {
		return c.fail(http.StatusBadRequest, "invalid_data", "A segment has name, rsid and definition")
	}
	if !slices.Contains(suiteIDs(c.of), *ask.RSID) {
		return c.noSuite()
	}
	g := &segment{id: "s1001_" + strings.ReplaceAll(newID(), "-", "")[:24]}
	g.take(ask, c.now)
	c.of.segments = append(c.of.segments, g)
	return jsonAnswer(http.StatusOK, g.shown(c))
}

func (g *segment) take(ask segmentText, now time.Time) {
	for from, to := range map[*string]*string{ask.Name: &g.name, ask.Description: &g.description, ask.RSID: &g.rsid} {
		if from != nil {
			*to = *from
		}
	}
	if len(ask.Definition) > 0 {
		g.definition = ask.Definition
	}
	g.modified = now
}

func (s *Sim) editSegment(c *analyticsCall) answer {
	i := c.segment()
	if i < 0 {
		return c.noSegment()
	}
	var ask segmentText
	if !c.decode(&ask) {
		return c.fail(http.StatusBadRequest, "invalid_data", "The body is no JSON object")
	}
	c.of.segments[i].take(ask, c.now)
	return jsonAnswer(http.StatusOK, c.of.segments[i].shown(c))
}

func (s *Sim) deleteSegment(c *analyticsCall) answer {
	i := c.segment()
	if i < 0 {
		return c.noSegment()
	}
	c.of.segments = slices.Delete(c.of.segments, i, i+1)
	return jsonAnswer(http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Sim) validateSegment(c *analyticsCall) answer {
	if refused, ok := c.suiteNamed(); !ok {
		return refused
	}
	var ask struct {
		Definition struct {
			Func    string
			Version []int
		}
		Func string
	}
	valid := c.decode(&ask) && (ask.Definition.Func == "segment" || ask.Func == "segment")
	message := ""
	if !valid {
		message = "the definition is no segment"
	}
	return jsonAnswer(http.StatusOK, map[string]any{"valid": valid, "message": message, "validator_version": "1.0", "supported_products": []string{"oberon"}})
}
