package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// AuthorizeURL gives the address to which the customer's browser is sent to consent (RFC 6749 §4.1.1). An error is a
// [*Failure].
func (r *Runner) AuthorizeURL(ctx context.Context, plan *destination.Plan, in Input, attempt Attempt) (string, error) {
	in.Tokens, in.Code = nil, nil
	return r.newRound(plan, in).authorize(ctx, attempt)
}

func (x *round) authorize(ctx context.Context, attempt Attempt) (string, error) {
	options := x.plan.Authorization()
	if options.URL == nil {
		return "", x.refuse("", "the definition has no authorizationUrl")
	}
	x.put("state", attempt.State)
	x.put("redirectUri", attempt.RedirectURI)
	x.put("codeVerifier", attempt.CodeVerifier)
	vars := x.vars(map[string]any{})
	address, err := x.urlText(ctx, options.URL, vars, partScheme)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", x.refuse(options.URL.Pointer(), "the URL is not one once its values are in it")
	}
	params := x.authorizationParams(attempt)
	// What the URL says itself stays; only what ties the answer to the attempt comes from here.
	own := u.Query()
	params = slices.DeleteFunc(params, func(p parameter) bool {
		return own.Has(p.name) && p.name != "state" && p.name != "redirect_uri"
	})
	for _, param := range options.Params {
		params = slices.DeleteFunc(params, func(p parameter) bool { return p.name == param.Name })
		if param.Text == nil {
			continue
		}
		value, err := x.text(ctx, param.Text, vars)
		if err != nil {
			return "", err
		}
		if sealed := param.Text.Sealed(); !sealed.Empty() && x.masked {
			value = destination.Mask
		}
		params = append(params, parameter{param.Name, value})
	}
	// "%20" is read everywhere; "+" is not.
	return addQuery(address, strings.ReplaceAll(encodeForm(params), "+", "%20")), nil
}

// authorizationParams are the standard ones.
func (x *round) authorizationParams(attempt Attempt) []parameter {
	params := []parameter{
		{"response_type", "code"}, {"client_id", reveal(x.data["clientId"])}, {"redirect_uri", attempt.RedirectURI},
		{nameScope, x.scope}, {"state", reveal(x.data["state"])},
	}
	method := x.plan.Authorization().PKCE
	if attempt.CodeVerifier.Empty() || method == destination.NoPKCE || method == "" {
		return params
	}
	return append(params, parameter{"code_challenge", challenge(method, attempt.CodeVerifier)},
		parameter{"code_challenge_method", string(method)})
}

// challenge computes the code challenge of RFC 7636 §4.2.
func challenge(method destination.PKCEMethod, verifier secret.String) string {
	if method == destination.PlainPKCE {
		return verifier.Reveal()
	}
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
