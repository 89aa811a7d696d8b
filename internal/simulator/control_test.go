package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/simulator"
)

// browse asks the simulator through one plain listener, as a browser does.
func (w *world) browse(method, path, body string, header ...string) result {
	w.Helper()
	server := httptest.NewServer(w.sim.Browser("/sim"))
	defer server.Close()
	r := w.request(method, server.URL+path, body)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], strings.ReplaceAll(header[i+1], "SELF", server.URL))
	}
	client := &http.Client{CheckRedirect: w.client.CheckRedirect}
	defer client.CloseIdleConnections()
	response, err := client.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	out := result{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &out.json)
	return out
}

func TestBrowserWalksTheFlowUnderOnePrefix(t *testing.T) {
	w := newWorld(t)
	path := strings.TrimPrefix(authorizeURL("https://www.moviestar.com/dialog/OAuth"), "https:/")
	page := w.browse(http.MethodGet, "/sim"+path, "")
	if page.status != 200 || !strings.Contains(page.text, `href="/sim/www.moviestar.com/assets/moviestar.css"`) || !strings.Contains(page.text, `<form method="post">`) {
		t.Fatalf("consent page = %d %s", page.status, page.text)
	}
	got := w.browse(http.MethodPost, "/sim"+path, "user=ada&decision=allow", "Sec-Fetch-Site", "same-origin")
	back, _ := url.Parse(got.header.Get("Location"))
	if got.status != 302 || !strings.HasPrefix(back.String(), callback) {
		t.Fatalf("decision = %d to %q, want the callback", got.status, back)
	}
	w.wantError(w.redeem(back.Query().Get("code")), 200, "")

	// A browser without Sec-Fetch-Site is judged by Origin, against the host it asked for.
	if got := w.browse(http.MethodPost, "/sim"+path, "user=ada&decision=allow", "Origin", "SELF"); got.status != 302 {
		t.Errorf("decision with the page's Origin = %d, want 302", got.status)
	}
	if got := w.browse(http.MethodPost, "/sim"+path, "user=ada&decision=allow", "Origin", "https://evil.example"); got.status != 400 {
		t.Errorf("decision with another Origin = %d, want 400", got.status)
	}
}

func TestBrowserRewritesRedirectsToSimulatedHosts(t *testing.T) {
	w := newWorld(t)
	for target, want := range map[string]string{
		"https://api.moviestar.com/me?a=1":    "/sim/api.moviestar.com/me?a=1",
		"https://acme.yourdestination.com/me": "/sim/acme.yourdestination.com/me",
		"https://example.com/me":              "https://example.com/me",
	} {
		got := w.browse(http.MethodGet, "/sim/www.moviestar.com/me?fault="+url.QueryEscape("redirect="+target), "")
		if got.header.Get("Location") != want {
			t.Errorf("redirect to %s = %q, want %q", target, got.header.Get("Location"), want)
		}
	}
	for path, want := range map[string]int{"/sim": 308, "/sim/": 200, "/sim/example.com/me": 404, "/sim/api.moviestar.com/me": 401, "/simulator": 404, "/sim/_/nothing": 404} {
		if got := w.browse(http.MethodGet, path, ""); got.status != want {
			t.Errorf("GET %s = %d, want %d", path, got.status, want)
		}
	}
}

func TestIndexNamesEverything(t *testing.T) {
	w := newWorld(t)
	w.login(tokenURL)
	if err := w.sim.SetFault(simulator.Rule{Fault: "slow=1ms", Times: 7}); err != nil {
		t.Fatal(err)
	}
	page := w.browse(http.MethodGet, "/sim/", "")
	wants := []string{simulator.SampleClientID, simulator.SampleClientSecret, simulator.SampleSecretOfEx1, simulator.SampleUser, simulator.SamplePassword, "api.moviestar.com/OAuth/access_token", "<td>7</td>"}
	for _, e := range simulator.Endpoints() {
		wants = append(wants, e.Path)
	}
	for _, f := range simulator.Faults() {
		wants = append(wants, "<code>"+f.Name)
	}
	for _, want := range wants {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if len(page.text) > 100<<10 {
		t.Errorf("the page has %d bytes", len(page.text))
	}
}

func TestJournal(t *testing.T) {
	w := newWorld(t)
	token := w.login(tokenURL).str("refresh_token")
	w.refresh("https://api.moviestar.com/OAuth/refresh_token?fault=slow=1ms", token)
	sum := sha256.Sum256([]byte(token))
	want := []simulator.Request{
		{Sequence: 1, Host: "api.moviestar.com", Method: "POST", Path: "/OAuth/access_token", Grant: "password", ClientID: simulator.SampleClientID, Status: 200},
		{Sequence: 2, Host: "api.moviestar.com", Method: "POST", Path: "/OAuth/refresh_token", Grant: "refresh_token", ClientID: simulator.SampleClientID, Status: 200, RefreshToken: hex.EncodeToString(sum[:6]), Faults: []string{"slow"}},
	}
	if diff := cmp.Diff(want, w.sim.Requests(), cmpopts.IgnoreFields(simulator.Request{}, "Time")); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	var shown struct {
		Requests []simulator.Request
		Counts   []simulator.Count
	}
	if err := json.Unmarshal([]byte(w.browse(http.MethodGet, "/sim/_/requests", "").text), &shown); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.sim.Requests(), shown.Requests); diff != "" {
		t.Errorf("journal over HTTP (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]simulator.Count{
		{Host: "api.moviestar.com", Path: "/OAuth/access_token", Grant: "password", Count: 1},
		{Host: "api.moviestar.com", Path: "/OAuth/refresh_token", Grant: "refresh_token", Count: 1},
	}, shown.Counts); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
	handler := w.sim.Handler()
	for i := range 2500 { // past the journal's and the counters' limits
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("https://api.moviestar.com/%d/%s", i, strings.Repeat("é", 200)), nil)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	requests := w.sim.Requests()
	if len(requests) != 1000 || requests[0].Sequence != 1503 || len(requests[0].Path) > 140 {
		t.Errorf("the journal holds %d requests from %d on", len(requests), requests[0].Sequence)
	}
	if n := len(w.sim.Counts()); n > 1001 || w.sim.Count("", "") != 2502 {
		t.Errorf("%d counters for %d requests", n, w.sim.Count("", ""))
	}
}

