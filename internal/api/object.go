package api

import (
	"bytes"
	"encoding/json"
	"slices"
)

// rawObject is a JSON object whose members keep their order and spelling.
type rawObject []byte

// MarshalJSON gives the object as it is.
func (o rawObject) MarshalJSON() ([]byte, error) { return o, nil }

// without gives the object less the members of those names. It trusts the text to be a JSON object.
func (o rawObject) without(names ...string) rawObject {
	dec := json.NewDecoder(bytes.NewReader(o))
	_, _ = dec.Token() // {
	out := []byte("{")
	for dec.More() {
		token, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return o
		}
		name, _ := token.(string)
		if slices.Contains(names, name) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendJSON(out, name), ':')
		out = append(out, value...)
	}
	return append(out, '}')
}

// with gives the object with a member more at its end.
func (o rawObject) with(name string, value any) rawObject {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic("api: a member can't be encoded: " + err.Error())
	}
	out := bytes.TrimRight(o, " \t\r\n")
	out = append([]byte{}, out[:len(out)-1]...)
	if trimmed := bytes.TrimRight(out, " \t\r\n"); len(trimmed) > 1 {
		out = append(out, ',')
	}
	out = append(appendJSON(out, name), ':')
	return append(append(out, encoded...), '}')
}
