package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// KeyHash is what is kept of a key's value: its keyed hash.
type KeyHash [32]byte

// Key is an API key without its value.
type Key struct {
	// ID is `key_` and a ULID.
	ID           string
	Name         string
	Organization string
	// Sandbox is the name of the only one that the key may use; "" means every one.
	Sandbox string
	Scopes  access.Scopes
	// Calls bounds what the key may do through the proxy.
	Calls access.Calls
	// Prefix is the beginning of the value, for people to tell keys apart: `lk_ab12`.
	Prefix string
	Hash   KeyHash
	// CreatedBy is the id of the caller that made it.
	CreatedBy string
	CreatedAt time.Time
	// ExpiresAt, RevokedAt and LastUsedAt are zero for never.
	ExpiresAt, RevokedAt, LastUsedAt time.Time
}

// NewKey asks for a key.
type NewKey struct {
	Name      string
	Sandbox   string
	Scopes    access.Scopes
	Calls     access.Calls
	ExpiresAt time.Time
}

// CreatedKey is a key with its value, which is shown this once.
type CreatedKey struct {
	Key
	// Value is `lk_` and 43 letters and digits that hold 256 random bits.
	Value secret.String
}

// KeyStore keeps keys. registrytest.TestKeyStore checks an implementation.
type KeyStore interface {
	// CreateKey adds a key: [ErrNotFound] when there is no such organization or sandbox.
	CreateKey(ctx context.Context, key Key, entry audit.Entry) error
	// Keys gives every key of every organization, revoked ones too, in the order of their ids.
	Keys(ctx context.Context) ([]Key, error)
	// RevokeKey sets RevokedAt, once: a key that is revoked keeps its time, and nothing is recorded. [ErrNotFound] when
	// the organization has no such key.
	RevokeKey(ctx context.Context, organization, id string, at time.Time, entry audit.Entry) error
	// TouchKeys sets LastUsedAt by key id; it only ever moves forward, and unknown ids are passed over.
	TouchKeys(ctx context.Context, used map[string]time.Time) error
}

const (
	valueMark   = "lk_"
	valueDigits = 43 // 62⁴³ > 2²⁵⁶
	valueLength = len(valueMark) + valueDigits
	shownLength = len(valueMark) + 4
	base62      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newValue draws a key's value.
func newValue() string {
	// A byte stands for a digit if it is below the largest multiple of 62, so that every digit is equally likely.
	const bound = 256 / len(base62) * len(base62)
	out := []byte(valueMark)
	for len(out) < valueLength {
		var drawn [64]byte
		_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
		for _, b := range drawn {
			if int(b) < bound && len(out) < valueLength {
				out = append(out, base62[int(b)%len(base62)])
			}
		}
	}
	return string(out)
}

// Create makes a key in the caller's organization. It can't grant what the caller does not have: neither scopes,
// nor other sandboxes, nor a longer life. What is not asked for is as the caller has it.
func (k *Keyring) Create(ctx context.Context, caller access.Caller, ask NewKey) (CreatedKey, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return CreatedKey{}, err
	}
	ask, err := k.checkNew(caller, ask)
	if err != nil {
		return CreatedKey{}, err
	}
	value := newValue()
	key := Key{
		ID: ident.New("key"), Name: ask.Name, Organization: caller.Organization, Sandbox: ask.Sandbox, Scopes: ask.Scopes, Calls: ask.Calls,
		Prefix: value[:shownLength], Hash: k.hash(value), CreatedBy: caller.ID,
		CreatedAt: k.config.Clock.Now().UTC(), ExpiresAt: ask.ExpiresAt,
	}
	k.changing.Lock()
	defer k.changing.Unlock()
	err = k.config.Store.CreateKey(ctx, key, key.entry(caller, "key.create", key.CreatedAt))
	if errors.Is(err, ErrNotFound) && key.Sandbox != "" {
		return CreatedKey{}, &InvalidError{
			Pointer: "/sandbox", Message: fmt.Sprintf("there is no sandbox %q", key.Sandbox),
			Fix: "create it first, or leave it out for a key to every sandbox",
		}
	}
	if err != nil {
		return CreatedKey{}, fmt.Errorf("creating the key: %w", err)
	}
	k.put(newEntry(key))
	return CreatedKey{Key: key, Value: secret.New(value)}, nil
}

