package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/store/pgtest"
)

// A COMMIT whose answer is lost is asked after, and one that did not arrive is made again: in both cases the write has
// come true once, and its caller is told so.
func TestCommitIsAskedAfter(t *testing.T) {
	l := pgtest.NewLine(t)
	nodes := openNodes(t, pgtest.Shared(t), l.Through, itself)
	s, other := nodes[0], nodes[1]
	if _, err := rawExec(t, s, `INSERT INTO things VALUES ('x', 0)`); err != nil {
		t.Fatal(err)
	}
	committed := func(want int) {
		until(t, "the server commits", func() bool { return number(t, other, "x") == want })
	}
	for i, decide := range []func(toServer, hangUp func()){
		func(toServer, hangUp func()) { toServer(); committed(1); hangUp() },
		func(_, hangUp func()) { hangUp() },
	} {
		l.OnCommit(decide)
		if _, err := rawExec(t, s, `UPDATE things SET number = number + 1 WHERE name = 'x'`); err != nil {
			t.Errorf("a lost COMMIT: %v", err)
		}
		if got := number(t, other, "x"); got != i+1 {
			t.Errorf("after a lost COMMIT %d writes came true, want %d", got, i+1)
		}
	}
}

// When nobody can tell what became of a COMMIT, the caller is told that.
func TestCommitIsNotKnown(t *testing.T) {
	l := pgtest.NewLine(t)
	nodes := openNodes(t, pgtest.Shared(t), l.Through, itself)
	s, other := nodes[0], nodes[1]
	if _, err := rawExec(t, s, `INSERT INTO things VALUES ('x', 0)`); err != nil {
		t.Fatal(err)
	}
	l.OnCommit(func(toServer, _ func()) {
		toServer()
		until(t, "the server commits", func() bool { return number(t, other, "x") == 1 })
		go func() {
			l.Cut()
			l.Silence(false)
		}()
	})
	_, err := rawExec(t, s, `UPDATE things SET number = number + 1 WHERE name = 'x'`)
	unknown, ok := errors.AsType[*UnknownError](err)
	if !ok || !unknown.OutcomeUnknown() || errors.Is(err, ErrUnavailable) {
		t.Errorf("a lost COMMIT: %v", err)
	}
	if _, err := rawExec(t, s, `UPDATE things SET number = number + 1 WHERE name = 'x'`); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the next write: %v", err)
	}
	l.Mend()
	until(t, "the store is ready", func() bool { return s.Ping(context.Background()) == nil })
	if got := number(t, s, "x"); got != 1 {
		t.Errorf("%d writes came true, want 1", got)
	}
}

// A server that says nothing holds nobody up for longer than a statement may take, and a reader no longer than it waits.
func TestSilentServer(t *testing.T) {
	l := pgtest.NewLine(t)
	s := openConfig(t, Config{URL: l.Through(address(t)), Root: testRoot(t), limit: time.Second})
	l.Silence(true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := s.row(ctx, `SELECT 1`).Scan(new(int)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a reader who waits a moment: %v", err)
	}
	if took := time.Since(began); took > 800*time.Millisecond {
		t.Errorf("a reader who waits a moment waited %s", took)
	}
	if err := s.row(t.Context(), `SELECT 1`).Scan(new(int)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("reading: %v", err)
	}
	if _, err := rawExec(t, s, `SELECT 1`); !errors.Is(err, ErrUnavailable) {
		t.Errorf("writing: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("failing took %s", took)
	}
	l.Mend()
	until(t, "the store is ready", func() bool { return s.Ping(context.Background()) == nil })
}

// address gives that of a new database.
func address(t *testing.T) secret.String {
	server := pgtest.Shared(t)
	return server.URL(server.Database(t, ""))
}
