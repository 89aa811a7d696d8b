package provider_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/provider"
	"latchkey/internal/telemetry"
)

func TestMetrics(t *testing.T) {
	metrics, err := telemetry.NewMetrics("test")
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, provider.Config{Meter: metrics.Meter("provider")})
	enter(t, h, call()).Done(good)
	enter(t, h, call(func(c *provider.Call) { c.Definition = "def_2" })).Done(refused)
	breakIt(t, h)
	gate := enter(t, h, call(func(c *provider.Call) { c.Host = "id.example.org:8443" }))
	defer gate.Done(good)
	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`latchkey_provider_calls_total{outcome="ok",provider="login.example.com"} 1`,
		`latchkey_provider_calls_total{outcome="unavailable",provider="login.example.com"} 5`,
		`latchkey_provider_edges_total{provider="login.example.com",to="down"} 1`,
		`latchkey_provider_up{provider="login.example.com"} 0`,
		`latchkey_provider_up{provider="id.example.org:8443"} 1`,
		`latchkey_provider_in_flight{provider="id.example.org:8443"} 1`,
		`latchkey_provider_waiting{provider="login.example.com"} 0`,
		`latchkey_provider_incidents{provider="login.example.com"} 1`,
		`latchkey_provider_call_duration_seconds_count{outcome="ok",provider="login.example.com"} 1`,
	} {
		if !strings.Contains(answer.Body.String(), want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(answer.Body.String()) {
			if strings.Contains(line, "provider") && !strings.Contains(line, "bucket") {
				t.Log(line)
			}
		}
	}
}
