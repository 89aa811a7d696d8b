package authority

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// KeyState says what a signing key is for.
type KeyState string

// The states.
const (
	// KeyNext is published, and does not sign yet.
	KeyNext KeyState = "next"
	// KeySigns signs what is issued now.
	KeySigns KeyState = "signs"
	// KeyVerifies has signed, and is published until its last token has ended.
	KeyVerifies KeyState = "verifies"
	// KeyEnded is kept, and published no more.
	KeyEnded KeyState = "ended"
)

// SigningKey is a signing key without what is secret of it.
type SigningKey struct {
	// ID is its kid.
	ID, Algorithm string
	State         KeyState
	// SHA256 is the fingerprint of its certificate.
	SHA256 string
	// CreatedAt is when it was made, SignsFrom when it begins to sign, SignsUntil when the next one does or will.
	CreatedAt, SignsFrom, SignsUntil time.Time
}

// ErrKeyWaits says that the next signing key is made already.
var ErrKeyWaits = errors.New("the next key is made already")

// SigningKeys are the keys that tokens are signed with, for those who look after the installation: they belong to no organization, so
// that its acts take the scope admin.
type SigningKeys struct {
	Store Store
	Clock clock.Clock
	// AccessLife, KeyLife and Soak are as in [Config].
	AccessLife, KeyLife, Soak time.Duration
	// Changed has this process read the keys anew; nil leaves it to the next look.
	Changed func(ctx context.Context) error
}

// SigningKeys gives the server's own.
func (s *Server) SigningKeys() *SigningKeys {
	return &SigningKeys{s.config.Store, s.config.Clock, s.config.AccessLife, s.config.KeyLife, s.config.Soak, s.keys.tend}
}

// List gives every key, the newest of each algorithm first.
func (k *SigningKeys) List(ctx context.Context, caller access.Caller) ([]SigningKey, error) {
	if err := k.allowed(caller); err != nil {
		return nil, err
	}
	stored, err := k.Store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	now := k.Clock.Now()
	var all []SigningKey
	for _, s := range stored {
		sum := sha256.Sum256(s.Certificate)
		one := SigningKey{ID: keyID(s), Algorithm: s.Algorithm, SHA256: hex.EncodeToString(sum[:]), CreatedAt: s.CreatedAt, SignsFrom: s.SignsFrom, SignsUntil: s.SignsFrom.Add(k.KeyLife)}
		for _, other := range stored {
			if other.Algorithm == s.Algorithm && other.Number == s.Number+1 {
				one.SignsUntil = other.SignsFrom
			}
		}
		replaced := newestSigning(stored, s.Algorithm, now.Add(-k.AccessLife-k.Soak))
		signs := newestSigning(stored, s.Algorithm, now)
		switch {
		case replaced != nil && s.Number < replaced.Number:
			one.State = KeyEnded
		case s.SignsFrom.After(now):
			one.State = KeyNext
		case signs != nil && signs.Number == s.Number:
			one.State = KeySigns
		default:
			one.State = KeyVerifies
		}
		all = append(all, one)
	}
	slices.Reverse(all)
	return all, nil
}

func (k *SigningKeys) allowed(caller access.Caller) error {
	if err := caller.Require(access.Admin); err != nil {
		return err
	}
	if caller.Sandbox != "" {
		return &access.DeniedError{Scope: access.Admin, Caller: caller.ID}
	}
	return nil
}

// Rotate makes the next key of each algorithm. It is published at once and signs after the soak, so that every verifier knows it by
// then; at once, when the present one can't be trusted any more: verifiers that cache what they read refuse its tokens until they
// read again. [ErrKeyWaits] when the next one is there and it is not to be at once.
func (k *SigningKeys) Rotate(ctx context.Context, caller access.Caller, atOnce bool) error {
	if err := k.allowed(caller); err != nil {
		return err
	}
	stored, err := k.Store.Keys(ctx)
	if err != nil {
		return err
	}
	now := k.Clock.Now()
	from := now.Add(k.Soak)
	if atOnce {
		from = now
	}
	made := 0
	for _, algorithm := range []string{rs256, es256} {
		newest, number := newestOf(stored, algorithm), int64(1)
		if newest != nil {
			number = newest.Number + 1
			if newest.SignsFrom.After(now) && !atOnce {
				continue
			}
		}
		next, err := newKey(algorithm, number, now, from, nil)
		if err != nil {
			return err
		}
		next.By = cmp.Or(caller.User, caller.ID)
		if err := k.Store.AddKey(ctx, *next); err != nil {
			return err
		}
		made++
	}
	if made == 0 {
		return fmt.Errorf("rotating the signing keys: %w", ErrKeyWaits)
	}
	if k.Changed != nil {
		return k.Changed(ctx)
	}
	return nil
}
