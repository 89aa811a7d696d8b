// Package routes reads the option NmsPipeline_Config: which topics are listened to, as which consumer, and what is done
// with which trigger (spec/campaign-and-pipeline.md §2.7).
//
// The vendor's own sample has comments and commas at the ends of lists, and asks people to take them out. They may stay
// here. Whatever else is wrong is told with its line and column. A route by the trigger's exact name goes before the one
// for every trigger, `*`.
package routes

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
)

// Any is the trigger name of the route for every trigger that has none of its own.
const Any = "*"

// Config is the whole option.
type Config struct{ Topics []Topic }

// Topic is one topic that is listened to.
type Topic struct {
	Name string
	// Consumer is the group by which the broker keeps the place.
	Consumer string
	Routes   []Route
}

// Route says what is done with a trigger.
type Route struct {
	// Trigger is the id of the trigger's type, or [Any].
	Trigger string
	// Connector is jsConnector, the name of the script that Campaign would run; "" for what is built in.
	Connector    string
	Line, Column int
}

// Error says what is wrong and where. Lines and columns count from 1, columns in characters.
type Error struct {
	Line, Column int
	Msg          string
}

func (e *Error) Error() string {
	return fmt.Sprintf("NmsPipeline_Config: line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Parse reads the option. The error is an [*Error].
func Parse(text []byte) (*Config, error) {
	plain, failure := strip(string(text))
	if failure != nil {
		return nil, failure
	}
	if strings.TrimSpace(strings.TrimPrefix(plain, "\ufeff")) == "" {
		return nil, &Error{1, 1, "it is empty, and must begin with {"}
	}
	root, err := jsontree.Parse([]byte(plain))
	if err != nil {
		if at, ok := err.(*jsontree.SyntaxError); ok { //nolint:errorlint // Parse promises this very type
			return nil, &Error{at.Line, at.Column, at.Msg}
		}
		return nil, &Error{1, 1, err.Error()}
	}
	r := &reader{places: locate(plain)}
	config := r.config(root)
	if r.failure != nil {
		return nil, r.failure
	}
	return config, nil
}

// Route gives what is done with a trigger; false when it is ignored.
func (t *Topic) Route(trigger string) (Route, bool) {
	for _, name := range []string{trigger, Any} {
		if i := slices.IndexFunc(t.Routes, func(r Route) bool { return r.Trigger == name }); i >= 0 {
			return t.Routes[i], true
		}
	}
	return Route{}, false
}

// Connectors lists the names that routes use, each once.
func (c *Config) Connectors() []string {
	var names []string
	for _, topic := range c.Topics {
		for _, route := range topic.Routes {
			if !slices.Contains(names, route.Connector) {
				names = append(names, route.Connector)
			}
		}
	}
	return names
}

// reader makes a configuration of the tree; the first thing that is wrong ends it.
type reader struct {
	places  map[string]place // JSON pointer → where its value begins
	failure *Error
}

func (r *reader) fail(pointer, format string, args ...any) {
	if r.failure == nil {
		at := r.places[pointer]
		r.failure = &Error{at.line, at.column, fmt.Sprintf(format, args...)}
	}
}

func (r *reader) config(root *jsontree.Node) *Config {
	config := &Config{}
	if root.Kind != jsontree.Object {
		r.fail("", `it must be an object with "topics", not %s`, root.Kind)
		return config
	}
	topics := r.list(root, "", "topics")
	if r.failure == nil && len(topics) == 0 {
		r.fail("", `"topics" names no topic; one is needed, as {"name": "triggers", "consumer": "…", "triggers": [{"name": "*"}]}`)
	}
	for i, node := range topics {
		pointer := fmt.Sprintf("/topics/%d", i)
		if node.Kind != jsontree.Object {
			r.fail(pointer, "a topic is an object, not %s", node.Kind)
			continue
		}
		topic := Topic{Name: r.text(node, pointer, "name", true), Consumer: r.text(node, pointer, "consumer", true)}
		same := func(t Topic) bool { return t.Name == topic.Name && t.Consumer == topic.Consumer }
		if slices.ContainsFunc(config.Topics, same) {
			r.fail(pointer, "the topic %q with the consumer %q is here twice", topic.Name, topic.Consumer)
		}
		topic.Routes = r.routes(node, pointer)
		config.Topics = append(config.Topics, topic)
	}
	return config
}

func (r *reader) routes(topic *jsontree.Node, at string) []Route {
	var list []Route
	for i, node := range r.list(topic, at, "triggers") {
		pointer := fmt.Sprintf("%s/triggers/%d", at, i)
		if node.Kind != jsontree.Object {
			r.fail(pointer, "a trigger is an object, not %s", node.Kind)
			continue
		}
		place := r.places[pointer]
		route := Route{
			Trigger: r.text(node, pointer, "name", true), Connector: r.text(node, pointer, "jsConnector", false),
			Line: place.line, Column: place.column,
		}
		if slices.ContainsFunc(list, func(other Route) bool { return other.Trigger == route.Trigger }) {
			r.fail(pointer, "the trigger %q is here twice", route.Trigger)
		}
		list = append(list, route)
	}
	return list
}

func (r *reader) list(parent *jsontree.Node, at, name string) []*jsontree.Node {
	node := parent.Get(name)
	switch {
	case node.Absent():
		r.fail(at, "%q is missing", name)
		return nil
	case node.Kind != jsontree.Array:
		r.fail(at+"/"+name, "%q is a list, not %s", name, node.Kind)
		return nil
	}
	return node.Items()
}

func (r *reader) text(parent *jsontree.Node, at, name string, needed bool) string {
	node := parent.Get(name)
	switch {
	case node.Absent() && !needed:
		return ""
	case node.Absent():
		r.fail(at, "%q is missing", name)
	case node.Kind != jsontree.String:
		r.fail(at+"/"+name, "%q is a text, not %s", name, node.Kind)
	case needed && strings.TrimSpace(node.Text) == "":
		r.fail(at+"/"+name, "%q is empty", name)
	default:
		return node.Text
	}
	return ""
}
