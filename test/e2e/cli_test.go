package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// line is one command against a server, and what is expected of it: parts of what it prints, or with "!" what it must
// not print.
type line struct {
	args   string
	input  string
	code   int
	stdout []string
	stderr []string
}

// play runs the lines in their order. "$DIR" in an argument is the folder of the test's files.
func play(t *testing.T, s *harness.Server, dir string, lines []line) {
	t.Helper()
	for _, l := range lines {
		args := strings.Fields(strings.ReplaceAll(l.args, "$DIR", dir))
		got := s.RunInput(l.input, args...)
		if got.Code != l.code {
			t.Errorf("$ latchkey %s\nends with %d, want %d\n%s%s", l.args, got.Code, l.code, got.Stdout, got.Stderr)
			continue
		}
		for name, stream := range map[string]struct {
			text string
			want []string
		}{"standard output": {got.Stdout, l.stdout}, "standard error": {got.Stderr, l.stderr}} {
			for _, want := range stream.want {
				absent, not := strings.CutPrefix(want, "!")
				if found := strings.Contains(stream.text, strings.ReplaceAll(absent, "$DIR", dir)); found == not {
					t.Errorf("$ latchkey %s\n%s: %q found is %v\n%s", l.args, name, absent, found, stream.text)
				}
			}
			if stream.want == nil && stream.text != "" && l.code == 0 && name == "standard error" {
				t.Errorf("$ latchkey %s\nstandard error is not empty:\n%s", l.args, stream.text)
			}
		}
		if strings.Contains(strings.Join(args, " "), "--json") && l.code == 0 && got.Stdout != "" && !json.Valid([]byte(got.Stdout)) {
			t.Errorf("$ latchkey %s\nis not JSON:\n%s", l.args, got.Stdout)
		}
	}
}

// files writes named texts into a folder.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

const ccFile = `{
  "name": "cli-cc",
  "authentication": {
    "authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "accessTokenUrl": "https://api.moviestar.com/OAuth/access_token",
    "clientId": "acme", "clientSecret": "acme-secret-1"
  }
}
`

