package app_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/app"
	"latchkey/internal/provider"
)

var update = flag.Bool("update", false, "rewrite the generated pages")

func load(t *testing.T, yaml string, environ ...string) (*app.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "latchkey.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return app.LoadConfig(path, environ)
}

func TestConfigLayers(t *testing.T) {
	config, err := load(t, `# comment
listen: 0.0.0.0:9000
public_url: https://latchkey.example.com
egress:
  allow: [10.0.0.0/8, idp.corp.example]
  timeout: 10s
callback_urls:
  - https://va7.example.com
refresh: {workers: 4}
`, "LATCHKEY_EGRESS_TIMEOUT=15s", "LATCHKEY_RETURN_URLS=https://a.example, https://b.example", "LATCHKEY_URL=http://client.example", "HOME=/root")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"listen": config.Listen, "public": config.PublicURL, "allow": config.EgressAllow, "timeout": config.EgressTimeout.String(),
		"callbacks": config.CallbackURLs, "workers": config.RefreshWorkers, "return": config.ReturnURLs, "data": config.Data,
	}
	want := map[string]any{
		"listen": "0.0.0.0:9000", "public": "https://latchkey.example.com", "allow": []string{"10.0.0.0/8", "idp.corp.example"},
		"timeout": "15s", "callbacks": []string{"https://va7.example.com"}, "workers": 4,
		"return": []string{"https://a.example", "https://b.example"}, "data": ".latchkey",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		environ    []string
		want       []string
	}{
		{"unknown key", "listn: 127.0.0.1:1\n", nil, []string{"listn", "latchkey.yaml:1:1", "did you mean listen?"}},
		{"unknown nested key", "egress:\n  alow: [10.0.0.0/8]\n", nil, []string{"egress.alow", ":2:3", "egress.allow"}},
		{"wrong type", "refresh:\n  workers: many\n", nil, []string{"refresh.workers", ":2:3", `"many"`}},
		{"list for one", "listen: [a, b]\n", nil, []string{"listen", "one value"}},
		{"bad duration", "egress: {timeout: 30}\n", nil, []string{"egress.timeout", "30s"}},
		{"not YAML", "listen: [\n", nil, []string{"latchkey.yaml"}},
		{"unknown variable", "", []string{"LATCHKEY_LISTN=x"}, []string{"$LATCHKEY_LISTN", "LATCHKEY_LISTEN"}},
		{"bad variable", "", []string{"LATCHKEY_REFRESH_WORKERS=0"}, []string{"refresh.workers", "$LATCHKEY_REFRESH_WORKERS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.yaml, c.environ...)
			if err == nil {
				t.Fatal("LoadConfig accepts it")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestProviderCaps(t *testing.T) {
	config, err := load(t, `
providers:
  rate: 0.5
  hosts:
    Login.example.com: {rate: 20, concurrency: 8}
    id.example.org:8443:
      concurrency: 2
`, "LATCHKEY_PROVIDERS_CONCURRENCY=16")
	if err != nil {
		t.Fatal(err)
	}
	if want := (provider.Limits{Rate: 0.5, Concurrency: 16}); config.Providers != want {
		t.Errorf("caps %+v, want %+v", config.Providers, want)
	}
	want := map[provider.Host]provider.Limits{"login.example.com": {Rate: 20, Concurrency: 8}, "id.example.org:8443": {Concurrency: 2}}
	if diff := cmp.Diff(want, config.ProviderHosts); diff != "" {
		t.Errorf("caps of single providers (-want +got):\n%s", diff)
	}
	config, err = load(t, "", "LATCHKEY_PROVIDERS_HOSTS=login.example.com=20/8,id.example.org:8443=/2,a.example.org=0.5")
	want["a.example.org"] = provider.Limits{Rate: 0.5}
	if diff := cmp.Diff(want, config.ProviderHosts); err != nil || diff != "" {
		t.Errorf("%v; caps from the environment (-want +got):\n%s", err, diff)
	}
}

func TestServeRefusesToStart(t *testing.T) {
	for _, c := range []struct {
		name, yaml string
		want       []string
	}{
		{"no sealing key", "public_url: https://l.example\n", []string{"seal.root_key_file", "latchkey setup"}},
		{"absent sealing key", "public_url: https://l.example\nseal: {root_key_file: /nonexistent/root.key}\n", []string{"/nonexistent/root.key", "latchkey setup"}},
		{"no public URL", "seal: {root_key_file: /k}\n", []string{"public_url"}},
		{"in the clear", "public_url: https://l.example\nlisten: 0.0.0.0:80\nseal: {root_key_file: /k}\n", []string{"tls.cert_file", "trusted_proxies"}},
		{"plain public URL", "public_url: http://l.example\nseal: {root_key_file: /k}\n", []string{"public_url", "https"}},
		{"public URL with a path", "public_url: https://l.example/latchkey\nseal: {root_key_file: /k}\n", []string{"public_url", "has a path", "host"}},
		{"half a certificate", "public_url: https://l.example\nseal: {root_key_file: /k}\ntls: {cert_file: /c}\n", []string{"tls.key_file"}},
		{"no client id", "public_url: https://l.example\nseal: {root_key_file: /k}\noidc: {issuer: https://id.example}\n", []string{"oidc.client_id", "https://l.example/sign-in/provider/callback"}},
		{"no issuer", "public_url: https://l.example\nseal: {root_key_file: /k}\noidc: {client_id: x}\n", []string{"oidc.issuer", "is missing"}},
		{"plain issuer", "public_url: https://l.example\nseal: {root_key_file: /k}\noidc: {issuer: http://id.example, client_id: x}\n", []string{"oidc.issuer", "is not an issuer"}},
		{"discovery document", "public_url: https://l.example\nseal: {root_key_file: /k}\noidc: {issuer: https://id.example/.well-known/openid-configuration, client_id: x}\n", []string{"leave /.well-known/openid-configuration out"}},
		{"bad proxy", "public_url: https://l.example\nseal: {root_key_file: /k}\ntrusted_proxies: [10.0.0.1]\n", []string{"trusted_proxies", "CIDR"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "latchkey.yaml")
			if err := os.WriteFile(path, []byte(c.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err := app.Serve(t.Context(), app.ServeOptions{Config: path, Out: &out, Err: &out})
			if err == nil {
				t.Fatal("Serve starts")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestConfigurationPage(t *testing.T) {
	const path = "../../docs/reference/configuration.md"
	want := app.ConfigurationPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the settings say; run go test ./internal/app -update (-want +got):\n%s", path, diff)
	}
}
