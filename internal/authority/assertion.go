package authority

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/project"
	"latchkey/internal/rsasign"
)

const (
	// maxAssertion bounds an assertion; real ones are below 2 KiB.
	maxAssertion = 32 << 10
	// skew is by how much a client's clock may differ (spec §1.1).
	skew = 30 * time.Second
	// longestAssertion is how long an assertion may be good for.
	longestAssertion = 24 * time.Hour
)

// assertionAlgorithms are those that IMS has taken (spec §1.1).
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}

// accountID is the form of organizations and technical accounts: ident@authsrc.
var accountID = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// exchangeJWT exchanges a signed assertion for an access token. The checks come in the order of spec §1.3.
func (s *Server) exchangeJWT(x *exchange) {
	x.grant = grantJWT
	f, refused := x.form()
	if refused != nil {
		x.fail(refused)
		return
	}
	out, refused := x.exchanged(f)
	if refused != nil {
		x.fail(refused)
		return
	}
	x.answer(out)
}

func (x *exchange) exchanged(f form) (granted, *fault) {
	client, _, refused := x.authenticate(f)
	if refused != nil {
		return granted{}, refused
	}
	if !client.ExchangesJWT() {
		return granted{}, (&fault{status: http.StatusUnauthorized, code: "invalid_client", says: "The client lacks the scope exchange_jwt."}).
			because("kind", client.Kind, "fix", "use grant_type=client_credentials: the credential is of the server-to-server kind, or was migrated to it")
	}
	a, refused := decode(f.get("jwt_token"))
	for _, check := range []func(*assertion, *project.Client) *fault{x.audienceOf, x.lifeOf, x.accountOf} {
		if refused == nil {
			refused = check(a, client)
		}
	}
	if refused != nil {
		return granted{}, refused
	}
	binding, refused := x.signedBy(a, client)
	if refused != nil {
		return granted{}, refused
	}
	if refused := x.once(a, binding); refused != nil {
		return granted{}, refused
	}
	allowed, refused := x.metascopes(a, client)
	if refused != nil {
		return granted{}, refused
	}
	audience, refused := x.audience(f)
	if refused != nil {
		return granted{}, refused
	}
	return granted{proof: binding.ID, issue: issue{
		client: client, user: client.TechnicalAccount.ID, scopes: allowed, life: x.config.AccessLife, audience: audience,
	}}, nil
}

// assertion is a decoded JWT whose signature is not checked yet.
type assertion struct {
	compact string
	signed  *jose.JSONWebSignature
	claims  map[string]any
}

func (a *assertion) text(name string) string {
	text, _ := a.claims[name].(string)
	return text
}

func invalidToken(says string) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid_token", says: says}
}

const undecodable = "JWT token is incorrectly formatted, and can not be decoded."

// decode reads a compact JWS of an algorithm that is allowed, whatever its header says beside.
func decode(text string) (*assertion, *fault) {
	switch {
	case text == "":
		return nil, invalidToken("The jwt_token is missing.")
	case len(text) > maxAssertion:
		return nil, invalidToken("The JWT is larger than " + strconv.Itoa(maxAssertion) + " bytes.")
	case strings.Count(text, ".") == 4:
		return nil, invalidToken(undecodable).because("fix", "it is encrypted (JWE); send one that is signed")
	case strings.Count(text, ".") != 2:
		return nil, invalidToken(undecodable)
	}
	a, reason := opened(text, assertionAlgorithms)
	if reason != "" {
		return nil, invalidToken(undecodable).because("reason", reason)
	}
	return a, nil
}

// opened reads a compact JWS of one of some algorithms; where it can't, it says why.
func opened(text string, algorithms []jose.SignatureAlgorithm) (*assertion, string) {
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, fmt.Sprintf("its header is not one of a JWS with one of %v", algorithms)
	}
	a := &assertion{compact: text, signed: signed}
	decoder := json.NewDecoder(bytes.NewReader(signed.UnsafePayloadWithoutVerification()))
	decoder.UseNumber()
	if decoder.Decode(&a.claims) != nil || a.claims == nil || decoder.More() {
		return nil, "its payload is no JSON object"
	}
	return a, ""
}

