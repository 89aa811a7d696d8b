package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/telemetry"
)

// TokenAnswer is a token as it is handed out. The hot path writes it by hand, in this order.
type TokenAnswer struct {
	AccessToken string  `json:"access_token" doc:"The token. Send it as the service wants it, most often as Authorization: Bearer." example:"eyJhbGciOi…"`
	TokenType   string  `json:"token_type" doc:"How to present it." example:"Bearer"`
	ExpiresAt   *string `json:"expires_at" format:"date-time" doc:"When it ends; null when the provider does not tell."`
	ExpiresIn   *int64  `json:"expires_in" doc:"Whole seconds until then; null when the provider does not tell." example:"3540"`
	Scope       string  `json:"scope" doc:"What it is good for, as the provider says; may be empty."`
	Generation  int64   `json:"generation" doc:"Counts the connection's tokens, from 1." example:"7"`
	Connection  string  `json:"connection" doc:"The connection's id." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
}

const (
	tokenPrefix = apiPrefix + "/connections/"
	tokenSuffix = "/token"
)

// Header values that every token read shares; nothing writes to them.
var (
	jsonContent = []string{"application/json"}
	noStore     = []string{"no-store"}
	noSniff     = []string{"nosniff"}
)

// tokenRead recognizes GET /api/v1/connections/{ref}/token, and gives the ref.
func tokenRead(r *http.Request) (ref string, ok bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "", false
	}
	path := r.URL.Path
	if r.URL.RawPath != "" {
		path = r.URL.RawPath
	}
	if !strings.HasPrefix(path, tokenPrefix) {
		return "", false
	}
	ref, ok = strings.CutSuffix(strings.TrimSuffix(path[len(tokenPrefix):], "/"), tokenSuffix)
	if !ok || ref == "" || strings.Contains(ref, "/") {
		return "", false
	}
	if r.URL.RawPath != "" {
		var err error
		if ref, err = url.PathUnescape(ref); err != nil {
			return "", false
		}
	}
	return ref, true
}

// token answers a token read: authenticate, look up, write. No log, no reflection, no database when the token is
// fresh.
func (s *server) token(w http.ResponseWriter, r *http.Request, ref string) {
	telemetry.SetRoute(r.Context(), apiPrefix+"/connections/{ref}/token")
	caller, problem := s.authenticate(r)
	if problem == nil {
		problem = limited(s.tokens, caller.ID)
	}
	var want connection.Want
	if problem == nil {
		want, problem = s.wanted(r, caller)
	}
	if problem != nil {
		s.refuseToken(w, r, problem)
		return
	}
	token, err := s.Tokens.Token(r.Context(), caller, ref, want)
	if err != nil {
		s.tokenError(w, r, caller, want, err)
		return
	}
	now := s.Clock.Now()
	if s.Reads != nil {
		err = s.Reads.Read(r.Context(), audit.Read{
			Organization: caller.Organization, Caller: caller.ID, Connection: token.ConnectionID, Token: token.ETag, At: now,
		})
		if err != nil {
			s.tokenError(w, r, caller, want, err)
			return
		}
	}
	s.reads.served.Add(1)
	writeToken(w, &token, now)
}

// wanted reads the sandbox, min_ttl and If-None-Match.
func (s *server) wanted(r *http.Request, caller access.Caller) (want connection.Want, problem *Problem) {
	if want.Sandbox, problem = s.sandbox(r, caller); problem != nil {
		return want, problem
	}
	if r.URL.RawQuery != "" {
		if text := r.URL.Query().Get("min_ttl"); text != "" {
			life, ok := parseTTL(text)
			if !ok {
				return want, invalid(Item{Parameter: "min_ttl", Message: "expected seconds, or a duration such as 5m", Fix: "Write min_ttl=300 or min_ttl=5m."})
			}
			want.MinTTL = life
		}
	}
	if values := r.Header["If-None-Match"]; len(values) > 0 {
		want.Rejected = strings.Trim(strings.TrimPrefix(strings.TrimSpace(values[0]), "W/"), `"`)
	}
	return want, nil
}

// parseTTL reads "300" as seconds, and "5m" as Go writes durations.
func parseTTL(text string) (time.Duration, bool) {
	const most = 10 * 365 * 24 * time.Hour
	life, err := time.ParseDuration(text)
	if seconds, e := strconv.ParseInt(text, 10, 64); e == nil {
		if seconds > int64(most/time.Second) {
			return most, true
		}
		life, err = time.Duration(seconds)*time.Second, nil
	}
	return min(life, most), err == nil && life >= 0
}