func TestDefinitionCommands(t *testing.T) {
	s := harness.Dev(t)
	dir := files(t, map[string]string{
		"cc.json":         ccFile,
		"cc2.json":        strings.Replace(ccFile, `"clientId"`, `"scope": ["read"], "clientId"`, 1),
		"unfinished.json": "{\n  \"name\": \"unfinished\",\n  \"authentication\": {\n    \"authType\": \"OAUTH2\", \"grant\": \"OAUTH2_CLIENT_CREDENTIALS\",\n    \"accessTokenUrl\": \"https://api.moviestar.com/{{ authData.tenant }}\",\n    \"clientSecret\": \"sup3r-s3cret\"\n  }\n}\n",
		"broken.json":     "{\n  \"name\": \"broken\",\n  \"authentication\": {\"authType\": OAUTH2}\n}\n",
		"wrong.json":      strings.Replace(ccFile, `"OAUTH2_CLIENT_CREDENTIALS"`, `"CLIENT_CREDENTIALS"`, 1),
		"entry.json":      `{"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "accessTokenUrl": "https://{{ authData.account }}.yourdestination.com/token", "clientId": "c", "clientSecret": "x", "authenticationDataFields": [{"name": "account", "title": "Account", "type": "string", "pattern": "[a-z]+", "isRequired": true, "source": "CUSTOMER"}]}`,
	})
	play(t, s, dir, []line{
		{args: "definition apply $DIR/cc.json", stdout: []string{"stored cli-cc: revision 1 (def_"}, stderr: []string{"publish it: latchkey definition publish cli-cc"}},
		{args: "definition apply $DIR/cc.json", stdout: []string{"unchanged cli-cc: revision 1 (def_"}, stderr: []string{"publish it"}},
		{args: "definition publish cli-cc", stdout: []string{"published", "cli-cc", "revision 1"}, stderr: []string{"latchkey connection create cli-cc"}},
		{args: "definition apply $DIR/cc2.json", stdout: []string{"updated cli-cc: revision 2 (def_"}, stderr: []string{"publish it"}},
		{args: "definition apply $DIR/cc2.json --publish --json", stdout: []string{`"status": "published"`, `"published_revision": 2`, "********", "!acme-secret-1"}},
		{args: "definition apply $DIR/cc2.json --publish", stdout: []string{"unchanged cli-cc: revision 2"}, stderr: []string{"latchkey connection create cli-cc"}},
		{args: "definition apply - --name from-stdin", input: ccFile, stdout: []string{"stored from-stdin: revision 1"}, stderr: []string{"publish it"}},
		{args: "definition apply $DIR/entry.json", stdout: []string{"stored entry: revision 1"}, stderr: []string{"publish it"}},
		{args: "definition apply $DIR/broken.json", code: 1, stderr: []string{"$DIR/broken.json:3:34"}},
		{args: "definition apply $DIR/wrong.json", code: 1, stderr: []string{"$DIR/wrong.json:4:36", "OAUTH2_CLIENT_CREDENTIALS", "/authentication/grant"}},
		{args: "definition apply $DIR/none.json", code: 1, stderr: []string{"none.json"}},
		{args: "definition apply", code: 2, stderr: []string{"FILE"}},
		{args: "definition aply x", code: 2, stderr: []string{"apply"}},
		{args: "definition apply $DIR/unfinished.json", stdout: []string{"stored unfinished"}, stderr: []string{"$DIR/unfinished.json:5:", "authData.tenant", "!sup3r-s3cret"}},
		{args: "definition apply $DIR/unfinished.json --publish", code: 1, stderr: []string{"not published", "$DIR/unfinished.json:5:", "tenant", "/authentication/clientId", "!sup3r-s3cret"}},
		{args: "definition publish unfinished", code: 1, stderr: []string{"/authentication/accessTokenUrl", "/authentication/clientId"}},
		{args: "definition publish unfinished --json", code: 1, stderr: []string{`"status": 422`, `"pointer": "/authentication/clientId"`}},
		{args: "definition lint unfinished", code: 1, stdout: []string{"/authentication/clientId"}, stderr: []string{}},
		{args: "definition lint $DIR/unfinished.json", code: 1, stdout: []string{"$DIR/unfinished.json:5:"}, stderr: []string{}},
		{args: "definition lint $DIR/cc.json", stderr: []string{}},
		{args: "definition explain cli-cc", stdout: []string{"POST https://api.moviestar.com/OAuth/access_token", "grant_type=client_credentials", "scope=read", "********", "!acme-secret-1"}, stderr: []string{}},
		{args: "definition explain $DIR/entry.json --field account=zoe", stdout: []string{"https://zoe.yourdestination.com/token"}, stderr: []string{}},
		{args: "definition explain entry --field acount=zoe", code: 1, stderr: []string{`did you mean "account"?`}},
		{args: "definition prompts entry", stdout: []string{"account", "Account", "yes"}},
		{args: "definition show cli-cc", stdout: []string{"revision", "2", "published", "\"scope\": [\n    \"read\"\n  ]", "!acme-secret-1"}, stderr: []string{}},
		{args: "definition show cli-cc --revision 1", stdout: []string{`!"scope"`, "********"}, stderr: []string{}},
		{args: "definition show cli-cc --revision 9", code: 1, stderr: []string{"no revision of that number"}},
		{args: "definition show clicc", code: 1, stderr: []string{"no definition", "latchkey definition list"}},
		{args: "definition list", stdout: []string{"NAME", "cli-cc", "published", "unfinished", "draft"}},
		{args: "definition list --json", stdout: []string{`"name"`}},
		{args: "connection create cli-cc --label keeps-it", stdout: []string{"connected keeps-it (conn_", "expires in"}, stderr: []string{"latchkey token keeps-it"}},
		{args: "definition delete cli-cc --yes", code: 1, stderr: []string{"1 connection"}},
		{args: "definition delete cli-cc --yes --json", code: 1, stderr: []string{`"status": 409`}},
		{args: "connection delete keeps-it --yes", stdout: []string{"deleted keeps-it"}},
		{args: "definition delete cli-cc", stdout: []string{"deleted cli-cc"}},
		{args: "definition show cli-cc", code: 1, stderr: []string{"no definition"}},
	})
}

