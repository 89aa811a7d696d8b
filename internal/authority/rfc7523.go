package authority

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/project"
)

// This file has what RFC 7523 §3 asks of every assertion, be it a grant or a client's authentication. IMS's exchange has
// rules of its own, in assertion.go. What is wrong with an assertion is told to the decision log alone: each function gives it
// as slog has it, nil where all is well.

// signingAlgorithms are those of RFC 7523's assertions, and of no other keys than their own kind and size: no `none`, and no MAC,
// for which a public key could be taken.
var signingAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.ES256, jose.ES384}

// longestProof is how far ahead an assertion may end, and with the skew how long its jti is remembered.
const longestProof = time.Hour

// tokenPath is that of the token endpoint which discovery names.
const tokenPath = "/ims/token/v3"

// proven checks an assertion against a client's certificates; who it is about is the caller's to look at.
func (x *exchange) proven(text string, client *project.Client) (a *assertion, b project.ClientBinding, why []any) {
	if a, why = unproven(text); why != nil {
		return a, b, why
	}
	// The signature comes first: who has no key learns nothing from how long the rest takes.
	if b, why = a.signer(client, x.config.Clock.Now()); why != nil {
		x.tries.failed(x.place(client))
		return a, b, append([]any{"reason", "no certificate that is bound has the key of its signature"}, why...)
	}
	if why = x.meantForUs(a); why == nil {
		why = a.current(x.config.Clock.Now())
	}
	return a, b, why
}

// unproven reads an assertion that nobody has checked.
func unproven(text string) (*assertion, []any) {
	switch {
	case len(text) > maxAssertion:
		return nil, []any{"reason", "the assertion is too large", "bytes", len(text), "at_most", maxAssertion}
	case strings.Count(text, ".") == 4:
		return nil, []any{"reason", "the assertion is encrypted (JWE); send one that is signed"}
	}
	a, reason := opened(text, signingAlgorithms)
	if reason != "" {
		return nil, []any{"reason", reason}
	}
	return a, nil
}

// meantForUs holds RFC 7523 §3, point 3: aud names this server, by one of its base URLs, by the token endpoint of discovery, or
// by the endpoint that was called; as a string, or among others. Names are compared as they are written.
func (x *exchange) meantForUs(a *assertion) []any {
	var named []string
	switch aud := a.claims["aud"].(type) {
	case string:
		named = []string{aud}
	case []any:
		for _, one := range aud {
			if text, ok := one.(string); ok {
				named = append(named, text)
			}
		}
	}
	called := plainPath(x.r.URL.Path)
	for _, name := range named {
		for _, issuer := range x.config.Issuers {
			path, ok := strings.CutPrefix(name, issuer)
			if path = strings.TrimSuffix(path, "/"); ok && (path == "" || path == tokenPath || path == called) {
				return nil
			}
		}
	}
	if len(named) > 4 {
		named = named[:4]
	}
	for i := range named {
		named[i] = shown(named[i])
	}
	return []any{"reason", "the aud is not this server", "aud", named, "expected", x.config.Issuers[0], "also", x.config.Issuers[0] + called}
}

// current holds RFC 7523 §3, points 4 to 6: exp is there, has not passed and is not far ahead; nbf and iat have come.
func (a *assertion) current(now time.Time) []any {
	ends, ok := a.instant("exp")
	if !ok {
		return []any{"reason", "the exp is missing, or no number of seconds since 1970"}
	}
	told := []any{"exp", ends.Unix(), "server_clock", now.Unix(), "delta", ends.Sub(now).Round(time.Second).String()}
	switch {
	case ends.Sub(now) <= -skew:
		return append([]any{"reason", "the assertion has expired"}, told...)
	case ends.Sub(now) > longestProof+skew:
		return append([]any{"reason", "the assertion ends more than an hour from now; sign one for each request"}, told...)
	}
	for _, name := range []string{"nbf", "iat"} {
		if _, there := a.claims[name]; !there {
			continue
		}
		begins, ok := a.instant(name)
		if !ok {
			return []any{"reason", "the " + name + " is no number of seconds since 1970"}
		}
		if begins.Sub(now) > skew {
			return []any{"reason", "the " + name + " is ahead of the server's clock", name, begins.Unix(), "server_clock", now.Unix()}
		}
	}
	return nil
}

// instant reads a NumericDate (RFC 7519 §2), which may have a fraction.
func (a *assertion) instant(name string) (time.Time, bool) {
	number, ok := a.claims[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || math.Abs(seconds) > 1<<40 { // further off, a time has no nanoseconds
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// maxJTI bounds an id; they are UUIDs and the like.
const maxJTI = 256

// single uses an assertion's jti; why says that it was used before, or that there is none where one is needed. The fault
// says that it can't be told at present.
func (x *exchange) single(a *assertion, client *project.Client, needed bool) (why []any, away *fault) {
	value, there := a.claims["jti"]
	id, isText := value.(string)
	switch {
	case !there && !needed:
		return nil, nil
	case !there:
		return []any{"reason", "the jti is missing"}, nil
	case !isText || id == "" || len(id) > maxJTI:
		return []any{"reason", "the jti is no text of 1 to 256 bytes"}, nil
	}
	ends, _ := a.instant("exp")
	fresh, err := x.spent.take(x.r.Context(), client.ClientID, id, ends.Add(skew))
	if err != nil {
		return nil, x.unable("noting an assertion", err)
	}
	if !fresh {
		return []any{"reason", "the jti was used before", "jti", shown(id)}, nil
	}
	return nil, nil
}
