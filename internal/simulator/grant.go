package simulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const longLived = 60 * 24 * time.Hour // what a long-lived token lives, see exchangeToken

// SpecialRefreshToken is the constant refresh token of the seed's Example 2. It is good for any client, never
// expires and never rotates; as that example says, its answers name no expiry.
const SpecialRefreshToken = "special_refresh_token"

// grants maps grant types to what answers them. Each finds a family and says what to mint for it.
func grants(grantType string) (func(*Simulator, *call) (issued, *oauthError), bool) {
	switch grantType {
	case "authorization_code":
		return (*Simulator).codeGrant, true
	case "password":
		return (*Simulator).passwordGrant, true
	case "client_credentials":
		return (*Simulator).clientGrant, true
	case "refresh_token":
		return (*Simulator).refreshGrant, true
	case "fb_exchange_token", "ig_exchange_token", "ig_refresh_token", "th_exchange_token", "th_refresh_token":
		return (*Simulator).exchangeToken, true
	}
	return nil, false
}

// token answers every token endpoint.
func (s *Simulator) token(c *call) answer {
	if c.problem != nil {
		return c.problem.answer()
	}
	if problem := onceEach(c.params); problem != nil {
		return problem.answer()
	}
	grantType := c.params.Get("grant_type")
	if grantType == "" {
		return invalidRequest("The grant_type is missing.").answer()
	}
	grant, ok := grants(grantType)
	if !ok {
		e := oauthError{status: http.StatusBadRequest, code: "unsupported_grant_type", description: "The grant_type is not one of this server's."}
		return e.answer()
	}
	out, problem := grant(s, c)
	if problem != nil {
		return problem.answer()
	}
	return s.shape(c.faults, out)
}

// onceEach holds a request to RFC 6749 §3.1 and §3.2: no parameter twice.
func onceEach(params url.Values) *oauthError {
	for name, values := range params {
		if len(values) > 1 && name != "resource" && name != "fault" { // RFC 8707 lets resource repeat
			return invalidRequest("A parameter appears more than once.")
		}
	}
	return nil
}

// mint says what to issue to a family, with the faults' lifetimes.
func (s *Simulator) mint(c *call, f *family, withRefresh bool) mint {
	m := mint{family: f, scope: f.scope, accessTTL: s.config.accessTTL()}
	if c.faults.tokenTTL > 0 {
		m.accessTTL = c.faults.tokenTTL
	}
	if withRefresh && !c.faults.noRefresh {
		m.refreshTTL = s.config.refreshTTL()
		if c.faults.refreshTTL > 0 {
			m.refreshTTL = c.faults.refreshTTL
		}
	}
	if c.faults.jwt {
		m.issuer, m.sign = "https://"+c.place.host, s.signer.accessToken
	}
	return m
}

// narrow applies the scope of a refresh request, which must have been granted (RFC 6749 §6).
func narrow(m mint, asked string) (mint, *oauthError) {
	if asked == "" {
		return m, nil
	}
	scope, problem := parseScope(asked)
	if problem != nil {
		return mint{}, problem
	}
	if !within(scope, m.family.scope) {
		return mint{}, invalidScope("The scope goes beyond what was granted.")
	}
	m.scope = scope
	return m, nil
}

// start begins a family for a client or user and issues its first tokens.
func (s *Simulator) start(c *call, who caller, subject string, withRefresh bool) (issued, *oauthError) {
	scope, problem := parseScope(c.params.Get("scope"))
	if problem != nil {
		return issued{}, problem
	}
	f := &family{client: who.id, subject: subject, tenant: c.place.tenant, scope: scope, public: who.public}
	return s.ledger.issue(s.now(), s.mint(c, f, withRefresh)), nil
}

func (s *Simulator) codeGrant(c *call) (issued, *oauthError) {
	who, problem := s.authenticate(c, true)
	if problem != nil {
		return issued{}, problem
	}
	text := c.params.Get("code")
	if text == "" {
		return issued{}, invalidRequest("The code is missing.")
	}
	f, problem := s.ledger.redeem(s.now(), text, func(held *code) *oauthError {
		switch {
		case held.family.client != who.id && !who.any:
			return invalidGrant("The authorization code was issued to another client.")
		case digestOf(c.params.Get("redirect_uri")) != held.redirectURI:
			return invalidGrant("The redirect_uri is not that of the authorization request.")
		case who.public && !who.any && !held.challenge.used():
			return invalidClient(false, "A client without a secret must use PKCE.")
		case !held.challenge.met(c.params.Get("code_verifier")):
			return invalidGrant("The code_verifier does not match the code_challenge.")
		}
		held.family.public = who.public
		return nil
	})
	if problem != nil {
		return issued{}, problem
	}
	return s.ledger.issue(s.now(), s.mint(c, f, true)), nil
}

