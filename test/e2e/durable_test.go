package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/harness"
)

// requests counts what the simulated provider was asked for, by path and grant.
func requests(t *testing.T, s *harness.Server, path, grant string) int {
	t.Helper()
	n := 0
	for _, item := range s.Must(http.StatusOK, "GET", "/sim/_/requests", nil).JSON(t)["requests"].([]any) {
		r := item.(map[string]any)
		if r["path"] == path && r["grant_type"] == grant {
			n++
		}
	}
	return n
}

// Ten thousand callers who find the token expired make exactly one request to the provider, and all get its token.
func TestTenThousandCallersOneRequest(t *testing.T) {
	s := harness.Dev(t)
	const path = "/OAuth/access_token"
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": "storm", "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "storm", "clientSecret": "storm-secret",
		"accessTokenUrl": "https://api.moviestar.com" + path + "?fault=slow=1s"}})
	s.Must(http.StatusOK, "PUT", "/sim/_/faults", map[string]any{"host": "api.moviestar.com", "path": path, "fault": "token_ttl=1", "times": 1})
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "storm", "label": "storm"})
	first := requests(t, s, path, "client_credentials")
	time.Sleep(1100 * time.Millisecond) // the real token really expires

	transport := &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 4096, MaxConnsPerHost: 4096}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		tokens = map[string]int{}
	)
	for range 10_000 {
		wait.Go(func() {
			request, err := http.NewRequest("GET", s.URL+"/api/v1/connections/storm/token", nil)
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+s.AdminKey)
			response, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = response.Body.Close() }()
			var answer struct {
				AccessToken string `json:"access_token"`
			}
			if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("%d %v", response.StatusCode, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			tokens[answer.AccessToken]++
		})
	}
	wait.Wait()
	if len(tokens) != 1 {
		t.Errorf("10,000 callers got %d different tokens, want 1", len(tokens))
	}
	if got := requests(t, s, path, "client_credentials") - first; got != 1 {
		t.Errorf("10,000 callers made %d requests to the provider, want exactly 1", got)
	}
}

// What was committed before a kill -9 is there after it: connections, the rotated refresh token, keys.
func TestKilledServerLosesNothing(t *testing.T) {
	data := t.TempDir()
	s := harness.DevIn(t, data)
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, "authorization-code.json", "durable"))
	connection := s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "durable", "label": "durable"}).JSON(t)
	consent(t, connection["authorize_url"].(string))
	for range 3 {
		s.Must(http.StatusOK, "POST", "/api/v1/connections/durable/refresh", nil)
	}
	before := token(t, s, "durable")
	s.Kill()

	s = harness.DevIn(t, data)
	after := token(t, s, "durable")
	if after["access_token"] != before["access_token"] || after["generation"] != before["generation"] {
		t.Errorf("after kill -9: generation %v, want %v and the same token", after["generation"], before["generation"])
	}
	me(t, s, "api.moviestar.com", after["access_token"].(string))
	s.Must(http.StatusOK, "POST", "/api/v1/connections/durable/refresh", nil)
	if got := token(t, s, "durable")["generation"]; got != before["generation"].(float64)+1 {
		t.Errorf("a refresh after kill -9 gives generation %v", got)
	}
}

// A second process on the same data is refused in words, and the first goes on.
func TestSecondServerIsRefused(t *testing.T) {
	s := harness.Dev(t)
	second := harness.Command(t, "", "dev", "--listen", "127.0.0.1:0", "--data", s.Data)
	if second.Code != 1 || !strings.Contains(second.Stderr, fmt.Sprint(s.PID)) {
		t.Errorf("a second server ends with %d and says %q, want 1 and the first one's process id", second.Code, second.Stderr)
	}
	token(t, s, "sample-password")
}

