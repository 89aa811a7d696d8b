package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/secret"
)

const (
	// recoveryCodes is how many there are at a time, recoveryLength how many characters of 5 bits each has: 80 bits, so that
	// a keyed hash is enough to keep them by.
	recoveryCodes  = 8
	recoveryLength = 16
)

// newRecovery draws recovery codes, and hashes of them.
func (f *Factors) newRecovery(user User) (codes []secret.String, hashes [][]byte) {
	for range recoveryCodes {
		var drawn [recoveryLength * 5 / 8]byte
		_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
		plain := strings.ToLower(base32Text.EncodeToString(drawn[:]))
		codes = append(codes, secret.New(plain[:4]+"-"+plain[4:8]+"-"+plain[8:12]+"-"+plain[12:]))
		hashes = append(hashes, f.hashRecovery(user, plain))
	}
	return codes, hashes
}

func (f *Factors) hashRecovery(user User, plain string) []byte {
	sum := f.config.Hash("recovery code", []byte(user.ID+" "+plain))
	return sum[:]
}

func (f *Factors) checkRecovery(ctx context.Context, user User, plain string) (Second, error) {
	err := f.config.Store.TakeRecovery(ctx, user.ID, f.hashRecovery(user, plain), f.entry(user.Caller(), user, "recovery_code.use"))
	if errors.Is(err, ErrNotFound) {
		return Second{}, ErrSecond
	}
	return Second{user.ID, ByRecovery}, err
}

// RenewRecovery makes recovery codes in the place of those of before, and shows them this once. Who has neither an app nor a
// passkey needs none.
func (f *Factors) RenewRecovery(ctx context.Context, user User) ([]secret.String, error) {
	state, err := f.state(ctx, user)
	if err != nil {
		return nil, err
	}
	if !state.Any() {
		return nil, &InvalidError{Message: "there is no second factor that they would stand in for", Fix: "add an authenticator app or a passkey first"}
	}
	codes, hashes := f.newRecovery(user)
	if err := f.config.Store.PutRecovery(ctx, user.Organization, user.ID, hashes, f.entry(user.Caller(), user, "recovery_code.create")); err != nil {
		return nil, fmt.Errorf("keeping recovery codes: %w", err)
	}
	return codes, nil
}
