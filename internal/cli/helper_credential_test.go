package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"latchkey/client"
)

const helped = `{"access_token":"s3cret","token_type":"Bearer","expires_at":"2026-11-21T10:00:00Z","expires_in":3600,"generation":1,"connection":"conn_1"}`

func helper(t *testing.T, input string) (*fakeAPI, *shell) {
	t.Helper()
	api := newFakeAPI(t).on("GET /connections/acme/token", 200, helped)
	s := newShell(t, api)
	s.input = input
	return api, s
}

// TestGitCredential holds that git gets the token for the host that was named over TLS, and nothing for any other.
func TestGitCredential(t *testing.T) {
	ours := []string{"git-credential", "acme", "--host", "git.example.com"}
	ends := fmt.Sprint(now.Unix() + 3600)
	for name, c := range map[string]struct {
		input     string
		args      []string
		out, says string
		code      int
	}{
		"get":              {"protocol=https\nhost=git.example.com\n\n", []string{"get"}, "username=oauth2\npassword=s3cret\npassword_expiry_utc=" + ends + "\n", "", 0},
		"a name is given":  {"protocol=https\nhost=GIT.example.com\nusername=me\n", []string{"get"}, "username=me\npassword=s3cret\npassword_expiry_utc=" + ends + "\n", "", 0},
		"bearer":           {"capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=git.example.com\n\n", []string{"get", "--bearer"}, "capability[]=authtype\nauthtype=Bearer\ncredential=s3cret\npassword_expiry_utc=" + ends + "\n", "", 0},
		"bearer, old git":  {"protocol=https\nhost=git.example.com\n\n", []string{"get", "--bearer"}, "", "git 2.46", 1},
		"another host":     {"protocol=https\nhost=evil.example\n\n", []string{"get"}, "", "", 0},
		"a host that ends": {"protocol=https\nhost=git.example.com.evil.example\n\n", []string{"get"}, "", "", 0},
		"another port":     {"protocol=https\nhost=git.example.com:8443\n\n", []string{"get"}, "", "", 0},
		"without TLS":      {"protocol=http\nhost=git.example.com\n\n", []string{"get"}, "", "without TLS", 0},
		"store":            {"protocol=https\nhost=git.example.com\nusername=x\npassword=y\n\n", []string{"store"}, "", "", 0},
		"nonsense":         {"hello\n", []string{"get"}, "", "NAME=VALUE", 1},
		"no end":           {strings.Repeat("a=b\n", 2000), []string{"get"}, "", "does not end", 1},
	} {
		_, s := helper(t, c.input)
		got := s.run(append(append([]string{}, ours...), c.args...)...)
		if got.code != c.code || got.out != c.out {
			t.Errorf("%s = %d %q, want %d %q", name, got.code, got.out, c.code, c.out)
		}
		contains(t, name, got.err, c.says)
		lacks(t, name, got.err, "s3cret")
	}
	if _, s := helper(t, ""); s.run("git-credential", "acme", "get").code != 2 {
		t.Error("without --host it answers for every host")
	}
}

// TestGitErase holds that a token which the host refused is not given again.
func TestGitErase(t *testing.T) {
	api, s := helper(t, "protocol=https\nhost=git.example.com\nusername=oauth2\npassword=s3cret\n\n")
	if got := s.run("git-credential", "acme", "--host", "git.example.com", "erase"); got.code != 0 || got.out != "" {
		t.Errorf("erase = %+v", got)
	}
	if asked := api.last(t, "GET /connections/acme/token"); asked.Header.Get("If-None-Match") != `"`+client.Hash("s3cret")+`"` {
		t.Errorf("the server was asked with %v", asked.Header)
	}
}

