package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/harness"
)

// provider is a token endpoint outside of Latchkey, over TLS, on a loopback address.
type provider struct {
	*httptest.Server
	asked atomic.Int64
	delay atomic.Int64 // nanoseconds before each answer
	began chan struct{}
}

// newProvider starts one and writes its authority into dir as provider.pem.
func newProvider(t *testing.T, dir string) *provider {
	t.Helper()
	p := &provider{began: make(chan struct{}, 100)}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := p.asked.Add(1)
		p.began <- struct{}{}
		time.Sleep(time.Duration(p.delay.Load()))
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, n)
	}))
	t.Cleanup(p.Close)
	harness.WritePEM(t, filepath.Join(dir, "provider.pem"), "CERTIFICATE", p.Certificate().Raw)
	return p
}

// allowed is the configuration that lets a server reach the provider.
func (p *provider) allowed() string {
	return "egress: {allow: [\"" + p.Listener.Addr().String() + "\"], ca_files: [$DIR/provider.pem]}"
}

// clientCredentials is a definition of that provider.
func (p *provider) clientCredentials(name string) map[string]any {
	return map[string]any{"name": name, "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "c", "clientSecret": "sup3r-s3cret", "accessTokenUrl": p.URL + "/token"}}
}

func (p *provider) authorizationCode(name string) map[string]any {
	return map[string]any{"name": name, "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "clientId": "c", "clientSecret": "sup3r-s3cret",
		"authorizationUrl": "https://idp.example.com/authorize", "accessTokenUrl": p.URL + "/token", "refreshTokenUrl": p.URL + "/token"}}
}
