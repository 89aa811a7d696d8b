package idempotency_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"latchkey/internal/idempotency"
	"latchkey/internal/idempotency/idempotencytest"
)

func TestMemory(t *testing.T) {
	idempotencytest.Run(t, func(*testing.T) idempotency.Store { return &idempotency.Memory{} })
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 10_000
	var m idempotency.Memory
	ctx, now := context.Background(), time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	begin := func(n int, at time.Time) error {
		_, err := m.Begin(ctx, idempotency.Replay{Key: strconv.Itoa(n)}, at)
		return err
	}
	for n := range 2 * limit {
		if err := begin(n, now); err != nil {
			t.Fatal(err)
		}
	}
	busy := 0
	for n := range 2 * limit {
		if begin(n, now) != nil {
			busy++
		}
	}
	if busy > limit {
		t.Errorf("%d claims are remembered, want at most %d", busy, limit)
	}
	if err := begin(-1, now.Add(time.Hour)); err != nil { // what has expired makes room
		t.Error(err)
	}
}
