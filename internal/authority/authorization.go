package authority

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/project"
)

// authorization is what a client asks of a person (RFC 6749 §4.1.1, spec §2.3).
type authorization struct {
	form     form
	client   *project.Client
	redirect string
	// returns are what the client gets right away: code, token, id_token.
	returns  []string
	fragment bool
	state    string
	scopes   []string
	audience []string
	nonce    string
	// challenge is the S256 form of the code challenge, whatever the method was: "" for none.
	challenge string
	prompts   []string
	// maxAge is how long ago the person may have signed in; negative for as long as you like.
	maxAge time.Duration
}

// The response types (spec §2.3), with the words in the order of the alphabet.
var responseTypes = []string{"code", "token", "id_token", "id_token token", "code id_token"}

const (
	maxState = 4096
	maxNonce = 1024
)

// mayRedirect finds the client and where its answers go. Until that is known, errors are for the person's eyes alone: a browser
// that can be sent anywhere is a danger to its owner (RFC 6749 §3.1.2.4).
func (x *exchange) mayRedirect(f form) (*authorization, *fault) {
	client, refused := x.identify(f)
	if refused != nil {
		return nil, refused
	}
	if !client.Kind.Redirects() {
		return nil, (&fault{status: http.StatusBadRequest, code: "unauthorized_client", says: "The client is not one that people sign in to."}).
			because("kind", client.Kind)
	}
	a := &authorization{form: f, client: client, redirect: f.get("redirect_uri"), state: f.get("state"), nonce: f.get("nonce")}
	// IMS takes the default where the address is none of the client's (spec §2.3).
	if !client.Redirect.Allows(a.redirect) {
		if a.redirect != "" {
			x.config.Log.InfoContext(x.r.Context(), "a redirect_uri is none of its client's; the default is used", "debug_id", x.debug,
				"client", shown(client.ClientID))
		}
		a.redirect = client.Redirect.Default
	}
	if a.redirect == "" {
		return nil, invalidRequest("The client has no redirect URI.")
	}
	return a, nil
}

// examine reads the rest of the request; what is wrong with it is told to the client.
func (x *exchange) examine(a *authorization) *fault {
	for _, part := range []func(*authorization) *fault{x.returns, x.mode, x.sizes, x.asks, x.proof, x.whom} {
		if refused := part(a); refused != nil {
			return refused
		}
	}
	return nil
}

func (x *exchange) returns(a *authorization) *fault {
	words := strings.Fields(a.form.get("response_type"))
	slices.Sort(words)
	if len(words) == 0 {
		words = []string{"code"} // IMS's default
	}
	if !slices.Contains(responseTypes, strings.Join(words, " ")) {
		return &fault{status: http.StatusBadRequest, code: "unsupported_response_type", says: "The response_type is not one that is supported."}
	}
	a.returns = words
	a.fragment = !slices.Equal(words, []string{"code"}) // where errors go, too (RFC 6749 §4.2.2.1)
	if slices.Contains(words, "token") && a.client.Kind.Confidential() {
		return &fault{status: http.StatusBadRequest, code: "unauthorized_client", says: "A client that has a secret gets its access token by a code."}
	}
	return nil
}

func (x *exchange) mode(a *authorization) *fault {
	switch mode := a.form.get("response_mode"); {
	case mode == "fragment":
		a.fragment = true
	case mode == "query" && a.fragment:
		return invalidRequest("The response_mode query is not for tokens: servers log what is in a query.")
	case mode != "" && mode != "query":
		return invalidRequest("The response_mode is neither query nor fragment.")
	}
	return nil
}

func (x *exchange) sizes(a *authorization) *fault {
	if len(a.state) > maxState {
		a.state = ""
		return invalidRequest("The state is longer than " + strconv.Itoa(maxState) + " characters.")
	}
	if len(a.nonce) > maxNonce {
		return invalidRequest("The nonce is longer than " + strconv.Itoa(maxNonce) + " characters.")
	}
	if a.nonce == "" && slices.Contains(a.returns, "id_token") { // OpenID Connect Core §3.2.2.1
		return invalidRequest("The nonce is missing: an id_token that comes by the browser needs one.")
	}
	return nil
}

