package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/limit"
	"latchkey/internal/registry"
)

// call is who calls, for which sandbox, and under which of our addresses.
type call struct {
	caller access.Caller
	// sandbox is the one that the request names; "" leaves the choice to the room: the caller's own, or prod.
	sandbox string
	// base is the public URL that the request came to; "" when it came to none of them.
	base string
}

type callKey struct{}

func withCall(ctx context.Context, c call) context.Context {
	return context.WithValue(access.With(ctx, c.caller), callKey{}, c)
}

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// call authenticates a request and reads what it names outside of its body.
func (s *server) call(r *http.Request) (call, *Problem) {
	caller, problem, ok := s.feedReader(r)
	if !ok {
		caller, problem = s.authenticate(r)
	}
	if problem != nil {
		return call{}, problem
	}
	sandbox, problem := s.sandbox(r, caller)
	if problem == nil {
		problem = s.noSandbox(r.Context(), caller, sandbox)
	}
	return call{caller: caller, sandbox: sandbox, base: s.baseOf(r)}, problem
}

// noSandbox refuses a sandbox that is named and is not there: a name mistyped would otherwise look like an empty one.
func (s *server) noSandbox(ctx context.Context, caller access.Caller, name string) *Problem {
	if name == "" {
		return nil
	}
	_, err := s.Directory.Sandbox(ctx, caller, name)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrNotFound):
		return newProblem(kindNotFound, "There is no sandbox of the name that the request gives.").because(err)
	}
	return s.problem(ctx, err)
}

// authenticate finds the caller of the bearer token (RFC 6750 §2.1).
func (s *server) authenticate(r *http.Request) (access.Caller, *Problem) {
	values := r.Header["Authorization"]
	if len(values) == 1 {
		if presented, ok := bearer(values[0]); ok {
			caller, err := s.presented(r.Context(), presented)
			if err == nil {
				return caller, nil
			}
			return access.Caller{}, s.unauthenticated(r, `Bearer realm="latchkey", error="invalid_token"`,
				"The key or access token is unknown, expired or revoked, or its credential is not subscribed to the Latchkey API.")
		}
	}
	return access.Caller{}, s.unauthenticated(r, `Bearer realm="latchkey"`,
		"Send a key in the header: Authorization: Bearer lk_…")
}

// AccessTokens tells who calls with an access token. It is [authority.Server].
type AccessTokens interface {
	Caller(ctx context.Context, token string) (access.Caller, error)
}

// keyPrefix begins every API key; an access token never does.
const keyPrefix = "lk_"

// presented finds whose key or access token it is.
func (s *server) presented(ctx context.Context, text string) (access.Caller, error) {
	if s.AccessTokens == nil || strings.HasPrefix(text, keyPrefix) {
		return s.Keys.Authenticate(text)
	}
	return s.AccessTokens.Caller(ctx, text)
}

// unauthenticated counts against the address: whoever tries keys gets slower answers, whoever has one is not touched.
func (s *server) unauthenticated(r *http.Request, challenge, detail string) *Problem {
	if problem := limited(s.refused, limit.Address(r.RemoteAddr)); problem != nil {
		return problem
	}
	return newProblem(kindUnauthenticated, detail).with("WWW-Authenticate", challenge)
}

// bearer takes the token out of "Bearer TOKEN"; the scheme's case does not matter (RFC 9110 §11.1).
func bearer(value string) (string, bool) {
	const scheme = "Bearer "
	if len(value) <= len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimLeft(value[len(scheme):], " "), true
}

const sandboxHeader = "X-Sandbox-Name"

// sandbox gives the one that the request names in ?sandbox= or x-sandbox-name, "" for none. Naming two is a mistake
// that would otherwise end in the wrong place.
func (s *server) sandbox(r *http.Request, caller access.Caller) (string, *Problem) {
	named := r.Header.Get(sandboxHeader)
	if r.URL.RawQuery != "" {
		if asked := r.URL.Query().Get("sandbox"); asked != "" {
			if named != "" && named != asked {
				return "", invalid(Item{Parameter: "sandbox", Message: "?sandbox= and x-sandbox-name name different sandboxes", Fix: "Send one of them."})
			}
			named = asked
		}
	}
	if named == "" {
		return "", nil
	}
	if _, err := caller.In(named); err != nil {
		return "", s.problem(r.Context(), err)
	}
	return named, nil
}

// baseOf gives the public URL that a request came to: a consent that begins there also ends there.
func (s *server) baseOf(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	for _, base := range s.PublicURLs {
		if strings.EqualFold(trimSlash(base), scheme+r.Host) {
			return base
		}
	}
	return ""
}

// base is the first public URL, without a slash at its end; "" makes relative links.
func (s *server) base() string {
	if len(s.PublicURLs) == 0 {
		return ""
	}
	return trimSlash(s.PublicURLs[0])
}

func trimSlash(url string) string { return strings.TrimRight(url, "/") }

// stamp writes a time as the API does, and null for the zero time.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// optional gives nil for an empty text: null in the answer.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
