package ims

import (
	"encoding/json"
	"fmt"
	"strings"
)

// AEM keeps a configuration as two OSGi factory configurations, files that end in .config (spec/aem-target-analytics.md §1.2),
// or in .cfg.json where they are deployed. In a .config file a line is name=value; a value is in quotes, with a letter of its
// type before it, or a list of such in brackets; \ escapes the character behind it, and a line break.

// properties are a file's: a text for each, or the texts of a list.
type properties map[string][]string

// first gives a property's text, "" when it is not there.
func (p properties) first(name string) string {
	if len(p[name]) == 0 {
		return ""
	}
	return p[name][0]
}

// readProperties reads a .config or a .cfg.json file.
func readProperties(text string) (properties, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return readJSONProperties(text)
	}
	r := &configReader{text: text, line: 1}
	out := properties{}
	for {
		r.blanks()
		if r.done() {
			return out, nil
		}
		if r.peek() == '#' {
			r.skipLine()
			continue
		}
		name, err := r.name()
		if err != nil {
			return nil, err
		}
		if out[name], err = r.value(); err != nil {
			return nil, err
		}
	}
}

func readJSONProperties(text string) (properties, error) {
	var members map[string]any
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, fmt.Errorf("reading the JSON: %w", err)
	}
	out := properties{}
	for name, value := range members {
		name, _, _ = strings.Cut(name, ":") // "x:Integer"
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, one := range list {
			out[name] = append(out[name], fmt.Sprint(one))
		}
	}
	return out, nil
}

// configReader reads a .config file.
type configReader struct {
	text     string
	at, line int
}

func (r *configReader) done() bool { return r.at >= len(r.text) }
func (r *configReader) peek() byte { return r.text[r.at] }
func (r *configReader) fail(expected string) error {
	return fmt.Errorf("reading the file: line %d: expected %s", r.line, expected)
}

func (r *configReader) next() byte {
	b := r.text[r.at]
	r.at++
	if b == '\n' {
		r.line++
	}
	return b
}

// blanks passes over white space, and over line breaks that are escaped.
func (r *configReader) blanks() {
	for !r.done() {
		escaped := r.peek() == '\\' && r.at+1 < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at+1]) >= 0
		if !escaped && strings.IndexByte(" \t\r\n\uFEFF", r.peek()) < 0 {
			return
		}
		r.next()
	}
}

func (r *configReader) skipLine() {
	for !r.done() && r.next() != '\n' {
	}
}

func (r *configReader) name() (string, error) {
	var b strings.Builder
	for !r.done() {
		switch c := r.next(); c {
		case '=':
			return strings.TrimSpace(b.String()), nil
		case '\n':
			return "", r.fail("= behind a property's name")
		case '\\':
			if r.done() {
				return "", r.fail("a character behind \\")
			}
			b.WriteByte(r.next())
		default:
			b.WriteByte(c)
		}
	}
	return "", r.fail("= behind a property's name")
}

// typeLetters stand before values that are no texts: Felix's T, I, L, F, D, X, S, C, B.
const typeLetters = "TILFDXSCBtilfdxscb"

func (r *configReader) value() ([]string, error) {
	r.blanks()
	if !r.done() && strings.IndexByte(typeLetters, r.peek()) >= 0 {
		r.next()
	}
	r.blanks()
	if r.done() {
		return nil, r.fail("a value in quotes")
	}
	closing := map[byte]byte{'[': ']', '(': ')'}[r.peek()]
	if closing == 0 {
		one, err := r.quoted()
		return []string{one}, err
	}
	r.next()
	list := []string{}
	for {
		r.blanks()
		if r.done() {
			return nil, r.fail("the end of a list")
		}
		switch r.peek() {
		case closing:
			r.next()
			return list, nil
		case ',':
			r.next()
			continue
		}
		one, err := r.quoted()
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
}

func (r *configReader) quoted() (string, error) {
	if r.done() || r.peek() != '"' {
		return "", r.fail("a value in quotes")
	}
	r.next()
	var b strings.Builder
	for !r.done() {
		switch c := r.next(); c {
		case '"':
			return b.String(), nil
		case '\\':
			if r.done() {
				return "", r.fail("a character behind \\")
			}
			b.WriteByte(unescaped(r.next()))
		default:
			b.WriteByte(c)
		}
	}
	return "", r.fail("the closing quote")
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// property is a line of a file that is written.
type property struct {
	name   string
	letter string // of its type, "" for text
	values []string
	list   bool
}

var configEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `=`, `\=`, ` `, `\ `, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// writeProperties writes a .config file as Felix does.
func writeProperties(list []property) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString(p.name + "=" + p.letter)
		if !p.list {
			b.WriteString(`"` + configEscaper.Replace(p.values[0]) + `"` + "\n")
			continue
		}
		b.WriteString("[ \\\n")
		for _, value := range p.values {
			b.WriteString(`  "` + configEscaper.Replace(value) + `", \` + "\n")
		}
		b.WriteString("  ]\n")
	}
	return b.String()
}
