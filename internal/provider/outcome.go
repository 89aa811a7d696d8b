package provider

import (
	"fmt"
	"strings"
	"time"
)

// Class is how a call ended, as far as it tells something about the provider.
type Class uint8

// The classes.
const (
	// Unused: nothing was sent after all.
	Unused Class = iota
	// Good: a token came.
	Good
	// Network: no answer, because nobody could be reached or the connection broke.
	Network
	// Timeout: no answer in time.
	Timeout
	// Throttled: 429, or the provider's word for it.
	Throttled
	// Unavailable: 5xx, 408, or the provider's word for it.
	Unavailable
	// BadResponse: an answer that the definition can't read.
	BadResponse
	// GrantDead, ClientDead and Denied are exchange's kinds.
	GrantDead
	ClientDead
	Denied
	classes
)

var classNames = [classes]string{
	"unused", "ok", "network", "timeout", "throttled", "unavailable", "bad_response", "grant_dead", "client_dead", "denied",
}

func (c Class) String() string { return classNames[c] }

// ClassOf gives the class of a failure of exchange's: its kind's name, its HTTP status (0 without an answer) and its code.
// What was not sent, because it can't be or may not be, and what we gave up ourselves, is [Unused].
func ClassOf(kind string, status int, code string) Class {
	switch kind {
	case "grant_dead":
		return GrantDead
	case "client_dead":
		return ClientDead
	case "bad_response":
		return BadResponse
	case "denied":
		if status == 0 {
			return Unused
		}
		return Denied
	}
	switch {
	case status == 0:
		return unanswered(code)
	case status == 429, code == "slow_down", code == "rate_limited", code == "too_many_requests":
		return Throttled
	}
	return Unavailable
}

// unanswered gives the class of a request without an answer, by egress's kind.
func unanswered(code string) Class {
	switch code {
	case "timeout":
		return Timeout
	case "blocked", "canceled", "bad_request":
		return Unused
	}
	return Network
}

// word is what a class says about the provider as a whole.
type word uint8

const (
	nothing word = iota // about one grant's definition, or about us
	alive               // it works, whatever it thinks of one grant
	sick                // it is in trouble
)

func (c Class) word() word {
	switch c {
	case Good, GrantDead, ClientDead, Denied:
		return alive
	case Network, Timeout, Throttled, Unavailable:
		return sick
	}
	return nothing
}

// Outcome is how a call ended.
type Outcome struct {
	Class Class
	// Code and Description are the provider's, cleaned; Status is the HTTP status, 0 without an answer.
	Code, Description string
	Status            int
	// RetryAfter is how long the provider asks to wait.
	RetryAfter time.Duration
}

// Failure is a failed call as it is told: nothing in it is secret.
type Failure struct {
	Class       Class
	Code        string
	Status      int
	Description string
	At          time.Time
}

func (f Failure) String() string {
	parts := []string{f.Class.String()}
	if f.Status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", f.Status))
	}
	for _, part := range []string{f.Code, f.Description} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func failureOf(o Outcome, at time.Time) Failure {
	return Failure{Class: o.Class, Code: o.Code, Status: o.Status, Description: o.Description, At: at}
}
