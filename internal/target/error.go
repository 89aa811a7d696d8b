package target

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/finding"
	"latchkey/internal/gateway"
)

// Layer says who refused.
type Layer string

// The layers, from here outward.
const (
	// Here: the request can't be made of what was given.
	Here Layer = "here"
	// Network: no answer came.
	Network Layer = "network"
	// Gateway: Adobe I/O refused, before Target saw the request.
	Gateway Layer = "gateway"
	// Service: Target itself refused.
	Service Layer = "target"
	// Foreign: what answered speaks like neither.
	Foreign Layer = "foreign"
)

// Error is a call that did not end in what it asked for. It has the server's own words, bounded and without the token.
type Error struct {
	Layer Layer
	// Status is the HTTP status; 0 when no answer came.
	Status int
	// Code and Message are the server's; RequestID is what its support asks for.
	Code, Message, RequestID string
	// RetryAfter is how long the server wants to be left alone; 0 when it does not say.
	RetryAfter time.Duration
	// Write tells that something was to be changed; Unanswered, that nobody knows whether it was.
	Write, Unanswered bool
	// Err is why no answer came; nil when one did.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	who := map[Layer]string{Gateway: "the Adobe I/O gateway", Service: "Target"}[e.Layer]
	if who == "" {
		who = "the server"
	}
	text := fmt.Sprintf("%s answers %d", who, e.Status)
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	return text
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// refusal reads what a server said no with: the gateway's form, or Target's. hidden is what no message may repeat.
func refusal(reply *egress.Response, now time.Time, hidden string) *Error {
	out := &Error{Layer: Foreign, Status: reply.Status, RetryAfter: egress.RetryAfter(reply.Header, now)}
	var said struct {
		HTTPStatus int    `json:"httpStatus"`
		RequestID  string `json:"requestId"`
		Errors     []struct {
			Code    string `json:"errorCode"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	switch code, message, ok := gateway.Read(reply.Body); {
	case ok:
		out.Layer, out.Code, out.Message = Gateway, code, message
	case json.Unmarshal(reply.Body, &said) == nil && (said.HTTPStatus != 0 || len(said.Errors) > 0):
		out.Layer, out.RequestID = Service, said.RequestID
		var messages []string
		for i, e := range said.Errors {
			if i == 0 {
				out.Code = e.Code
			}
			messages = append(messages, e.Message)
		}
		out.Message = strings.Join(messages, "; ")
	}
	if out.Message == "" {
		out.Message = http.StatusText(reply.Status)
	}
	if out.RequestID == "" {
		out.RequestID = reply.Header.Get("X-Request-Id")
	}
	out.Code, out.Message, out.RequestID = finding.Bounded(out.Code, 80, hidden), finding.Bounded(out.Message, 300, hidden), finding.Bounded(out.RequestID, 80, hidden)
	return out
}
