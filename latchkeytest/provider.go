package latchkeytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"latchkey/client"
	"latchkey/internal/simulator"
)

// Grant is a way to connect an account of the provider.
type Grant string

// The grants.
const (
	// ClientCredentials connects one system to another.
	ClientCredentials Grant = "sample-client-credentials"
	// Password connects an account by its user name and password, which are good for each next token.
	Password Grant = "sample-password"
	// AuthorizationCode connects an account by its owner's consent in a browser, which is given; there is a refresh token.
	AuthorizationCode Grant = "sample-authorization-code"
)

// Definition gives the name of the definition that stands behind the grant, to connect by what the program under test does.
func (g Grant) Definition() string { return string(g) }

// Connection makes a connection to the provider, with a token, under a name of its own.
func (s *Server) Connection(name string, grant Grant) client.Connection {
	s.helper()
	ask := client.NewConnection{Definition: grant.Definition(), Label: name}
	if grant == Password {
		ask.Fields = map[string]any{"username": simulator.SampleUser, "password": simulator.SamplePassword}
	}
	ctx := context.Background()
	made, err := s.client.CreateConnection(ctx, ask)
	if err == nil && made.AuthorizeURL != "" {
		if _, err = s.consent(made.AuthorizeURL, "allow"); err == nil {
			made, err = s.client.Connection(ctx, made.ID)
		}
	}
	if err == nil && made.State != client.Active {
		err = fmt.Errorf("it is %s: %s", made.State, made.StateReason)
	}
	if err != nil {
		s.fail(fmt.Errorf("connecting %s: %w", name, err))
	}
	return made
}

// Allow does what the owner of an account does in a browser: opens an authorize_url, signs in at the provider and allows. It
// gives the address at which the browser ends.
func (s *Server) Allow(authorizeURL string) string { return s.browse(authorizeURL, "allow") }

// Deny is Allow of an owner who does not.
func (s *Server) Deny(authorizeURL string) string { return s.browse(authorizeURL, "deny") }

func (s *Server) browse(authorizeURL, decision string) string {
	s.helper()
	landed, err := s.consent(authorizeURL, decision)
	if err != nil {
		s.fail(fmt.Errorf("consenting at the provider: %w", err))
	}
	return landed
}

func (s *Server) consent(authorizeURL, decision string) (landed string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Transport: s.transport, Jar: jar, Timeout: time.Minute}
	page, err := read(browser.Get(authorizeURL))
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(page.Path, "/sim/") {
		return "", errors.New("the address does not lead to the provider")
	}
	// The provider's page posts to its own address.
	page, err = read(browser.PostForm(page.String(), url.Values{"user": {simulator.SampleUser}, "decision": {decision}}))
	if err != nil {
		return "", err
	}
	return page.String(), nil
}

// read takes an answer that has to be a page, and gives where it is.
func read(response *http.Response, err error) (*url.URL, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode >= http.StatusInternalServerError {
		err = fmt.Errorf("%s answers %d: %.200s", response.Request.URL.Path, response.StatusCode, text)
	}
	return response.Request.URL, err
}

// ProviderURL is where the program under test reaches the provider's API, which checks tokens: GET /me tells whose one is.
func (s *Server) ProviderURL() string { return s.URL + "/sim/api.moviestar.com" }

// Request is a request that the provider has had.
type Request struct {
	Method, Path string
	// Grant is that of a token request: client_credentials, password, authorization_code or refresh_token.
	Grant  string
	Status int
	// Dropped says that the connection was closed without an answer.
	Dropped bool
}

// Requests gives the last requests that the provider has had, the oldest first, 1,000 at most.
func (s *Server) Requests() []Request {
	all := s.inside.Provider.Requests()
	out := make([]Request, 0, len(all))
	for _, r := range all {
		out = append(out, Request{r.Method, r.Path, r.Grant, r.Status, r.Dropped})
	}
	return out
}

// Revoke ends all that the provider has issued, as the owner of an account does there. Latchkey learns of it with the next
// renewal, or from a program that tells it of a rejected token.
func (s *Server) Revoke() { s.inside.Provider.RevokeAll() }
