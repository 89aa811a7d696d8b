package adobesim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	maxOperations = 256
	maxDepends    = 255
	maxHeaders    = 50
)

// operation is one of a batch (spec/aem-target-analytics.md §2.5).
type operation struct {
	ID      int   `json:"operationId"`
	Depends []int `json:"dependsOnOperationIds"`
	Method  string
	URL     string `json:"relativeUrl"`
	Headers []struct{ Name, Value string }
	Body    json.RawMessage
}

// result is what came of one.
type result struct {
	ID      int              `json:"operationId"`
	Skipped bool             `json:"skipped"`
	Status  int              `json:"statusCode,omitempty"`
	Headers []map[string]any `json:"headers,omitempty"`
	Body    json.RawMessage  `json:"body,omitempty"`
}

var (
	responseID   = regexp.MustCompile(`\{operationIdResponse:(\d+)\}`)
	versionInURL = regexp.MustCompile(`^/v[0-9]+/`)
)

// batch runs operations in their order. What depends on one that failed is skipped.
func (s *Sim) batch(c *targetCall) answer {
	var ask struct{ Operations []operation }
	if json.Unmarshal(c.body, &ask) != nil || len(ask.Operations) == 0 || len(ask.Operations) > maxOperations {
		return c.invalid("operations", "operations are a list of 1 to 256")
	}
	results, made := []result{}, map[int]string{} // made :: operation → id of what it made
	failed := map[int]bool{}
	for _, op := range ask.Operations {
		if op.ID < 0 || op.ID > 255 || len(op.Depends) > maxDepends || len(op.Headers) > maxHeaders {
			return c.invalid("operations", "operationId is a number from 0 to 255, with 255 dependencies and 50 headers at most")
		}
		if slices.ContainsFunc(op.Depends, func(id int) bool { return failed[id] }) {
			failed[op.ID] = true
			results = append(results, result{ID: op.ID, Skipped: true})
			continue
		}
		a := s.operate(c, op, made)
		failed[op.ID] = a.status >= 300
		var id struct{ ID json.Number }
		if json.Unmarshal(a.body, &id) == nil && id.ID != "" {
			made[op.ID] = id.ID.String()
		}
		results = append(results, result{
			ID: op.ID, Status: a.status, Body: a.body, Headers: []map[string]any{{"name": "Content-Type", "value": a.header.Get("Content-Type")}},
		})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"results": results})
}

func (s *Sim) operate(c *targetCall, op operation, made map[int]string) answer {
	fill := func(text string) string {
		return responseID.ReplaceAllStringFunc(text, func(found string) string {
			n, _ := strconv.Atoi(responseID.FindStringSubmatch(found)[1])
			return made[n]
		})
	}
	u, err := url.Parse(fill(op.URL))
	if err != nil || u.Host != "" {
		return c.invalid("relativeUrl", "relativeUrl is a path below the tenant")
	}
	path := split(versionInURL.ReplaceAllString(u.Path, "/"))
	if slices.Contains(path, "batch") {
		return c.invalid("relativeUrl", "a batch holds no batch")
	}
	inner := *c.call
	inner.method, inner.query, inner.body, inner.header = strings.ToUpper(op.Method), u.Query(), []byte(fill(string(op.Body))), http.Header{}
	for _, h := range op.Headers {
		inner.header.Add(h.Name, h.Value)
	}
	return s.within(&targetCall{call: &inner, of: c.of, rest: path})
}
