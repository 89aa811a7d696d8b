package registry

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"latchkey/internal/secret"
)

// Passwords that people choose are kept as argon2id hashes (RFC 9106), in the PHC string format.

// argon is the cost: OWASP's second choice of 2023, 19 MiB and two passes, some 30 ms of a processor.
type argon struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

var argonNow = argon{memory: 19 * 1024, passes: 2, lanes: 1}

const (
	saltSize      = 16
	passwordBytes = 32
	minPassword   = 12
	maxPassword   = 256
	// atOnce bounds how many passwords are hashed at a time, and with it the memory: 4 × 19 MiB.
	atOnce = 4
)

// passwords hashes a few at a time.
type passwords struct{ turns chan struct{} }

func newPasswords() passwords { return passwords{make(chan struct{}, atOnce)} }

// hash makes the text that is kept of a password.
func (p passwords) hash(ctx context.Context, password secret.String) (string, error) {
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails, crypto/rand
	sum, err := p.derive(ctx, password, salt[:], argonNow)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonNow.memory, argonNow.passes, argonNow.lanes,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// right tells whether a password is the one that was hashed. Where there is no hash it takes as long, and tells false.
func (p passwords) right(ctx context.Context, hash string, password secret.String) (bool, error) {
	cost, salt, want, ok := parsePassword(hash)
	if !ok {
		cost, salt, want = argonNow, make([]byte, saltSize), make([]byte, passwordBytes)
	}
	got, err := p.derive(ctx, password, salt, cost)
	return ok && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (p passwords) derive(ctx context.Context, password secret.String, salt []byte, cost argon) ([]byte, error) {
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.turns }()
	return argon2.IDKey([]byte(password.Reveal()), salt, cost.passes, cost.memory, cost.lanes, passwordBytes), nil
}

func parsePassword(hash string) (cost argon, salt, sum []byte, ok bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return cost, nil, nil, false
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return cost, nil, nil, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.memory, &cost.passes, &cost.lanes); err != nil {
		return cost, nil, nil, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return cost, nil, nil, false
	}
	sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	// The bounds keep a row that somebody wrote from taking all memory.
	return cost, salt, sum, err == nil && len(sum) == passwordBytes && cost.lanes > 0 && cost.passes > 0 && cost.passes <= 16 && cost.memory <= 1<<20
}

// checkPassword asks for length alone (NIST SP 800-63B §5.1.1.2): rules on marks and digits make passwords worse.
func checkPassword(password secret.String) error {
	text := password.Reveal()
	switch n := utf8.RuneCountInString(text); {
	case n < minPassword:
		return &InvalidError{Pointer: "/password", Message: fmt.Sprintf("the password has fewer than %d characters", minPassword), Fix: "use a few words that nobody would guess"}
	case len(text) > maxPassword:
		return &InvalidError{Pointer: "/password", Message: fmt.Sprintf("the password has more than %d bytes", maxPassword), Fix: "shorten it"}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, isControl):
		return &InvalidError{Pointer: "/password", Message: "the password holds a control character", Fix: "use what a keyboard writes"}
	}
	return nil
}
