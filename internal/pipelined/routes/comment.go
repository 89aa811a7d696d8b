package routes

import (
	"encoding/json"
	"fmt"
	"strings"
)

// strip puts blanks where comments and commas before a closing bracket stand, so that every other character keeps its
// line and column.
func strip(text string) (string, *Error) {
	runes := []rune(text)
	comma := -1 // the last comma that nothing has followed so far
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if runes[i] != '\n' {
				runes[i] = ' '
			}
		}
	}
	for i := 0; i < len(runes); i++ {
		switch c := runes[i]; {
		case c == '"':
			comma, i = -1, afterText(runes, i)
		case c == '/' && i+1 < len(runes) && runes[i+1] == '/':
			end := find(runes, i, "\n", len(runes))
			blank(i, end)
			i = end
		case c == '/' && i+1 < len(runes) && runes[i+1] == '*':
			end := find(runes, i+2, "*/", -1)
			if end < 0 {
				at := placeOf(runes, i)
				return "", &Error{at.line, at.column, "the comment that begins here has no */"}
			}
			blank(i, end+2)
			i = end + 1
		case c == ',':
			comma = i
		case c == '}' || c == ']':
			if comma >= 0 {
				runes[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			comma = -1
		}
	}
	return string(runes), nil
}

// afterText gives the index of the quote that ends the text which begins at i.
func afterText(runes []rune, i int) int {
	for i++; i < len(runes); i++ {
		switch runes[i] {
		case '\\':
			i++
		case '"', '\n':
			return i
		}
	}
	return i
}

func find(runes []rune, from int, what string, otherwise int) int {
	wanted := []rune(what)
	for i := from; i+len(wanted) <= len(runes); i++ {
		if string(runes[i:i+len(wanted)]) == what {
			return i
		}
	}
	return otherwise
}

// place is where something begins.
type place struct{ line, column int }

func placeOf(runes []rune, at int) place {
	p := place{1, 1}
	for _, c := range runes[:at] {
		p.column++
		if c == '\n' {
			p = place{p.line + 1, 1}
		}
	}
	return p
}

// locate tells where each value of a document that was parsed begins, by JSON pointer.
func locate(text string) map[string]place {
	l := &locator{text: text, decoder: json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))), places: map[string]place{}}
	l.value("")
	return l.places
}

type locator struct {
	text    string
	decoder *json.Decoder
	places  map[string]place
}

// value notes where the next value begins and what is in it.
func (l *locator) value(pointer string) {
	from := int(l.decoder.InputOffset())
	for from < len(l.text) && strings.ContainsRune(" \t\r\n,:", rune(l.text[from])) {
		from++
	}
	l.places[pointer] = placeOf([]rune(l.text[:from]), len([]rune(l.text[:from])))
	token, err := l.decoder.Token()
	if err != nil {
		return
	}
	switch token {
	case json.Delim('{'):
		for l.decoder.More() {
			name, err := l.decoder.Token()
			if err != nil {
				return
			}
			l.value(fmt.Sprintf("%s/%v", pointer, name))
		}
		_, _ = l.decoder.Token() // the bracket that More saw
	case json.Delim('['):
		for i := 0; l.decoder.More(); i++ {
			l.value(fmt.Sprintf("%s/%d", pointer, i))
		}
		_, _ = l.decoder.Token()
	}
}
