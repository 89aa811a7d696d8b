package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// People sign in by an OpenID provider that the operator names (OpenID Connect Core 1.0 §3.1, with PKCE). The pages read its
// discovery document when the first of them presses the button, and again after an hour.

// OpenID is a provider that people can sign in by.
type OpenID struct {
	// Issuer is what the provider calls itself, ClientID and ClientSecret what it knows this server by.
	Issuer, ClientID string
	ClientSecret     secret.String
	// Name is what the button calls it; "" means the issuer's host.
	Name string
	// Scopes are asked for beside openid; none means email and profile.
	Scopes []string
	// Sender is how requests go out: [egress.Client].
	Sender OpenIDSender
	// Identities tell whose accounts are whose.
	Identities *registry.Identities
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash func(purpose string, data []byte) [32]byte
}

// OpenIDSender sends a request, once.
type OpenIDSender interface {
	Do(ctx context.Context, request *http.Request) (*egress.Response, error)
}

const (
	openIDPath     = "/sign-in/provider"
	openIDCallback = openIDPath + "/callback"
	// openIDFresh is how long a discovery document is believed.
	openIDFresh = time.Hour
)

// openID is the provider with what was read of it.
type openID struct {
	OpenID
	clock clock.Clock

	mu   sync.Mutex
	last *discovered
}

// discovered is what its discovery document says.
type discovered struct {
	*oidc.Provider
	at time.Time
	// Methods are how a client may show itself at the token endpoint.
	Methods []string `json:"token_endpoint_auth_methods_supported"`
	// Iss tells that answers name the issuer (RFC 9207).
	Iss bool `json:"authorization_response_iss_parameter_supported"`
}

func newOpenID(config *OpenID, clock clock.Clock) (*openID, error) {
	if config == nil {
		return nil, nil
	}
	if config.Issuer == "" || config.ClientID == "" || config.Sender == nil || config.Identities == nil || config.Hash == nil {
		return nil, errors.New("web: OpenID needs Issuer, ClientID, Sender, Identities and Hash")
	}
	o := &openID{OpenID: *config, clock: clock}
	if u, err := url.Parse(o.Issuer); err == nil {
		o.Name = cmp.Or(o.Name, u.Host)
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{oidc.ScopeEmail, oidc.ScopeProfile}
	}
	return o, nil
}

// provider reads the discovery document, where that was long ago.
func (o *openID) provider(ctx context.Context) (*discovered, error) {
	o.mu.Lock()
	last := o.last
	o.mu.Unlock()
	if last != nil && o.clock.Now().Sub(last.at) < openIDFresh {
		return last, nil
	}
	found, err := oidc.NewProvider(o.client(ctx), o.Issuer)
	if err != nil {
		return nil, &openIDError{problem: discoveryProblem(err), err: err}
	}
	fresh := &discovered{Provider: found, at: o.clock.Now()}
	if err := found.Claims(fresh); err != nil {
		return nil, &openIDError{problem: problemDiscovery, err: err}
	}
	if endpoint := found.Endpoint(); endpoint.AuthURL == "" || endpoint.TokenURL == "" {
		return nil, &openIDError{problem: problemDiscovery, err: errors.New("the discovery document names no authorization or no token endpoint")}
	}
	o.mu.Lock()
	o.last = fresh
	o.mu.Unlock()
	return fresh, nil
}

// client makes go-oidc's requests go out through ours.
func (o *openID) client(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Transport: outward{o.Sender}})
}

// outward is an [OpenIDSender] as http.Client wants it. It follows redirects within an origin itself.
type outward struct{ OpenIDSender }

func (o outward) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := o.Do(r.Context(), r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: reply.Status, Status: strconv.Itoa(reply.Status) + " " + http.StatusText(reply.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: reply.Header, Body: io.NopCloser(strings.NewReader(string(reply.Body))), ContentLength: int64(len(reply.Body)), Request: r,
	}, nil
}

// openIDRedirect is where the provider sends the browser: to the one of our public URLs that the browser came by, whose cookies it
// has, else to the first.
func (p *Pages) openIDRedirect(r *http.Request) string {
	base := p.base()
	for _, public := range p.PublicURLs {
		if u, err := url.Parse(public); err == nil && strings.EqualFold(u.Host, r.Host) {
			base = strings.TrimRight(public, "/")
			break
		}
	}
	return base + openIDCallback
}

// providerName is what the button calls the provider; "" where there is none.
func (p *Pages) providerName() string {
	if p.openID == nil {
		return ""
	}
	return p.openID.Name
}
