package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// What is taken of a request.
const (
	// MaxMessage bounds one message, MaxRequest all of a request, maxMessages their number.
	MaxMessage  = 1 << 20
	MaxRequest  = 8 << 20
	maxMessages = 10_000
	maxText     = 1 << 10 // a key, an id, a source
)

// message is what is read of one: the current shape {imsOrg, key, locations, source, value}, with a messageId of our own
// beside it, and the older one that has these in a header (spec §2.6, A and B).
type message struct {
	IMSOrg    string          `json:"imsOrg"`
	Key       string          `json:"key"`
	Source    string          `json:"source"`
	MessageID string          `json:"messageId"`
	Value     json.RawMessage `json:"value"`
	Trigger   json.RawMessage `json:"com.adobe.mcloud.protocol.trigger"`
	Header    *struct {
		IMSOrg    string `json:"imsOrg"`
		Source    string `json:"source"`
		MessageID string `json:"messageId"`
	} `json:"header"`
}

// ReadMessages reads a producer's request: {"messages":[…]}.
func ReadMessages(body []byte) ([]Message, error) {
	var request struct {
		Messages *[]json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, &InvalidError{"", "the body is not JSON as it should be: " + where(body, err), `send {"messages":[{"key":"…","value":…}]}`}
	}
	if request.Messages == nil {
		return nil, &InvalidError{"/messages", "the messages are missing", `send {"messages":[{"key":"…","value":…}]}`}
	}
	if len(*request.Messages) > maxMessages {
		return nil, &InvalidError{"/messages", fmt.Sprintf("there are %d messages", len(*request.Messages)), fmt.Sprintf("send %d at most at once", maxMessages)}
	}
	out := make([]Message, len(*request.Messages))
	for i, text := range *request.Messages {
		var err error
		if out[i], err = readMessage(text); err != nil {
			if invalid, ok := errors.AsType[*InvalidError](err); ok {
				invalid.Pointer = fmt.Sprintf("/messages/%d%s", i, invalid.Pointer)
			}
			return nil, err
		}
	}
	return out, nil
}

func readMessage(text []byte) (Message, error) {
	if len(text) > MaxMessage {
		return Message{}, &TooLargeError{What: "a message", Limit: MaxMessage}
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return Message{}, &InvalidError{"", "the message can't be read: " + where(text, err), "send an object whose key, source and imsOrg are texts"}
	}
	if m.Value == nil && m.Trigger == nil {
		return Message{}, &InvalidError{"/value", "the message has no value", `put the event into "value": any JSON`}
	}
	if m.Header != nil {
		for at, value := range map[*string]string{&m.IMSOrg: m.Header.IMSOrg, &m.Source: m.Header.Source, &m.MessageID: m.Header.MessageID} {
			if *at == "" {
				*at = value
			}
		}
	}
	for name, value := range map[string]string{"key": m.Key, "source": m.Source, "imsOrg": m.IMSOrg, "messageId": m.MessageID} {
		if len(value) > maxText {
			return Message{}, &InvalidError{"/" + name, fmt.Sprintf("the %s has %d bytes", name, len(value)), fmt.Sprintf("use %d at most", maxText)}
		}
	}
	if bytes.ContainsAny(text, "\n\r") || !utf8.Valid(text) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, bytes.ToValidUTF8(text, []byte("\uFFFD"))); err != nil {
			return Message{}, err
		}
		text = compact.Bytes()
	}
	return Message{ID: m.MessageID, Key: m.Key, Organization: m.IMSOrg, Source: m.Source, Text: text}, nil
}

// where says what is wrong with JSON, and at which line and column, and nothing of what it says.
func where(text []byte, err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at := min(int(syntax.Offset), len(text))
		line := 1 + bytes.Count(text[:at], []byte("\n"))
		column := at - bytes.LastIndexByte(text[:at], '\n') - 1
		if at == len(text) {
			return fmt.Sprintf("it ends at line %d, column %d, before it is complete", line, column)
		}
		return fmt.Sprintf("at line %d, column %d: not the character that should be there", line, column)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%q is a %s", wrong.Field, wrong.Value)
	}
	return "it can't be read"
}

// TooLargeError says that something has more bytes than are taken.
type TooLargeError struct {
	What  string
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is larger than %d bytes", e.What, e.Limit)
}
