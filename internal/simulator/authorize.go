package simulator

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

const (
	userMax        = 200
	stateMax       = 4096
	redirectURIMax = 2048
)

// authorization is a valid request for a code (RFC 6749 §4.1.1).
type authorization struct {
	clientID    string
	redirectURI *url.URL
	scope       []string
	state       string
	challenge   challenge
	pkce        string // the challenge's method, "" without one
}

// authorize shows the consent page, and takes the decision: the page's form posts to its own URL, so the request is
// validated anew and nothing is held in between.
func (s *Simulator) authorize(c *call) answer {
	request, page := s.readAuthorization(c.query)
	if page != "" {
		return s.errorPage(c, page)
	}
	c.clientID = request.clientID
	if problem := request.complete(c.query); problem != nil {
		return request.refuse(problem.code, problem.description)
	}
	if consent := c.faults.consent; consent != "" {
		return s.decide(request, consent, cmp.Or(c.query.Get("login_hint"), SampleUser))
	}
	if c.request.Method != http.MethodPost {
		return s.consentPage(c, request, "")
	}
	if err := new(http.CrossOriginProtection).Check(c.mount.original(c.request)); err != nil || c.problem != nil {
		return s.errorPage(c, "The decision did not come from this page.")
	}
	user, decision := strings.TrimSpace(c.body.Get("user")), c.body.Get("decision")
	switch {
	case decision != "allow" && decision != "deny":
		return s.errorPage(c, "The decision is neither to allow nor to deny.")
	case decision == "allow" && (user == "" || len(user) > userMax):
		return s.consentPage(c, request, "Say who signs in: a name of up to 200 characters.")
	}
	return s.decide(request, decision, user)
}

// readAuthorization checks what must be right before the browser may be sent back: the client and the redirect URI.
// Otherwise it gives a text for the user (RFC 6749 §4.1.2.1).
func (s *Simulator) readAuthorization(query url.Values) (*authorization, string) {
	if onceEach(query) != nil {
		return nil, "A parameter appears more than once."
	}
	id, uri := query.Get("client_id"), query.Get("redirect_uri")
	if id == "" || len(id) > clientIDMax || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, "The client_id is missing or malformed."
	}
	u, err := url.Parse(uri)
	switch {
	case uri == "":
		return nil, "The redirect_uri is missing."
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(uri) > redirectURIMax:
		return nil, "The redirect_uri is not an absolute http or https URL."
	case u.Fragment != "" || u.User != nil:
		return nil, "The redirect_uri has a fragment or a user name in it." // RFC 6749 §3.1.2
	}
	return &authorization{clientID: id, redirectURI: u}, ""
}

// complete checks the rest; its errors travel back to the client.
func (a *authorization) complete(query url.Values) *oauthError {
	state := query.Get("state")
	if len(state) > stateMax {
		return invalidRequest("The state is too long.")
	}
	a.state = state
	switch query.Get("response_type") {
	case "code":
	case "":
		return invalidRequest("The response_type is missing.")
	default:
		return &oauthError{code: "unsupported_response_type", description: "The response_type must be code."}
	}
	var problem *oauthError
	if a.scope, problem = parseScope(query.Get("scope")); problem != nil {
		return problem
	}
	if a.challenge, problem = readChallenge(query); a.challenge.used() {
		a.pkce = cmp.Or(query.Get("code_challenge_method"), "plain")
	}
	return problem
}

// decide ends an authorization request: allow, deny, or an error code.
func (s *Simulator) decide(a *authorization, decision, user string) answer {
	switch decision {
	case "deny", "access_denied":
		return a.refuse("access_denied", "The user denied the request.")
	case "allow":
	default:
		return a.refuse(decision, "The simulator was told to answer so.")
	}
	text := s.ledger.newCode(s.now(), s.config.codeTTL(), code{
		family:      &family{client: a.clientID, subject: user, scope: a.scope},
		redirectURI: digestOf(a.redirectURI.String()),
		challenge:   a.challenge,
	})
	return a.back(url.Values{"code": {text}})
}

func (a *authorization) refuse(code, description string) answer {
	return a.back(url.Values{"error": {code}, "error_description": {description}})
}

// back sends the browser to the client; the redirect URI keeps its own query (RFC 6749 §3.1.2).
func (a *authorization) back(params url.Values) answer {
	if a.state != "" {
		params.Set("state", a.state)
	}
	to := *a.redirectURI
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += params.Encode()
	return redirectAnswer(http.StatusFound, to.String())
}
