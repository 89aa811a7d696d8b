// Package idempotencytest holds the implementations of [idempotency.Store] to its contract. Run it with a function
// that gives a fresh one.
package idempotencytest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/idempotency"
)

var now = time.Date(2026, 11, 21, 9, 30, 15, 0, time.UTC)

var ask = idempotency.Replay{
	Organization: "O", Caller: "key_1", Route: "POST /api/v1/connections", Key: "k", Request: [32]byte{1},
}

var answer = idempotency.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte(`{"id":"conn_1"}`)}

// subject is a store with what most tests ask of it.
type subject struct {
	*testing.T
	idempotency.Store
}

// claims fails unless the request can be claimed.
func (s subject) claims(replay idempotency.Replay, at time.Time) {
	s.Helper()
	if got, err := s.Begin(context.Background(), replay, at); got != nil || err != nil {
		s.Errorf("Begin(%+v) = %v, %v, want a claim", replay, got, err)
	}
}

// refuses fails unless the request can't be claimed for that reason.
func (s subject) refuses(replay idempotency.Replay, at time.Time, want error) {
	s.Helper()
	if got, err := s.Begin(context.Background(), replay, at); got != nil || !errors.Is(err, want) {
		s.Errorf("Begin(%+v) = %v, %v, want %v", replay, got, err, want)
	}
}

// answers fails unless the request has its answer.
func (s subject) answers(replay idempotency.Replay, at time.Time) {
	s.Helper()
	got, err := s.Begin(context.Background(), replay, at)
	if err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(&answer, got); diff != "" {
		s.Errorf("the answer again (-want +got):\n%s", diff)
	}
}

func (s subject) finish(replay idempotency.Replay) {
	s.Helper()
	if err := s.Finish(context.Background(), replay, answer, now.Add(time.Hour)); err != nil {
		s.Fatal(err)
	}
}

func (s subject) abandon(replay idempotency.Replay) {
	s.Helper()
	if err := s.Abandon(context.Background(), replay); err != nil {
		s.Fatal(err)
	}
}

// Run runs every test, each on a store of its own.
func Run(t *testing.T, open func(t *testing.T) idempotency.Store) {
	for name, test := range map[string]func(subject){
		"an answer is given again": testAgain, "another body": testOtherBody, "names apart": testApart,
		"abandoned": testAbandoned, "left behind": testLeftBehind, "at once": testAtOnce,
	} {
		t.Run(name, func(t *testing.T) { test(subject{t, open(t)}) })
	}
}

func testAgain(s subject) {
	s.claims(ask, now)
	s.refuses(ask, now, idempotency.ErrInProgress)
	s.finish(ask)
	s.answers(ask, now)
	s.answers(ask, now.Add(time.Hour-time.Microsecond))
	s.claims(ask, now.Add(time.Hour))
}

func testOtherBody(s subject) {
	other := ask
	other.Request = [32]byte{2}
	s.claims(ask, now)
	s.refuses(other, now, idempotency.ErrOtherRequest)
	s.finish(other) // it never began
	s.refuses(ask, now, idempotency.ErrInProgress)
	s.finish(ask)
	s.refuses(other, now, idempotency.ErrOtherRequest)
	s.claims(other, now.Add(2*time.Hour))
}

func testApart(s subject) {
	s.claims(ask, now)
	s.finish(ask)
	for _, change := range []func(*idempotency.Replay){
		func(r *idempotency.Replay) { r.Organization = "P" },
		func(r *idempotency.Replay) { r.Caller = "key_2" },
		func(r *idempotency.Replay) { r.Route = "POST /api/v1/keys" },
		func(r *idempotency.Replay) { r.Key = "l" },
	} {
		other := ask
		change(&other)
		s.claims(other, now)
	}
	s.answers(ask, now)
}

func testAbandoned(s subject) {
	s.claims(ask, now)
	s.abandon(ask)
	s.claims(ask, now)
	s.finish(ask)
	s.abandon(ask) // too late
	s.answers(ask, now)
}

func testLeftBehind(s subject) {
	s.claims(ask, now)
	s.refuses(ask, now.Add(idempotency.ClaimLife-time.Microsecond), idempotency.ErrInProgress)
	s.claims(ask, now.Add(idempotency.ClaimLife))
}

func testAtOnce(s subject) {
	var began atomic.Int32
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			_, err := s.Begin(context.Background(), ask, now)
			if err == nil {
				began.Add(1)
			} else if !errors.Is(err, idempotency.ErrInProgress) {
				s.Error(err)
			}
		})
	}
	all.Wait()
	if began.Load() != 1 {
		s.Errorf("%d of the same requests began", began.Load())
	}
}
