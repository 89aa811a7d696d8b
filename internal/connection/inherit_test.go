package connection_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/internal/connection"
)

// TestSpilledTokenIsNotAskedForAgain has a process that was killed with a token set in its spill, and another one on its
// machine that has not yet saved it: a third process, which shares the database, waits for that, and presents nothing.
func TestSpilledTokenIsNotAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.spill = &folder{}
	w.restart()
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	away := func(method string) error {
		if method == "Commit" {
			return errors.New("the database is away")
		}
		return nil
	}
	w.memory.Fail(away)
	if token := w.token(c.ID, connection.Want{}); token.Generation != 2 || w.spill.count() != 1 {
		t.Fatalf("generation %d, %d in the spill", token.Generation, w.spill.count())
	}
	w.memory.Restart(true)
	w.restart()
	w.start()
	w.memory.Restart(false)
	w.spill = nil
	third := w.newKeeper()
	if ids, err := w.memory.Interrupted(context.Background(), 10); err != nil || len(ids) > 0 {
		t.Errorf("interrupted are %v, %v, want none: the answer is in a spill", ids, err)
	}
	got := make(chan connection.Token, 1)
	go func() {
		token, err := third.Token(context.Background(), reader, c.ID, connection.Want{})
		if err != nil {
			t.Error(err)
		}
		got <- token
	}()
	claims := w.memory.Calls("Claim")
	w.eventually("the third was told that it is held", func() bool { return w.memory.Calls("Claim") > claims })
	w.memory.Fail(nil)
	w.flow(func() {
		if token := <-got; token.Generation != 2 || token.AccessToken.Reveal() != "access-2" {
			t.Errorf("the third adopts generation %d, want what was in the spill", token.Generation)
		}
	})
	if n := w.provider.count(); n != 2 {
		t.Errorf("the refresh token was presented %d times, want once", n-1)
	}
}
