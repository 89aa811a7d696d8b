package simulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/devca"
	"latchkey/internal/simulator"
	"latchkey/internal/telemetry/telemetrytest"
)

const (
	tokenURL  = "https://api.moviestar.com/OAuth/access_token"
	tenantURL = "https://acme.yourdestination.com/identity/oauth/token"
	callback  = "https://latchkey.example/data/core/activation/oauth/api/v1/callback"
)

// world is a simulator behind a real TLS socket, and a client that resolves every simulated host to it.
type world struct {
	*testing.T
	sim    *simulator.Simulator
	clock  *clock.Manual
	client *http.Client // does not follow redirects
	ca     *devca.Authority
	addr   string
	log    *telemetrytest.Log
	file   string // where it remembers; "" for nowhere
}

func newWorld(t *testing.T) *world {
	return openWorld(t, "", time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
}

// openWorld makes a world whose simulator remembers in a file.
func openWorld(t *testing.T, file string, begins time.Time) *world {
	t.Helper()
	ca, err := devca.LoadOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, clock: clock.NewManual(begins), ca: ca, log: &telemetrytest.Log{}, file: file}
	w.start()
	return w
}

func (w *world) config() simulator.Config {
	return simulator.Config{Now: w.clock.Now, Log: w.log.Logger(), File: w.file}
}

// start lets a simulator take the place of the one that is there. That one is not closed before: what the new one
// finds is what a kill would have left.
func (w *world) start() {
	w.Helper()
	sim, err := simulator.Open(w.config())
	if err != nil {
		w.Fatal(err)
	}
	addr, closing, err := sim.StartTLS(w.Context(), w.ca)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		closing()
		if err := sim.Close(); err != nil {
			w.Error(err)
		}
	})
	w.sim, w.addr, w.client = sim, addr, clientFor(w.T, w.ca, addr)
}

func clientFor(t *testing.T, ca *devca.Authority, addr string) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		TLSClientConfig: ca.TLSConfig(),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	transport.TLSClientConfig.GetCertificate = nil
	transport.TLSClientConfig.RootCAs = ca.CertPool()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// result is an answer, read.
type result struct {
	status int
	header http.Header
	text   string
	json   map[string]any // nil when the body is no JSON object
}

func (r result) str(name string) string {
	s, _ := r.json[name].(string)
	return s
}

func (w *world) send(r *http.Request) (result, error) {
	w.Helper()
	response, err := w.client.Do(r)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return result{}, err
	}
	out := result{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &out.json)
	return out, nil
}

func (w *world) must(r *http.Request) result {
	w.Helper()
	out, err := w.send(r)
	if err != nil {
		w.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return out
}

// request makes a request; a body that is not empty is a form.
func (w *world) request(method, target, body string) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, target, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// form makes a form of pairs.
func form(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

// sample adds the seed's client to a form.
func sample(pairs ...string) url.Values {
	out := form(pairs...)
	out.Set("client_id", simulator.SampleClientID)
	out.Set("client_secret", simulator.SampleClientSecret)
	return out
}

func (w *world) post(target string, body url.Values) result {
	w.Helper()
	return w.must(w.request(http.MethodPost, target, body.Encode()))
}

// login gets tokens by the password grant.
func (w *world) login(target string) result {
	w.Helper()
	out := w.post(target, sample("grant_type", "password", "username", simulator.SampleUser, "password", simulator.SamplePassword))
	if out.status != http.StatusOK && out.status != http.StatusCreated {
		w.Fatalf("password grant = %d %s, want 200", out.status, out.text)
	}
	return out
}

func (w *world) refresh(target, token string) result {
	w.Helper()
	return w.post(target, sample("grant_type", "refresh_token", "refresh_token", token))
}

// me gives the status of GET /me with a token.
func (w *world) me(token string) result {
	w.Helper()
	r := w.request(http.MethodGet, "https://api.moviestar.com/me", "")
	r.Header.Set("Authorization", "Bearer "+token)
	return w.must(r)
}

func (w *world) wantError(got result, status int, code string) {
	w.Helper()
	if got.status != status || got.str("error") != code {
		w.Errorf("answer = %d %s, want %d %s", got.status, got.text, status, code)
	}
}

// authorizeURL makes an authorization request of the seed's client.
func authorizeURL(page string, pairs ...string) string {
	q := form("response_type", "code", "client_id", simulator.SampleClientID, "redirect_uri", callback, "scope", "read write", "state", "s t&te")
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return page + "?" + q.Encode()
}

// code consents and gives the code.
func (w *world) code(pairs ...string) string {
	w.Helper()
	target := authorizeURL("https://www.moviestar.com/dialog/OAuth", pairs...)
	got := w.post(target, form("user", simulator.SampleUser, "decision", "allow"))
	back, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusFound || back.Query().Get("code") == "" {
		w.Fatalf("consent = %d %s, want a redirect with a code", got.status, got.header.Get("Location"))
	}
	return back.Query().Get("code")
}

func (w *world) redeem(code string, pairs ...string) result {
	w.Helper()
	body := sample("grant_type", "authorization_code", "code", code, "redirect_uri", callback)
	for i := 0; i < len(pairs); i += 2 {
		body.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			body.Del(pairs[i])
		}
	}
	return w.post(tokenURL, body)
}