// asks reads the scopes. offline_access is passed over where there are no refresh tokens (OpenID Connect Core §11).
func (x *exchange) asks(a *authorization) *fault {
	asked := scopes(a.form.get("scope"))
	if len(asked) == 0 {
		asked = slices.DeleteFunc(a.client.Kind.BaseScopes(), func(s string) bool { return s == offline })
	}
	if !a.refreshes() {
		asked = slices.DeleteFunc(asked, func(s string) bool { return s == offline })
	}
	if refused := within(asked, a.client.Scopes); refused != nil {
		return refused
	}
	a.scopes = asked
	if slices.Contains(a.returns, "id_token") && !slices.Contains(asked, "openid") {
		return &fault{status: http.StatusBadRequest, code: "invalid_scope", says: "An id_token needs the scope openid."}
	}
	audience, refused := x.audience(a.form)
	a.audience = audience
	return refused
}

// refreshes tells whether the client may have refresh tokens: those who can keep a secret may.
func (a *authorization) refreshes() bool {
	return a.client.Kind.Confidential() && slices.Contains(a.returns, "code")
}

// proof reads the code challenge (RFC 7636 §4.3), which public clients need.
func (x *exchange) proof(a *authorization) *fault {
	challenge, method := a.form.get("code_challenge"), a.form.get("code_challenge_method")
	switch {
	case !slices.Contains(a.returns, "code"):
		return nil
	case challenge == "" && method != "":
		return invalidRequest("The code_challenge is missing.")
	case challenge == "" && !a.client.Kind.Confidential():
		return invalidRequest("The code_challenge is missing: a client without a secret proves by PKCE that the code is its own.")
	case challenge == "":
		return nil
	case !isVerifier(challenge):
		return invalidRequest("The code_challenge is not 43 to 128 letters, digits and -._~.")
	case method == "S256" && len(challenge) != 43:
		return invalidRequest("The code_challenge is no SHA-256 in base64url: that has 43 characters.")
	case method == "S256":
		a.challenge = challenge
	case method == "" || method == "plain":
		a.challenge = s256(challenge)
	default:
		return invalidRequest("The code_challenge_method is neither S256 nor plain.")
	}
	return nil
}

// isVerifier tells whether a text is one that RFC 7636 §4.1 allows.
func isVerifier(text string) bool {
	return len(text) >= 43 && len(text) <= 128 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") == ""
}

func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// whom reads how the person is to be asked (OpenID Connect Core §3.1.2.1).
func (x *exchange) whom(a *authorization) *fault {
	a.prompts = strings.Fields(a.form.get("prompt"))
	for _, prompt := range a.prompts {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, prompt) {
			return invalidRequest("The prompt is not one of none, login, consent and select_account.")
		}
	}
	if a.prompted("none") && len(a.prompts) > 1 {
		return invalidRequest("The prompt none stands alone.")
	}
	a.maxAge = -1
	if text := a.form.get("max_age"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 0 {
			return invalidRequest("The max_age is no number of seconds.")
		}
		a.maxAge = time.Duration(seconds) * time.Second
	}
	return nil
}

func (a *authorization) prompted(word string) bool { return slices.Contains(a.prompts, word) }

// back leads the browser to the client with an answer (RFC 6749 §4.1.2, §4.2.2). `iss` says who it is from (RFC 9207).
func (x *exchange) back(a *authorization, answer url.Values) {
	answer.Set("iss", x.issuer())
	if a.state != "" {
		answer.Set("state", a.state)
	}
	if a.fragment {
		x.redirect(a.redirect + "#" + answer.Encode())
		return
	}
	x.redirect(withQuery(a.redirect, answer))
}

// withQuery adds parameters to an address, which may have some.
func withQuery(address string, more url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + more.Encode()
}

// redirect leads the browser to an address that was found good.
func (x *exchange) redirect(address string) {
	x.w.Header().Set("Referrer-Policy", "no-referrer")
	x.w.Header().Set("Location", address)
	x.w.WriteHeader(http.StatusFound)
}

// refuseBack tells the client what is wrong.
func (x *exchange) refuseBack(a *authorization, f *fault) {
	x.note(f)
	x.back(a, url.Values{"error": {f.code}, "error_description": {f.says}})
}

// refuse tells the person what is wrong, where it can't be told to the client.
func (x *exchange) refuse(f *fault) {
	x.note(f)
	x.browser.Refuse(x.w, x.r, Refusal{Status: f.status, Code: f.code, Says: f.says, DebugID: x.debug})
}

// again is the request as an address of this server, for the browser to come back to after the sign-in.
func (a *authorization) again(now time.Time) string {
	values := url.Values{}
	maps.Copy(values, a.form.values)
	values.Set(sinceParameter, strconv.FormatInt(now.UnixMilli(), 10))
	return authorizePath + "?" + values.Encode()
}
