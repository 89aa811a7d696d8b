package destination

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/secret"
	"latchkey/pebble"
)

// Text is one compiled value of a definition: a constant, a secret constant, or a template. A nil Text says nothing.
type Text struct {
	pointer  string
	constant string
	sealed   secret.String
	template *pebble.Template
	refs     []string
	// marked is the template with every print marked; only where the place in the result matters (URLs, headers).
	marked *pebble.Template
	prints []Print
}

// Print is one {{ }} of a template.
type Print struct {
	// Refs are the dotted names that it mentions.
	Refs []string
	// Encoded says that its value goes into a URL as it is: `| raw`, or a function that encodes.
	Encoded bool
}

// Segment is a piece of a rendered text: what the author wrote, or the value of a print.
type Segment struct {
	Text string
	// Print is nil for what the author wrote.
	Print *Print
}

// Pointer says where the text stands in the document.
func (t *Text) Pointer() string { return t.pointer }

// Constant tells whether the text is no template.
func (t *Text) Constant() bool { return t == nil || t.template == nil }

// Source gives the text as it is written, "" for a secret.
func (t *Text) Source() string {
	if !t.sealed.Empty() {
		return ""
	}
	return t.constant
}

// Sealed gives the constant when it is a secret.
func (t *Text) Sealed() secret.String { return t.sealed }

// Refs gives the dotted names that the template mentions: "authData.clientId", "response.status".
func (t *Text) Refs() []string { return t.refs }

// Mentions tells whether the template mentions the name.
func (t *Text) Mentions(name string) bool { return t != nil && slices.Contains(t.refs, name) }

// Calls tells whether the template calls a function.
func (t *Text) Calls(function string) bool {
	return !t.Constant() && t.template.Calls(function)
}

// Render gives the text with vars as its variables. An error is a [*pebble.Error].
func (t *Text) Render(ctx context.Context, vars map[string]any) (string, error) {
	switch {
	case t.template != nil:
		return t.template.RenderString(ctx, vars)
	case !t.sealed.Empty():
		return t.sealed.Reveal(), nil
	}
	return t.constant, nil
}

// Segments renders a text of a URL or a header in pieces, so that each value can be judged by its place. An error is
// a [*pebble.Error].
func (t *Text) Segments(ctx context.Context, vars map[string]any) ([]Segment, error) {
	if t.marked == nil {
		text, err := t.Render(ctx, vars)
		return []Segment{{Text: text}}, err
	}
	text, err := t.marked.RenderString(ctx, vars)
	if err != nil {
		return nil, err
	}
	return t.unmark(text), nil
}

// Marks enclose the value of a print in a marked template's output: markOpen, the print's number, ":", the value in
// hexadecimal digits, markClose. The author's text has no control characters in it where marks are used.
const (
	markOpen   = "\x01"
	markClose  = "\x02"
	markFilter = "latchkeyMark"
)

// markPrints gives the template's text with every print passed through the mark filter.
func markPrints(text string) string {
	var b strings.Builder
	last, number := 0, 0
	for _, p := range pieces(text) {
		if p.kind != printPiece {
			continue
		}
		b.WriteString(text[last:p.from])
		fmt.Fprintf(&b, " (%s) | %s(%d) ", p.text, markFilter, number)
		last = p.to
		number++
	}
	b.WriteString(text[last:])
	return b.String()
}

// mark is the filter that encloses a print's value.
func mark(_ context.Context, input pebble.Value, args []pebble.Value) (pebble.Value, error) {
	number, _ := args[0].AsInt()
	value := hex.EncodeToString([]byte(input.Text()))
	return pebble.Safe(markOpen + strconv.FormatInt(number, 10) + ":" + value + markClose), nil
}

// unmark cuts a marked template's output.
func (t *Text) unmark(text string) []Segment {
	var out []Segment
	for text != "" {
		literal, rest, marked := strings.Cut(text, markOpen)
		if literal != "" {
			out = append(out, Segment{Text: literal})
		}
		if !marked {
			break
		}
		value, after, _ := strings.Cut(rest, markClose)
		number, digits, _ := strings.Cut(value, ":")
		i, err := strconv.Atoi(number)
		plain, bad := hex.DecodeString(digits)
		if err != nil || bad != nil || i < 0 || i >= len(t.prints) {
			panic("destination: a mark of a template is broken")
		}
		out = append(out, Segment{Text: string(plain), Print: &t.prints[i]})
		text = after
	}
	return out
}
