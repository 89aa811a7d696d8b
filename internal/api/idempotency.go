package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/idempotency"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotent-Replayed"
	longestKey        = 255
)

var keptHeaders = []string{"Content-Type", "Location", "Www-Authenticate"}

const answerLife = 24 * time.Hour

// once carries a request out unless it was carried out before, and then gives the same answer again.
func (s *server) once(w http.ResponseWriter, r *http.Request, c call) {
	key := r.Header.Get(idempotencyHeader)
	if len(key) > longestKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		invalid(Item{Parameter: idempotencyHeader, Message: "expected 1 to 255 printable ASCII characters", Fix: "A random UUID does well."}).write(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.problem(r.Context(), err).write(w, r)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	replay := idempotency.Replay{
		Organization: c.caller.Organization, Caller: c.caller.ID, Route: r.Method + " " + r.URL.Path, Key: key,
		Request: sha256.Sum256(append([]byte(c.sandbox+"\x00"), body...)),
	}
	kept, err := s.Answers.Begin(r.Context(), replay, s.Clock.Now())
	switch {
	case errors.Is(err, idempotency.ErrOtherRequest):
		newProblem(kindMismatch, "The key was sent before with another request.").write(w, r)
	case errors.Is(err, idempotency.ErrInProgress):
		newProblem(kindRunning, "The first request with this key has not ended.").after(time.Second).write(w, r)
	case err != nil:
		s.problem(r.Context(), err).write(w, r)
	case kept == nil:
		s.first(w, r, replay)
	default:
		w.Header().Set(replayedHeader, "true")
		writeAnswer(w, *kept)
	}
}

// first carries the request out and keeps its answer. A 5xx, a 429 and a 424 are not kept: they say that trying again
// is worth it.
func (s *server) first(w http.ResponseWriter, r *http.Request, replay idempotency.Replay) {
	ctx := context.WithoutCancel(r.Context()) // who asked may go; the work is done to its end, and its answer kept
	rec := &recorder{header: w.Header()}
	kept, secret := false, false
	defer func() {
		if kept {
			return
		}
		if err := s.Answers.Abandon(ctx, replay); err != nil {
			s.Log.ErrorContext(ctx, "an Idempotency-Key could not be given back", "error", err)
		}
	}()
	s.mux.ServeHTTP(rec, r.WithContext(context.WithValue(ctx, secretKey{}, &secret)))
	answer := rec.answer()
	if again := secret || answer.Status >= 500 || answer.Status == http.StatusTooManyRequests || answer.Status == http.StatusFailedDependency; !again {
		kept = true
		if err := s.Answers.Finish(ctx, replay, answer, s.Clock.Now().Add(answerLife)); err != nil {
			s.Log.ErrorContext(ctx, "an answer could not be kept for its Idempotency-Key", "error", err)
		}
	}
	writeAnswer(w, answer)
}

type secretKey struct{}

// keepNothing says that the answer holds what is stored nowhere, not even for a repeat: a private key.
func keepNothing(ctx context.Context) {
	if secret, ok := ctx.Value(secretKey{}).(*bool); ok {
		*secret = true
	}
}

func writeAnswer(w http.ResponseWriter, a idempotency.Answer) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

func (r *recorder) answer() idempotency.Answer {
	out := idempotency.Answer{Status: r.status, Header: map[string]string{}, Body: r.body.Bytes()}
	for _, name := range keptHeaders {
		if value := r.header.Get(name); value != "" {
			out.Header[name] = value
		}
	}
	return out
}

// recorder holds an answer back until it is kept.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