func TestTokenCommand(t *testing.T) {
	s := harness.Dev(t)
	held := token(t, s, "sample-client-credentials")
	value := held["access_token"].(string)
	hash := strings.Trim(s.Must(200, "GET", "/api/v1/connections/sample-client-credentials/token", nil).Header.Get("ETag"), `"`)
	play(t, s, "", []line{
		{args: "token sample-client-credentials", stdout: []string{value + "\n"}},
		{args: "token sample-client-credentials --header", stdout: []string{"Authorization: Bearer " + value + "\n"}},
		{args: "token sample-client-credentials --json", stdout: []string{`"access_token": "` + value, `"expires_in"`, `"generation": 1`}},
		{args: "token sample-client-credentials --min-ttl 1m", stdout: []string{value}},
		{args: "token sample-client-credentials --min-ttl soon", code: 2, stderr: []string{"--min-ttl"}},
		{args: "token sample-client-credentials --rejected " + value, code: 2, stderr: []string{"hash"}},
		{args: "token sample-client-credentials --rejected " + hash + " --json", stdout: []string{`"generation": 2`, "!" + value}},
		{args: "token nothing", code: 1, stderr: []string{"no connection", "latchkey connection list"}},
		{args: "token nothing --json", code: 1, stderr: []string{`"status": 404`}},
		{args: "token sample-authorization-code", code: 1, stderr: []string{"latchkey connection"}},
		{args: "token", code: 2, stderr: []string{"CONNECTION"}},
		{args: "token sample-password --server http://127.0.0.1:1", code: 1, stderr: []string{"no key for http://127.0.0.1:1"}},
	})
}

