// Package finding holds the words in which Latchkey tells what it has found out about something that people set up: what is
// wrong with the values they gave ([Problem]), how each layer of a check stands ([Layer]), and what a server's refusal means
// and what to change where ([Row], [Explain]).
//
// Rooms fill them in, and whoever shows them (API, command line, console) shows all of them alike. Texts here repeat no secret.
package finding

import (
	"strings"
	"unicode"
)

// Status says how a layer stands.
type Status string

// The statuses.
const (
	OK     Status = "ok"
	Failed Status = "failed"
	// NotNeeded is a layer that the thing's type does not have.
	NotNeeded Status = "not_needed"
	// Unchecked is a layer that nobody here can look at.
	Unchecked Status = "unchecked"
	// Skipped is a layer behind one that failed.
	Skipped Status = "skipped"
)

// Layer is what was found at one.
type Layer struct {
	Name   string
	Status Status
	// Message says what is.
	Message string
	// Code and Description are a server's own words, HTTP its status; empty where none answered.
	Code, Description string
	HTTP              int
	// Advice says what to change, and where.
	Advice []Advice
	// Warnings are things that work, and will not for ever.
	Warnings []string
}

// Advice is a change, and the place to make it.
type Advice struct{ Do, Where string }

// Change makes advice.
func Change(do, where string) Advice { return Advice{do, where} }

// First gives the first layer that failed; nil when none did.
func First(layers []Layer) *Layer {
	for i := range layers {
		if layers[i].Status == Failed {
			return &layers[i]
		}
	}
	return nil
}

// Bounded makes a stranger's text fit to be shown: without what is hidden, printable, on one line, of so many characters at most.
func Bounded(text string, most int, hidden ...string) string {
	for _, h := range hidden {
		if h != "" {
			text = strings.ReplaceAll(text, h, "***")
		}
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}
