package cli_test

import (
	"strings"
	"testing"
)

const refusal = `{"id":"dec_01","credential":"4001","client_id":"e053","error":"invalid_token","error_description":"The JWT has expired.",
	"reasons":[{"name":"server_clock","value":"1795770000"},{"name":"delta","value":"-1h0m0s"},{"name":"fix","value":"x"}],"advice":"Sign a JWT for each exchange.","grant":"exchange_jwt",
	"path":"/ims/exchange/jwt","from":"192.0.2.7","user_agent":"curl/8","count":12,"first_at":"2026-11-21T08:58:30Z","last_at":"2026-11-21T08:59:00Z","debug_ids":["one","two"]}`

// TestCredentialDecisions lists refusals, and explains one by the debug id of its answer.
func TestCredentialDecisions(t *testing.T) {
	other := strings.Replace(strings.Replace(refusal, `"192.0.2.7"`, `null`, 1), `["one","two"]`, `[]`, 1)
	api := newFakeAPI(t).
		on("GET /credentials/target/decisions", 200, `{"items":[`+refusal+`,`+other+`],"limit":50}`).
		on("GET /credentials/quiet/decisions", 200, `{"items":[],"limit":50}`).
		on("GET /decisions?debug_id=two", 200, `{"items":[`+refusal+`],"limit":50}`).
		on("GET /decisions?debug_id=what", 200, `{"items":[],"limit":50}`)
	s := newShell(t, api)
	got := s.run("credential", "decisions", "target")
	contains(t, "stdout", got.out, "12     invalid_token  The JWT has expired.", "192.0.2.7    two", "many places  -")
	contains(t, "stderr", got.err, "latchkey credential explain DEBUG_ID")
	if got := s.run("credential", "decisions", "target", "--limit", "1", "--json"); strings.Count(got.out, `"dec_01"`) != 1 || got.err != "" {
		t.Errorf("one of them = %+v", got)
	}
	contains(t, "stderr", s.run("credential", "decisions", "quiet").err, "no token was refused")
	s.want(2, "", "latchkey: --limit is how many to list, 1 at least\nhint: see \"latchkey credential decisions --help\"\n", "credential", "decisions", "target", "--limit", "0")
	got = s.run("credential", "explain", "two")
	contains(t, "stdout", got.out, "invalid_token: The JWT has expired.\n", "12 times since", "192.0.2.7 curl/8", "server clock  1795770000", "delta")
	contains(t, "stderr", got.err, "what to do: Sign a JWT for each exchange.")
	if strings.Contains(got.out, "fix") {
		t.Errorf("the advice is told twice: %s", got.out)
	}
	contains(t, "json", s.run("credential", "explain", "two", "--json").out, `"id": "dec_01"`)
	got = s.run("credential", "explain", "what")
	if got.code != 1 {
		t.Errorf("an unknown debug id ends with %d", got.code)
	}
	contains(t, "stderr", got.err, `nothing is known of the debug id "what"`, "hint: it may be older than 7 days")
}
