package connection_test

import (
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// TestRest moves a day on from one time at which something is due to the next: each renewal is made at its time, and none is
// under way when the keeper rests.
func TestRest(t *testing.T) {
	w := newWorld(t)
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		return w.provider.token(n, time.Hour), nil
	})
	ids := []string{w.connect("machine", "").ID, w.connect("person", "").ID}
	w.start()
	target := w.clock.Now().Add(24 * time.Hour)
	for {
		next, err := w.keeper.Rest(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if left := w.get(id).ExpiresAt.Sub(w.clock.Now()); left < 9*time.Minute {
				t.Fatalf("a token has %v left, although the keeper rests", left)
			}
		}
		if next.IsZero() {
			break
		}
		if !next.After(w.clock.Now()) || !next.Before(target) {
			t.Fatalf("what is next is due at %v: it is %v, and the end is %v", next, w.clock.Now(), target)
		}
		w.clock.Advance(next.Sub(w.clock.Now()))
	}
	if n := w.provider.count(); n < 2*28 || n > 2*36 {
		t.Errorf("%d exchanges of two connections in a day of tokens of an hour", n)
	}
	if got := w.token(ids[0], connection.Want{}); got.Generation < 28 {
		t.Errorf("generation %d", got.Generation)
	}
}
