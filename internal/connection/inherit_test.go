package connection_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
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

// TestWhatNeverLeftDoesNotCount has the connection for a repeat not come about: the repeat stands in no journal, and the
// repeats that are left are not used up.
func TestWhatNeverLeftDoesNotCount(t *testing.T) {
	w := newWorld(t)
	p := w.answers(time.Hour, lost())
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		w.provider.away.Store(true)
		return nil, lost()
	})
	w.flow(func() { fails[*connection.ProviderError](w, c.ID, connection.Want{}) })
	record, err := w.memory.Find(context.Background(), connection.Selector{ID: c.ID})
	if err != nil || record.Pending == nil || record.Pending.Count != 1 {
		t.Errorf("pending is %+v, %v, want one presentation", record.Pending, err)
	}
	if n := w.memory.Calls("Again"); n > 0 || len(p.since("refresh-1")) > 0 {
		t.Errorf("%d repeats were written down", n)
	}
}

// TestRepeatsEndWithTheRule has a token that has ended, and answers that are all lost: the refresh token is presented three
// times again within the grace, each time within a second, and no more before the pauses of an outage.
func TestRepeatsEndWithTheRule(t *testing.T) {
	w := newWorld(t)
	p := w.answers(200*time.Millisecond, lost())
	c := w.connect("person", "")
	w.clock.Advance(time.Minute)
	w.flow(func() { fails[*connection.ProviderError](w, c.ID, connection.Want{}) })
	at := p.since("refresh-1")
	if len(at) != 4 || at[3] > 3*time.Second {
		t.Errorf("presented at %v, want four times within three seconds", at)
	}
}

// TestCloseSavesTheSpill has a process end in order after the database has come back, and before it was tried again: what
// is in the spill is saved, for no other node knows of it. While the database is away it stays.
func TestCloseSavesTheSpill(t *testing.T) {
	for _, away := range []bool{false, true} {
		w := newWorld(t)
		w.spill = &folder{}
		w.restart()
		c := w.connect("person", "")
		w.clock.Advance(2 * time.Hour)
		w.memory.Fail(func(method string) error {
			if method == "Commit" {
				return errors.New("the database is away")
			}
			return nil
		})
		if token := w.token(c.ID, connection.Want{}); token.Generation != 2 || w.spill.count() != 1 {
			t.Fatalf("generation %d, %d in the spill", token.Generation, w.spill.count())
		}
		if !away {
			w.memory.Fail(nil)
		}
		if err := w.keeper.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got, left := w.get(c.ID).Generation, w.spill.count(); (got == 2) == away || (left == 1) != away {
			t.Errorf("away %v: generation %d is saved, %d left in the spill", away, got, left)
		}
	}
}
