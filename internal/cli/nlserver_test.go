package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// campaignFolder makes a folder with the instance prod.
func campaignFolder(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "conf")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config-prod.xml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The configured client id is looked up where a server can be asked, and printed where none can.
func TestNlserverFindsTheProject(t *testing.T) {
	const client = "0123456789abcdef0123456789abcdef"
	file := `<serverconf><shared><ims authIMSTAClientId="` + client + `"/></shared></serverconf>`
	api := newFakeAPI(t).
		on("GET /credentials/"+client, 200, `{"id":"1","name":"acme","kind":"service_account_jwt","project":"2","workspace":"3","services":[{"service":"AdobeAnalyticsSDK"}]}`).
		on("GET /projects/2", 200, `{"id":"2","name":"Campaign"}`)
	args := []string{"nlserver", "config", "-instance:prod", "--client-id", "--conf", campaignFolder(t, file)}
	got := newShell(t, api).run(args...)
	for _, want := range []string{client + "\n", "from        config-prod.xml:1\n", "project     Campaign\n", "credential  acme service_account_jwt\n", "services    AdobeAnalyticsSDK\n"} {
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("%d %s%s lacks %q", got.code, got.out, got.err, want)
		}
	}
	if got := newShell(t, newFakeAPI(t)).run(args...); got.code != 0 || !strings.HasPrefix(got.out, client+"\n") || !strings.Contains(got.err, "knows no credential of this client id") {
		t.Errorf("%d %s%s", got.code, got.out, got.err)
	}
	if got := newShell(t, nil).run(args...); got.code != 0 || !strings.HasPrefix(got.out, client+"\n") || !strings.Contains(got.err, "there is no server to ask") {
		t.Errorf("%d %s%s", got.code, got.out, got.err)
	}
}

func TestNlserverUsage(t *testing.T) {
	s := newShell(t, nil)
	const see = `see "latchkey nlserver config --help"`
	for _, c := range []struct{ args, text, hint string }{
		{"config", "there is nothing to do: -setimsjwtauth:, -setimsoauth:, --set, --unset, --pipelined-auth, -reload, --effective or --client-id", see},
		{"config -setimsoauth:a/b/c -setimsjwtauth:a/b/c", "-setimsjwtauth, -setimsoauth and -setimsauth do not go together", see},
		{"config -setimsoauth:a/b/c --private-key @k", "OAuth server-to-server has no private key: --private-key, --passphrase and --certificate go with -setimsjwtauth", see},
		{"config -reload --dry-run", "--dry-run and -reload do not go together", see},
		{"config --effective --secret @s", "--secret, --private-key, --passphrase and --certificate go with -setimsjwtauth or -setimsoauth", see},
		{"start", "pipelined@INSTANCE is missing", `see "latchkey nlserver start --help"`},
		{"stat pipelined@prod", `unknown command "latchkey nlserver stat"`, `did you mean "latchkey nlserver start"?`},
		{"config -instanc:prod", "unknown flag --instanc", "did you mean --instance?"},
	} {
		s.want(2, "", "latchkey: "+c.text+"\nhint: "+c.hint+"\n", append([]string{"nlserver"}, strings.Fields(c.args)...)...)
	}
}

// Whatever works with an instance says where its files may be, when they are not where it looked.
func TestInstancesElsewhere(t *testing.T) {
	dir := campaignFolder(t, `<serverconf/>`)
	for _, c := range []struct{ args, hint string }{
		{"pipeline dead-letters list prod --conf " + dir + "/none", "name the folder: --conf DIR, or NLSERVER_CONF"},
		{"pipeline dead-letters list stage --conf " + dir, "these are there: prod"},
		{"nlserver config -instance:stage --effective --conf " + dir, "these are there: prod"},
	} {
		got := newShell(t, nil).run(strings.Fields(c.args)...)
		if got.code != 1 || !strings.Contains(got.err, "\nhint: "+c.hint+"\n") {
			t.Errorf("%s: %d %s%s, want the hint %q", c.args, got.code, got.out, got.err, c.hint)
		}
	}
}
