package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"

	"latchkey/internal/secret"
)

// minPassphrase is the shortest passphrase that becomes a new root key, in bytes. An old one opens whatever it is.
const minPassphrase = 16

// stretching is how a passphrase becomes a key: argon2id, RFC 9106 §4's second recommendation. It is kept with the
// root key, in the clear, so that a later version may stretch further.
type stretching struct {
	Time    uint32 `json:"t"`
	Memory  uint32 `json:"m"` // KiB
	Threads uint8  `json:"p"`
	Salt    []byte `json:"salt"`
	// Check tells whether a passphrase is the one. It says no more about it than a wrapped data key does.
	Check []byte `json:"check"`
}

// The bounds of what is believed of a database: somebody may have written it to exhaust this process.
const (
	maxStretchTime   = 64
	maxStretchMemory = 1 << 20 // KiB
)

type passphraseRoot struct {
	read func(ctx context.Context) (secret.String, error)
}

// PassphraseRoot gives a root key that is made of a passphrase. read is asked once each time that the key is opened.
func PassphraseRoot(read func(ctx context.Context) (secret.String, error)) Root {
	return &passphraseRoot{read}
}

// Open looks which of the database's passphrases it is; none of them is a new one.
func (p *passphraseRoot) Open(ctx context.Context, known []RootKey) (Opened, error) {
	passphrase, err := p.read(ctx)
	if err != nil {
		return Opened{}, fmt.Errorf("reading the root key's passphrase: %w", err)
	}
	if passphrase.Empty() {
		return Opened{}, errors.New("the root key's passphrase is empty")
	}
	for _, kept := range known {
		if kept.Kind != KindPassphrase {
			continue
		}
		var how stretching
		if err := json.Unmarshal([]byte(kept.Parameters), &how); err != nil || how.unbelievable() {
			return Opened{}, fmt.Errorf("the database's parameters of the passphrase %s are damaged", kept.ID)
		}
		key := how.stretch(passphrase)
		if subtle.ConstantTimeCompare(checkOf(key), how.Check) == 1 {
			return openPassphrase(kept.ID, kept.Parameters, key)
		}
	}
	if len(passphrase.Reveal()) < minPassphrase {
		if current, ok := current(known); ok && current.Kind == KindPassphrase {
			return Opened{}, &WrongRootError{Want: current.ID, Passphrase: true}
		}
		return Opened{}, fmt.Errorf("the root key's passphrase is too short: use %d characters or more, such as six random words", minPassphrase)
	}
	return newPassphrase(passphrase)
}

func newPassphrase(passphrase secret.String) (Opened, error) {
	how := stretching{Time: 3, Memory: 64 << 10, Threads: 4, Salt: make([]byte, 16)}
	_, _ = rand.Read(how.Salt) // never fails, crypto/rand
	key := how.stretch(passphrase)
	how.Check = checkOf(key)
	parameters, err := json.Marshal(how)
	if err != nil {
		return Opened{}, fmt.Errorf("encoding the passphrase's parameters: %w", err)
	}
	return openPassphrase("pass_"+hex.EncodeToString(how.Salt[:8]), string(parameters), key)
}

func openPassphrase(id, parameters string, key []byte) (Opened, error) {
	local, err := newLocalKey(id, key)
	clear(key)
	return Opened{Wrapper: &local, Kind: KindPassphrase, Parameters: parameters}, err
}

func (s stretching) unbelievable() bool {
	return len(s.Salt) < 8 || len(s.Check) == 0 || s.Time < 1 || s.Time > maxStretchTime || s.Memory > maxStretchMemory || s.Threads < 1
}

func (s stretching) stretch(passphrase secret.String) []byte {
	return argon2.IDKey([]byte(passphrase.Reveal()), s.Salt, s.Time, s.Memory, s.Threads, rootSize)
}

func checkOf(key []byte) []byte {
	check, err := hkdf.Key(sha256.New, key, nil, "latchkey passphrase check", 16)
	if err != nil {
		panic(fmt.Sprintf("seal: deriving 16 bytes by HKDF: %v", err)) // only for a length that is out of range
	}
	return check
}
