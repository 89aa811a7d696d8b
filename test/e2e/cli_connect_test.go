package e2e_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// consenting runs a command that waits for a consent, and walks the page that it shows.
func consenting(t *testing.T, s *harness.Server, walk func(link string), args ...string) harness.Result {
	t.Helper()
	running := s.Begin(args...)
	link := regexp.MustCompile(`http://\S+/connect/\S+`)
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if found := link.FindString(running.Output()); found != "" {
			walk(found)
			return running.Wait(30 * time.Second)
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("$ latchkey %s\nshows no page to open:\n%s", strings.Join(args, " "), running.Output())
		}
	}
}

// Accounts are connected from the command line by every grant of the seed.
func TestConnectCommands(t *testing.T) {
	s := harness.Dev(t)
	dir := files(t, map[string]string{"password.txt": "moviestar\n", "secret.txt": "acme-secret-1\n"})
	for name, file := range map[string]string{"cli-code": "authorization-code.json", "cli-password": "password.json", "cli-own": "example-3-customer-credentials.json"} {
		s.Must(201, "POST", "/api/v1/definitions", document(t, file, name))
		s.Must(200, "POST", "/api/v1/definitions/"+name+"/publish", nil)
	}
	play(t, s, dir, []line{
		{args: "connection create cli-password --label pw --field username=ada@example.com --field password=@$DIR/password.txt", stdout: []string{"connected pw (conn_", "expires in"}, stderr: []string{"latchkey token pw"}},
		{args: "connection create cli-password --label pw2 --field username=ada@example.com --field password=-", input: "moviestar\n", stdout: []string{"connected pw2"}, stderr: []string{"latchkey token pw2"}},
		{args: "connection create cli-password --label pw3 --field username=ada@example.com --field password=moviestar", stdout: []string{"connected pw3"}, stderr: []string{"process list", "!moviestar "}},
		{args: "connection create cli-password --label pw4 --field username=ada@example.com", code: 2, stderr: []string{"a field is missing", "password=@FILE"}},
		{args: "connection create cli-password --label pw4 --field user=ada", code: 2, stderr: []string{"user", "username"}},
		{args: "connection create cli-own --label own --field clientId=acme --field clientSecret=@$DIR/secret.txt --field moviestarId=m1 --json", stdout: []string{`"state": "active"`, "!acme-secret-1"}},
		{args: "connection create cli-own --label own --field clientId=acme --field clientSecret=@$DIR/secret.txt --field moviestarId=m1", code: 1, stderr: []string{"label"}},
		{args: "connection create cli-own --label own2 --field clientId=acme --field clientSecret=@$DIR/password.txt --field moviestarId=m1", code: 1, stderr: []string{"invalid_client", "client id"}},
		{args: "connection create nothing", code: 1, stderr: []string{"no definition"}},
		{args: "connection create cli-code --label late --no-browser --timeout 1s", code: 1, stdout: []string{"/connect/"}, stderr: []string{"no consent came within 1 second", "the link still works", "latchkey connection show late"}},
		{args: "connection create cli-code --label not-waited --timeout 0", stdout: []string{"/connect/"}, stderr: []string{"not waiting"}},
		{args: "connection create cli-code --label not-waited-2 --timeout 0 --json", stdout: []string{`"authorize_url"`, `"state": "pending_authorization"`}, stderr: []string{"/connect/"}},
		{args: "connection create cli-code --browser --no-browser", code: 2, stderr: []string{"--no-browser"}},
		{args: "connection list", stdout: []string{"pw", "own", "pending_authorization"}},
		{args: "connection show pw", stdout: []string{"active", "********", "!moviestar\n"}, stderr: []string{}},
		{args: "connection refresh pw", stdout: []string{"pw"}},
		{args: "connection disable pw", stdout: []string{"pw"}},
		{args: "token pw", code: 1, stderr: []string{"disabled"}},
		{args: "connection enable pw", stdout: []string{"pw"}},
		{args: "connection update pw", code: 2, stderr: []string{"--field"}},
		{args: "connection update pw --label renamed", stdout: []string{"updated renamed: active"}},
		{args: "connection delete renamed --yes --json"},
		{args: "connection show renamed", code: 1, stderr: []string{"no connection"}},
	})
}

