package access_test

import (
	"errors"
	"strings"
	"testing"

	"latchkey/internal/access"
)

func TestRequire(t *testing.T) {
	for _, c := range []struct {
		have access.Scopes
		want access.Scope
		ok   bool
	}{
		{access.Scopes{access.TokensRead}, access.TokensRead, true},
		{access.Scopes{access.TokensRead}, access.ConnectionsRead, false},
		{access.Scopes{access.ConnectionsWrite}, access.ConnectionsRead, true},
		{access.Scopes{access.ConnectionsRead}, access.ConnectionsWrite, false},
		{access.Scopes{access.DefinitionsWrite}, access.ConnectionsRead, false},
		{access.Scopes{access.Admin}, access.AuditRead, true},
		{nil, access.TokensRead, false},
	} {
		err := access.Caller{ID: "key_1", Scopes: c.have}.Require(c.want)
		if (err == nil) != c.ok {
			t.Errorf("%v.Require(%q) = %v", c.have, c.want, err)
		}
		if denied, ok := errors.AsType[*access.DeniedError](err); err != nil && (!ok || denied.Scope != c.want) {
			t.Errorf("%v.Require(%q) = %v, want a DeniedError that names the scope", c.have, c.want, err)
		}
	}
}

func TestIn(t *testing.T) {
	for _, c := range []struct {
		bound, asked, want string
		ok                 bool
	}{
		{"", "", "prod", true}, {"", "stage", "stage", true},
		{"stage", "", "stage", true}, {"stage", "stage", "stage", true}, {"stage", "prod", "", false},
	} {
		got, err := access.Caller{Sandbox: c.bound}.In(c.asked)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("Caller{Sandbox: %q}.In(%q) = %q, %v, want %q", c.bound, c.asked, got, err, c.want)
		}
	}
}

func TestParseScopes(t *testing.T) {
	got, err := access.ParseScopes([]string{"tokens:read", " admin", "tokens:read"})
	if err != nil || got.String() != "tokens:read admin" {
		t.Errorf("ParseScopes = %q, %v", got, err)
	}
	_, err = access.ParseScopes([]string{"token:read"})
	if err == nil || !strings.Contains(err.Error(), `"token:read"`) || !strings.Contains(err.Error(), "tokens:read") {
		t.Errorf("ParseScopes of an unknown scope = %v, want it and the known ones named", err)
	}
}
