package jsontree

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Place is where a value stands in a text: from From up to To, in bytes.
type Place struct{ From, To int }

// Places gives where each value of a document stands, by its pointer. What is not JSON has the places before the fault. Where
// a member's name is what matters, it stands at the value's pointer with NameOf before it.
func Places(raw []byte) map[string]Place {
	w := walker{raw: raw, decoder: json.NewDecoder(bytes.NewReader(raw)), places: map[string]Place{}}
	w.decoder.UseNumber()
	w.value("", 0)
	return w.places
}

// NameOf is the key in [Places] of the name of the member at a pointer.
func NameOf(pointer string) string { return "name:" + pointer }

type walker struct {
	raw     []byte
	decoder *json.Decoder
	places  map[string]Place
}

// token reads the next one, and gives where it stands.
func (w *walker) token() (json.Token, Place, bool) {
	from := int(w.decoder.InputOffset())
	token, err := w.decoder.Token()
	if err != nil {
		return nil, Place{}, false
	}
	for from < len(w.raw) && bytes.IndexByte([]byte(" \t\r\n,:"), w.raw[from]) >= 0 {
		from++
	}
	return token, Place{from, int(w.decoder.InputOffset())}, true
}

func (w *walker) value(pointer string, depth int) bool {
	token, at, ok := w.token()
	if !ok || depth > maxDepth {
		return false
	}
	w.places[pointer] = at
	switch token {
	case json.Delim('{'):
		ok = w.members(pointer, depth)
	case json.Delim('['):
		for i := 0; ok && w.decoder.More(); i++ {
			ok = w.value(Element(pointer, i), depth+1)
		}
	default:
		return true
	}
	if !ok {
		return false
	}
	_, end, ok := w.token()
	w.places[pointer] = Place{at.From, end.To}
	return ok
}

func (w *walker) members(pointer string, depth int) bool {
	for w.decoder.More() {
		token, at, ok := w.token()
		name, isName := token.(string)
		if !ok || !isName {
			return false
		}
		child := Child(pointer, name)
		w.places[NameOf(child)] = at
		if !w.value(child, depth+1) {
			return false
		}
	}
	return true
}

// LineColumn gives the line and the column of an offset in a text, in characters from 1.
func LineColumn(raw []byte, offset int) (line, column int) {
	before := raw[:min(max(offset, 0), len(raw))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

// Inside gives the offset in raw of a place in the text of the string that stands at at: line and column in characters from
// 1, as a template's errors have them. Escapes are longer where they are written than in the text.
func Inside(raw []byte, at Place, line, column int) int {
	i := at.From + 1
	for i < at.To-1 && (line > 1 || column > 1) {
		width, broken := character(raw[i : at.To-1])
		switch {
		case line > 1 && broken:
			line--
		case line == 1:
			column--
		}
		i += width
	}
	return i
}

// character gives how many bytes the first character of a JSON string's inside takes, and whether it is a line break.
func character(s []byte) (width int, broken bool) {
	if s[0] != '\\' || len(s) < 2 {
		_, width = utf8.DecodeRune(s)
		return width, false
	}
	if s[1] == 'u' {
		return min(len(s), len(`\u0000`)), bytes.HasPrefix(s, []byte(`\u000a`)) || bytes.HasPrefix(s, []byte(`\u000A`))
	}
	return 2, s[1] == 'n'
}
