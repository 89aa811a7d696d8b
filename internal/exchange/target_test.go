package exchange_test

import (
	"strings"
	"testing"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

func TestTarget(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	target := func(definition string, in exchange.Input) exchange.Target {
		return p.runner.Target(t.Context(), plan(t, definition), in)
	}
	definition := acWith(refreshing)
	renewal := target(definition, exchange.Input{Tokens: have("at-0", "rt-0")})
	if !strings.HasPrefix(renewal.URL, "https://") || renewal.ClientID == "" {
		t.Errorf("Target() = %+v, want a URL and a client", renewal)
	}
	if other := target(definition, exchange.Input{Tokens: have("at-9", "rt-9")}); other != renewal {
		t.Error("the account's tokens are taken for the client's credential")
	}
	fields, err := destination.NewFields(nil, map[string]secret.String{"clientSecret": secret.New("another")})
	if err != nil {
		t.Fatal(err)
	}
	if other := target(definition, exchange.Input{Tokens: have("at-0", "rt-0"), Fields: fields}); other.Credential == renewal.Credential {
		t.Error("another client secret gives the same credential")
	}
	if n := len(p.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
