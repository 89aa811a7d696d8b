// Package secret holds values that must never be printed.
//
// Every secret that lives in memory is a [String]: client secrets, passwords, access and refresh tokens,
// authorization codes, keys. Whatever prints it (fmt, encoding/json, log/slog, a panic's dump of a struct)
// gets "[redacted]". [String.Reveal] is the only way out, so a search for Reveal finds every place where a
// secret leaves this type: a request body, a sealed column, an answer that exists to hand a token over.
//
// The value is held behind a pointer: fmt prints the address, not the text, even where it cannot call a method
// (an unexported field of someone's struct).
package secret

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Redacted is what stands wherever a secret would have been printed.
const Redacted = "[redacted]"

// String is a secret text. The zero value is the empty secret.
type String struct {
	text *string
}

var (
	_ fmt.Formatter  = String{}
	_ json.Marshaler = String{}
	_ slog.LogValuer = String{}
)

// New makes a secret of text.
func New(text string) String {
	if text == "" {
		return String{}
	}
	return String{text: &text}
}

// Reveal gives the text itself. Each call is a place where a secret may leak.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty tells whether there is no text at all.
func (s String) Empty() bool { return s.text == nil }

// Equal compares in constant time, as far as the lengths agree.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String gives [Redacted].
func (s String) String() string { return Redacted }

// GoString gives [Redacted].
func (s String) GoString() string { return Redacted }

// Format prints [Redacted] for every verb.
func (s String) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue gives [Redacted] to slog.
func (s String) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON writes [Redacted].
func (s String) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalText writes [Redacted]; it keeps encoders that prefer text from reaching the value.
func (s String) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
