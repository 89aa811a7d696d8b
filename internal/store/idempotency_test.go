package store_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"latchkey/internal/idempotency"
	"latchkey/internal/idempotency/idempotencytest"
)

func TestIdempotency(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		idempotencytest.Run(t, func(t *testing.T) idempotency.Store { return fresh(t).open(t).Idempotency() })
	})
}

func TestExpiredAnswersGoAsOthersCome(t *testing.T) { onBoth(t, testExpiredAnswersGoAsOthersCome) }

func testExpiredAnswersGoAsOthersCome(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	i := f.open(t).Idempotency()
	for n := range 4 {
		if _, err := i.Begin(ctx, idempotency.Replay{Key: strconv.Itoa(n)}, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := i.Begin(ctx, idempotency.Replay{Key: "k"}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := f.raw(t).QueryRow(`SELECT count(*) FROM replays`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d rows are left, %v, want the last one", left, err)
	}
}
