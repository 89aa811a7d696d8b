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

// TestWhatNeverLeftDoesNotCount has processes that take up a lost answer and are killed one after the other before they
// have a connection to the provider: the refresh token was presented once, and may be three times more.
func TestWhatNeverLeftDoesNotCount(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	first := w.provider.hold()
	go func() { _, _ = w.keeper.Token(context.Background(), reader, c.ID, connection.Want{}) }()
	w.eventually("it was presented", func() bool { return w.provider.count() == 2 })
	w.provider.away.Store(true)
	killed := []*connection.Keeper{w.keeper}
	for range 4 {
		w.memory.Restart(true)
		keeper, claims := w.newKeeper(), w.memory.Calls("Claim")
		killed = append(killed, keeper)
		go func() { _, _ = keeper.Token(context.Background(), reader, c.ID, connection.Want{}) }()
		w.eventually("the next process has claimed it", func() bool { return w.memory.Calls("Claim") > claims })
	}
	record, err := w.memory.Find(context.Background(), connection.Selector{ID: c.ID})
	if err != nil || record.Pending == nil || record.Pending.Count != 1 {
		t.Fatalf("pending is %+v, %v, want one presentation", record.Pending, err)
	}
	w.memory.Restart(true)
	w.provider.away.Store(false)
	w.provider.mu.Lock()
	w.provider.gate = nil
	w.provider.mu.Unlock()
	token, err := w.newKeeper().Token(context.Background(), reader, c.ID, connection.Want{})
	if err != nil || token.Generation != 2 {
		t.Errorf("generation %d, %v, want the answer that was asked for again", token.Generation, err)
	}
	close(first)
	for _, keeper := range killed { // what they still do comes too late
		w.flow(func() { _ = keeper.Close(context.Background()) })
	}
	if n := w.provider.count(); n != 3 {
		t.Errorf("the refresh token was presented %d times, want twice", n-1)
	}
}