// A command that waits for a consent ends as the consent does.
func TestConsentCommands(t *testing.T) {
	s := harness.Dev(t)
	s.Must(201, "POST", "/api/v1/definitions", document(t, "authorization-code.json", "cli-code"))
	s.Must(200, "POST", "/api/v1/definitions/cli-code/publish", nil)
	allow := func(link string) { consent(t, link) }
	deny := func(link string) {
		if _, page, err := harness.Walk(link, url.Values{"decision": {"deny"}}); err != nil || !strings.Contains(page, "access_denied") {
			t.Errorf("declining ends with %v\n%s", err, page)
		}
	}

	got := consenting(t, s, allow, "connection", "create", "cli-code", "--label", "allowed", "--no-browser")
	if got.Code != 0 {
		t.Errorf("a consent that is given ends with %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	says(t, got.Stdout, "open this page", "connected allowed (conn_", "expires in")
	says(t, got.Stderr, "waiting for the consent")
	me(t, s, "api.moviestar.com", strings.TrimSpace(s.Run("token", "allowed").Stdout))

	got = consenting(t, s, deny, "connection", "create", "cli-code", "--label", "denied", "--no-browser")
	if got.Code != 1 {
		t.Errorf("a consent that is declined ends with %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	says(t, got.Stderr, "the consent failed", "access_denied")

	got = consenting(t, s, allow, "connection", "reauthorize", "allowed", "--no-browser")
	if got.Code != 0 || !strings.Contains(got.Stdout, "authorized allowed") {
		t.Errorf("reauthorizing ends with %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	got = consenting(t, s, deny, "connection", "reauthorize", "allowed", "--no-browser")
	if got.Code != 1 {
		t.Errorf("declining to reauthorize ends with %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	says(t, got.Stderr, "the consent failed", "access_denied")
	me(t, s, "api.moviestar.com", strings.TrimSpace(s.Run("token", "allowed").Stdout)) // the old account serves
}

// A field with a condition is told as such, and missing only when the condition holds.
func TestConditionalField(t *testing.T) {
	s := harness.Dev(t)
	field := func(name string, more map[string]any) map[string]any {
		out := map[string]any{"name": name, "title": name, "type": "string", "isRequired": true, "source": "CUSTOMER"}
		for member, value := range more {
			out[member] = value
		}
		return out
	}
	s.Must(201, "POST", "/api/v1/definitions", map[string]any{"name": "conditional", "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "c", "clientSecret": "conditional-1", "accessTokenUrl": "https://api.moviestar.com/OAuth/access_token",
		"authenticationDataFields": []any{
			field("vat", map[string]any{"conditional": map[string]any{"field": "kind", "operator": "EQUALS", "value": "business"}}),
			field("kind", map[string]any{"enum": []string{"private", "business"}}),
		}}})
	prompts := s.Must(200, "GET", "/api/v1/definitions/conditional/prompts", nil)
	says(t, string(prompts.Body), `"condition":{"field":"kind","value":"business"}`)
	play(t, s, "", []line{
		{args: "definition prompts conditional", stdout: []string{"when kind is business"}},
		{args: "connection create conditional --label private --field kind=private", stdout: []string{"connected private"}, stderr: []string{"latchkey token"}},
		{args: "connection create conditional --label business --field kind=business", code: 2, stderr: []string{"a field is missing", "vat"}},
		{args: "connection create conditional --label business --field kind=business --field vat=1", stdout: []string{"connected business"}, stderr: []string{"latchkey token"}},
	})
}
