package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"latchkey/internal/telemetry"
)

// Problem is what goes wrong as the caller sees it: RFC 9457, with members of ours. Nothing in it repeats a value
// that was sent: the value may be a secret.
type Problem struct {
	Type   string `json:"type" doc:"What kind of problem this is: a place in the documentation, relative to this server." example:"/docs/errors#not_found"`
	Title  string `json:"title" doc:"The kind in words; the same for each problem of the kind." example:"There is no such thing"`
	Status int    `json:"status" doc:"The HTTP status." example:"404"`
	Detail string `json:"detail,omitempty" doc:"What happened this time, and the way out." example:"No connection with the id or label \"acme\" in the sandbox \"prod\"."`
	Errors []Item `json:"errors,omitempty" doc:"Each thing that is wrong with what was sent."`
	Line   int    `json:"line,omitempty" doc:"Line of the body at which reading stopped, from 1." example:"3"`
	Column int    `json:"column,omitempty" doc:"Column in that line, in characters, from 1." example:"14"`

	ReauthorizeURL string   `json:"reauthorize_url,omitempty" doc:"POST here to begin a new consent. Only with needs_reauthorization and pending_authorization."`
	Failure        *Failure `json:"failure,omitempty" doc:"The provider's answer. Only with provider_refused, provider_down and needs_reauthorization."`
	RequestID      string   `json:"request_id,omitempty" doc:"Finds this request in the server's log." example:"01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`

	kind   *Kind
	header http.Header
	cause  error
}

// Item is one thing that is wrong with what was sent.
type Item struct {
	Pointer   string `json:"pointer,omitempty" doc:"Where in the body: a JSON pointer (RFC 6901)." example:"/authentication/grant"`
	Parameter string `json:"parameter,omitempty" doc:"The parameter of the query, the path or the header, when it is not in the body." example:"limit"`
	Message   string `json:"message" doc:"What is wrong." example:"unknown grant"`
	Fix       string `json:"fix,omitempty" doc:"What to do about it." example:"Write \"OAUTH2_CLIENT_CREDENTIALS\"."`
	Severity  string `json:"severity,omitempty" doc:"error: refused; publish: can be saved as a draft, not published; warning." example:"error"`
	Line      int    `json:"line,omitempty" doc:"Line, from 1: of the body, or of the template that the pointer leads to."`
	Column    int    `json:"column,omitempty" doc:"Column in that line, from 1."`
	Excerpt   string `json:"excerpt,omitempty" doc:"The template's line, with a caret under the place."`
}

// Failure is how an exchange with a provider ended, without anything secret.
type Failure struct {
	Kind        string `json:"kind" doc:"grant_dead, client_dead, provider_down, bad_response or denied." example:"client_dead"`
	Code        string `json:"code,omitempty" doc:"The provider's error code (RFC 6749 §5.2)." example:"invalid_client"`
	Status      int    `json:"status,omitempty" doc:"The provider's HTTP status." example:"401"`
	Endpoint    string `json:"endpoint,omitempty" doc:"Host and path that were asked." example:"api.moviestar.com/OAuth/access_token"`
	Description string `json:"description,omitempty" doc:"The provider's own words, cleaned and shortened."`
	Validation  string `json:"validation,omitempty" doc:"The definition's check that failed."`
}

// Error gives the detail, for logs.
func (p *Problem) Error() string {
	if p.cause != nil {
		return p.kind.Slug + ": " + p.cause.Error()
	}
	return p.kind.Slug + ": " + p.Detail
}

// Unwrap gives what the problem was made from.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus gives the HTTP status (huma.StatusError).
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders gives what stands in the answer's header beside the body (huma.HeadersError).
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType gives RFC 9457's (huma.ContentTypeFilter).
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// newProblem makes a problem of a kind.
func newProblem(kind *Kind, detail string, items ...Item) *Problem {
	return &Problem{
		Type: "/docs/errors#" + kind.Slug, Title: kind.Title, Status: kind.Status,
		Detail: detail, Errors: items, kind: kind,
	}
}

// invalid makes the problem of a request that breaks the API's own rules.
func invalid(items ...Item) *Problem {
	return newProblem(kindInvalid, count(len(items), "thing is", "things are")+" wrong with the request; see errors.", items...)
}

// malformed makes the problem of a text that is not JSON from offset on.
func malformed(raw []byte, offset int64, expected string) *Problem {
	line, column := position(raw, offset)
	detail := "The body is not JSON: at line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column) + ": " + expected + "."
	return newProblem(kindMalformed, detail).at(line, column)
}

func (p *Problem) at(line, column int) *Problem {
	p.Line, p.Column = line, column
	return p
}

func (p *Problem) because(cause error) *Problem {
	p.cause = cause
	return p
}

func (p *Problem) with(header, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(header, value)
	return p
}

// after says when to come again, in whole seconds rounded up.
func (p *Problem) after(wait time.Duration) *Problem {
	return p.with("Retry-After", strconv.FormatInt(int64(max(wait, time.Second)+time.Second-1)/int64(time.Second), 10))
}

// in says to which request the problem belongs.
func (p *Problem) in(ctx context.Context) *Problem {
	p.RequestID = telemetry.RequestID(ctx)
	return p
}

// write answers with the problem.
func (p *Problem) write(w http.ResponseWriter, r *http.Request) {
	body, _ := json.Marshal(p.in(r.Context())) // texts and numbers alone
	header := w.Header()
	for name, values := range p.header {
		header[name] = values
	}
	header.Set("Content-Type", problemType)
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n'))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
