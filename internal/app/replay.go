package app

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/api"
	"latchkey/internal/store"
)

// answers is the store's memory of answers, in the API's words: rooms of one floor don't know each other.
type answers struct{ kept store.Idempotency }

var _ api.Answers = answers{}

func (a answers) Begin(ctx context.Context, replay api.Replay, now time.Time) (*api.Answer, error) {
	answer, err := a.kept.Begin(ctx, store.Replay(replay), now)
	switch {
	case errors.Is(err, store.ErrOtherRequest):
		return nil, api.ErrOtherRequest
	case errors.Is(err, store.ErrInProgress):
		return nil, api.ErrInProgress
	}
	return (*api.Answer)(answer), err
}

func (a answers) Finish(ctx context.Context, replay api.Replay, answer api.Answer, expires time.Time) error {
	return a.kept.Finish(ctx, store.Replay(replay), store.Answer(answer), expires)
}

func (a answers) Abandon(ctx context.Context, replay api.Replay) error {
	return a.kept.Abandon(ctx, store.Replay(replay))
}
