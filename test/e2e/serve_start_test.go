package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// Production refuses to start in words: what is wrong, where it was said, what to do.
func TestServeRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		// before runs on a configuration without the mistake.
		before func(*testing.T, *harness.Installation)
		yaml   []string
		env    []string
		want   []string
	}{
		{name: "no sealing key setting", yaml: []string{"seal: {}"}, want: []string{"seal.root_key_file", "sealing key", "latchkey setup"}},
		{name: "no sealing key file", want: []string{"seal.root_key_file", "root.key", "latchkey setup", "latchkey.yaml:"}},
		{name: "sealing key readable by others", before: func(t *testing.T, i *harness.Installation) {
			i.Setup()
			check(t, os.Chmod(filepath.Join(i.Dir, "root.key"), 0o644))
		}, want: []string{"root.key", "0644", "chmod 600"}},
		{name: "another sealing key", before: func(t *testing.T, i *harness.Installation) {
			i.Setup()
			check(t, os.Remove(filepath.Join(i.Dir, "root.key")))
			foreignKey(t, i)
		}, want: []string{"root.key", "another root key", "hint: "}},
		{name: "expired certificate", before: func(t *testing.T, i *harness.Installation) {
			harness.Certificate(t, i.Dir, time.Now().Add(-time.Hour))
			i.Setup()
		}, yaml: []string{"tls: {cert_file: $DIR/cert.pem, key_file: $DIR/key.pem}"}, want: []string{"tls.cert_file", "ended on", "renew"}},
		{name: "half a certificate", yaml: []string{"tls: {cert_file: $DIR/cert.pem}"}, want: []string{"tls.key_file"}},
		{name: "no such certificate", before: setUp, yaml: []string{"tls: {cert_file: $DIR/cert.pem, key_file: $DIR/key.pem}"},
			want: []string{"tls.cert_file", "cert.pem"}},
		{name: "unknown setting", yaml: []string{"egress:", "  alow: [10.0.0.0/8]"}, want: []string{"egress.alow", "did you mean egress.allow?", "latchkey.yaml:2:"}},
		{name: "unknown variable", env: []string{"LATCHKEY_LISTNE=x"}, want: []string{"$LATCHKEY_LISTNE", "did you mean LATCHKEY_LISTEN?"}},
		{name: "not a duration", yaml: []string{"drain_timeout: soon"}, want: []string{"drain_timeout", `"soon"`, "30s"}},
		{name: "tokens in the clear", yaml: []string{"listen: 0.0.0.0:0"}, want: []string{"tls.cert_file", "trusted_proxies", "0.0.0.0:0"}},
		{name: "plain public URL", yaml: []string{"public_url: http://latchkey.example.com"}, want: []string{"public_url", "https"}},
		{name: "plain callback URL", yaml: []string{"callback_urls: [http://latchkey.example.com]"}, want: []string{"callback_urls", "https"}},
		{name: "not a network", yaml: []string{"trusted_proxies: [10.0.0.1]"}, want: []string{"trusted_proxies", "10.0.0.1", "10.0.0.0/8"}},
		{name: "not an egress rule", before: setUp, yaml: []string{`egress: {allow: ["10.0.0.0/99"]}`}, want: []string{"egress.allow", "10.0.0.0/99", "latchkey.yaml:1"}},
		{name: "not a proxy", before: setUp, yaml: []string{`egress: {proxy: "proxy:8080"}`}, want: []string{"egress.proxy", "http://host:port", "latchkey.yaml:1"}},
		{name: "no such authority", before: setUp, yaml: []string{`egress: {ca_files: [$DIR/none.pem]}`}, want: []string{"egress.ca_files", "none.pem"}},
		{name: "authority without certificate", before: setUp, yaml: []string{`egress: {ca_files: [$DIR/latchkey.yaml]}`}, want: []string{"egress.ca_files", "latchkey.yaml", "certificate"}},
		{name: "not a level", before: setUp, yaml: []string{"log: {level: loud}"}, want: []string{"log.level", `"loud"`, "debug"}},
		{name: "not a format", before: setUp, yaml: []string{"log: {format: xml}"}, want: []string{"log.format", `"xml"`, "json"}},
		{name: "not a return URL", before: setUp, yaml: []string{"return_urls: [app.example.com]"}, want: []string{"return_urls", "app.example.com", "https://"}},
		{name: "not an organization", yaml: []string{"organization: {id: acme}"}, want: []string{"organization.id", "@AdobeOrg"}},
		{name: "not YAML", yaml: []string{"tls: [unclosed"}, want: []string{"latchkey.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := harness.Install(t)
			if c.before != nil {
				c.before(t, i)
			}
			i.Configure(c.yaml...)
			refused(t, i.Run(c.env...), c.want...)
		})
	}
}

// An address in use, and data in use, are told apart, and neither harms the server that is there.
func TestServeBesideAnother(t *testing.T) {
	first := harness.Install(t)
	first.Setup()
	s := first.Start()

	other := harness.Install(t)
	other.Setup()
	other.Configure("listen: " + first.Address)
	refused(t, other.Run(), first.Address, "address already in use", "hint: ")

	pid := fmt.Sprint(s.PID)
	refused(t, first.Run(), pid, "in use by process", "hint: ")
	refused(t, harness.Command(t, "", "setup", "--config", first.Config), pid, "in use by process", "hint: ")
	s.Must(200, "GET", "/api/v1", nil)
}

