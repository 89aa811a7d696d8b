package registry

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A passkey signs a challenge, so that an answer of before is good for nothing. Ours carries its end and a keyed hash of what it
// is for: a page that shows one leaves no row, whoever asks for it and how often. Only what was answered is kept, until then.

const (
	// challengeLife is how long a page with a challenge may stay open.
	challengeLife = time.Hour
	// challengeDrawn is how much of it is chance.
	challengeDrawn = 16
)

// ceremony is what a challenge is for: making or showing, at a host, in a browser's form or for a session.
type ceremony struct{ act, host, binding string }

// challenge makes one.
func (p *Passkeys) challenge(of ceremony) string {
	head := binary.BigEndian.AppendUint64(nil, uint64(p.now().Add(challengeLife).UnixMicro()))
	var drawn [challengeDrawn]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	head = append(head, drawn[:]...)
	return base64.RawURLEncoding.EncodeToString(append(head, p.seal(of, head)...))
}

// taken checks one that came back, and gives what is kept of it; not ok when it is not ours, for something else, or over.
func (p *Passkeys) taken(of ceremony, text string) (Spent, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	const head = 8 + challengeDrawn
	if err != nil || len(raw) <= head || !hmac.Equal(raw[head:], p.seal(of, raw[:head])) {
		return Spent{}, false
	}
	until := time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC()
	return Spent{Hash: raw[8:], Until: until}, p.now().Before(until)
}

func (p *Passkeys) seal(of ceremony, head []byte) []byte {
	sum := p.config.Hash("passkey challenge", bytes.Join([][]byte{[]byte(of.act), []byte(of.host), []byte(of.binding), head}, []byte{0}))
	return sum[:]
}
