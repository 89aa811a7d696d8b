package adobesim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"latchkey/internal/adobesim"
	"latchkey/internal/adobesim/adobesimtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	targetURL    = "https://" + adobesim.TargetHost + "/sampletenant/target/"
	analyticsURL = "https://" + adobesim.AnalyticsHost + "/api/sampleco0/"
	discoveryURL = "https://" + adobesim.AnalyticsHost + "/discovery/me"
)

// ask is a request, and got what came of it.
type ask struct {
	method, url, body string
	header            map[string]string // "" takes one away
}

type got struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request as the sample account, over a real socket.
func do(t *testing.T, h *adobesimtest.House, a ask) got {
	t.Helper()
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(a.body)
	}
	if a.method == "" {
		a.method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(t.Context(), a.method, a.url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+adobesimtest.Token)
	request.Header.Set("X-Api-Key", adobesimtest.ClientID)
	for name, value := range a.header {
		if request.Header.Set(name, value); value == "" {
			request.Header.Del(name)
		}
	}
	response, err := h.Client.Do(t.Context(), request)
	if err != nil {
		t.Fatalf("%s %s: %v", a.method, a.url, err)
	}
	return got{response.Status, response.Header, response.Body}
}

func (g got) object(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(g.body, &out); err != nil {
		t.Fatalf("%d %s: %v", g.status, g.body, err)
	}
	return out
}

func (g got) want(t *testing.T, status int, says string) got {
	t.Helper()
	if g.status != status || !bytes.Contains(g.body, []byte(says)) {
		t.Errorf("got %d %.500s, want %d with %q", g.status, g.body, status, says)
	}
	return g
}

func start(t *testing.T) *adobesimtest.House {
	t.Helper()
	return adobesimtest.Start(t, adobesimtest.Config{})
}

// media is a version of Target's media type.
func media(version string) string { return "application/vnd.adobe.target." + version + "+json" }
