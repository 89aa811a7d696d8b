package routes_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/pipelined/routes"
)

// vendors is the manner of the vendor's sample: comments, and a comma at the end of a list.
const vendors = `{
  "topics": [ // one entry a topic
    {
      "name": "triggers",
      /* unique
         in each environment */
      "consumer": "customer_dev",
      "triggers": [
        {"name": "e2a3", "jsConnector": "cus:triggers.js"}, // an address: http://x
        {"name": "*", "jsConnector": ""},
      ],
    },
    {"name": "aliases", "consumer": "customer_dev", "triggers": [{"name": "*"}]}
  ]
}`

func TestParse(t *testing.T) {
	got, err := routes.Parse([]byte(vendors))
	if err != nil {
		t.Fatal(err)
	}
	want := &routes.Config{Topics: []routes.Topic{
		{Name: "triggers", Consumer: "customer_dev", Routes: []routes.Route{
			{Trigger: "e2a3", Connector: "cus:triggers.js", Line: 9, Column: 9}, {Trigger: "*", Line: 10, Column: 9},
		}},
		{Name: "aliases", Consumer: "customer_dev", Routes: []routes.Route{{Trigger: "*", Line: 13, Column: 66}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, connector := range map[string]string{"e2a3": "cus:triggers.js", "other": ""} {
		if r, ok := got.Topics[0].Route(name); !ok || r.Connector != connector {
			t.Errorf("Route(%q) = %v, %v, want the connector %q", name, r, ok, connector)
		}
	}
	if diff := cmp.Diff([]string{"cus:triggers.js", ""}, got.Connectors()); diff != "" {
		t.Error(diff)
	}
}

func TestParseTellsThePlace(t *testing.T) {
	for name, test := range map[string]struct {
		text         string
		line, column int
		says         string
	}{
		"empty":            {"", 1, 1, "it is empty"},
		"only a comment":   {"// nothing yet\n", 1, 1, "empty"},
		"no JSON":          {"{\n \"topics\": nothing }", 2, 12, ""},
		"open comment":     {"{ /* here", 1, 3, "no */"},
		"a list":           {"[]", 1, 1, "an object"},
		"no topics":        {"{}", 1, 1, `"topics" is missing`},
		"no topic":         {`{"topics": []}`, 1, 1, "names no topic"},
		"topics an object": {"{\n\"topics\": {}}", 2, 11, "a list"},
		"no consumer":      {"{\"topics\": [\n  {\"name\": \"triggers\", \"triggers\": []}]}", 2, 3, `"consumer" is missing`},
		"consumer empty":   {`{"topics": [{"name": "t", "consumer": " ", "triggers": []}]}`, 1, 39, "empty"},
		"consumer number":  {`{"topics": [{"name": "t", "consumer": 7, "triggers": []}]}`, 1, 39, "a text, not a number"},
		"é before":         {`{"topics": [{"name": "é", "consumer": 7, "triggers": []}]}`, 1, 39, "a text"},
		"twice":            {`{"topics": [{"name": "t", "consumer": "c", "triggers": [{"name": "a"}, {"name": "a"}]}]}`, 1, 72, "twice"},
		"topic twice":      {`{"topics": [{"name": "t", "consumer": "c", "triggers": []},{"name": "t", "consumer": "c", "triggers": []}]}`, 1, 60, "twice"},
		"cut off":          {`{"topics": [{"name": "t`, 1, 22, "does not end"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := routes.Parse([]byte(test.text))
			failed, ok := errors.AsType[*routes.Error](err)
			if !ok || failed.Line != test.line || failed.Column != test.column || !strings.Contains(failed.Msg, test.says) {
				t.Errorf("Parse(%q) = %v, want line %d, column %d and %q", test.text, err, test.line, test.column, test.says)
			}
		})
	}
}
