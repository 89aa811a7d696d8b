package authority

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/ident"
)

// codeLife is how long a code is good for (RFC 6749 §4.1.2: ten minutes at most).
const codeLife = 5 * time.Minute

// codeClaims are an authorization code: a token like the others, which clients expect (spec, "ten things"). It carries what
// the person agreed to, so that no row is written before it is used.
type codeClaims struct {
	imsClaims
	Redirect string `json:"redirect_uri"`
	// Challenge is a SHA-256 of the S256 form of the code challenge whatever the method, for whoever sees a code can read it
	// (RFC 7636 §4.4, §7.2).
	Challenge  string   `json:"challenge_hash,omitempty"`
	Nonce      string   `json:"nonce,omitempty"`
	SignedInAt int64    `json:"auth_time"` // in milliseconds
	Resources  []string `json:"resource,omitempty"`
}

// refreshClaims are a refresh token.
type refreshClaims struct {
	imsClaims
	Generation int64 `json:"generation"`
}

// newTokenID makes an id like IMS's: the time in milliseconds and a UUID.
func newTokenID(now time.Time) string {
	return strconv.FormatInt(now.UnixMilli(), 10) + "-" + ident.UUID()
}

// claims fills in what the tokens of IMS have in common.
func (s *Server) claims(kind string, i issue, id string, now time.Time) imsClaims {
	return imsClaims{
		ID: id, Type: kind, ClientID: i.client.ClientID, UserID: i.user, As: s.config.Name, Scope: strings.Join(i.scopes, ","),
		CreatedAt: strconv.FormatInt(now.UnixMilli(), 10), ExpiresIn: strconv.FormatInt(i.life.Milliseconds(), 10), Org: i.client.Organization,
		Family: i.family, delegation: i.delegation,
	}
}

func (k *key) imsHeader(itt string) header {
	return header{Alg: rs256, X5U: k.id + ".cer", Kid: k.id, Itt: itt}
}

func (x *exchange) mintCode(a *authorization, person Person) (string, error) {
	now := x.config.Clock.Now()
	i := issue{client: a.client, user: person.ID, scopes: a.scopes, life: codeLife}
	key := x.keys.signing(rs256)
	challenge := a.challenge
	if challenge != "" {
		challenge = s256(challenge)
	}
	return encode(key, key.imsHeader("ac"), codeClaims{
		imsClaims: x.claims(typeCode, i, newTokenID(now), now), Redirect: a.redirect, Challenge: challenge, Nonce: a.nonce,
		SignedInAt: person.SignedInAt.UnixMilli(), Resources: a.audience,
	})
}

// mintRefresh makes the refresh token of a family's generation: the same one each time, but for the signing key.
func (x *exchange) mintRefresh(i issue, family Family) (string, error) {
	i.scopes, i.life, i.family = family.Scopes, x.config.RefreshLife, family.ID
	key := x.keys.signing(rs256)
	return encode(key, key.imsHeader("rt"), refreshClaims{
		imsClaims:  x.claims(typeRefresh, i, family.ID+"."+strconv.FormatInt(family.Generation, 10), family.RotatedAt),
		Generation: family.Generation,
	})
}

// authorizationCode is RFC 6749 §4.1.3 with RFC 7636 §4.5.
func (x *exchange) authorizationCode(f form) (granted, *fault) {
	client, secretID, refused := x.asClient(f)
	if refused != nil {
		return granted{}, refused
	}
	if !client.Kind.Redirects() {
		return granted{}, (&fault{status: http.StatusBadRequest, code: "unauthorized_client", says: "The client may not use the authorization_code grant."}).
			because("kind", client.Kind)
	}
	code, refused := x.readCode(f, client.ClientID)
	if refused != nil {
		return granted{}, refused
	}
	person, refused := x.person(code.UserID)
	if refused != nil {
		return granted{}, refused
	}
	person.SignedInAt = time.UnixMilli(code.SignedInAt)
	family, refused := x.begin(code)
	if refused != nil {
		return granted{}, refused
	}
	out := granted{proof: secretID, issue: issue{
		client: client, user: person.ID, scopes: family.Scopes, life: x.config.AccessLife, audience: family.Audience, family: family.ID, signedInAt: person.SignedInAt,
	}}
	out.after = x.personal(person, family, code.Nonce)
	return out, nil
}

// readCode takes a code that is the client's own, and that the client can prove to have asked for.
func (x *exchange) readCode(f form, clientID string) (codeClaims, *fault) {
	text := f.get("code")
	if text == "" {
		return codeClaims{}, invalidRequest("The code is missing.")
	}
	body, token, err := x.open(text)
	var code codeClaims
	switch {
	case err != nil || token.Type != typeCode || json.Unmarshal(body, &code) != nil:
		return code, invalidGrant("The code is not one of this server's.")
	case token.ClientID != clientID:
		return code, invalidGrant("The code was given to another client.")
	case !x.config.Clock.Now().Before(token.ExpiresAt):
		return code, invalidGrant("The code has ended: it is good for five minutes.")
	case f.get("redirect_uri") != "" && f.get("redirect_uri") != code.Redirect:
		return code, invalidGrant("The redirect_uri is not the one that the code was sent to.")
	}
	return code, proven(code.Challenge, f.get("code_verifier"))
}

// proven checks the verifier (RFC 7636 §4.6). A verifier without a challenge is refused: somebody took the challenge out
// (RFC 9700 §2.1.1).
func proven(challenge, verifier string) *fault {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return invalidGrant("There is a code_verifier, and the code was asked for without a code_challenge.")
	case verifier == "":
		return invalidGrant("The code_verifier is missing.")
	case !isVerifier(verifier):
		return invalidGrant("The code_verifier is not 43 to 128 letters, digits and -._~.")
	case subtle.ConstantTimeCompare([]byte(s256(s256(verifier))), []byte(challenge)) != 1:
		return invalidGrant("The code_verifier does not belong to the code_challenge.")
	}
	return nil
}

// begin uses the code up. One that was used ends all that came of it (RFC 6749 §4.1.2).
func (x *exchange) begin(code codeClaims) (Family, *fault) {
	now := x.config.Clock.Now().Truncate(time.Millisecond)
	family := Family{
		ID: code.ID, Organization: code.Org, User: code.UserID, ClientID: code.ClientID, Scopes: scopes(code.Scope), Audience: code.Resources,
		SignedInAt: time.UnixMilli(code.SignedInAt), CreatedAt: now, RotatedAt: now, EndsAt: now.Add(max(codeLife, x.config.AccessLife)),
	}
	if slices.Contains(family.Scopes, offline) {
		family.Generation, family.EndsAt = 1, now.Add(max(x.config.RefreshLife, x.config.AccessLife))
	}
	fresh, err := x.config.Store.BeginFamily(x.r.Context(), family)
	if err != nil {
		return family, x.unable("using a code", err)
	}
	if !fresh {
		if refused := x.endFamily(family.ID, code.ClientID, EndReplayed); refused != nil {
			return family, refused
		}
		return family, invalidGrant("The code was used before; what came of it has been revoked.")
	}
	return family, nil
}

// endFamily ends all tokens of a family, here at once.
func (x *exchange) endFamily(id, by, why string) *fault {
	now := x.config.Clock.Now()
	ending := Ending{By: by, Why: why, At: now, Until: now.Add(x.config.AccessLife)}
	if err := x.config.Store.EndFamily(x.r.Context(), id, ending); err != nil {
		return x.unable("ending tokens", err)
	}
	x.revoked.note(id, ending.Until)
	return nil
}
