// Package manifest keeps what Latchkey is configured with in files: it reads them, plans what is to change on a server,
// changes it, and writes a server's state as such files (`latchkey apply`, `diff`, `export`).
//
// A file holds YAML documents, each one [Object]: a kind, a name, and a spec whose members are those of the HTTP API. It
// guarantees:
//
//   - everything is read and checked before anything is changed: what is wrong is told with file, line and column, the
//     member, what was expected and the fix, and changes nothing;
//   - a member that is left out stays as it is on the server, and so does whatever no file names; nothing is deleted unless
//     the caller prunes;
//   - secrets stand in files as references alone ([Reference]), are resolved here, and are in no error and no plan;
//   - what was applied is not applied again: a second plan of the same files is empty.
//
// It trusts the files as far as the person who runs the command, the server as package client does. It works through the
// public API with the caller's key, so that rights, checks and the audit record are those of every other way in.
package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
)

// Place is where something stands in a file; lines and columns count from 1, 0 is unknown.
type Place struct {
	File         string
	Line, Column int
}

// String gives "file:line:column".
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Object is one document of a file: what something on the server is to be.
type Object struct {
	Kind, Name string
	// Spec is its members as they are written.
	Spec *jsontree.Node
	// Place is that of the document, places those of its values by their JSON pointers ("" is the spec).
	Place  Place
	places map[string]Place
}

// String names the object for people.
func (o *Object) String() string { return o.Kind + " " + o.Name }

// at gives the place of a value of the spec: that of the nearest one around it where there is none itself.
func (o *Object) at(pointer string) Place {
	for {
		if p, ok := o.places[pointer]; ok {
			return p
		}
		last := strings.LastIndexByte(pointer, '/')
		if last < 0 {
			return o.Place
		}
		pointer = pointer[:last]
	}
}

// Problem is one thing that is wrong with the files.
type Problem struct {
	Place Place `json:"-"`
	// Where is the place as text.
	Where string `json:"where"`
	// Object is the one that it is about, "" when no object could be read; Member its member: "services.0.profiles".
	Object string `json:"object,omitempty"`
	Member string `json:"member,omitempty"`
	// Message says what is wrong and what was expected, Fix what to do.
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

// String gives the problem in one line.
func (p Problem) String() string {
	about := strings.Trim(p.Object+": "+p.Member, ": ")
	if p.Member != "" && p.Object != "" {
		about = p.Object + ": " + p.Member
	}
	text := p.Message
	if about != "" {
		text = about + ": " + text
	}
	if at := p.Place.String(); at != "" {
		text = at + ": " + text
	}
	if p.Fix != "" {
		text += " (" + p.Fix + ")"
	}
	return text
}

// Problems are all that is wrong, in the order of the files.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, 0, len(p))
	for _, one := range p {
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

// add notes a problem of an object's member.
func (p *Problems) add(o *Object, pointer, message, fix string) {
	*p = append(*p, Problem{Place: o.at(pointer), Object: o.String(), Member: member(pointer), Message: message, Fix: fix})
}

// err gives the problems as an error; nil when there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column))
	})
	for i := range p {
		p[i].Where = p[i].Place.String()
	}
	return p
}

// member gives a JSON pointer as people write it: "services.0.profiles".
func member(pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, part := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
	}
	return strings.Join(parts, ".")
}