func (s *Simulator) passwordGrant(c *call) (issued, *oauthError) {
	who, problem := s.authenticate(c, false)
	if problem != nil {
		return issued{}, problem
	}
	user, password := c.params.Get("username"), c.params.Get("password")
	switch {
	case user == "" || password == "":
		return issued{}, invalidRequest("The username or the password is missing.")
	case strings.HasPrefix(password, "wrong") || len(user) > userMax:
		return issued{}, invalidGrant("The user name or the password is wrong.")
	}
	return s.start(c, who, user, true)
}

func (s *Simulator) clientGrant(c *call) (issued, *oauthError) {
	who, problem := s.authenticate(c, false)
	if problem != nil {
		return issued{}, problem
	}
	return s.start(c, who, who.id, c.faults.issueRefresh) // RFC 6749 §4.4.3: no refresh token, as a rule
}

func (s *Simulator) refreshGrant(c *call) (issued, *oauthError) {
	who, problem := s.authenticate(c, true)
	if problem != nil {
		return issued{}, problem
	}
	token := c.params.Get("refresh_token")
	switch token {
	case "":
		return issued{}, invalidRequest("The refresh_token is missing.")
	case SpecialRefreshToken:
		out, problem := s.start(c, who, who.id, false)
		out.accessExpires = time.Time{}
		return out, problem
	}
	return s.ledger.renew(s.now(), renewal{
		token:    token,
		rotation: c.faults.rotation,
		extend:   c.faults.extend,
		check: func(f *family) *oauthError {
			switch {
			case who.any:
				return nil
			case f.client != who.id:
				return invalidGrant("The refresh token was issued to another client.")
			case f.tenant != c.place.tenant:
				return invalidGrant("The refresh token was issued by another tenant.")
			case who.public && !f.public:
				return invalidClient(false, "The client shows no secret.")
			}
			return nil
		},
		mint: func(f *family) (mint, *oauthError) { return narrow(s.mint(c, f, true), c.params.Get("scope")) },
	})
}

// exchangeToken gives a long-lived access token for one that is good, without a refresh token
// (spec/destination-sdk.md §5.4, quirks 60 and 68). The token vouches for its client; a client that is named must
// be the same and show its secret.
func (s *Simulator) exchangeToken(c *call) (issued, *oauthError) {
	token := c.params.Get("fb_exchange_token")
	if token == "" {
		token = c.params.Get("access_token")
	}
	if token == "" {
		return issued{}, invalidRequest("The access token to exchange is missing.")
	}
	held, ok := s.ledger.lookUp(s.now(), token)
	if !ok || held.refresh {
		return issued{}, invalidGrant("The access token is unknown, expired or revoked.")
	}
	if c.params.Get("client_id") != "" || c.request.Header.Get("Authorization") != "" {
		who, problem := s.authenticate(c, true)
		if problem != nil {
			return issued{}, problem
		}
		if who.id != held.family.client && !who.any {
			return issued{}, invalidGrant("The access token was issued to another client.")
		}
	}
	m := s.mint(c, held.family, false)
	if c.faults.tokenTTL == 0 {
		m.accessTTL = longLived
	}
	return s.ledger.issue(s.now(), m), nil
}

// challenge is the PKCE part of an authorization request (RFC 7636), as the method S256 writes it; "" is none. A plain
// challenge is the verifier itself, so it is held in this form too.
type challenge string

func challengeOf(verifier string) challenge {
	sum := sha256.Sum256([]byte(verifier))
	return challenge(base64url.EncodeToString(sum[:]))
}

func (c challenge) used() bool { return c != "" }

// met checks a verifier. One that is sent without a challenge fails too: it shows that somebody has taken the
// challenge out of the authorization request (RFC 9700 §4.8.2).
func (c challenge) met(verifier string) bool {
	if !c.used() {
		return verifier == ""
	}
	return subtle.ConstantTimeCompare([]byte(challengeOf(verifier)), []byte(c)) == 1
}

// readChallenge checks the parameters of RFC 7636 §4.3.
func readChallenge(params url.Values) (challenge, *oauthError) {
	method, text := params.Get("code_challenge_method"), params.Get("code_challenge")
	switch {
	case text == "" && method != "":
		return "", invalidRequest("The code_challenge is missing.")
	case text == "":
		return "", nil
	case method != "S256" && method != "plain" && method != "":
		return "", invalidRequest("The code_challenge_method must be S256 or plain.")
	case !isVerifier(text) || method == "S256" && len(text) != 43:
		return "", invalidRequest("The code_challenge is malformed.")
	case method == "S256":
		return challenge(text), nil
	}
	return challengeOf(text), nil
}

// isVerifier checks the characters and length of RFC 7636 §4.1.
func isVerifier(text string) bool {
	if len(text) < 43 || len(text) > 128 {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~", r)
	}) < 0
}
