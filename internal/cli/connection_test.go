package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"latchkey/internal/clock"
)

const promptsCC = `{"items":[
	{"name":"clientId","title":"Client ID","type":"string","required":true,"pattern":"[a-z]+"},
	{"name":"clientSecret","title":"Client secret","type":"string","required":true,"secret":true},
	{"name":"tenant","type":"integer"},
	{"name":"region","type":"string","required":true,"enum":[{"name":"Europe","value":"eu"},{"name":"America","value":"us"}],"default":"eu"},
	{"name":"sandboxed","type":"boolean"},
	{"name":"extra","type":"object"}]}`

const connected = `{"id":"conn_1","label":"acme","definition":{"name":"moviestar","revision":2},"state":"active",` +
	`"token":{"generation":1,"token_type":"Bearer","expires_at":"2026-11-21T10:00:00Z"}}`

func TestCreateWithFields(t *testing.T) {
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, promptsCC).on("POST /connections", 201, connected)
	s := newShell(t, api)
	s.file("secret.txt", "s3cret\r\n")
	s.input = `{"a":[1,2.50]}` + "\n"
	s.want(0, "connected acme (conn_1): the token expires in 1 hour\n", "read it: latchkey token acme\n",
		"connection", "create", "moviestar", "--label", "acme", "--return-url", "https://r",
		"--field", "clientId=abc", "--field", "clientSecret=@secret.txt", "--field", "tenant=12345678901234567",
		"--field", "region=america", "--field", "sandboxed=no", "--field", "extra=-")
	want := `{"definition":"moviestar","fields":{"clientId":"abc","clientSecret":"s3cret","extra":{"a":[1,2.50]},` +
		`"region":"us","sandboxed":false,"tenant":12345678901234567},"label":"acme","return_url":"https://r"}`
	if got := api.last(t, "POST /connections"); got.Body != want || got.Header.Get("Idempotency-Key") == "" {
		t.Errorf("sent %s\nwant %s", got.Body, want)
	}
}

func TestCreateWithAFileOfFields(t *testing.T) {
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, promptsCC).on("POST /connections", 201, connected)
	s := newShell(t, api)
	s.input = `{"clientId":"file","clientSecret":"s3cret","tenant":1}`
	got := s.run("connection", "create", "moviestar", "--fields", "-", "--field", "clientId=flag", "--json")
	if got.code != 0 || got.err != "" || !strings.Contains(got.out, `"id": "conn_1"`) {
		t.Errorf("= %d %s%s", got.code, got.out, got.err)
	}
	want := `{"definition":"moviestar","fields":{"clientId":"flag","clientSecret":"s3cret","tenant":1}}`
	if got := api.last(t, "POST /connections").Body; got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
}

func TestCreateRefusesFields(t *testing.T) {
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, promptsCC)
	s := newShell(t, api)
	s.file("list.json", "[]")
	for _, c := range []struct{ args, want string }{
		{"", "2 fields are missing:\n  clientId (Client ID): --field clientId=VALUE\n" +
			"  clientSecret (Client secret): --field clientSecret=@FILE, or clientSecret=- for standard input\n"},
		{"--field clientID=x", "moviestar has no field \"clientID\"\nhint: did you mean clientId?\n"},
		{"--field nonsense=x", "moviestar has no field \"nonsense\"\nhint: its fields are clientId, clientSecret, tenant, region, sandboxed, extra\n"},
		{"--field clientId", "--field is of the form NAME=VALUE\nhint: the names: latchkey definition prompts DEFINITION\n"},
		{"--field clientId=123", "clientId does not match [a-z]+\n"},
		{"--field tenant=twelve", "tenant is a whole number\n"},
		{"--field sandboxed=perhaps", "sandboxed is true or false\n"},
		{"--field extra={", "extra is JSON of the type object\n"},
		{"--field region=asia", "region is one of eu, us\n"},
		{"--field clientId=- --field clientSecret=-", "--field clientId and --field clientSecret both read standard input\n"},
	} {
		s.input = "abc"
		s.want(2, "", "latchkey: "+c.want, append([]string{"connection", "create", "moviestar"}, strings.Fields(c.args)...)...)
	}
	s.want(1, "", "latchkey: list.json does not hold a JSON object of fields\n", "connection", "create", "moviestar", "--fields", "list.json")
	for _, line := range api.lines() {
		if strings.HasPrefix(line, "POST") {
			t.Errorf("%s was called", line)
		}
	}
}

func TestSecretsOnTheCommandLineAreWarnedOf(t *testing.T) {
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, promptsCC).on("POST /connections", 201, connected)
	s := newShell(t, api)
	got := s.run("connection", "create", "moviestar", "--field", "clientId=abc", "--field", "clientSecret=hunter2")
	contains(t, "stderr", got.err, "latchkey: warning: --field clientSecret=… on the command line shows in the process list")
	lacks(t, "stderr", got.err, "hunter2")
	if got.code != 0 {
		t.Errorf("= %d", got.code)
	}
}

