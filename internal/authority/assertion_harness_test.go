package authority_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/project"
)

// keyID is a service whose client has certificates: keys[0]'s has ended, keys[2]'s has not begun, the others count.
const keyID = "ffeeddccbbaa99887766554433221100"

var ecKeys = sync.OnceValue(func() []*ecdsa.PrivateKey {
	var out []*ecdsa.PrivateKey
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		out = append(out, key)
	}
	return out
})

// newKeyWorld is a world with the client that has certificates.
func newKeyWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	const year = 365 * 24 * time.Hour
	keys, ec := pairs(), ecKeys()
	like := *w.clients.byID[oauthID]
	like.ClientID, like.Credential = keyID, "cred-"+keyID
	like.Bindings = []project.ClientBinding{
		bound("ended", keys[0], start.Add(-year), start.Add(-time.Hour)), bound("future", keys[2], start.Add(time.Hour), start.Add(year)),
		bound("rsa", keys[1], start.Add(-time.Hour), start.Add(year)),
	}
	for i, id := range []string{"p256", "p384"} {
		like.Bindings = append(like.Bindings, project.ClientBinding{
			ID: id, SHA1: "sha1-of-" + id, NotBefore: start.Add(-time.Hour), NotAfter: start.Add(year), PublicKey: &ec[i].PublicKey,
		})
	}
	w.clients.byID[keyID] = &like
	return w
}

func (m *memory) UseAssertion(_ context.Context, id string, ends time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return false, errors.New("the database is away")
	}
	if _, was := m.used[id]; was {
		return false, nil
	}
	if m.used == nil {
		m.used = map[string]time.Time{}
	}
	m.used[id] = ends
	return true, nil
}

func (m *memory) SweepAssertions(_ context.Context, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.used, func(_ string, ends time.Time) bool { return ends.Before(before) })
	return nil
}

var counter atomic.Int64

// proof gives the claims of a good assertion about a subject, with changes; nil takes one away.
func proof(subject string, changes map[string]any) map[string]any {
	out := map[string]any{
		"iss": keyID, "sub": subject, "aud": issuer, "exp": start.Add(time.Minute).Unix(), "iat": start.Unix(), "jti": "id-" + strconv.FormatInt(counter.Add(1), 10),
	}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

// signedWith makes a JWS of an algorithm.
func signedWith(t testing.TB, algorithm jose.SignatureAlgorithm, key crypto.Signer, claims map[string]any, header ...any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	for i := 0; i+1 < len(header); i += 2 {
		options.WithHeader(jose.HeaderKey(header[i].(string)), header[i+1])
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(marshalled(t, claims))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	bearerGrant   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// authenticated gives the parameters of a client that proves itself by an assertion.
func authenticated(assertion string) url.Values {
	return url.Values{"client_assertion_type": {assertionType}, "client_assertion": {assertion}}
}

// aim is what an assertion is for: a client's proof, or a grant.
type aim struct {
	name, subject, refusal string
	form                   func(assertion string) url.Values
}

var aims = []aim{
	{"client", keyID, "401 invalid_client: The client_assertion is not accepted; the organization's log says why.", func(assertion string) url.Values {
		form := authenticated(assertion)
		form.Set("grant_type", "client_credentials")
		return form
	}},
	{"grant", techID, "400 invalid_grant: The assertion is not accepted; the organization's log says why.", func(assertion string) url.Values {
		return url.Values{"grant_type": {bearerGrant}, "assertion": {assertion}}
	}},
}

// wantTaken holds for both aims which assertions are taken. The key is the one that counts.
func wantTaken(t *testing.T, taken bool, all map[string]map[string]any) {
	t.Helper()
	w := newKeyWorld(t)
	for name, changes := range all {
		for _, a := range aims {
			w.wantAnswer(t, name, a, signedWith(t, jose.PS256, pairs()[1], proof(a.subject, changes)), taken)
		}
	}
}

// wantAnswer holds whether an assertion is taken. To be refused for what it says, its client is named beside.
func (w *world) wantAnswer(t *testing.T, name string, a aim, assertion string, taken bool) {
	t.Helper()
	form := a.form(assertion)
	if !taken {
		form.Set("client_id", keyID)
	}
	got := w.post(t, "/ims/token/v3", form)
	switch {
	case taken && got.status != 200:
		t.Errorf("%s as a %s is refused: %s\n%s", name, a.name, got.error(), w.log)
	case !taken && got.error() != a.refusal:
		t.Errorf("%s as a %s is answered %s, want %s", name, a.name, got.error(), a.refusal)
	}
}
