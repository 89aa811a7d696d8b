package exchange_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// got is a request as the provider saw it.
type got struct {
	method, host, path, query string
	header                    http.Header
	body                      string
}

func (g got) url() string {
	if g.query == "" {
		return "https://" + g.host + g.path
	}
	return "https://" + g.host + g.path + "?" + g.query
}

func (g got) form(t *testing.T) url.Values {
	t.Helper()
	values, err := url.ParseQuery(g.body)
	if err != nil {
		t.Fatalf("the body %q is no form: %v", g.body, err)
	}
	return values
}

// provider is a token service on a real socket that answers for every host of the hosts below.
type provider struct {
	mu       sync.Mutex
	requests []got
	// answers are given in turn, the last one again and again.
	answers []func(w http.ResponseWriter, r got)
	runner  *exchange.Runner
	clock   *clock.Manual
	log     *bytes.Buffer
}

// hosts are the domains that lead to the test's provider.
var hosts = []string{
	"moviestar.com", "yourdestination.com", "zoom.us", "toasttab.com", "slack.com", "instagram.com", "tiktok.com",
	"clover.com", "googleapis.com", "example.com",
}

func newProvider(t *testing.T, answers ...func(http.ResponseWriter, got)) *provider {
	t.Helper()
	p := &provider{answers: answers, clock: clock.NewManual(start), log: &bytes.Buffer{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	certificate, roots := certify(t)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	server.StartTLS()
	t.Cleanup(server.Close)
	config := egress.Config{AllowLoopback: true, Clock: p.clock, Timeout: 5 * time.Second}
	for _, host := range hosts {
		config.Overrides = append(config.Overrides, egress.Override{Suffix: host, Address: server.Listener.Addr().String(), Roots: roots})
	}
	client, err := egress.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p.runner = exchange.New(exchange.Config{Client: client, Clock: p.clock, Log: log})
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g := got{r.Method, r.Host, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, string(body)}
	p.mu.Lock()
	p.requests = append(p.requests, g)
	answer := p.answers[min(len(p.requests), len(p.answers))-1]
	p.mu.Unlock()
	answer(w, g)
}

// seen gives the requests so far.
func (p *provider) seen() []got {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// only gives the one request that there was.
func (p *provider) only(t *testing.T) got {
	t.Helper()
	seen := p.seen()
	if len(seen) != 1 {
		t.Fatalf("the provider saw %d requests, want 1", len(seen))
	}
	return seen[0]
}

// says answers with a status, a type and a body.
func says(status int, contentType, body string) func(http.ResponseWriter, got) {
	return func(w http.ResponseWriter, _ got) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func saysJSON(body string) func(http.ResponseWriter, got) { return says(200, "application/json", body) }

const usual = `{"access_token":"at-1","refresh_token":"rt-1","token_type":"bearer","expires_in":3600,"scope":"read"}`

// certify makes a certificate for all hosts and below.
func certify(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "provider"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	for _, host := range hosts {
		template.DNSNames = append(template.DNSNames, host, "*."+host, "*.eu."+host)
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, roots
}

// plan compiles the first entry of a document.
func plan(t *testing.T, document string) *destination.Plan {
	t.Helper()
	d, err := destination.ParseDocument([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Compile(0)
	if err != nil {
		t.Fatalf("Compile = %v", err)
	}
	return p
}

func planOf(t *testing.T, file string) *destination.Plan {
	t.Helper()
	return plan(t, read(t, file))
}

// fields checks fields as a customer enters them.
func fields(t *testing.T, p *destination.Plan, in map[string]any) destination.Fields {
	t.Helper()
	f, problems := p.CheckFields(in)
	if len(problems) > 0 {
		t.Fatalf("CheckFields = %v", problems)
	}
	return f
}

// tokens is what a test compares of a token set.
type tokens struct {
	Access, Refresh, Type, Scope string
	Expires, RefreshExpires      time.Duration // after start; 0 when unknown
	Source                       string
	Outputs                      map[string]any
}

func told(set *exchange.TokenSet) tokens {
	out := tokens{
		Access: set.AccessToken.Reveal(), Refresh: set.RefreshToken.Reveal(), Type: set.TokenType, Scope: set.Scope,
		Source: set.ExpirySource,
	}
	if !set.ExpiresAt.IsZero() {
		out.Expires = set.ExpiresAt.Sub(start)
	}
	if !set.RefreshExpiresAt.IsZero() {
		out.RefreshExpires = set.RefreshExpiresAt.Sub(start)
	}
	for name, output := range set.Outputs {
		if out.Outputs == nil {
			out.Outputs = map[string]any{}
		}
		out.Outputs[name] = fmt.Sprint(output)
	}
	return out
}

// have is a previous token set.
func have(access, refresh string) *exchange.TokenSet {
	return &exchange.TokenSet{
		AccessToken: secret.New(access), RefreshToken: secret.New(refresh), TokenType: "Bearer", IssuedAt: start,
		ExpiresAt: start.Add(time.Hour),
	}
}

func code(text string) *exchange.CodeGrant {
	return &exchange.CodeGrant{Code: secret.New(text), RedirectURI: "https://latchkey.test/callback", State: "st-1"}
}

// failure gives the failure of an error.
func failure(t *testing.T, err error) *exchange.Failure {
	t.Helper()
	f, ok := errors.AsType[*exchange.Failure](err)
	if !ok {
		t.Fatalf("the error is %T (%v), want a *Failure", err, err)
	}
	return f
}

func contains(t *testing.T, what, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%s is %q, want %q in it", what, text, part)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../destination/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type httpWriter = http.ResponseWriter

// checked is fields, for tests whose variable has that name.
func checked(t *testing.T, p *destination.Plan, in map[string]any) destination.Fields {
	t.Helper()
	return fields(t, p, in)
}
