package simulator

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// The client of the Destination SDK's examples, with the secrets that they give it.
const (
	SampleClientID     = "Experience-Platform-client-id"
	SampleClientSecret = "Experience-Platform-client-secret"
	SampleSecretOfEx1  = "client-secret-here" // Example 1, which names no client id
)

// A user to sign in with; any other name, and any password that does not begin with "wrong", does as well.
const (
	SampleUser     = "ada@example.com"
	SamplePassword = "moviestar"
)

const (
	clientLimit = 10_000
	clientIDMax = 512
	secretMax   = 4096
)

// clients knows who has shown which secret. An unknown client is believed at first sight: the first secret that it
// shows is its secret from then on.
type clients struct {
	mu    sync.Mutex
	known table[clientKey, []digest]
	state *stateFile // nil: nothing outlives the process
}

// clientKey names a client; each tenant has clients of its own.
type clientKey struct{ tenant, id string }

func newClients() *clients {
	return &clients{known: newTable[clientKey, []digest](clientLimit)}
}

func (c *clients) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.clear()
	c.state.append(line{Reset: resetClients})
}

// admits checks a secret, given in every form that it may have been meant in.
func (c *clients) admits(key clientKey, forms []string) bool {
	shown := make([]digest, len(forms))
	for i, form := range forms {
		if form == "" || len(form) > secretMax || strings.HasPrefix(form, "wrong") {
			return false
		}
		shown[i] = digestOf(form)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	secrets, ok := c.secrets(key)
	if !ok {
		c.known.put(key, shown)
		c.state.append(line{Clients: []clientRecord{recordClient(key, shown)}})
		return true
	}
	return slices.ContainsFunc(shown, func(d digest) bool {
		return slices.ContainsFunc(secrets, func(s digest) bool { return subtle.ConstantTimeCompare(d[:], s[:]) == 1 })
	})
}

// confidential tells whether a client has shown a secret, so that it must show it again.
func (c *clients) confidential(key clientKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.secrets(key)
	return ok
}

// secrets gives what a client may show; false for one that is unknown. The caller holds mu.
func (c *clients) secrets(key clientKey) ([]digest, bool) {
	if key.id == SampleClientID {
		return []digest{digestOf(SampleClientSecret), digestOf(SampleSecretOfEx1)}, true
	}
	return c.known.get(key)
}

// credentials is how a client introduced itself in a request.
type credentials struct {
	id    string
	forms []string // the secret, as sent and as decoded; empty when none was sent
	basic bool
}

// readCredentials takes a client's id and secret from the Authorization header or the body (RFC 6749 §2.3.1).
// Providers disagree about whether the halves of Basic are form-encoded, so both readings are kept.
func readCredentials(authorization string, body url.Values) (credentials, *oauthError) {
	inBody := credentials{id: body.Get("client_id")}
	if secret := body.Get("client_secret"); secret != "" {
		inBody.forms = []string{secret}
	}
	if len(inBody.id) > clientIDMax {
		return credentials{}, invalidClient(false, "The client_id is too long.")
	}
	scheme, encoded, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return inBody, nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	id, secret, found := strings.Cut(string(raw), ":")
	if err != nil || !found || id == "" || len(id) > clientIDMax {
		return credentials{basic: true}, invalidClient(true, "The Authorization header is not that of HTTP Basic.")
	}
	if len(inBody.forms) > 0 {
		return credentials{basic: true}, invalidRequest("The client authenticates twice: in the header and in the body.")
	}
	if inBody.id != "" && !slices.Contains(readings(id), inBody.id) {
		return credentials{basic: true}, invalidRequest("The header and the body name different clients.")
	}
	header := credentials{id: cmpID(inBody.id, id), basic: true}
	if secret != "" {
		header.forms = readings(secret)
	}
	return header, nil
}

// cmpID prefers the id that the body spells out; a header's id is decoded when it has been encoded.
func cmpID(body, header string) string {
	if body != "" {
		return body
	}
	if strings.Contains(header, "%") {
		if decoded, err := url.QueryUnescape(header); err == nil {
			return decoded
		}
	}
	return header
}

func readings(text string) []string {
	if decoded, err := url.QueryUnescape(text); err == nil && decoded != text {
		return []string{text, decoded}
	}
	return []string{text}
}

// caller is a client that a token request may go on with.
type caller struct {
	id     string // "" only where the fault auth=none lets a request through without one
	public bool   // it showed no secret
	any    bool   // auth=none: tokens are not checked against the client
}

// authenticate checks the client of a token request. A client without a secret passes as public when it may: the
// grant must then hold it to PKCE, or to the token that was given to a public client.
func (s *Simulator) authenticate(c *call, mayBePublic bool) (caller, *oauthError) {
	cred, problem := readCredentials(c.request.Header.Get("Authorization"), c.params)
	if problem != nil {
		return caller{}, problem
	}
	c.clientID = cred.id
	key := clientKey{tenant: c.place.tenant, id: cred.id}
	switch c.faults.auth {
	case authNone:
		return caller{id: cred.id, public: len(cred.forms) == 0, any: true}, nil
	case authBasic:
		if !cred.basic {
			return caller{}, invalidClient(true, "This server takes the client's secret in the Authorization header only.")
		}
	case authBody:
		if cred.basic {
			return caller{}, invalidClient(true, "This server takes the client's secret in the body only.")
		}
	}
	switch {
	case cred.id == "":
		return caller{}, invalidClient(cred.basic, "The request names no client.")
	case len(cred.forms) > 0:
		if !s.clients.admits(key, cred.forms) {
			return caller{}, invalidClient(cred.basic, "The client's secret is wrong.")
		}
		return caller{id: cred.id}, nil
	case mayBePublic && !s.clients.confidential(key):
		return caller{id: cred.id, public: true}, nil
	}
	return caller{}, invalidClient(cred.basic, "The client shows no secret.")
}
