package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/idempotency"
	"latchkey/internal/seal"
)

// id gives the row's key: who sent what where, hashed.
func (i Idempotency) id(r idempotency.Replay) []byte {
	parts := strings.Join([]string{r.Organization, r.Caller, r.Route, r.Key}, "\x00")
	sum := i.s.keyring.Hash("idempotency key", []byte(parts))
	return sum[:]
}

// request gives the keyed hash of a request's hash: bodies hold secrets, some of them guessable.
func (i Idempotency) request(r idempotency.Replay) []byte {
	sum := i.s.keyring.Hash("idempotency request", r.Request[:])
	return sum[:]
}

func replayRow(organization string, id []byte) seal.Row {
	return seal.Row{Organization: organization, Table: "replays", ID: hex.EncodeToString(id), Column: "answer"}
}

// Begin claims a request, as [idempotency.Store] says.
func (i Idempotency) Begin(ctx context.Context, replay idempotency.Replay, now time.Time) (*idempotency.Answer, error) {
	id, request := i.id(replay), i.request(replay)
	var sealed []byte
	err := i.s.write(ctx, func(t *tx) error {
		sealed = nil
		if err := sweepReplays(t, id, now); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO replays (id, organization, request, expires_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO NOTHING`, id, replay.Organization, request, micros(now.Add(idempotency.ClaimLife)))
		if err != nil || n == 1 {
			return err
		}
		var first []byte
		if err := t.row(`SELECT request, answer FROM replays WHERE id = $1`, id).Scan(&first, &sealed); err != nil {
			return err
		}
		switch {
		case !bytes.Equal(first, request):
			return idempotency.ErrOtherRequest
		case sealed == nil:
			return idempotency.ErrInProgress
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claiming an idempotency key: %w", err)
	}
	if sealed == nil {
		return nil, nil
	}
	var answer idempotency.Answer
	if err := i.s.openJSON(ctx, replayRow(replay.Organization, id), sealed, &answer); err != nil {
		return nil, err
	}
	return &answer, nil
}

// sweepReplays removes the key's own row when it has expired, and a few others that have: more go than come.
func sweepReplays(t *tx, id []byte, now time.Time) error {
	if _, err := t.exec(`DELETE FROM replays WHERE id = $1 AND expires_at <= $2`, id, micros(now)); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM replays WHERE id IN (SELECT id FROM replays WHERE expires_at <= $1
		ORDER BY expires_at LIMIT 4)`, micros(now))
	return err
}

// Finish keeps the answer, sealed, until expires.
func (i Idempotency) Finish(ctx context.Context, replay idempotency.Replay, answer idempotency.Answer, expires time.Time) error {
	id := i.id(replay)
	sealed, err := i.s.sealJSON(ctx, replayRow(replay.Organization, id), answer)
	if err != nil {
		return err
	}
	err = i.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE replays SET answer = $2, expires_at = $3 WHERE id = $1 AND request = $4`,
			id, sealed, micros(expires), i.request(replay))
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

// Abandon gives a claim back: the request failed in a way that may be tried again.
func (i Idempotency) Abandon(ctx context.Context, replay idempotency.Replay) error {
	err := i.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM replays WHERE id = $1 AND answer IS NULL`, i.id(replay))
		return err
	})
	if err != nil {
		return fmt.Errorf("giving back an idempotency key: %w", err)
	}
	return nil
}
