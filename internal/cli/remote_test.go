package cli_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

const noServer = `hint: start one with "latchkey dev", or set LATCHKEY_URL and LATCHKEY_KEY` + "\n"

func devJSON(url, rest string) string {
	return fmt.Sprintf(`{"url":%q,"admin_key":"lk_admin","pid":7%s}`, url, rest)
}

func TestServerIsFound(t *testing.T) {
	api := newFakeAPI(t).on("GET /sandboxes", 200, `{"items":[]}`)
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		key  string
	}{
		{"dev.json of the default directory", nil, nil, "lk_admin"},
		{"dev.json of --data", nil, []string{"--data", "elsewhere"}, "lk_admin"},
		{"dev.json of LATCHKEY_DATA", map[string]string{"LATCHKEY_DATA": "elsewhere"}, nil, "lk_admin"},
		{"key from the environment", map[string]string{"LATCHKEY_KEY": "lk_env"}, nil, "lk_env"},
		{"key from a file", nil, []string{"--key", "@key.txt"}, "lk_file"},
		{"key from standard input", nil, []string{"--key", "-"}, "lk_stdin"},
		{"same server named", nil, []string{"--server", api.URL + "/"}, "lk_admin"},
	} {
		s := newShell(t, nil)
		s.file(".latchkey/dev.json", devJSON(api.URL, ""))
		s.file("elsewhere/dev.json", devJSON(api.URL, ""))
		s.file("key.txt", "lk_file\n")
		s.input = "lk_stdin\n"
		s.env["LATCHKEY_SANDBOX"] = "stage"
		for name, value := range c.env {
			s.env[name] = value
		}
		got := s.run(append([]string{"sandbox", "list"}, c.args...)...)
		if got.code != 0 || strings.Contains(got.err, "warning") {
			t.Errorf("%s: = %d %s", c.name, got.code, got.err)
		}
		seen := api.last(t, "GET /sandboxes").Header
		if seen.Get("Authorization") != "Bearer "+c.key || seen.Get("X-Sandbox-Name") != "stage" {
			t.Errorf("%s: key %q, sandbox %q", c.name, seen.Get("Authorization"), seen.Get("X-Sandbox-Name"))
		}
		if agent := seen.Get("User-Agent"); agent != "latchkey-cli/1.2.3 latchkey-client" {
			t.Errorf("User-Agent %q", agent)
		}
	}
}

func TestAdministratorsKeyStaysAtHome(t *testing.T) {
	other := newFakeAPI(t)
	s := newShell(t, nil)
	s.file(".latchkey/dev.json", devJSON("http://127.0.0.1:1", ""))
	s.want(1, "", "latchkey: there is no key for "+other.URL+"\nhint: pass one with --key @FILE or set LATCHKEY_KEY\n",
		"sandbox", "list", "--server", other.URL)
	if len(other.lines()) != 0 {
		t.Error("another server than dev.json's was called with its key")
	}
}

func TestKeyOnTheCommandLineIsWarnedOf(t *testing.T) {
	api := newFakeAPI(t).on("GET /sandboxes", 200, `{"items":[]}`)
	s := newShell(t, api)
	got := s.run("sandbox", "list", "--key", "lk_plain")
	contains(t, "stderr", got.err, "latchkey: warning: --key on the command line shows in the process list")
	lacks(t, "stderr", got.err, "lk_plain")
	if key := api.last(t, "GET /sandboxes").Header.Get("Authorization"); key != "Bearer lk_plain" {
		t.Errorf("Authorization %q", key)
	}
}

func TestNoServer(t *testing.T) {
	s := newShell(t, nil)
	s.want(1, "", "latchkey: no server is named and .latchkey/dev.json does not exist\n"+noServer, "token", "acme")
	s.file(".latchkey/dev.json", `{"url":""}`)
	s.want(1, "", "latchkey: .latchkey/dev.json does not hold a server's address\n"+noServer, "token", "acme")
	s.file(".latchkey/dev.json", devJSON("http://127.0.0.1:1", ""))
	got := s.run("token", "acme")
	contains(t, "stderr", got.err, "latchkey: the server of .latchkey/dev.json does not answer at http://127.0.0.1:1: ", noServer)
	s.env["LATCHKEY_URL"], s.env["LATCHKEY_KEY"] = "http://127.0.0.1:2", "lk_x"
	got = s.run("token", "acme")
	contains(t, "stderr", got.err, "latchkey: no answer from http://127.0.0.1:2: ", "hint: is the server running, and its URL right?")
	lacks(t, "stderr", got.err, "lk_x")
}

func TestOwnAuthorityIsTrusted(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"items":[]}`))
	}))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	s := newShell(t, nil)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	s.file(".latchkey/ca.pem", string(authority))
	s.file(".latchkey/dev.json", devJSON(server.URL, `,"ca_file":"ca.pem"`))
	s.want(0, "", "no sandboxes; make one: latchkey sandbox create NAME\n", "sandbox", "list")
	if err := os.Remove(".latchkey/ca.pem"); err != nil {
		t.Fatal(err)
	}
	got := s.run("sandbox", "list")
	contains(t, "stderr", got.err, "reading the dev server's authority")
}

func TestErrorsOfTheAPI(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /connections/acme/refresh", 401, `{"title":"Unauthorized","detail":"the key is not known","status":401}`).
		on("POST /connections/acme/enable", 403, `{"title":"Forbidden","detail":"the key key_1 lacks the scope \"connections:write\"","status":403}`).
		on("POST /connections/down/refresh", 424, `{"title":"Provider down","detail":"the provider could not be reached","failure":{"kind":"provider_down","endpoint":"api.moviestar.com/token"}}`).
		on("POST /connections/bad/refresh", 500, `{"title":"Internal error","status":500,"request_id":"req_9"}`)
	s := newShell(t, api)
	s.want(1, "", "latchkey: the key is not known\nhint: the key comes from LATCHKEY_KEY; pass another with --key @FILE or LATCHKEY_KEY\n",
		"connection", "refresh", "acme")
	s.want(1, "", "latchkey: the key key_1 lacks the scope \"connections:write\"\n"+
		"hint: an administrator makes keys with more rights: latchkey key create NAME --scope SCOPE\n", "connection", "enable", "acme")
	s.want(1, "", "latchkey: there is no such thing\nhint: these are there: latchkey connection list\n", "connection", "show", "nobody")
	s.want(1, "", "latchkey: there is no such thing\nhint: these are there: latchkey connection list\n", "token", "nobody")
	s.want(1, "", "latchkey: the provider could not be reached\n  api.moviestar.com/token answered: provider_down\n"+
		"hint: the provider could not be reached or failed; the same call may work later\n", "connection", "refresh", "down")
	s.want(1, "", "latchkey: Internal error\n  the server's log has it as req_9\n", "connection", "refresh", "bad")
	s.want(1, "", "{\n  \"title\": \"Internal error\",\n  \"status\": 500,\n  \"request_id\": \"req_9\"\n}\n",
		"connection", "refresh", "bad", "--json")
}
