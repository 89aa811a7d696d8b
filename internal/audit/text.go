package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// moment is how times stand in exports: RFC 3339 with microseconds.
const moment = "2006-01-02T15:04:05.000000Z07:00"

// line is a record in an export.
type line struct {
	Sequence     int64             `json:"sequence"`
	At           string            `json:"at"`
	Organization string            `json:"organization"`
	Actor        string            `json:"actor"`
	Action       string            `json:"action"`
	Subject      string            `json:"subject"`
	Generation   int64             `json:"generation,omitempty"`
	Detail       map[string]string `json:"detail,omitempty"`
	Previous     Hash              `json:"previous"`
	Hash         Hash              `json:"hash"`
}

// MarshalJSON writes the record as an export has it.
func (r Record) MarshalJSON() ([]byte, error) {
	return marshal(line{
		r.Sequence, r.At.UTC().Format(moment), r.Organization, r.Actor, r.Action, r.Subject, r.Generation, r.Detail, r.Previous, r.Hash,
	})
}

// marshal encodes without HTML escapes: & is more readable than \u0026.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// UnmarshalJSON reads what MarshalJSON writes. What it can't have written is an error.
func (r *Record) UnmarshalJSON(text []byte) error {
	var in line
	if err := strict(text, &in); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339Nano, in.At)
	if err != nil {
		return fmt.Errorf("reading when the record was made: %w", err)
	}
	*r = Record{
		Entry: Entry{
			At: at.UTC(), Organization: in.Organization, Actor: in.Actor, Action: in.Action, Subject: in.Subject,
			Generation: in.Generation, Detail: in.Detail,
		},
		Sequence: in.Sequence, Previous: in.Previous, Hash: in.Hash,
	}
	return nil
}

// strict decodes one JSON value with no unknown members and nothing after it.
func strict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("there is more than one value")
	}
	return nil
}

// ParseCheckpoints reads checkpoints that were kept elsewhere: JSON values one after the other.
func ParseCheckpoints(text []byte) ([]Checkpoint, error) {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var all []Checkpoint
	for decoder.More() {
		var c Checkpoint
		if err := decoder.Decode(&c); err != nil {
			return nil, fmt.Errorf("reading checkpoint %d: %w", len(all)+1, err)
		}
		if c.Sequence <= 0 {
			return nil, fmt.Errorf("reading checkpoint %d: it names no record", len(all)+1)
		}
		c.At = c.At.UTC()
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("reading checkpoints: there is none")
	}
	return all, nil
}
