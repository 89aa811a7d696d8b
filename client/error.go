package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strings"
)

// ErrNotModified is what [Client.Token] answers when nothing newer can be had than the token that was rejected.
var ErrNotModified = errors.New("there is no newer token than the rejected one")

// UnreachableError says that no answer came from the server.
type UnreachableError struct {
	// URL is the server's.
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Timeout tells whether the answer was waited for in vain.
func (e *UnreachableError) Timeout() bool {
	late, ok := errors.AsType[net.Error](e.Err)
	return ok && late.Timeout()
}

// Error is a failure that the server answered: problem details (RFC 9457). Its text is made for people.
type Error struct {
	// Status is the HTTP status.
	Status int `json:"status"`
	// Type names the kind of problem: "/docs/errors#needs-reauthorization".
	Type string `json:"type"`
	// Title is the kind in words, Detail what happened this time.
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Errors are the single things that are wrong with an input.
	Errors []Problem `json:"errors"`
	// RequestID finds the call in the server's log.
	RequestID string `json:"request_id"`
	// Line and Column count from 1 and say where JSON is malformed; 0 when it is not.
	Line   int `json:"line"`
	Column int `json:"column"`
	// ReauthorizeURL begins a new consent when it is posted to; see [Client.ReauthorizeConnection]. "" when a consent is
	// not what is needed.
	ReauthorizeURL string `json:"reauthorize_url"`
	// Failure is what the provider answered, when it is what failed.
	Failure *Failure `json:"failure"`

	Answer
}

// Problem is one thing that is wrong with an input, or with a definition.
type Problem struct {
	// Severity is "error" (refused), "publish" (can be stored but not published), "warning", or "" where it goes
	// without saying.
	Severity string `json:"severity"`
	// Pointer is a JSON pointer (RFC 6901) into the document; Parameter the parameter of the query, the path or the
	// header, when it is not the document that is wrong.
	Pointer   string `json:"pointer"`
	Parameter string `json:"parameter"`
	Message   string `json:"message"`
	// Fix says what to do about it; "" when it is plain.
	Fix string `json:"fix"`
	// Line and Column count from 1 within the template that stands at Pointer; 0 when it is not a template.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Text gives the message with its place in a template, without pointer and fix.
func (p Problem) Text() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("%s (line %d, column %d of the template)", p.Message, p.Line, p.Column)
}

// String gives the problem in one line.
func (p Problem) String() string {
	out := cmp.Or(p.Pointer, p.Parameter)
	if text := p.Text(); text != "" {
		out = strings.TrimPrefix(out+": "+text, ": ")
	}
	if p.Fix != "" {
		out += " (" + p.Fix + ")"
	}
	return strings.TrimPrefix(out, " ")
}

// Failure is how a provider refused or failed an exchange.
type Failure struct {
	// Kind is one of "grant_dead", "client_dead", "provider_down", "bad_response", "denied".
	Kind string `json:"kind"`
	// Code and Description are the provider's own words, cleaned.
	Code        string `json:"code"`
	Description string `json:"description"`
	// Status is the HTTP status of the provider's answer; 0 when none came.
	Status int `json:"status"`
	// Endpoint is the host and path that was called.
	Endpoint string `json:"endpoint"`
	// Validation is the rule of the definition that the answer broke.
	Validation string `json:"validation"`
}

// String gives the failure in one line.
func (f Failure) String() string {
	var parts []string
	if f.Status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", f.Status))
	}
	if f.Code != "" {
		parts = append(parts, f.Code)
	}
	if f.Description != "" {
		parts = append(parts, fmt.Sprintf("%q", f.Description))
	}
	if f.Validation != "" {
		parts = append(parts, f.Validation)
	}
	if len(parts) == 0 {
		parts = append(parts, f.Kind)
	}
	out := strings.Join(parts, ", ")
	if f.Endpoint != "" {
		return f.Endpoint + " answered: " + out
	}
	return out
}

// Summary says what happened in one line.
func (e *Error) Summary() string {
	out := e.summary()
	if e.Line > 0 {
		out += fmt.Sprintf(" (line %d, column %d)", e.Line, e.Column)
	}
	return out
}

// Error says what happened, then each problem on a line of its own, then what the provider answered.
func (e *Error) Error() string {
	var out strings.Builder
	out.WriteString(e.Summary())
	for _, problem := range e.Errors {
		if problem.Message == e.Detail {
			problem.Message = "" // it is the detail; where and how to mend it remain
		}
		if line := problem.String(); line != "" {
			out.WriteString("\n  " + line)
		}
	}
	if e.Failure != nil {
		out.WriteString("\n  " + e.Failure.String())
	}
	if e.Status >= http.StatusInternalServerError && e.RequestID != "" {
		out.WriteString("\n  the server's log has it as " + e.RequestID)
	}
	return out.String()
}

func (e *Error) summary() string {
	switch {
	case e.Detail != "":
		return e.Detail
	case e.Title != "":
		return e.Title
	}
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// newError reads problem details. An answer of another kind did not come from the API: it is described, not quoted.
func newError(call call, answer reply) *Error {
	out := &Error{}
	kind, _, _ := mime.ParseMediaType(answer.header.Get("Content-Type"))
	if strings.HasSuffix(kind, "json") && json.Unmarshal(answer.body, out) == nil && out.Title+out.Detail != "" {
		out.keep(answer.body)
		out.Status = answer.status
		return out
	}
	out = &Error{Status: answer.status, Title: http.StatusText(answer.status)}
	out.Detail = fmt.Sprintf("%s %s answered %d %s", call.method, call.path, answer.status, out.Title)
	switch {
	case answer.status < http.StatusBadRequest:
		out.Detail += ", a redirect: is this the server's own URL?"
	case kind != "":
		out.Detail += ", which did not come from a Latchkey server (" + kind + ")"
	}
	return out
}
