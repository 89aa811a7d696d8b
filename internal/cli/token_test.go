package cli_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/client"
)

const tokenAnswer = `{"access_token":"eyJ.abc","token_type":"bearer","expires_at":"2026-11-21T10:00:00Z","expires_in":3600,` +
	`"scope":"read","generation":2,"connection":"conn_1"}`

func TestToken(t *testing.T) {
	api := newFakeAPI(t).on("GET /connections/acme/token", 200, tokenAnswer).on("GET /connections/acme/token?min_ttl=300", 200, tokenAnswer)
	s := newShell(t, api)
	s.want(0, "eyJ.abc\n", "", "token", "acme")
	s.want(0, "Authorization: Bearer eyJ.abc\n", "", "token", "acme", "--header", "--min-ttl", "5m")
	got := s.run("token", "acme", "--json")
	contains(t, "stdout", got.out, `"access_token": "eyJ.abc"`, `"expires_in": 3600`)
	s.want(0, "eyJ.abc\n", "", "token", "acme", "--rejected", client.Hash("old"))
	if got := api.last(t, "GET /connections/acme/token").Header.Get("If-None-Match"); got != `"`+client.Hash("old")+`"` {
		t.Errorf("If-None-Match: %s", got)
	}
}

func TestTokenThatCannotBeHad(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /connections/acme/token", 304, "").
		on("GET /connections/dead/token", 409, `{"title":"Needs reauthorization","detail":"the grant was revoked","status":409,"reauthorize_url":"http://x/connect/a"}`).
		on("GET /connections/off/token", 409, `{"title":"Disabled","detail":"the connection is disabled","status":409}`)
	s := newShell(t, api)
	s.want(1, "", "latchkey: there is no newer token than the rejected one\nhint: see how it stands: latchkey connection show acme\n",
		"token", "acme", "--rejected", client.Hash("x"))
	s.want(1, "", "latchkey: the grant was revoked\nhint: consent again: latchkey connection reauthorize dead\n",
		"token", "dead")
	s.want(1, "", "latchkey: the connection is disabled\nhint: see how it stands: latchkey connection show off\n", "token", "off")
}

func TestKeys(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /keys", 201, `{"id":"key_9","name":"ci","scopes":["tokens:read","audit:read"],"key":"lk_new"}`).
		on("GET /keys", 200, `{"items":[{"id":"key_1","name":"root","prefix":"lk_ab","scopes":["admin"],"last_used_at":`+at(-time.Hour)+`},
			{"id":"key_2","name":"old","scopes":["tokens:read"],"sandbox":"stage","expires_at":`+at(-time.Hour)+`},
			{"id":"key_3","name":"gone","scopes":["tokens:read"],"revoked_at":`+at(-time.Hour)+`}]}`).
		on("DELETE /keys/key_1", 204, "")
	s := newShell(t, api)
	s.want(0, "lk_new\n", "key key_9 (ci), for tokens:read audit:read; it is shown this once:\n",
		"key", "create", "ci", "--scope", "tokens:read", "--scope", "audit:read", "--sandbox", "stage", "--expires", "90d")
	want := `{"name":"ci","scopes":["tokens:read","audit:read"],"sandbox":"stage","expires_at":"2027-02-19T09:00:00Z"}`
	if got := api.last(t, "POST /keys").Body; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	s.want(0, `NAME  STATUS   SCOPES       SANDBOX  LAST USED   EXPIRES     PREFIX  ID
root  active   admin        -        1 hour ago  -           lk_ab   key_1
old   expired  tokens:read  stage    -           1 hour ago          key_2
gone  revoked  tokens:read  -        -           -                   key_3
`, "", "key", "list")
	s.want(0, "revoked key_1\n", "", "key", "revoke", "key_1")
	if got := s.run("key", "create", "ci", "--scope", "admin", "--json"); !strings.Contains(got.out, `"key": "lk_new"`) {
		t.Errorf("--json lacks the key: %s", got.out)
	}
}

func TestSandboxes(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /sandboxes", 201, `{"id":"sb_1","name":"stage","title":"Staging"}`).
		on("GET /sandboxes", 200, `{"items":[{"id":"sb_1","name":"prod","created_at":`+at(-24*time.Hour)+`}]}`).
		on("DELETE /sandboxes/stage", 204, "")
	s := newShell(t, api)
	s.want(0, "created stage (sb_1)\n", "work in it: --sandbox stage, or LATCHKEY_SANDBOX\n", "sandbox", "create", "stage", "--title", "Staging")
	s.want(0, "NAME  TITLE  CREATED    ID\nprod  -      1 day ago  sb_1\n", "", "sandbox", "list")
	s.want(0, "deleted stage\n", "", "sandbox", "delete", "stage")
}