func TestCreateThatTheProviderRefuses(t *testing.T) {
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, `{"items":[]}`).
		on("POST /connections", 422, `{"title":"Refused","detail":"the provider refused the first exchange; nothing was stored","status":422,`+
			`"failure":{"kind":"client_dead","code":"invalid_client","status":401,"endpoint":"api.moviestar.com/token"}}`)
	newShell(t, api).want(1, "", "latchkey: the provider refused the first exchange; nothing was stored\n"+
		"  api.moviestar.com/token answered: status 401, invalid_client\n", "connection", "create", "moviestar")
}

// pending is a connection that waits for a consent, with a link that ends in ten minutes.
func pending() string {
	return `{"id":"conn_1","label":"acme","state":"pending_authorization","authorize_url":"http://x/connect/att1",` +
		`"authorize_url_expires_at":"` + time.Now().Add(10*time.Minute+20*time.Second).UTC().Format(time.RFC3339) + `"}`
}

func consentShell(t *testing.T, polls ...string) (*shell, *fakeAPI) {
	t.Helper()
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, `{"items":[],"needs_browser":true}`).
		on("POST /connections", 201, pending()).on("GET /connections/conn_1", 200, polls...)
	s := newShell(t, api)
	s.config.Clock = clock.System()
	return s, api
}

const page = "open this page to give consent:\n\n  http://x/connect/att1\n\n"

func TestCreateWaitsForTheConsent(t *testing.T) {
	s, _ := consentShell(t, pending(), pending(), strings.Replace(connected, "2026", "2126", 1))
	s.want(0, page+"connected acme (conn_1): the token expires 2126-11-21\n",
		"waiting for the consent… 0s\nread it: latchkey token acme\n", "connection", "create", "moviestar")
}

func TestCreateAsJSONKeepsTheOutputClean(t *testing.T) {
	s, _ := consentShell(t, connected)
	got := s.run("connection", "create", "moviestar", "--json")
	if got.code != 0 || !strings.HasPrefix(got.out, "{\n  \"id\": \"conn_1\"") {
		t.Errorf("= %d %s", got.code, got.out)
	}
	contains(t, "stderr", got.err, "http://x/connect/att1")
}

func TestCreateThatFailsAtTheConsent(t *testing.T) {
	s, _ := consentShell(t, pending(), strings.Replace(pending(), `"label"`,
		`"last_error":{"kind":"denied","code":"access_denied","at":"2126-01-01T00:00:00Z"},"label"`, 1))
	got := s.run("connection", "create", "moviestar")
	contains(t, "stderr", got.err, "latchkey: the consent failed: denied access_denied\nhint: try again: latchkey connection reauthorize acme\n")
	if got.code != 1 {
		t.Errorf("= %d", got.code)
	}
	s, api := consentShell(t)
	got = s.run("connection", "create", "moviestar")
	contains(t, "stderr", got.err, "latchkey: the consent failed or was declined: the connection is gone\n")
	if got.code != 1 || len(api.lines()) != 3 {
		t.Errorf("= %d after %v", got.code, api.lines())
	}
}

func TestCreateGivesUpWaiting(t *testing.T) {
	s, _ := consentShell(t, pending())
	got := s.run("connection", "create", "moviestar", "--timeout", "30ms")
	contains(t, "stderr", got.err, "latchkey: no consent came within 1 second; the link still works and ends in 10 minutes\n"+
		"hint: open http://x/connect/att1, then see: latchkey connection show acme\n")
	if got.code != 1 {
		t.Errorf("= %d", got.code)
	}
	got = s.run("connection", "create", "moviestar", "--timeout", "0")
	if got.code != 0 || got.out != page || got.err != "not waiting; see how it went: latchkey connection show acme\n" {
		t.Errorf("with --timeout 0 = %d %s%s", got.code, got.out, got.err)
	}
}

func TestInterruptedWaitSaysHowToGoOn(t *testing.T) {
	s, api := consentShell(t, pending())
	ctx, cancel := context.WithCancel(t.Context())
	s.ctx = ctx
	go func() {
		defer cancel()
		for len(api.lines()) < 4 { // two looks at the connection
			time.Sleep(time.Millisecond)
		}
	}()
	got := s.run("connection", "create", "moviestar")
	contains(t, "stderr", got.err, "latchkey: stopped waiting for the consent; the link still works and ends in 10 minutes\n"+
		"hint: open http://x/connect/att1, then see: latchkey connection show acme\n")
	if got.code != 1 {
		t.Errorf("= %d", got.code)
	}
}

func TestBrowserIsOpenedWhenAsked(t *testing.T) {
	s, _ := consentShell(t, connected)
	var opened string
	s.config.OpenBrowser = func(_ context.Context, url string) error {
		opened = url
		return nil
	}
	if got := s.run("connection", "create", "moviestar", "--browser"); got.code != 0 || opened != "http://x/connect/att1" {
		t.Errorf("= %d, opened %q", got.code, opened)
	}
}