func (s *server) tokenError(w http.ResponseWriter, r *http.Request, caller access.Caller, want connection.Want, err error) {
	switch {
	case errors.Is(err, connection.ErrNotModified):
		s.reads.notModified.Add(1)
		header := w.Header()
		header["Cache-Control"] = noStore
		header["Etag"] = []string{`"` + cleanTag(want.Rejected) + `"`}
		w.WriteHeader(http.StatusNotModified)
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		s.reads.refused.Add(1) // nobody is there to be answered
	default:
		problem := s.problem(r.Context(), err)
		if errors.Is(err, connection.ErrNotFound) { // looked for here, so that a fresh token's read asks no database
			problem = cmp.Or(s.noSandbox(r.Context(), caller, want.Sandbox), problem)
		}
		s.refuseToken(w, r, problem)
	}
}

func (s *server) refuseToken(w http.ResponseWriter, r *http.Request, problem *Problem) {
	if problem.Status >= http.StatusInternalServerError || problem.kind == kindDown {
		s.reads.failed.Add(1)
	} else {
		s.reads.refused.Add(1)
	}
	w.Header()["X-Content-Type-Options"] = noSniff
	problem.write(w, r)
}

// cleanTag lets through what a hash of ours can hold.
func cleanTag(tag string) string {
	if len(tag) > 64 {
		tag = tag[:64]
	}
	return strings.Map(func(c rune) rune {
		if c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			return c
		}
		return -1
	}, tag)
}

// buffers hold answers while they are written. They have held tokens: they are wiped before they go back.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

func writeToken(w http.ResponseWriter, t *connection.Token, now time.Time) {
	header := w.Header()
	header["Content-Type"] = jsonContent
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	header["Etag"] = []string{`"` + t.ETag + `"`}
	buffer := buffers.Get().(*[]byte)
	body := appendToken((*buffer)[:0], t, now)
	_, _ = w.Write(body)
	clear(body)
	if cap(body) <= 64<<10 {
		*buffer = body
		buffers.Put(buffer)
	}
}

func appendToken(b []byte, t *connection.Token, now time.Time) []byte {
	b = append(b, `{"access_token":`...)
	b = appendJSON(b, t.AccessToken.Reveal())
	b = append(b, `,"token_type":`...)
	b = appendJSON(b, t.TokenType)
	if t.ExpiresAt.IsZero() {
		b = append(b, `,"expires_at":null,"expires_in":null`...)
	} else {
		b = append(b, `,"expires_at":"`...)
		b = t.ExpiresAt.UTC().AppendFormat(b, time.RFC3339)
		b = append(b, `","expires_in":`...)
		b = strconv.AppendInt(b, max(0, int64(t.ExpiresAt.Sub(now)/time.Second)), 10)
	}
	b = append(b, `,"scope":`...)
	b = appendJSON(b, t.Scope)
	b = append(b, `,"generation":`...)
	b = strconv.AppendInt(b, t.Generation, 10)
	b = append(b, `,"connection":`...)
	b = appendJSON(b, t.ConnectionID)
	return append(b, "}\n"...)
}

// appendJSON writes text as a JSON string (RFC 8259 §7); what is plain ASCII, as nearly every token is, is copied.
func appendJSON(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(text) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// tokenCounters count token reads by outcome.
type tokenCounters struct {
	served, notModified, refused, failed atomic.Int64
}

// observe hands the counters to a meter, which reads them when it is asked.
func (c *tokenCounters) observe(meter metric.Meter) error {
	if meter == nil {
		return nil
	}
	_, err := meter.Int64ObservableCounter("token_reads", metric.WithDescription("Token reads by outcome."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for _, row := range []struct {
				outcome string
				count   *atomic.Int64
			}{{"served", &c.served}, {"not_modified", &c.notModified}, {"refused", &c.refused}, {"failed", &c.failed}} {
				o.Observe(row.count.Load(), metric.WithAttributes(attribute.String("outcome", row.outcome)))
			}
			return nil
		}))
	if err != nil {
		return fmt.Errorf("registering the counter of token reads: %w", err)
	}
	return nil
}