func TestKeyAndSandboxCommands(t *testing.T) {
	s := harness.Dev(t)
	dir := files(t, map[string]string{"cc.json": ccFile})
	play(t, s, dir, []line{
		{args: "sandbox create stage --title Staging", stdout: []string{"created stage"}, stderr: []string{"--sandbox stage"}},
		{args: "sandbox create stage", code: 1, stderr: []string{"sandbox of that name"}},
		{args: "sandbox list", stdout: []string{"prod", "stage", "Staging"}},
		{args: "definition apply $DIR/cc.json --publish --sandbox stage", stdout: []string{"stored cli-cc"}, stderr: []string{"latchkey connection create"}},
		{args: "connection create cli-cc --label staged --sandbox stage", stdout: []string{"connected staged"}, stderr: []string{"latchkey token"}},
		{args: "token staged", code: 1, stderr: []string{"no connection"}},
		{args: "token staged --sandbox stage", stdout: []string{"\n"}},
		{args: "token staged --sandbox nowhere", code: 1, stderr: []string{"no sandbox", "latchkey sandbox list"}},
		{args: "connection list --sandbox nowhere", code: 1, stderr: []string{"no sandbox", "latchkey sandbox list"}},
		{args: "sandbox delete stage --yes", code: 1, stderr: []string{"delete them first"}},
		{args: "key create x --scope tokens:raed", code: 2, stderr: []string{"tokens:read"}},
		{args: "key create x", code: 2, stderr: []string{"--scope"}},
		{args: "key create x --scope tokens:read --expires yesterday", code: 2, stderr: []string{"--expires"}},
	})
	bound := s.Run("key", "create", "bound", "--scope", "tokens:read", "--scope", "connections:read", "--sandbox", "stage", "--json")
	var key struct{ ID, Key string }
	if err := json.Unmarshal([]byte(bound.Stdout), &key); err != nil || bound.Code != 0 {
		t.Fatalf("%v\n%s%s", err, bound.Stdout, bound.Stderr)
	}
	for path, status := range map[string]int{"connections?sandbox=prod": 403, "connections/sample-password/token?sandbox=prod": 403, "connections": 200, "connections?sandbox=nowhere": 403} {
		if got := s.Call("GET", "/api/v1/"+path, nil, "Authorization", "Bearer "+key.Key).Status; got != status {
			t.Errorf("with a key bound to stage, %s answers %d, want %d", path, got, status)
		}
	}
	keyDir := files(t, map[string]string{"bound.key": key.Key + "\n"})
	play(t, s, keyDir, []line{
		{args: "key list", stdout: []string{"bound", "stage", "tokens:read", "active", "!" + key.Key}},
		{args: "token staged --key @$DIR/bound.key", stdout: []string{"\n"}}, // its sandbox is its default
		{args: "connection list --key @$DIR/bound.key", stdout: []string{"staged", "!sample-password"}},
		{args: "token sample-password --key @$DIR/bound.key", code: 1, stderr: []string{"no connection"}},
		{args: "token sample-password --sandbox prod --key @$DIR/bound.key", code: 1, stderr: []string{"another sandbox", "!access_token"}},
		{args: "connection delete staged --yes --key @$DIR/bound.key", code: 1, stderr: []string{"connections:write"}},
		{args: "key revoke " + key.ID, stdout: []string{"revoked " + key.ID}},
		{args: "token staged --key @$DIR/bound.key", code: 1, stderr: []string{"revoked"}},
		{args: "key list", stdout: []string{"revoked"}},
		{args: "key revoke key_unknown", code: 1, stderr: []string{"no sandbox, key"}},
		{args: "connection delete staged --yes --sandbox stage", stdout: []string{"deleted staged"}},
		{args: "definition delete cli-cc --yes --sandbox stage", stdout: []string{"deleted cli-cc"}},
		{args: "sandbox delete stage --yes", stdout: []string{"deleted stage"}},
		{args: "sandbox delete prod --yes", code: 1, stderr: []string{"prod"}},
	})
}

func TestOfflineCommands(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"version", 0, "latchkey"}, {"completion bash", 0, "latchkey"}, {"completion zsh", 0, "#compdef"}, {"completion fish", 0, "complete"},
		{"completion tcsh", 2, "bash"}, {"tokn x", 2, "token"}, {"--help", 0, "Run a server:"}, {"connection create --help", 0, "latchkey connection create moviestar"},
		{"token x", 1, "latchkey dev"}, {"token x --json", 1, `"hint": "start one`}, {"connection list --bogus", 2, "--bogus"},
		{"dev --listen nowhere", 1, "nowhere"}, {"serve --config /none.yaml", 1, "/none.yaml"},
	} {
		command := append([]string{}, strings.Fields(c.args)...)
		if strings.HasPrefix(c.args, "dev") || strings.HasPrefix(c.args, "token") {
			command = append(command, "--data", t.TempDir())
		}
		got := harness.Command(t, "", command...)
		if got.Code != c.code || !strings.Contains(got.Stdout+got.Stderr, c.want) {
			t.Errorf("$ latchkey %s\nends with %d, want %d and %q\n%s%s", c.args, got.Code, c.code, c.want, got.Stdout, got.Stderr)
		}
		if c.code != 0 && got.Stdout != "" {
			t.Errorf("$ latchkey %s\nfails and prints to standard output: %s", c.args, got.Stdout)
		}
	}
	s := harness.Dev(t)
	got := s.Run("__complete", "token", "sample-")
	if !regexp.MustCompile(`(?m)^sample-password\b`).MatchString(got.Stdout) {
		t.Errorf("completion of connections gives\n%s%s", got.Stdout, got.Stderr)
	}
}
