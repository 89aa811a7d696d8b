package registry_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

// device is an authenticator with one key pair, that counts as its owner lets it (WebAuthn Level 3, §6.1).
type device struct {
	*testing.T
	at    registry.RelyingParty
	key   *ecdsa.PrivateKey
	id    []byte
	owner string
}

const (
	userPresent   = 0x01
	userVerified  = 0x04
	attestedData  = 0x40
	passkeyOrigin = "https://latchkey.example.com"
	binding       = "the token of a session"
)

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &device{t, registry.RelyingParty{Host: "latchkey.example.com", Origin: passkeyOrigin}, key, []byte("a credential's id"), ""}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// data is the authenticator's: the hash of the host, what was asked of the person, the counter.
func (d *device) data(flags byte, count uint32) []byte {
	host := sha256.Sum256([]byte(d.at.Host))
	return binary.BigEndian.AppendUint32(append(host[:], flags), count)
}

// collected is what the browser adds.
func (d *device) collected(kind, options string) []byte {
	var asked struct{ Challenge string }
	if err := json.Unmarshal([]byte(options), &asked); err != nil {
		d.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": asked.Challenge, "origin": d.at.Origin, "crossOrigin": false})
	if err != nil {
		d.Fatal(err)
	}
	return text
}

func (d *device) answer(response map[string]any) string {
	text, err := json.Marshal(map[string]any{"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}

// makes answers navigator.credentials.create. The key is in COSE: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
func (d *device) makes(options string, count uint32) string {
	public, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.Fatal(err)
	}
	auth := append(d.data(userPresent|userVerified|attestedData, count), make([]byte, 16)...)
	auth = append(binary.BigEndian.AppendUint16(auth, uint16(len(d.id))), d.id...)
	auth = append(auth, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32)
	auth = append(auth, public[1:33]...)
	auth = append(append(auth, 0x22, 0x58, 32), public[33:]...)
	object := append([]byte{0xa3, 0x63}, "fmt"...)
	object = append(append(object, 0x64), "none"...)
	object = append(append(object, 0x67), "attStmt"...)
	object = append(append(object, 0xa0, 0x68), "authData"...)
	object = append(object, 0x59, byte(len(auth)>>8), byte(len(auth)))
	object = append(object, auth...)
	return d.answer(map[string]any{"clientDataJSON": b64(d.collected("webauthn.create", options)), "attestationObject": b64(object)})
}

// shows answers navigator.credentials.get.
func (d *device) shows(options string, flags byte, count uint32) string {
	auth, client := d.data(flags, count), d.collected("webauthn.get", options)
	said := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte(nil), auth...), said[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, signed[:])
	if err != nil {
		d.Fatal(err)
	}
	return d.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(signature), "userHandle": b64([]byte(d.owner))})
}

// TestPasskeyCopied refuses a passkey whose counter has not gone on, records that, and lets its person see it; the one who has the
// newer counter goes on (WebAuthn Level 3, §7.2 step 22).
func TestPasskeyCopied(t *testing.T) {
	p, d := newPeople(t), newDevice(t)
	user := p.active(t, registry.NewUser{Email: "ada@example.com", Role: access.Viewer})
	d.owner = user.ID
	options, err := p.passkeys.Creation(ctx, d.at, user, "Acme", binding)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.passkeys.Add(ctx, d.at, user, binding, "Phone", d.makes(options, 4)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what    string
		flags   byte
		count   uint32
		want    error
		doubted bool
	}{
		{"the next count", userPresent | userVerified, 5, nil, false},
		{"a count of before, as a copy has it", userPresent | userVerified, 5, registry.ErrPasskeyDoubted, true},
		{"an older one", userPresent | userVerified, 1, registry.ErrPasskeyDoubted, true},
		{"nobody's finger", userPresent, 9, registry.ErrPasskeyWrong, true},
		{"the device itself, later", userPresent | userVerified, 6, nil, true}, // the doubt stays, for its person to see
	} {
		p.hand.Advance(time.Second)
		options, err := p.passkeys.Request(ctx, d.at, "", binding)
		if err != nil {
			t.Fatal(err)
		}
		answer := d.shows(options, step.flags, step.count)
		who, _, err := p.passkeys.Check(ctx, d.at, "", binding, answer)
		if !errors.Is(err, step.want) || err == nil && who.ID != user.ID {
			t.Errorf("%s: Check() = %s, %v, want %v", step.what, who.ID, err, step.want)
		}
		if state, err := p.factors.Of(ctx, user.Caller(), user); err != nil || len(state.Passkeys) != 1 || state.Passkeys[0].Doubted() != step.doubted {
			t.Errorf("%s: the passkeys are %+v, %v", step.what, state.Passkeys, err)
		}
		if step.want == nil {
			if _, _, err := p.passkeys.Check(ctx, d.at, "", binding, answer); !errors.Is(err, registry.ErrPasskeyUsed) && !errors.Is(err, registry.ErrPasskeyDoubted) {
				t.Errorf("%s, sent again: %v", step.what, err)
			}
		}
	}
	records, err := p.store.Audit().Records(ctx, audit.Selection{Organization: one, Action: "passkey.clone_warning", Limit: 10})
	if err != nil || len(records) < 2 || records[0].Subject != user.ID || records[0].Detail["sign_count"] == "" {
		t.Errorf("the record has %+v, %v", records, err)
	}
}
