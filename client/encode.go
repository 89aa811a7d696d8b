package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// encode gives the JSON of a body; nil for none. Text is not escaped for HTML: documents go out as they were written.
func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return body, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// decode reads an answer and keeps its text beside the members that this package knows.
func decode(data []byte, out any) error {
	if err := json.Unmarshal(data, out); err != nil {
		if strings.HasPrefix(strings.TrimSpace(string(data)), "<") {
			return errors.New("it is HTML, not JSON: is the URL that of a Latchkey server?")
		}
		return describeJSON(err)
	}
	if keeper, ok := out.(interface{ keep([]byte) }); ok {
		keeper.keep(data)
	}
	return nil
}

// describeJSON says what is wrong with an answer without quoting from it: an answer may hold a token.
func describeJSON(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("the member %q is a %s", wrong.Field, strings.SplitN(wrong.Value, " ", 2)[0])
	}
	return errors.New("it is not JSON")
}

// Answer is what the server sent. It is part of every type that a method returns.
type Answer struct {
	text *json.RawMessage // behind a pointer, so that printing a struct does not print it
}

// JSON gives the object as the server wrote it, with members that this version of the package does not know.
func (a Answer) JSON() json.RawMessage {
	if a.text == nil {
		return nil
	}
	return *a.text
}

func (a *Answer) keep(data []byte) {
	raw := json.RawMessage(bytes.TrimSpace(data))
	a.text = &raw
}