// audienceOf holds that the assertion is meant for this server and this client: "{IMS}/c/{client_id}".
func (x *exchange) audienceOf(a *assertion, client *project.Client) *fault {
	audience, ok := a.claims["aud"].(string)
	expected := x.config.Issuers[0] + "/c/" + client.ClientID
	if !ok {
		return (&fault{status: http.StatusBadRequest, code: "invalid_client", says: "The aud of the JWT is not a single string."}).because("expected", expected)
	}
	base, id, ok := strings.Cut(audience, "/c/")
	switch {
	case !ok || id != client.ClientID:
		return (&fault{status: http.StatusBadRequest, code: "invalid_client", says: "The client_id does not match the aud of the JWT."}).
			because("aud", shown(audience), "expected", expected)
	case !x.ours(strings.TrimRight(base, "/")):
		return (&fault{status: http.StatusBadRequest, code: "invalid_client", says: "The aud of the JWT points at another IMS environment."}).
			because("aud", shown(audience), "expected", expected, "also", x.config.Issuers)
	}
	return nil
}

// seconds reads an integer claim.
func (a *assertion) seconds(name string) (int64, bool) {
	number, ok := a.claims[name].(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	return n, err == nil
}

// lifeOf holds that the assertion has not ended, has begun, and does not live too long.
func (x *exchange) lifeOf(a *assertion, _ *project.Client) *fault {
	now := x.config.Clock.Now()
	expires, ok := a.seconds("exp")
	if !ok {
		return invalidToken("The exp of the JWT is not an integer: seconds since 1970.")
	}
	delta := time.Unix(expires, 0).Sub(now)
	told := []any{"exp", expires, "server_clock", now.Unix(), "delta", delta.Round(time.Second).String()}
	switch {
	case delta <= -skew:
		return invalidToken("The JWT has expired.").because(told...)
	case delta > longestAssertion+skew:
		return invalidToken("The JWT expires more than 24 hours from now; exp is in seconds.").because(told...)
	}
	for _, name := range []string{"nbf", "iat"} {
		if _, there := a.claims[name]; !there {
			continue
		}
		begins, ok := a.seconds(name)
		if !ok {
			return invalidToken("The " + name + " of the JWT is not an integer: seconds since 1970.")
		}
		if time.Unix(begins, 0).Sub(now) > skew {
			return invalidToken("The JWT is not valid yet: its "+name+" is ahead of the server's clock.").because(name, begins, "server_clock", now.Unix())
		}
	}
	return nil
}

// accountOf holds that the assertion is by the client's organization and technical account.
func (x *exchange) accountOf(a *assertion, client *project.Client) *fault {
	for _, c := range []struct{ name, want string }{{"iss", client.Organization}, {"sub", client.TechnicalAccount.ID}} {
		got := a.text(c.name)
		if !accountID.MatchString(got) {
			return &fault{status: http.StatusBadRequest, code: "bad_request", says: "The " + c.name + " of the JWT is missing, or has another form than ident@authsrc."}
		}
		if got != c.want {
			return (&fault{status: http.StatusBadRequest, code: "bad_request", says: "The " + c.name + " of the JWT is not the client's."}).
				because(c.name, shown(got), "expected", c.want)
		}
	}
	return nil
}

// signedBy finds the certificate whose key has signed.
func (x *exchange) signedBy(a *assertion, client *project.Client) (project.ClientBinding, *fault) {
	b, why := a.signer(client, x.config.Clock.Now())
	if why != nil {
		return b, invalidToken("Could not match JWT signature to any of the bindings").because(why...)
	}
	return b, nil
}

// signer finds the certificate whose key has signed, among all that are bound and count now: whatever the header names (kid,
// x5t, x5u, jwk) is a stranger's word. Where there is none, why says what was tried. An algorithm that is not of the
// key's kind and size matches nothing.
func (a *assertion) signer(client *project.Client, now time.Time) (b project.ClientBinding, why []any) {
	var tried, ended []string
	for _, b := range client.Bindings {
		if now.Before(b.NotBefore) || !now.Before(b.NotAfter) {
			ended = append(ended, b.SHA1)
			continue
		}
		if a.signedWith(b.PublicKey) {
			return b, nil
		}
		tried = append(tried, b.SHA1)
	}
	return b, []any{"fingerprints_tried", tried, "fingerprints_expired", ended, "algorithm", a.signed.Signatures[0].Header.Algorithm}
}

// rsaHashes are the hashes of the algorithms that nearly every assertion is signed with.
var rsaHashes = map[string]crypto.Hash{"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512}

// signedWith tells whether the key's owner has signed. go-jose says so of what is unusual: other algorithms, headers that change
// what is signed, line ends within.
func (a *assertion) signedWith(public crypto.PublicKey) bool {
	signature := a.signed.Signatures[0]
	key, isRSA := public.(*rsa.PublicKey)
	hash, usual := rsaHashes[signature.Header.Algorithm]
	for _, name := range []jose.HeaderKey{"crit", "b64"} {
		_, there := signature.Header.ExtraHeaders[name]
		usual = usual && !there
	}
	if !isRSA || !usual || strings.ContainsAny(a.compact, "\r\n") {
		_, err := a.signed.Verify(public)
		return err == nil
	}
	digest := hash.New()
	_, _ = io.WriteString(digest, a.compact[:strings.LastIndexByte(a.compact, '.')]) // never fails, hash.Hash
	return rsasign.Verify(key, hash, digest.Sum(nil), signature.Signature) == nil
}

// once holds the jti where the binding asks for one: a decimal number in a string, greater than any used before.
func (x *exchange) once(a *assertion, b project.ClientBinding) *fault {
	invalid := func(says string) *fault {
		return (&fault{status: http.StatusBadRequest, code: "invalid_jti", says: says}).because("fingerprint", b.SHA1)
	}
	value, there := a.claims["jti"]
	text, isText := value.(string)
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !b.RequireJTI:
		return nil
	case !there:
		return invalid("The jti of the JWT is missing, and the certificate's binding asks for one.")
	case !isText || err != nil || number < 0:
		return invalidToken("The jti of the JWT is not an integer in a string.")
	}
	fresh, err := x.config.Store.UseJTI(x.r.Context(), b.ID, number)
	if err != nil {
		x.config.Log.ErrorContext(x.r.Context(), "noting a jti", "debug_id", x.debug, "error", err)
		return &fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", says: "The jti can't be noted at present; try again."}
	}
	if !fresh {
		return invalid("The jti of the JWT was used before, or is lower than one that was.")
	}
	return nil
}

// metascopes gives the scopes of the token: those of the services whose metascopes the assertion claims, under any of our
// names, with the client's base scopes.
func (x *exchange) metascopes(a *assertion, client *project.Client) ([]string, *fault) {
	var claimed []string
	for name, value := range a.claims {
		base, scope, ok := strings.Cut(name, "/s/")
		if !ok || value != true || !x.ours(strings.TrimRight(base, "/")) {
			continue
		}
		claimed = append(claimed, scope)
	}
	slices.Sort(claimed)
	invalid := func(says string) *fault {
		return (&fault{status: http.StatusBadRequest, code: "invalid_scope", says: says}).because("claimed", claimed, "bound", client.Metascopes)
	}
	if len(claimed) == 0 {
		return nil, invalid("The JWT has no metascope.")
	}
	out := slices.Clone(client.Kind.BaseScopes())
	for _, scope := range claimed {
		if !slices.Contains(client.Metascopes, scope) {
			return nil, invalid("The metascopes in the JWT are not a subset of the metascopes in the binding.")
		}
		for _, service := range client.Services {
			if !slices.Contains(service.Metascopes, scope) {
				continue
			}
			for _, more := range service.Scopes {
				if !slices.Contains(out, more) {
					out = append(out, more)
				}
			}
		}
	}
	return out, nil
}
