package connectiontest

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

func hash() (h connection.Hash) {
	_, _ = rand.Read(h[:]) // never fails, crypto/rand
	return h
}

func attempt(t *testing.T, r *connection.Record) connection.Attempt {
	t.Helper()
	return connection.Attempt{
		ID: ident.New("att"), Organization: r.Organization, Connection: r.ID, Link: hash(), State: hash(),
		Definition: r.Definition, Revision: 4, Configuration: 1, RedirectURI: "https://l.example.com/cb", ReturnURL: "/done",
		Fields: fields(t, "entered"), Verifier: secret.New("verifier"), CreatedBy: "key_2", CreatedAt: start,
		ExpiresAt: start.Add(10 * time.Minute),
	}
}

func testAttempts(t *testing.T, s Subject) {
	ctx := context.Background()
	r := record(t, s.AddDefinition(t, "moviestar"), "")
	first := attempt(t, &r)
	create(t, s, r, &first)
	second := attempt(t, &r)
	second.Verifier = secret.String{}
	if err := s.Attempts.OpenAttempt(ctx, second); err != nil {
		t.Fatal(err)
	}
	for _, want := range []connection.Attempt{first, second} {
		for name, find := range map[string]func() (connection.Attempt, error){
			"link":  func() (connection.Attempt, error) { return s.Attempts.AttemptByLink(ctx, want.Link) },
			"state": func() (connection.Attempt, error) { return s.Attempts.AttemptByState(ctx, want.State) },
		} {
			got, err := find()
			if diff := cmp.Diff(want, got, equal); diff != "" || err != nil {
				t.Errorf("the attempt by its %s: %v (-want +got):\n%s", name, err, diff)
			}
		}
	}
	if _, err := s.Attempts.AttemptByState(ctx, first.Link); !errors.Is(err, connection.ErrAttemptUnknown) {
		t.Errorf("AttemptByState() of a link = %v", err)
	}
	cookie := hash()
	if err := s.Attempts.BindAttempt(ctx, first.ID, cookie); err != nil {
		t.Error(err)
	}
	if err := s.Attempts.UseAttempt(ctx, first.ID, "", start); err != nil {
		t.Error(err)
	}
	failure := connection.LastError{Kind: exchange.Denied, Code: "access_denied", Description: "no", At: start}
	if err := s.Attempts.FailAttempt(ctx, first.ID, "denied", failure); err != nil {
		t.Error(err)
	}
	if err := s.Attempts.FailAttempt(ctx, "att_none", "denied", failure); !errors.Is(err, connection.ErrAttemptUsed) {
		t.Errorf("FailAttempt() of no attempt = %v", err)
	}
	failed, err := s.Store.Find(ctx, connection.Selector{ID: first.Connection})
	if err != nil || failed.State != r.State || failed.Version != r.Version+1 {
		t.Errorf("after a failed consent the connection is %+v, %v", failed, err)
	}
	if diff := cmp.Diff(&failure, failed.LastError, equal); diff != "" {
		t.Errorf("the connection's last error (-want +got):\n%s", diff)
	}
	got, err := s.Attempts.AttemptByLink(ctx, first.Link)
	if err != nil || got.Cookie != cookie || !got.UsedAt.Equal(start) || got.Outcome != "denied" {
		t.Errorf("after all, the attempt is %+v, %v", got, err)
	}
	if err := s.Attempts.BindAttempt(ctx, first.ID, hash()); !errors.Is(err, connection.ErrAttemptUsed) {
		t.Errorf("BindAttempt() of a used attempt = %v", err)
	}
	if got, err := s.Attempts.AttemptByLink(ctx, second.Link); err != nil || !got.UsedAt.IsZero() {
		t.Errorf("the other attempt was used too: %v", err)
	}
}

func testAttemptsAtOnce(t *testing.T, s Subject) {
	ctx := context.Background()
	r := record(t, s.AddDefinition(t, "moviestar"), "")
	a := attempt(t, &r)
	create(t, s, r, &a)
	var used atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			switch err := s.Attempts.UseAttempt(ctx, a.ID, "", start); {
			case err == nil:
				used.Add(1)
			case !errors.Is(err, connection.ErrAttemptUsed):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if used.Load() != 1 {
		t.Errorf("an attempt was used %d times", used.Load())
	}
}

func testSweeping(t *testing.T, s Subject) {
	ctx := context.Background()
	definition := s.AddDefinition(t, "moviestar")
	pending := func(made time.Time, attemptEnds time.Time) connection.Record {
		r := record(t, definition, "")
		r.State, r.Tokens, r.Generation, r.RefreshAt, r.CreatedAt = connection.PendingAuthorization, nil, 0, time.Time{}, made
		a := attempt(t, &r)
		a.ExpiresAt = attemptEnds
		return create(t, s, r, &a)
	}
	now := start.Add(48 * time.Hour)
	old := pending(start, start.Add(10*time.Minute))
	busy := pending(start, now.Add(time.Minute))
	young := pending(now.Add(-time.Hour), now.Add(-50*time.Minute))
	active := record(t, definition, "")
	active = create(t, s, active, nil)
	removed, err := s.Ledger.Sweep(ctx, now.Add(-time.Hour), now.Add(-24*time.Hour), 10)
	if err != nil || removed != 1 {
		t.Errorf("Sweep() = %d, %v, want 1", removed, err)
	}
	if _, err := s.Store.Find(ctx, connection.Selector{ID: old.ID}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("a connection that never had a consent is still there: %v", err)
	}
	for _, r := range []connection.Record{busy, young, active} {
		find(t, s, r.ID)
	}
}
