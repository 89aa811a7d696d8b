package exchange_test

import (
	"crypto/x509/pkix"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"latchkey/internal/exchange"
	"latchkey/internal/keypair"
)

// Adobe IMS has a claim for each metascope, whose name is a URL and whose value is true, and wants no jti that is no number.
func TestAssertionWithTrueClaims(t *testing.T) {
	p := newProvider(t, saysJSON(`{"token_type":"bearer","access_token":"t","expires_in":86399998}`))
	pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "ims"}, Now: start})
	if err != nil {
		t.Fatal(err)
	}
	plan := plan(t, `{ "authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
	"authenticationDataFields": [
		{ "name": "metascopes", "type": "string", "isRequired": true, "source": "CUSTOMER" },
		{ "name": "privateKey", "type": "string", "isRequired": true, "format": "password", "source": "CUSTOMER" } ],
	"accessTokenRequest": {
		"destinationServerType": "URL_BASED",
		"urlBasedDestination": { "url": { "templatingStrategy": "NONE", "value": "https://ims.example.com/ims/exchange/jwt" } },
		"httpTemplate": { "httpMethod": "POST", "requestBody": { "templatingStrategy": "PEBBLE_V1",
			"value": "{{ formUrlEncode('jwt_token', authData.assertion) | raw }}" } } },
	"options": { "expiry": { "unit": "ms" }, "assertion": {
		"alg": "RS256", "key": "{{ authData.privateKey | raw }}", "claims": { "iss": "o", "jti": null, "iat": null },
		"trueClaims": "{% for scope in authData.metascopes | split(' ') %}https://ims.example.com/s/{{ scope }} {% endfor %}" } } }`)
	in := exchange.Input{Fields: fields(t, plan, map[string]any{
		"metascopes": "ent_marketing_sdk ent_reactor_sdk", "privateKey": string(pair.PrivateKey()),
	})}
	tokens, err := p.runner.Acquire(t.Context(), plan, in)
	if err != nil {
		t.Fatal(err)
	}
	if got := tokens.ExpiresAt.Sub(start).Milliseconds(); got != 86399998 {
		t.Errorf("the token lives for %d ms, want 86399998", got)
	}
	signed, err := jose.ParseSignedCompact(p.only(t).form(t).Get("jwt_token"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(pair.Certificate.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"iss": "o", "exp": float64(start.Unix() + 300),
		"https://ims.example.com/s/ent_marketing_sdk": true, "https://ims.example.com/s/ent_reactor_sdk": true,
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims: -want +got\n%s", diff)
	}
}
