package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/jsontree"
)

// placed is a problem of a document, with where it stands in the text as it was typed.
type placed struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	// From and To are what is marked, in UTF-16 units as scripts count.
	From int `json:"from"`
	To   int `json:"to"`
	// Weight is error, publish or warning: what it keeps from happening.
	Weight  string `json:"weight"`
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
	Pointer string `json:"pointer"`
	Excerpt string `json:"-"`
}

// Tone is the colour of a problem.
func (p placed) Tone() string {
	return map[string]string{"error": "bad", "publish": "warn"}[p.Weight]
}

// Weighs says in words what it keeps from happening.
func (p placed) Weighs() string {
	return map[string]string{"error": "can’t be saved", "publish": "can’t be published", "warning": "a hint"}[p.Weight]
}

// located finds problems in a text.
func located(text string, problems destination.Problems) []placed {
	raw := []byte(text)
	places := jsontree.Places(raw)
	out := make([]placed, 0, len(problems))
	for _, one := range problems {
		p := placed{Weight: one.Severity.String(), Message: full(one.Message), Fix: full(one.Fix), Pointer: one.Pointer, Excerpt: one.Excerpt}
		at := nearest(places, one.Pointer)
		if one.Line > 0 && at.From < len(raw) && raw[at.From] == '"' {
			at.From = jsontree.Inside(raw, at, one.Line, one.Column)
			at.To = min(at.From+1, len(raw))
		}
		p.Line, p.Column = jsontree.LineColumn(raw, at.From)
		p.From, p.To = units(text[:at.From]), units(text[:at.To])
		out = append(out, p)
	}
	return out
}

// full makes a sentence of a message. One that begins with the name of a member leaves it as it is written.
func full(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if strings.ToLower(first) == first {
		text = sentence(text)
	}
	if text == "" || strings.HasSuffix(text, "?.") || strings.HasSuffix(text, "?") {
		return strings.TrimSuffix(text, ".")
	}
	return strings.TrimSuffix(text, ".") + "."
}

// nearest gives where a value stands, or what is around it when it is not there; of an object or a list only its name, so that
// not half the document is marked.
func nearest(places map[string]jsontree.Place, pointer string) jsontree.Place {
	for {
		at, ok := places[pointer]
		if name, named := places[jsontree.NameOf(pointer)]; ok && named && at.To-at.From > 80 {
			return name
		}
		if ok && pointer != "" {
			return at
		}
		if pointer == "" {
			return jsontree.Place{From: at.From, To: min(at.From+1, at.To)}
		}
		pointer = pointer[:max(0, strings.LastIndexByte(pointer, '/'))]
	}
}

// units is how long a text is to a script.
func units(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// written reads a document that was typed; what is not JSON is a problem at its place. known is what the secrets that the
// masks keep come from, nil for a new one.
func written(text string, known *destination.Document) (*destination.Document, []placed) {
	document, err := destination.ParseDocument([]byte(text))
	if err != nil {
		return nil, []placed{unreadable(text, err)}
	}
	if known != nil {
		document.MergeSecrets(known)
	}
	return document, nil
}

func unreadable(text string, err error) placed {
	p := placed{Line: 1, Column: 1, Weight: destination.Refused.String(), Message: full(err.Error()), Fix: "Nothing else can be checked before that."}
	if syntax, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
		p.Line, p.Column, p.Message = syntax.Line, syntax.Column, full(syntax.Msg)
	}
	lines := strings.SplitAfter(text, "\n")
	for i := range min(p.Line-1, len(lines)) {
		p.From += units(lines[i])
	}
	p.From = min(p.From+p.Column-1, units(text))
	p.To = min(p.From+1, units(text))
	return p
}

// definitionCheck tells a script what is wrong with what is typed; nothing is stored.
func (v *visit) definitionCheck() error {
	if err := v.caller.Require(access.DefinitionsRead); err != nil {
		return err
	}
	var known *destination.Document
	if ref := v.value("definition"); ref != "" {
		saved, err := v.Definitions.Get(v.r.Context(), v.caller, destination.Ref{Sandbox: v.sandbox, Name: ref})
		if err != nil {
			return err
		}
		known = saved.Revision.Document
	}
	text := unified(v.text("document"))
	document, problems := written(text, known)
	if document != nil {
		found, err := v.Definitions.Lint(v.caller, document)
		if err != nil {
			return err
		}
		problems = located(text, found)
	}
	return v.json(map[string]any{"problems": problems})
}

// definitionSchema tells a script what can stand where.
func (v *visit) definitionSchema() error { return v.json(destination.Schema()) }

// unified gives a form's text with line breaks as scripts and files have them.
func unified(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// json answers a script.
func (v *visit) json(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, _ = v.w.Write(text)
	return nil
}

// documentLine is a line of a document as a page shows it.
type documentLine struct {
	Number     int
	Text, Tone string
}

// documentLines numbers a text, and marks the lines that have problems.
func documentLines(text string, problems []placed) []documentLine {
	var out []documentLine
	for i, line := range strings.Split(text, "\n") {
		out = append(out, documentLine{Number: i + 1, Text: line})
	}
	for _, p := range problems {
		if p.Line >= 1 && p.Line <= len(out) && out[p.Line-1].Tone != "bad" {
			out[p.Line-1].Tone = cmp.Or(p.Tone(), "hint")
		}
	}
	return out
}