func TestControlAPI(t *testing.T) {
	w := newWorld(t)
	put := `{"host":"api.moviestar.com","path":"/OAuth/access_token","fault":"status=503","times":1}`
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "/sim/_/faults", put, 200, `"times":1`},
		{"GET", "/sim/_/faults", "", 200, `"fault":"status=503"`},
		{"DELETE", "/sim/_/faults?host=api.moviestar.com", "", 200, `{"cleared":1}`},
		{"PUT", "/sim/_/faults", `{"fault":"nonsense"}`, 400, "the faults are: slow=DURATION"},
		{"PUT", "/sim/_/faults", `{"fautl":"drop"}`, 400, "wanted here"},
		{"POST", "/sim/_/revoke", `{}`, 400, `client_id`},
		{"POST", "/sim/_/revoke", `{"subject":"nobody"}`, 200, `{"revoked":0}`},
		{"POST", "/sim/_/reset", "", 204, ""},
	} {
		got := w.browse(tt.method, tt.path, tt.body)
		if got.status != tt.status || !strings.Contains(got.text, tt.want) {
			t.Errorf("%s %s %s = %d %s, want %d with %q", tt.method, tt.path, tt.body, got.status, got.text, tt.status, tt.want)
		}
		if got.status == 400 && got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: Content-Type = %q", tt.method, tt.path, got.header.Get("Content-Type"))
		}
	}
	if got := w.browse("POST", "/sim/_/reset", "", "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden {
		t.Errorf("reset from another site = %d, want 403", got.status)
	}
}

func TestRevoke(t *testing.T) {
	for body, want := range map[string]string{
		`{"subject":"ada@example.com"}`:          "401 200 200",
		`{"client_id":"other"}`:                  "200 200 401",
		`{"all":true}`:                           "401 401 401",
		`{"client_id":"` + "nobody" + `"}`:       "200 200 200",
		`{"subject":"bo@example.com"}`:           "200 401 200",
		`{"subject":"other","client_id":"none"}`: "200 200 401",
	} {
		w := newWorld(t)
		ada := w.login(tokenURL)
		bo := w.post(tokenURL, sample("grant_type", "password", "username", "bo@example.com", "password", "x"))
		other := w.post(tokenURL, form("grant_type", "client_credentials", "client_id", "other", "client_secret", "s"))
		if got := w.browse(http.MethodPost, "/sim/_/revoke", body); got.status != 200 {
			t.Fatalf("revoke %s = %d %s", body, got.status, got.text)
		}
		got := fmt.Sprint(w.me(ada.str("access_token")).status, w.me(bo.str("access_token")).status, w.me(other.str("access_token")).status)
		if got != want {
			t.Errorf("after revoke %s: /me = %s, want %s", body, got, want)
		}
	}
}

func TestResetForgets(t *testing.T) {
	w := newWorld(t)
	tokens := w.login(tokenURL)
	w.sim.Reset()
	if len(w.sim.Requests()) != 0 || w.sim.Count("", "") != 0 {
		t.Error("the journal is not empty")
	}
	w.wantError(w.me(tokens.str("access_token")), 401, "invalid_token")
	w.wantError(w.refresh(tokenURL, tokens.str("refresh_token")), 400, "invalid_grant")
}

func TestReferenceNamesEveryFaultAndEndpoint(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range simulator.Faults() {
		row := "| `" + f.Name
		if f.Value != "" {
			row += "=" + strings.ReplaceAll(f.Value, "|", `\|`)
		}
		row += "` | " + strings.ReplaceAll(f.Does, "|", `\|`) + " |"
		if !strings.Contains(string(text), row) {
			t.Errorf("the reference lacks the line\n%s", row)
		}
	}
	for _, e := range simulator.Endpoints() {
		row := "| `" + e.Host + "` | `" + e.Methods + " " + e.Path + "` | " + e.Does + " |"
		if !strings.Contains(string(text), row) {
			t.Errorf("the reference lacks the line\n%s", row)
		}
	}
}
