package exchange

import (
	"context"
	"crypto"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/destination"
	"latchkey/internal/ident"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
	"latchkey/pebble"
)

// sign makes authData.assertion when the request mentions it: a fresh one for every request (RFC 7523).
func (x *round) sign(ctx context.Context, request *destination.Request) error {
	a := x.plan.Assertion()
	if a == nil || !request.Mentions("authData.assertion") {
		return nil
	}
	vars := x.vars(map[string]any{})
	claims, err := x.claims(ctx, a.Claims, vars)
	if err != nil {
		return err
	}
	if err := x.setTrue(ctx, a, vars, claims); err != nil {
		return err
	}
	x.stamp(a, claims)
	header, err := x.claims(ctx, a.Header, vars)
	if err != nil {
		return err
	}
	if x.masked {
		x.data["assertion"] = destination.Mask
		return nil
	}
	token, err := x.signed(ctx, a, vars, header, claims)
	if err != nil {
		return err
	}
	x.put("assertion", secret.New(token))
	return nil
}

// stamped is a claim that is added unless the definition gives it, or says with null that there is none.
type stamped struct {
	name  string
	value any
}

func (s stamped) is(c destination.Claim) bool { return c.Name == s.name }

// setTrue adds the claims whose names the definition computes.
func (x *round) setTrue(ctx context.Context, a *destination.Assertion, vars map[string]any, claims *pebble.Map) error {
	if a.True == nil {
		return nil
	}
	names, err := x.text(ctx, a.True, vars)
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names) {
		claims.Set(name, true)
	}
	return nil
}

// stamp adds iat, exp and jti where the definition doesn't.
func (x *round) stamp(a *destination.Assertion, claims *pebble.Map) {
	now := x.clock.Now()
	for _, claim := range []stamped{{"iat", integer(now.Unix())}, {"exp", integer(now.Add(a.Lifetime).Unix())}, {"jti", ident.UUID()}} {
		if _, given := claims.Get(claim.name); !given && !slices.ContainsFunc(a.Claims, claim.is) {
			claims.Set(claim.name, claim.value)
		}
	}
}

// signed renders the key and signs.
func (x *round) signed(
	ctx context.Context, a *destination.Assertion, vars map[string]any, header, claims *pebble.Map,
) (string, error) {
	text, err := x.text(ctx, a.Key, vars)
	if err != nil {
		return "", err
	}
	x.hide(text)
	key, err := keypair.Parse(secret.New(text))
	if err == nil {
		err = key.CheckAlgorithm(a.Algorithm)
	}
	if err != nil {
		failure := x.refuse(a.Key.Pointer(), "the assertion cannot be signed: "+err.Error())
		failure.Field = fieldOf(a.Key.Refs())
		return "", failure
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header.All() {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	if a.KeyID != nil {
		kid, err := x.text(ctx, a.KeyID, vars)
		if err != nil {
			return "", err
		}
		options = options.WithHeader("kid", kid)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", x.refuse(a.Key.Pointer(), "the assertion's claims are not JSON once their values are in them")
	}
	token, err := signJWT(a.Algorithm, key.Signer(), options, payload)
	if err != nil {
		return "", x.refuse(a.Key.Pointer(), "the assertion cannot be signed")
	}
	return token, nil
}

func signJWT(algorithm string, key crypto.Signer, options *jose.SignerOptions, payload []byte) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: fast(key)}, options)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// claims renders an object of the assertion.
func (x *round) claims(ctx context.Context, list []destination.Claim, vars map[string]any) (*pebble.Map, error) {
	out := pebble.NewMap()
	for _, c := range list {
		if c.Value == nil {
			continue
		}
		value, err := x.claim(ctx, c.Value, vars)
		if err != nil {
			return nil, err
		}
		out.Set(c.Name, value)
	}
	return out, nil
}

func (x *round) claim(ctx context.Context, value any, vars map[string]any) (any, error) {
	switch value := value.(type) {
	case *destination.Text:
		return x.text(ctx, value, vars)
	case []destination.Claim:
		return x.claims(ctx, value, vars)
	case []any:
		out := make([]any, len(value))
		for i := range value {
			item, err := x.claim(ctx, value[i], vars)
			if err != nil {
				return nil, err
			}
			out[i] = item
		}
		return out, nil
	}
	return value, nil
}
