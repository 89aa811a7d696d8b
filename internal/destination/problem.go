package destination

import (
	"fmt"
	"strings"
)

// Severity says what a problem keeps from happening.
type Severity int

// The severities, mildest first (spec §6.4).
const (
	// Warning keeps nothing from happening.
	Warning Severity = iota
	// Unpublishable keeps a document from being published and connected to; it can be stored as a draft.
	Unpublishable
	// Refused keeps a document from being stored.
	Refused
)

// String gives the name that the API uses: "warning", "publish" or "error".
func (s Severity) String() string {
	switch s {
	case Refused:
		return "error"
	case Unpublishable:
		return "publish"
	}
	return "warning"
}

// MarshalText writes the name that the API uses.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name that the API uses.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{Warning, Unpublishable, Refused} {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("unknown severity %q", text)
}

// Problem is one thing that is wrong with a document, or with the fields of a connection. It holds no secret.
type Problem struct {
	// Pointer is a JSON pointer into the document as it was sent, or "/fields/NAME".
	Pointer string `json:"pointer"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Fix says what to do; "" where the message says it all.
	Fix string `json:"fix,omitempty"`
	// Severity says what the problem keeps from happening.
	Severity Severity `json:"severity"`
	// Line and Column count from 1 within the template that stands at Pointer; 0 where that makes no sense.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Excerpt shows the template's line with a caret under the place.
	Excerpt string `json:"excerpt,omitempty"`
}

// String gives the problem in a line.
func (p Problem) String() string {
	var b strings.Builder
	if p.Pointer != "" {
		b.WriteString(p.Pointer + ": ")
	}
	b.WriteString(p.Message)
	if p.Line > 0 {
		fmt.Fprintf(&b, " (line %d, column %d)", p.Line, p.Column)
	}
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

// Problems is everything wrong with a document, in the order of the document.
type Problems []Problem

// Error gives the problems in lines, without the warnings unless there is nothing else.
func (p Problems) Error() string {
	var lines []string
	for _, problem := range p {
		if problem.Severity > Warning || p.worst() == Warning {
			lines = append(lines, problem.String())
		}
	}
	return strings.Join(lines, "\n")
}

// HasRefused tells whether the document cannot be stored.
func (p Problems) HasRefused() bool { return p.worst() >= Refused }

// HasUnpublishable tells whether the document cannot be published: a refused one can't either.
func (p Problems) HasUnpublishable() bool { return p.worst() >= Unpublishable }

// AtLeast gives the problems of that severity and above.
func (p Problems) AtLeast(severity Severity) Problems {
	var out Problems
	for _, problem := range p {
		if problem.Severity >= severity {
			out = append(out, problem)
		}
	}
	return out
}

func (p Problems) worst() Severity {
	worst := Warning
	for _, problem := range p {
		worst = max(worst, problem.Severity)
	}
	return worst
}
