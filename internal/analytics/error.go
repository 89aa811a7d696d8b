package analytics

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/finding"
	"latchkey/internal/gateway"
)

// Layer says who refused.
type Layer string

// The layers, from here outward.
const (
	// Network: no answer came.
	Network Layer = "network"
	// Gateway: Adobe I/O refused, before Analytics saw the request.
	Gateway Layer = "gateway"
	// Service: Analytics itself refused.
	Service Layer = "service"
	// Foreign: what answered speaks like neither.
	Foreign Layer = "foreign"
)

// Error is a call that did not end in what it asked for. It has the server's own words, bounded and without secrets.
type Error struct {
	Layer Layer
	// Status is the HTTP status; 0 when no answer came.
	Status int
	// Code and Message are the server's; ID is what its support asks for.
	Code, Message, ID string
	// RetryAfter is how long the server wants to be left alone; 0 when it does not say.
	RetryAfter time.Duration
	// Err is why no answer came; nil when one did.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	text := fmt.Sprintf("the %s answers %d", e.Layer, e.Status)
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	if e.ID != "" {
		text += " (id " + e.ID + ")"
	}
	return text
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// refusal reads what a server said no with, whatever its form. hidden are texts that no message may repeat.
func refusal(status int, header http.Header, body []byte, now time.Time, hidden ...string) *Error {
	out := &Error{Layer: Foreign, Status: status, RetryAfter: egress.RetryAfter(header, now)}
	var said struct {
		// Of the API 2.0.
		Code        string `json:"errorCode"`
		Description string `json:"errorDescription"`
		ID          string `json:"errorId"`
		// Of the API 1.4.
		Error  string `json:"error"`
		Reason string `json:"error_description"`
	}
	if code, message, ok := gateway.Read(body); ok {
		out.Layer, out.Code, out.Message = Gateway, code, message
	} else if json.Unmarshal(body, &said) == nil && (said.Code != "" || said.Description != "" || said.Error != "") {
		out.Layer, out.Code, out.Message, out.ID = Service, said.Code+said.Error, said.Description+said.Reason, said.ID
	} else if status == http.StatusGatewayTimeout || status == http.StatusBadGateway {
		out.Layer = Gateway
	}
	if out.Message == "" {
		out.Message = http.StatusText(status)
	}
	out.Code, out.Message, out.ID = finding.Bounded(out.Code, 80, hidden...), finding.Bounded(out.Message, 300, hidden...), finding.Bounded(out.ID, 80, hidden...)
	return out
}
