package destination_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/destination"
)

func compile(t testing.TB, document string) *destination.Plan {
	t.Helper()
	p, err := parse(t, document).Compile(0)
	if err != nil {
		t.Fatalf("Compile = %v", err)
	}
	return p
}

// ways tells which requests a plan sends, in words.
func ways(p *destination.Plan) string {
	name := func(r *destination.Request) string {
		if r == nil {
			return "none"
		}
		if r.Kind != destination.Templated {
			return string(r.Kind)
		}
		return r.Pointer[strings.LastIndexByte(r.Pointer, '/')+1:]
	}
	out := name(p.Acquire()) + " |"
	for _, way := range p.Renewals() {
		out += " " + name(way.Request)
		if way.NeedsRefreshToken {
			out += "(rt)"
		}
	}
	return out
}

// The table of spec §3.2.
func TestWhichRequestRunsWhen(t *testing.T) {
	const (
		access  = `"accessTokenUrl": "https://api.example.com/token"`
		refresh = `"refreshTokenUrl": "https://api.example.com/refresh"`
		auth    = `"authorizationUrl": "https://www.example.com/auth"`
	)
	plain := request(plainURL, "{{ formUrlEncode('a', 'b') }}", "")
	withRT := request(plainURL, "{{ formUrlEncode('refresh_token', authData.refreshToken) }}", "")
	withCode := request(plainURL, "{{ formUrlEncode('code', authData.code) }}", "")
	withBoth := request(plainURL, "{{ formUrlEncode('code', authData.code, 'rt', authData.refreshToken) }}", "")
	exchange := `"options": {"codeExchangeRequest": ` + strings.TrimPrefix(withCode, `"accessTokenRequest": `) + `}`
	for _, c := range []struct{ grant, members, want string }{
		{"AUTHORIZATION_CODE", auth + "," + access, "authorization_code |"},
		{"AUTHORIZATION_CODE", auth + "," + access + "," + refresh, "authorization_code | refresh_token(rt)"},
		{"AUTHORIZATION_CODE", auth + "," + access + "," + plain, "authorization_code | accessTokenRequest"},
		{"AUTHORIZATION_CODE", auth + "," + access + "," + refresh + "," + withRT, "authorization_code | accessTokenRequest(rt) refresh_token(rt)"},
		{"AUTHORIZATION_CODE", auth + "," + access + "," + exchange, "codeExchangeRequest |"},
		{"AUTHORIZATION_CODE", auth + "," + exchange + "," + withRT, "codeExchangeRequest | accessTokenRequest(rt)"},
		{"AUTHORIZATION_CODE", auth + "," + withCode, "accessTokenRequest |"},
		{"AUTHORIZATION_CODE", auth + "," + withCode + "," + refresh, "accessTokenRequest | refresh_token(rt)"},
		{"AUTHORIZATION_CODE", auth + "," + withBoth, "accessTokenRequest | accessTokenRequest(rt)"},
		{"PASSWORD", access, "password | password"},
		{"PASSWORD", access + "," + refresh, "password | refresh_token(rt) password"},
		{"PASSWORD", access + "," + plain, "accessTokenRequest | accessTokenRequest"},
		{"PASSWORD", access + "," + withRT, "password | accessTokenRequest(rt) password"},
		{"PASSWORD", withRT, "accessTokenRequest | accessTokenRequest"},
		{"CLIENT_CREDENTIALS", access, "client_credentials | client_credentials"},
		{"CLIENT_CREDENTIALS", access + "," + refresh, "client_credentials | refresh_token(rt) client_credentials"},
		{"CLIENT_CREDENTIALS", plain, "accessTokenRequest | accessTokenRequest"},
		{"CLIENT_CREDENTIALS", access + "," + withRT, "client_credentials | accessTokenRequest(rt) client_credentials"},
	} {
		if got := ways(compile(t, entryOf("OAUTH2_"+c.grant, client+","+c.members))); got != c.want {
			t.Errorf("%s with %.160s\nruns %s\nwant %s", c.grant, c.members, got, c.want)
		}
	}
}

func TestFieldRoles(t *testing.T) {
	p := compile(t, cc(field(`
		{"name": "output", "source": "CUSTOMER", "authenticationResponsePath": "a.b"},
		{"name": "fallback", "value": "x", "authenticationResponsePath": "a.b"},
		{"name": "constant", "source": "PARTNER", "value": 5},
		{"name": "asked", "source": "CUSTOMER", "type": "integer", "isRequired": true, "default": 7},
		{"name": "unsaid"}`)))
	var got []string
	for _, f := range p.Fields() {
		got = append(got, f.Name+" "+[]string{"prompt", "constant", "output"}[f.Role])
	}
	want := []string{"output output", "fallback output", "constant constant", "asked prompt", "unsaid prompt"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles: -want +got\n%s", diff)
	}
}