// A second setup makes a further key and says so; the first one's works on. A lost root key is not replaced.
func TestSetupAgain(t *testing.T) {
	i := harness.Install(t, "organization: {id: 6096892F54B5819E0A4C98A2@AdobeOrg, name: Moviestar}")
	first := harness.Command(t, "", "setup", "--config", i.Config, "--email", "grace@example.com")
	link := regexp.MustCompile(`http://\S+/invitation\?token=\S+`).FindString(first.Stdout)
	refused(t, harness.Command(t, "", "setup", "--config", i.Config, "--email", "grace"), "is not an e-mail address", "hint: write it as")
	says(t, first.Stdout, "Made the root key", "Moviestar", "6096892F54B5819E0A4C98A2@AdobeOrg", "lk_")
	second := harness.Command(t, "", "setup", "--config", i.Config, "--name", "Grace")
	says(t, second.Stdout, "was set up before", "further", "Grace", "lk_")
	if second.Code != 0 || strings.Contains(second.Stdout, "Made the root key") {
		t.Errorf("a second setup ends with %d and says\n%s%s", second.Code, second.Stdout, second.Stderr)
	}
	i.Setup()
	s := i.Start()
	for _, output := range []string{first.Stdout, second.Stdout} {
		s.Must(200, "GET", "/api/v1", nil, "Authorization", "Bearer "+keyIn(t, output))
	}
	// The person whom the first named comes in by the link.
	says(t, accept(t, s, link).page(t, s), "grace@example.com", "Moviestar")
	again := harness.Command(t, "", "user", "list", "--server", s.URL, "--key", keyIn(t, first.Stdout))
	says(t, again.Stdout, "grace@example.com", "system_administrator", "active")
	s.Stop()

	check(t, os.Rename(filepath.Join(i.Dir, "root.key"), filepath.Join(i.Dir, "elsewhere.key")))
	refused(t, harness.Command(t, "", "setup", "--config", i.Config), "root.key", "latchkey.db", "restore")
	if _, err := os.Stat(filepath.Join(i.Dir, "root.key")); err == nil {
		t.Error("setup made a new root key beside data that another one sealed")
	}
}

// Each setting can be given by the file and by the environment, which wins; each is shown with where it came from.
func TestConfigurationSources(t *testing.T) {
	i := harness.Install(t, "log: {level: debug}", "refresh:", "  workers: 3")
	result := harness.CommandEnv(t, []string{"LATCHKEY_REFRESH_WORKERS=5", "LATCHKEY_EGRESS_ALLOW=10.0.0.0/8,idp.corp.example", "LATCHKEY_CONFIG=unused",
		"LATCHKEY_EGRESS_PROXY=http://ada:sup3r-s3cret@proxy.example:3128"},
		"config", "show", "--effective", "--json", "--config", i.Config)
	var shown struct {
		Items []struct{ Setting, Value, Source string }
	}
	if err := json.Unmarshal([]byte(result.Stdout), &shown); err != nil {
		t.Fatalf("%v\n%s%s", err, result.Stdout, result.Stderr)
	}
	got := map[string]string{}
	for _, row := range shown.Items {
		got[row.Setting] = row.Value + " from " + strings.TrimPrefix(row.Source, i.Config)
	}
	for setting, want := range map[string]string{
		"log.level": "debug from :1:7", "refresh.workers": "5 from $LATCHKEY_REFRESH_WORKERS", "drain_timeout": "20s from default",
		"egress.proxy": "http://ada:xxxxx@proxy.example:3128 from $LATCHKEY_EGRESS_PROXY",
		"egress.allow": "10.0.0.0/8, idp.corp.example from $LATCHKEY_EGRESS_ALLOW",
	} {
		if got[setting] != want {
			t.Errorf("%s is shown as %q, want %q", setting, got[setting], want)
		}
	}
	table := harness.Command(t, "", "config", "show", "--config", i.Config).Stdout
	says(t, table, "refresh.workers", "3", "latchkey.yaml:3:3")
	if strings.Contains(table, "drain_timeout") {
		t.Errorf("without --effective a default is shown:\n%s", table)
	}
	i.Setup()
	s := i.Start("LATCHKEY_LOG_LEVEL=warn")
	s.Must(200, "GET", "/api/v1", nil)
	s.Stop()
	if strings.Contains(s.Output(), "level=INFO") || strings.Contains(s.Output(), `"INFO"`) {
		t.Errorf("the environment's log level does not win:\n%s", s.Output())
	}
}

// foreignKey gives an installation the root key of another one.
func foreignKey(t *testing.T, i *harness.Installation) {
	t.Helper()
	other := harness.Install(t)
	other.Setup()
	check(t, os.Rename(filepath.Join(other.Dir, "root.key"), filepath.Join(i.Dir, "root.key")))
}

func setUp(t *testing.T, i *harness.Installation) {
	t.Helper()
	i.Setup()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails unless a command failed with words.
func refused(t *testing.T, result harness.Result, want ...string) {
	t.Helper()
	if result.Code != 1 || result.Stdout != "" {
		t.Errorf("ends with %d, want 1; it prints %q", result.Code, result.Stdout)
	}
	says(t, result.Stderr, want...)
	if strings.Contains(result.Stderr, "goroutine ") {
		t.Errorf("it panics:\n%s", result.Stderr)
	}
}

func says(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

// keyIn finds the API key that a command printed.
func keyIn(t *testing.T, output string) string {
	t.Helper()
	for _, word := range strings.Fields(output) {
		if strings.HasPrefix(word, "lk_") {
			return word
		}
	}
	t.Fatalf("no key in\n%s", output)
	return ""
}