func TestReauthorizeWaitsForANewToken(t *testing.T) {
	old := `{"id":"conn_1","label":"acme","state":"active","token":{"generation":4}}`
	api := newFakeAPI(t).
		on("GET /connections/acme", 200, old).
		on("POST /connections/conn_1/reauthorize", 200, strings.Replace(old, `"label"`, `"authorize_url":"http://x/connect/att1","label"`, 1)).
		on("GET /connections/conn_1", 200, old, old, strings.Replace(old, "4", "5", 1))
	s := newShell(t, api)
	s.config.Clock = clock.System()
	s.want(0, page+"authorized acme: the token has no known end\n", "waiting for the consent… 0s\n", "connection", "reauthorize", "acme")
	if got := api.lines(); len(got) != 5 {
		t.Errorf("called %v", got)
	}
}

func TestUpdate(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /connections/acme", 200, `{"id":"conn_1","label":"acme","definition":{"id":"def_1","configuration":1},"state":"active"}`).
		on("GET /definitions/def_1/prompts?configuration=1", 200, promptsCC).
		on("PATCH /connections/conn_1", 200, connected)
	s := newShell(t, api)
	s.want(0, "updated acme: active\n", "", "connection", "update", "acme", "--field", "tenant=7", "--field", "older=x", "--label", "new")
	s.want(0, "updated acme: active\n", "", "connection", "update", "acme", "--label", "")
	if got := api.last(t, "PATCH /connections/conn_1").Body; got != `{"label":""}` {
		t.Errorf("sent %s", got)
	}
	s.want(0, "updated acme: active\n", "", "connection", "update", "acme", "--field", "tenant=7", "--field", "older=x", "--label", "new")
	if got, want := api.last(t, "PATCH /connections/conn_1").Body, `{"fields":{"older":"x","tenant":7},"label":"new"}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestConnectionTables(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /connections?definition=moviestar&state=active", 200, `{"items":[`+connected+`,
			{"id":"conn_2","label":null,"definition":{"name":"m"},"state":"needs_reauthorization","token":{"expires_at":`+at(-time.Hour)+`}},
			{"id":"conn_3","definition":{"name":"m"},"state":"pending_authorization","token":null},
			{"id":"conn_4","definition":{"name":"m"},"state":"active","token":{"expires_at":null}}]}`).
		on("GET /connections", 200, `{"items":[]}`).on("GET /connections?q=zz", 200, `{"items":[]}`)
	s := newShell(t, api)
	s.want(0, `NAME    DEFINITION  STATE                  TOKEN               ID
acme    moviestar   active                 expires in 1 hour   conn_1
conn_2  m           needs_reauthorization  expired 1 hour ago  conn_2
conn_3  m           pending_authorization  -                   conn_3
conn_4  m           active                 has no known end    conn_4
`, "", "connection", "list", "--definition", "moviestar", "--state", "active")
	s.want(0, "", "no connections yet; make one: latchkey connection create DEFINITION\n", "connection", "list")
	s.want(0, "", "no such connections; all of them: latchkey connection list\n", "connection", "list", "--query", "zz")
}

func TestConnectionShow(t *testing.T) {
	api := newFakeAPI(t).on("GET /connections/acme", 200, `{"id":"conn_1","label":"acme","definition":{"name":"moviestar","revision":2},
		"sandbox":"prod","state":"needs_reauthorization","state_reason":"the grant was revoked","fields":{"clientSecret":"********","tenant":7},
		"outputs":{"team":"t1"},"created_by":"key_1","created_at":`+at(-26*time.Hour)+`,"last_refresh_at":`+at(-time.Minute)+`,
		"token":{"generation":3,"scope":"read","expires_at":`+at(59*time.Minute)+`,"refresh_expires_at":`+at(365*24*time.Hour)+`},
		"last_error":{"kind":"grant_dead","code":"invalid_grant","status":400,"at":`+at(-time.Minute)+`}}`)
	newShell(t, api).want(0, `acme
  state               needs_reauthorization
  reason              the grant was revoked
  id                  conn_1
  label               acme
  definition          moviestar, revision 2
  sandbox             prod
  created             1 day ago by key_1
  last refresh        1 minute ago
  token               expires in 59 minutes, generation 3
  scope               read
  consent ends        2027-11-21
  last error          grant_dead invalid_grant (status 400), 1 minute ago
  field clientSecret  ********
  field tenant        7
  output team         t1
`, "consent again: latchkey connection reauthorize acme\n", "connection", "show", "acme")
}

func TestConnectionActs(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /connections/acme/refresh", 200, connected).
		on("POST /connections/acme/disable", 200, connected).
		on("POST /connections/acme/enable", 200, connected).
		on("DELETE /connections/acme", 204, "")
	s := newShell(t, api)
	s.want(0, "refreshed acme: the token expires in 1 hour\n", "", "connection", "refresh", "acme")
	s.want(0, "disabled acme\n", "", "connection", "disable", "acme")
	s.want(0, "enabled acme: active\n", "", "connection", "enable", "acme")
	s.want(0, "deleted acme\n", "", "connection", "delete", "acme")
}