func TestOptions(t *testing.T) {
	p := compile(t, ac(acURLs+`, "options": {"scopeSeparator": ",", "pkce": "S256", "clientAuth": "basic", "basicAuthEncoding": "form",
		"callback": {"codeParam": "auth_code", "capture": {"realmId": "realm_id"}, "decodeCode": true},
		"expiry": {"leewaySeconds": 30, "defaultSeconds": 3600, "unit": "ms", "fromJwt": true},
		"authorizationParams": {"client_id": null, "app_id": "{{ authData.clientId }}"}, "response": {"format": "form"},
		"revocationUrl": "https://api.example.com/revoke", "tokenPlacement": {"header": "X-Token", "prefix": ""}, "refresh": {"grace_seconds": 30, "reuse": "grace"}}`))
	want := destination.CallbackOptions{
		CodeParam: "auth_code", StateParam: "state", ErrorParam: "error", DecodeCode: true,
		Capture: []destination.Capture{{Name: "realmId", Param: "realm_id"}},
	}
	if diff := cmp.Diff(want, p.Callback()); diff != "" {
		t.Errorf("callback: -want +got\n%s", diff)
	}
	if a := p.ClientAuth(); a.Method != destination.BasicAuth || !a.FormEncoded {
		t.Errorf("client authentication = %+v", a)
	}
	if e := p.Expiry(); e.Leeway.Seconds() != 30 || e.Default.Hours() != 1 || e.Unit != destination.Milliseconds || !e.FromJWT {
		t.Errorf("expiry = %+v", e)
	}
	if a := p.Authorization(); a.PKCE != destination.S256PKCE || len(a.Params) != 2 || a.Params[0].Text != nil {
		t.Errorf("authorization = %+v", a)
	}
	if p.Format() != destination.FormFormat || p.Revocation() == nil || p.Inputs().ScopeSeparator != "," || !p.NeedsBrowser() {
		t.Error("an option was not read")
	}
	if diff := cmp.Diff([]string{"realmId"}, p.Outputs()); diff != "" {
		t.Errorf("outputs: -want +got\n%s", diff)
	}
}

func TestCompileSaysWhatIsMissing(t *testing.T) {
	_, err := parse(t, read(t, "published/example-1-response-field.json")).Compile(0)
	if err == nil || !strings.Contains(err.Error(), "clientId is missing") {
		t.Errorf("Compile of Example 1 = %v", err)
	}
	_, err = parse(t, read(t, "published/authorization-code.json")).Compile(1)
	if err == nil || !strings.Contains(err.Error(), "no configuration of that number") {
		t.Errorf("Compile(1) of one entry = %v", err)
	}
}

func TestWorkedConfigurationsCompile(t *testing.T) {
	for _, name := range []string{"zoom", "toast", "slack", "instagram", "tiktok-ads", "clover", "google-service-account"} {
		compile(t, read(t, "worked/"+name+".json"))
	}
}

func TestFingerprint(t *testing.T) {
	base := cc(client + `, "authenticationDataFields": [{"name": "tenant", "source": "CUSTOMER"}, {"name": "note", "source": "CUSTOMER"}],` +
		request("https://{{ authData.tenant }}.example.com/token", "", ""))
	print := func(document string, in map[string]any) string {
		p := compile(t, document)
		f, problems := p.CheckFields(in)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return p.Fingerprint(f)
	}
	same := print(base, map[string]any{"tenant": "a", "note": "x"})
	if got := print(strings.Replace(base, `"n"`, `"other name"`, 1), map[string]any{"tenant": "a", "note": "y"}); got != same {
		t.Error("the fingerprint changes with what leads nowhere")
	}
	for name, c := range map[string]struct {
		document string
		tenant   string
	}{
		"URL": {strings.Replace(base, "/token", "/token2", 1), "a"}, "client": {strings.Replace(base, `"c"`, `"c2"`, 1), "a"},
		"tenant": {base, "b"}, "method": {strings.Replace(base, `"clientId"`, `"options": {"useBasicAuth": true}, "clientId"`, 1), "a"},
	} {
		if print(c.document, map[string]any{"tenant": c.tenant}) == same {
			t.Errorf("the fingerprint does not change with the %s", name)
		}
	}
}
