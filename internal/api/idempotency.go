package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Answers keeps how requests with an Idempotency-Key were answered. What is kept may hold secrets (a key's value): a
// store MUST seal it.
type Answers interface {
	// Begin claims a request. It gives the answer when there is one, else nil: the caller then works, and calls
	// Finish or Abandon. A claim that was never finished is void after some minutes. The errors are
	// [ErrOtherRequest] and [ErrInProgress].
	Begin(ctx context.Context, replay Replay, now time.Time) (*Answer, error)
	// Finish keeps the answer until expires.
	Finish(ctx context.Context, replay Replay, answer Answer, expires time.Time) error
	// Abandon gives a claim back: the same request may be tried again.
	Abandon(ctx context.Context, replay Replay) error
}

// Replay names a request that may come again.
type Replay struct {
	Organization string
	// Caller is the id of the key that sent it.
	Caller string
	// Route is the method and the path.
	Route string
	// Key is the Idempotency-Key as it was sent.
	Key string
	// Request is the hash of the body and of the sandbox.
	Request [32]byte
}

// Answer is what was answered.
type Answer struct {
	Status int
	// Header has the headers that belong to an answer rather than to its delivery.
	Header map[string]string
	Body   []byte
}

// The errors of [Answers].
var (
	// ErrOtherRequest is given when the key was used with another body.
	ErrOtherRequest = errors.New("the idempotency key was used for another request")
	// ErrInProgress is given while the first request is being worked on.
	ErrInProgress = errors.New("a request with this idempotency key is being worked on")
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotent-Replayed"
	longestKey        = 255
)

// creates tells whether a POST to the path makes something.
func creates(path string) bool {
	return slices.Contains([]string{
		apiPrefix + "/definitions", apiPrefix + "/connections", apiPrefix + "/sandboxes", apiPrefix + "/keys",
	}, path)
}

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
	replay := Replay{
		Organization: c.caller.Organization, Caller: c.caller.ID, Route: r.Method + " " + r.URL.Path, Key: key,
		Request: sha256.Sum256(append([]byte(c.sandbox+"\x00"), body...)),
	}
	kept, err := s.Answers.Begin(r.Context(), replay, s.Clock.Now())
	switch {
	case errors.Is(err, ErrOtherRequest):
		newProblem(kindMismatch, "The key was sent before with another request.").write(w, r)
	case errors.Is(err, ErrInProgress):
		newProblem(kindRunning, "The first request with this key has not ended.").after(time.Second).write(w, r)
	case err != nil:
		s.problem(r.Context(), err).write(w, r)
	case kept == nil:
		s.first(w, r, replay)
	default:
		w.Header().Set(replayedHeader, "true")
		kept.write(w)
	}
}

// first carries the request out and keeps its answer. A 5xx, a 429 and a 424 are not kept: they say that trying again
// is worth it.
func (s *server) first(w http.ResponseWriter, r *http.Request, replay Replay) {
	ctx := context.WithoutCancel(r.Context()) // who asked may go; the work is done to its end, and its answer kept
	rec := &recorder{header: w.Header()}
	kept := false
	defer func() {
		if kept {
			return
		}
		if err := s.Answers.Abandon(ctx, replay); err != nil {
			s.Log.ErrorContext(ctx, "an Idempotency-Key could not be given back", "error", err)
		}
	}()
	s.mux.ServeHTTP(rec, r.WithContext(ctx))
	answer := rec.answer()
	if again := answer.Status >= 500 || answer.Status == http.StatusTooManyRequests || answer.Status == http.StatusFailedDependency; !again {
		kept = true
		if err := s.Answers.Finish(ctx, replay, answer, s.Clock.Now().Add(answerLife)); err != nil {
			s.Log.ErrorContext(ctx, "an answer could not be kept for its Idempotency-Key", "error", err)
		}
	}
	answer.write(w)
}

func (a *Answer) write(w http.ResponseWriter) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

func (r *recorder) answer() Answer {
	out := Answer{Status: r.status, Header: map[string]string{}, Body: r.body.Bytes()}
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

const (
	claimLife    = 2 * time.Minute
	answerMemory = 10_000
)

// memoryAnswers keeps answers in this process: for a server without a store.
type memoryAnswers struct {
	mu   sync.Mutex
	kept map[Replay]*memoryAnswer // :: replay without its hash → answer
}

type memoryAnswer struct {
	request [32]byte
	answer  *Answer
	expires time.Time
}

var _ Answers = (*memoryAnswers)(nil)

func newMemoryAnswers() *memoryAnswers { return &memoryAnswers{kept: map[Replay]*memoryAnswer{}} }

func (r Replay) name() Replay {
	r.Request = [32]byte{}
	return r
}

func (m *memoryAnswers) Begin(_ context.Context, replay Replay, now time.Time) (*Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.kept[replay.name()]
	switch {
	case old == nil || now.After(old.expires):
	case old.request != replay.Request:
		return nil, ErrOtherRequest
	case old.answer == nil:
		return nil, ErrInProgress
	default:
		return old.answer, nil
	}
	if len(m.kept) >= answerMemory {
		m.drop(now)
	}
	m.kept[replay.name()] = &memoryAnswer{request: replay.Request, expires: now.Add(claimLife)}
	return nil, nil
}

// drop makes room: what has expired goes, and when nothing has, anything.
func (m *memoryAnswers) drop(now time.Time) {
	for name, old := range m.kept {
		if now.After(old.expires) {
			delete(m.kept, name)
		}
	}
	for name := range m.kept {
		if len(m.kept) < answerMemory {
			return
		}
		delete(m.kept, name)
	}
}

func (m *memoryAnswers) Finish(_ context.Context, replay Replay, answer Answer, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[replay.name()] = &memoryAnswer{request: replay.Request, answer: &answer, expires: expires}
	return nil
}

func (m *memoryAnswers) Abandon(_ context.Context, replay Replay) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, replay.name())
	return nil
}
