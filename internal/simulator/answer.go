package simulator

import (
	"encoding/json"
	"net/http"
)

// answer is a response that has not been sent: faults change it, the journal notes it, then it goes out.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	dropped bool // nothing is sent: the connection is closed
}

func newAnswer(status int, contentType string, body []byte) answer {
	return answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

func jsonAnswer(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic("simulator: an answer that JSON cannot express: " + err.Error())
	}
	return newAnswer(status, "application/json", append(body, '\n'))
}

func redirectAnswer(status int, location string) answer {
	return answer{status: status, header: http.Header{"Location": {location}}}
}

func (a answer) with(name, value string) answer {
	a.header.Set(name, value)
	return a
}

// oauthError is an error answer of RFC 6749 §5.2. Descriptions never repeat what the caller sent.
type oauthError struct {
	status      int
	code        string
	description string
	challenge   string // WWW-Authenticate
}

func (e *oauthError) answer() answer {
	a := jsonAnswer(e.status, map[string]string{"error": e.code, "error_description": e.description})
	if e.challenge != "" {
		a.header.Set("WWW-Authenticate", e.challenge)
	}
	return a
}

func invalidRequest(description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_request", description: description}
}

func invalidGrant(description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_grant", description: description}
}

func invalidScope(description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_scope", description: description}
}

// invalidClient answers 401; with a challenge when the client used the Authorization header (RFC 6749 §5.2).
func invalidClient(basic bool, description string) *oauthError {
	e := &oauthError{status: http.StatusUnauthorized, code: "invalid_client", description: description}
	if basic {
		e.challenge = `Basic realm="moviestar", charset="UTF-8"`
	}
	return e
}

// invalidToken answers a resource request with a bad bearer token (RFC 6750 §3.1).
func invalidToken() *oauthError {
	const description = "The access token is unknown, expired or revoked."
	return &oauthError{
		status: http.StatusUnauthorized, code: "invalid_token", description: description,
		challenge: `Bearer realm="moviestar", error="invalid_token", error_description="` + description + `"`,
	}
}