// No secret of a full run is in a log, an answer, a command's output or the database.
func TestNoSecretAnywhere(t *testing.T) {
	s := harness.Dev(t, "--log-level", "debug")
	var answers bytes.Buffer
	call := func(method, path string, body any) harness.Reply {
		reply := s.Call(method, path, body)
		answers.Write(reply.Body)
		fmt.Fprintln(&answers, reply.Header)
		return reply
	}
	secrets := []string{"Experience-Platform-client-secret", "acme-s3cr&t/+=", "wr0ng-s3cr&t", "ada-pässword&1", "special_refresh_token"}

	call("POST", "/api/v1/definitions", document(t, "authorization-code.json", "grep-code"))
	call("POST", "/api/v1/definitions", document(t, "password.json", "grep-password"))
	call("POST", "/api/v1/definitions", document(t, "example-3-customer-credentials.json", "grep-customer"))
	call("POST", "/api/v1/definitions", map[string]any{"name": "grep-fragment", "authentication": document(t, "example-2-special-refresh-token.json", "")})
	password := map[string]any{"username": "ada@example.com", "password": "ada-pässword&1"}
	customer := map[string]any{"clientId": "acme", "clientSecret": "acme-s3cr&t/+=", "moviestarId": "m1"}
	call("POST", "/api/v1/explain", map[string]any{"definition": "grep-password", "fields": password})
	call("POST", "/api/v1/explain", map[string]any{"definition": "grep-customer", "fields": customer})
	call("POST", "/api/v1/connections", map[string]any{"definition": "grep-password", "label": "grep-password", "fields": password})
	call("POST", "/api/v1/connections", map[string]any{"definition": "grep-customer", "label": "grep-customer", "fields": customer})
	customer["clientSecret"] = "wr0ng-s3cr&t"
	call("POST", "/api/v1/connections", map[string]any{"definition": "grep-customer", "label": "grep-wrong", "fields": customer})
	link := call("POST", "/api/v1/connections", map[string]any{"definition": "grep-code", "label": "grep-code"}).JSON(t)["authorize_url"].(string)
	done, page := harness.Browse(t, link, nil)
	answers.WriteString(page)
	if code := done.Request.URL.Query().Get("code"); code != "" {
		secrets = append(secrets, code)
	}
	for _, fault := range []string{"html", "status=500", "error200", "truncated", "drop", "huge"} {
		s.Must(http.StatusOK, "PUT", "/sim/_/faults", map[string]any{"host": "api.moviestar.com", "path": "/OAuth/refresh_token", "fault": fault, "times": 1})
		call("POST", "/api/v1/connections/grep-code/refresh", nil)
	}
	for _, path := range []string{"/api/v1/definitions?limit=200", "/api/v1/connections?limit=200", "/api/v1/connections/grep-code",
		"/api/v1/definitions/grep-code", "/data/core/activation/authoring/destinations", "/api/v1/keys", "/metrics", "/", "/docs", "/openapi.json", "/sim/_/requests"} {
		call("GET", path, nil)
	}
	for _, args := range [][]string{{"definition", "list"}, {"definition", "show", "grep-code"}, {"connection", "list"}, {"connection", "show", "grep-code"}, {"key", "list"}} {
		result := s.Run(append(args, "--json")...)
		answers.WriteString(result.Stdout + result.Stderr)
		result = s.Run(args...)
		answers.WriteString(result.Stdout + result.Stderr)
	}
	// Tokens are read last: they may stand in their own answer alone.
	inAnswers := append([]string{s.AdminKey}, secrets...)
	for _, label := range []string{"grep-code", "grep-password", "grep-customer"} {
		inAnswers = append(inAnswers, token(t, s, label)["access_token"].(string))
	}
	s.Stop()
	for _, hidden := range inAnswers {
		for form, text := range forms(hidden) {
			if strings.Contains(answers.String(), text) {
				t.Errorf("an answer holds a secret (%s)", form)
			}
			if strings.Contains(strings.ReplaceAll(s.Output(), s.SignInURL, ""), text) {
				t.Errorf("the log holds a secret (%s)", form)
			}
			grep(t, s.Data, text, form)
		}
	}
}

// forms gives the shapes that a secret takes on its way.
func forms(text string) map[string]string {
	quoted, _ := json.Marshal(text)
	return map[string]string{
		"as it is": text, "form-encoded": url.QueryEscape(text), "in JSON": strings.Trim(string(quoted), `"`),
		"base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "="),
	}
}

// grep looks through the data directory, but for the files that exist to hold a secret.
func grep(t *testing.T, data, text, form string) {
	t.Helper()
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "dev.json" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(content, []byte(text)) {
			t.Errorf("%s holds a secret (%s)", entry.Name(), form)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
