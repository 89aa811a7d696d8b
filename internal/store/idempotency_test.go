package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/store"
)

func TestIdempotency(t *testing.T) {
	ctx := context.Background()
	f := newFolder(t)
	i := f.open(t).Idempotency()
	ask := store.Replay{Organization: "O", Caller: "key_1", Route: "POST /api/v1/connections", Key: "k", Request: [32]byte{1}}
	begin := func(r store.Replay, at time.Time) (*store.Answer, error) { return i.Begin(ctx, r, at) }
	if answer, err := begin(ask, now); answer != nil || err != nil {
		t.Fatalf("Begin() = %v, %v", answer, err)
	}
	if _, err := begin(ask, now); !errors.Is(err, store.ErrInProgress) {
		t.Errorf("Begin() meanwhile = %v", err)
	}
	want := store.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte(`{"id":"conn_1"}`)}
	if err := i.Finish(ctx, ask, want, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	got, err := begin(ask, now.Add(59*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("the answer again (-want +got):\n%s", diff)
	}
	other := ask
	other.Request = [32]byte{2}
	if _, err := begin(other, now); !errors.Is(err, store.ErrOtherRequest) {
		t.Errorf("Begin() with another body = %v", err)
	}
	for name, r := range map[string]store.Replay{
		"caller": {Organization: "O", Caller: "key_2", Route: ask.Route, Key: "k"},
		"route":  {Organization: "O", Caller: "key_1", Route: "POST /api/v1/keys", Key: "k"},
		"key":    {Organization: "O", Caller: "key_1", Route: ask.Route, Key: "l"},
	} {
		if answer, err := begin(r, now); answer != nil || err != nil {
			t.Errorf("Begin() of another %s = %v, %v", name, answer, err)
		}
		if err := i.Abandon(ctx, r); err != nil {
			t.Error(err)
		}
		if answer, err := begin(r, now); answer != nil || err != nil {
			t.Errorf("Begin() after Abandon() of another %s = %v, %v", name, answer, err)
		}
	}
	if answer, err := begin(other, now.Add(2*time.Hour)); answer != nil || err != nil {
		t.Errorf("Begin() after the answer expired = %v, %v", answer, err)
	}
	if answer, err := begin(other, now.Add(3*time.Hour)); answer != nil || err != nil {
		t.Errorf("Begin() after a claim that was left behind = %v, %v", answer, err)
	}
	var left int
	if err := f.raw(t).QueryRow(`SELECT count(*) FROM replays`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d rows are left, %v: expired ones go as others come", left, err)
	}
}

func TestIdempotencyAtOnce(t *testing.T) {
	i := newFolder(t).open(t).Idempotency()
	var began atomic.Int32
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			_, err := i.Begin(context.Background(), store.Replay{Key: "k"}, now)
			if err == nil {
				began.Add(1)
			} else if !errors.Is(err, store.ErrInProgress) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if began.Load() != 1 {
		t.Errorf("%d of the same requests began", began.Load())
	}
}