// TestDockerCredential holds the protocol of docker-credential-helpers: what comes in, what goes out, and the words for "none".
func TestDockerCredential(t *testing.T) {
	for name, c := range map[string]struct {
		input, verb, out string
		code             int
	}{
		"a host":       {"registry.example.com\n", "get", `{"ServerURL":"registry.example.com","Username":"oauth2accesstoken","Secret":"s3cret"}` + "\n", 0},
		"a URL":        {"https://registry.example.com/v2/", "get", `{"ServerURL":"https://registry.example.com/v2/","Username":"oauth2accesstoken","Secret":"s3cret"}` + "\n", 0},
		"another":      {"evil.example", "get", "credentials not found in native keychain\n", 1},
		"a name in it": {"https://registry.example.com@evil.example/", "get", "credentials not found in native keychain\n", 1},
		"without TLS":  {"http://registry.example.com", "get", "credentials not found in native keychain\n", 1},
		"list":         {"", "list", `{"registry.example.com":"oauth2accesstoken"}` + "\n", 0},
		"erase":        {"registry.example.com", "erase", "", 0},
		"store":        {`{"ServerURL":"registry.example.com","Username":"a","Secret":"b"}`, "store", "latchkey gives the password of registry.example.com, from the connection acme: there is nothing to log in to\n", 1},
		"nonsense":     {"", "help-me", `"help-me" is none of get, list, store, erase` + "\n", 2},
	} {
		_, s := helper(t, c.input)
		got := s.run("docker-credential", "acme", "--host", "registry.example.com", c.verb)
		if got.code != c.code || got.out != c.out {
			t.Errorf("%s = %d %q, want %d %q", name, got.code, got.out, c.code, c.out)
		}
		lacks(t, name, got.err, "s3cret")
	}
}

// TestDockerHelperRefused holds that no file of somebody else is written over, and no path is made of a name.
func TestDockerHelperRefused(t *testing.T) {
	_, s := helper(t, "")
	s.file("bin/docker-credential-latchkey-acme", "#!/bin/sh\n# somebody else's\n")
	if got := s.run("docker-credential", "acme", "--host", "registry.example.com", "--install", "bin"); got.code != 1 || !strings.Contains(got.err, "another file of that name") {
		t.Errorf("over somebody else's file = %+v", got)
	}
	if got := s.run("docker-credential", "acme/../../x", "--host", "registry.example.com", "--install", "bin"); got.code != 2 {
		t.Errorf("a name that is a path = %+v", got)
	}
}

// TestSidecarCommand starts one on a socket, asks it, and ends it: it says what it serves, and takes its socket along.
func TestSidecarCommand(t *testing.T) {
	api := newFakeAPI(t).on("GET /connections/acme/token?min_ttl=60", 200, helped)
	s := newShell(t, api)
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"for the whole network": {[]string{"sidecar", "acme", "--listen", "0.0.0.0:0"}, "this machine alone", 2},
		"no port":               {[]string{"sidecar", "acme", "--listen", "127.0.0.1"}, "HOST:PORT", 2},
		"no connection":         {[]string{"sidecar"}, "CONNECTION is missing", 2},
		"a wrong name":          {[]string{"sidecar", "nobody", "--listen", "127.0.0.1:0"}, "these are there: latchkey connection list", 1},
		"a key in the open":     {[]string{"sidecar", "acme", "--local-key", "k3y"}, "@FILE", 2},
		"a file in the way":     {[]string{"sidecar", "acme", "--listen", "unix:" + s.file("there", "text")}, "there is a file of that name", 1},
	} {
		if got := s.run(c.args...); got.code != c.code || !strings.Contains(got.err, c.says) {
			t.Errorf("%s = %+v", name, got)
		}
	}
	address, stop := s.begin("sidecar", "acme", "--listen", "127.0.0.1:0", "--local-key", "@"+s.file("key", "k3y\n"), "--cache", "tokens")
	for given, status := range map[string]int{"k3y": 200, "other": 401} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1/connections/acme/token", nil)
		r.Header.Set("Authorization", "Bearer "+given)
		if answer, err := http.DefaultClient.Do(r); err != nil || answer.StatusCode != status {
			t.Errorf("with the key %s: %v, %v", given, answer, err)
		} else {
			_ = answer.Body.Close()
		}
	}
	if got := stop(); got.code != 0 || !strings.Contains(got.err, "acme: a token until 2026-11-21T10:00:00Z") {
		t.Errorf("sidecar = %+v", got)
	}
	if text, err := os.ReadFile("tokens"); err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("the cache holds %q, %v", text, err)
	}
	address, stop = s.begin("sidecar", "acme", "--listen", "unix:socket")
	if info, err := os.Stat("socket"); err != nil || info.Mode().Perm() != 0o600 || address != "unix:socket" {
		t.Errorf("the socket %s is %v, %v", address, info, err)
	}
	if got := s.run("sidecar", "acme", "--listen", "unix:socket"); got.code != 1 || !strings.Contains(got.err, "another one does") {
		t.Errorf("a second one = %+v", got)
	}
	stop()
	if _, err := os.Stat("socket"); !os.IsNotExist(err) {
		t.Errorf("the socket has outlived the sidecar: %v", err)
	}
}