// entry is what the audit record says of a key.
func (k Key) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	detail := map[string]string{"name": k.Name, "sandbox": k.Sandbox, "scopes": k.Scopes.String(), "prefix": k.Prefix}
	if k.Calls.Bounded() {
		detail["call_methods"], detail["call_paths"] = strings.Join(k.Calls.Methods, " "), strings.Join(k.Calls.Paths, " ")
	}
	if !k.ExpiresAt.IsZero() {
		detail["expires_at"] = k.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return audit.Entry{At: at, Organization: k.Organization, Actor: caller.ID, Action: action, Subject: k.ID, Detail: detail}
}

// checkNew checks what is asked for against what the caller has, and fills in what was left open.
func (k *Keyring) checkNew(caller access.Caller, ask NewKey) (NewKey, error) {
	var err error
	if ask.Name, err = checkText("/name", ask.Name, ""); err != nil {
		return ask, err
	}
	if len(ask.Scopes) == 0 {
		return ask, &InvalidError{
			Pointer: "/scopes", Message: "the key has no scope",
			Fix: "give what it is for: " + string(access.TokensRead) + " reads tokens",
		}
	}
	if ask.Scopes, err = access.ParseScopes(ask.Scopes.Strings()); err != nil {
		return ask, &InvalidError{Pointer: "/scopes", Message: err.Error(), Fix: "take one of the known scopes"}
	}
	if err := caller.Require(ask.Scopes...); err != nil {
		return ask, err
	}
	if ask.Sandbox == "" {
		ask.Sandbox = caller.Sandbox
	}
	if ask.Calls, err = checkCalls(caller, ask); err != nil {
		return ask, err
	}
	if caller.Sandbox != "" && ask.Sandbox != caller.Sandbox {
		return ask, &access.DeniedError{Sandbox: ask.Sandbox, Caller: caller.ID}
	}
	ask.ExpiresAt, err = k.checkExpiry(caller, ask.ExpiresAt)
	return ask, err
}

// checkCalls checks what the key may do through the proxy. A key that is bounded makes none that is bounded in another way.
func checkCalls(caller access.Caller, ask NewKey) (access.Calls, error) {
	calls := ask.Calls
	if !calls.Bounded() {
		return caller.Calls, nil
	}
	if caller.Calls.Bounded() {
		return calls, &InvalidError{
			Pointer: "/calls", Message: "the key that makes it is bound to some methods and paths itself",
			Fix: "leave them out: the new key gets the same",
		}
	}
	if !ask.Scopes.Has(access.ProxyCall) {
		return calls, &InvalidError{
			Pointer: "/calls", Message: "the key makes no calls: it lacks the scope " + string(access.ProxyCall),
			Fix: "add the scope, or leave out methods and paths",
		}
	}
	for _, method := range calls.Methods {
		if !callMethod.MatchString(method) {
			return calls, &InvalidError{Pointer: "/calls/methods", Message: "that is no method of HTTP", Fix: "write it in capitals, as GET"}
		}
	}
	for _, path := range calls.Paths {
		if !callPath.MatchString(path) {
			return calls, &InvalidError{
				Pointer: "/calls/paths", Message: "that is no pattern of a path",
				Fix: "begin with a slash; * stands for one segment, and ** at the end for all that follow: /v1/contacts/**",
			}
		}
	}
	return calls, nil
}

var (
	callMethod = regexp.MustCompile(`^[A-Z]{1,20}$`)
	callPath   = regexp.MustCompile(`^(/(\*|[^/*\x00-\x20\x7f\\]*))*(/\*\*)?$`)
)

func (k *Keyring) checkExpiry(caller access.Caller, asked time.Time) (time.Time, error) {
	if !asked.IsZero() && !asked.After(k.config.Clock.Now()) {
		return asked, &InvalidError{Pointer: "/expires_at", Message: "the key would end in the past", Fix: "give a later time"}
	}
	own := k.held(caller, caller.ID)
	if own == nil || own.key.ExpiresAt.IsZero() {
		return asked.UTC(), nil
	}
	if asked.After(own.key.ExpiresAt) {
		return asked, &InvalidError{
			Pointer: "/expires_at", Message: "the key would outlive the one that makes it",
			Fix: "end it by " + own.key.ExpiresAt.Format(time.RFC3339) + ", or make it with another key",
		}
	}
	if asked.IsZero() {
		return own.key.ExpiresAt, nil
	}
	return asked.UTC(), nil
}
