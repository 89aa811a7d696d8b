package authority

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync/atomic"
	"time"

	"latchkey/internal/clock"
)

// spent are the assertions that were used and would count otherwise. They are in the store, where every node sees them.
type spent struct {
	store Store
	clock clock.Clock
	// until is when the last that this node has used may go, in microseconds: one that has used none writes nothing.
	until atomic.Int64
}

// take uses an assertion: false when it was used before. A client's are one set, whatever each was for, so that one that was
// caught on its way to one use has none left elsewhere.
func (s *spent) take(ctx context.Context, clientID, jti string, ends time.Time) (fresh bool, err error) {
	sum := sha256.Sum256([]byte(clientID + "\x00" + jti))
	for last := s.until.Load(); last < ends.UnixMicro() && !s.until.CompareAndSwap(last, ends.UnixMicro()); {
		last = s.until.Load()
	}
	if fresh, err = s.store.UseAssertion(ctx, base64.RawURLEncoding.EncodeToString(sum[:]), ends); err != nil {
		return false, fmt.Errorf("noting an assertion: %w", err)
	}
	return fresh, nil
}

// sweep lets go of those that have ended by every node's clock.
func (s *spent) sweep(ctx context.Context) error {
	last, before := s.until.Load(), s.clock.Now().Add(-overlap)
	if last == 0 {
		return nil
	}
	if err := s.store.SweepAssertions(ctx, before); err != nil {
		return fmt.Errorf("letting go of used assertions: %w", err)
	}
	if last < before.UnixMicro() {
		s.until.CompareAndSwap(last, 0) // unless another was used meanwhile
	}
	return nil
}
