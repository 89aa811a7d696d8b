package destination

import (
	"errors"
	"strconv"
	"strings"

	"latchkey/pebble"
)

// Path says where a value is in a response (spec §3.7): the whole text as a top-level key, else dotted names with
// `[n]` and `['key']`. A leading "$." or "response.body." says nothing, and "response.headers." reads headers. The
// zero Path says nowhere.
type Path struct {
	text    string
	headers bool
	steps   []pathStep
}

// pathStep is a name, or an index of an array.
type pathStep struct {
	name  string
	index int // -1 for a name
}

var errPath = errors.New(`a path is dotted names with [n] and ['key'], like data.tokens[0]['access token']`)

// parsePath reads a path. What is no path is still a top-level key; the error says that it can be nothing else.
func parsePath(text string) (Path, error) {
	p := Path{text: text}
	rest := strings.TrimPrefix(text, "$.")
	if headers, ok := strings.CutPrefix(rest, "response.headers"); ok && headers != "" && (headers[0] == '.' || headers[0] == '[') {
		p.headers = true
		rest = strings.TrimPrefix(headers, ".")
	} else {
		rest = strings.TrimPrefix(rest, "response.body.")
	}
	steps, err := parseSteps(rest)
	p.steps = steps
	return p, err
}

func parseSteps(rest string) ([]pathStep, error) {
	var steps []pathStep
	for rest != "" {
		if rest[0] != '[' {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, errPath
			}
			steps = append(steps, pathStep{rest[:end], -1})
			rest = rest[end:]
		} else {
			step, after, ok := parseBracket(rest)
			if !ok {
				return nil, errPath
			}
			steps, rest = append(steps, step), after
		}
		if after, ok := strings.CutPrefix(rest, "."); ok {
			if after == "" || after[0] == '[' {
				return nil, errPath
			}
			rest = after
		}
	}
	return steps, nil
}

// parseBracket reads [n], ['key'] or ["key"].
func parseBracket(text string) (step pathStep, rest string, ok bool) {
	if len(text) > 2 && (text[1] == '\'' || text[1] == '"') {
		name, rest, ok := strings.Cut(text[2:], text[1:2]+"]")
		return pathStep{name, -1}, rest, ok
	}
	digits, rest, ok := strings.Cut(text[1:], "]")
	index, err := strconv.Atoi(digits)
	return pathStep{"", index}, rest, ok && err == nil && index >= 0
}

// String gives the path as it is written.
func (p Path) String() string { return p.text }

// Empty tells whether the path says nowhere.
func (p Path) Empty() bool { return p.text == "" }

// Lookup reads the value from a response: body as pebble.FromJSON gives it, and a header's values by its name. It is
// nil when there is none.
func (p Path) Lookup(body any, header func(name string) []string) any {
	if p.Empty() {
		return nil
	}
	if p.headers {
		return p.lookupHeader(header)
	}
	if m, ok := body.(*pebble.Map); ok {
		if value, ok := m.Get(p.text); ok {
			return value
		}
	}
	if len(p.steps) == 0 {
		return nil
	}
	return follow(body, p.steps)
}

func (p Path) lookupHeader(header func(name string) []string) any {
	if len(p.steps) == 0 || p.steps[0].index >= 0 {
		return nil
	}
	values := header(p.steps[0].name)
	index := 0
	if len(p.steps) > 1 {
		index = p.steps[1].index
	}
	if index < 0 || index >= len(values) {
		return nil
	}
	return values[index]
}

func follow(value any, steps []pathStep) any {
	for _, step := range steps {
		switch at := value.(type) {
		case *pebble.Map:
			value, _ = at.Get(step.key())
		case []any:
			index := step.index
			if index < 0 { // a.0 is written by people who know other languages
				n, err := strconv.Atoi(step.name)
				if err != nil {
					return nil
				}
				index = n
			}
			if index < 0 || index >= len(at) {
				return nil
			}
			value = at[index]
		default:
			return nil
		}
	}
	return value
}

// key gives the step as a member's name.
func (s pathStep) key() string {
	if s.index >= 0 {
		return strconv.Itoa(s.index)
	}
	return s.name
}
