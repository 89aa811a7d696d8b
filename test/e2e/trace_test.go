package e2e_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"latchkey/test/harness"
)

// spanCollector takes spans by OTLP over HTTP.
type spanCollector struct {
	*httptest.Server
	mu     sync.Mutex
	raw    []byte
	spans  []*traces.Span
	header string
}

func newSpanCollector(t *testing.T) *spanCollector {
	t.Helper()
	c := &spanCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil || r.URL.Path != "/v1/traces" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw, c.header = append(c.raw, body...), r.Header.Get("X-Collector-Key")
		for _, resource := range request.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// named gives the spans of a name.
func (c *spanCollector) named(name string) (found []*traces.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.GetName() == name {
			found = append(found, span)
		}
	}
	return found
}

// TestTraces walks from a connection to its end with a collector beside: what must be told is, and no secret.
func TestTraces(t *testing.T) {
	i := harness.Install(t)
	g := newGranter(t, i.Dir)
	c := newSpanCollector(t)
	i.Configure("egress: {allow: [\""+g.Listener.Addr().String()+"\"], ca_files: [$DIR/provider.pem]}",
		"telemetry: {traces: \""+c.URL+"\", traces_header: \"X-Collector-Key: c0llector\", traces_ratio: 1, trust_traceparent: true}", "log: {level: debug}")
	i.Setup()
	s := i.Start()
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", g.definition())
	s.Must(http.StatusOK, "POST", "/api/v1/definitions/grants/publish", nil)
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{
		"definition": "grants", "label": "acme", "fields": map[string]any{"username": "us3r", "password": "p4ssword"}})
	s.Must(http.StatusOK, "POST", "/api/v1/connections/acme/refresh", nil)
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	s.Must(http.StatusOK, "GET", "/api/v1/connections/acme/token?min_ttl=5", nil, "Traceparent", "00-"+trace+"-"+parent+"-01")
	s.Must(http.StatusNoContent, "DELETE", "/api/v1/connections/acme", nil)
	g.await(t, "r3fresh-v4lue")
	g.await(t, "acc3ss-v4lue")
	s.Terminate()
	if err := s.Wait(20 * time.Second); err != nil {
		t.Fatalf("after SIGTERM: %v\n%s", err, s.Output())
	}
	for _, name := range []string{
		"POST /api/v1/connections", "POST /api/v1/connections/{ref}/refresh", "GET /api/v1/connections/{ref}/token", "DELETE /api/v1/connections/{ref}",
		"connection.renew", "exchange", "exchange.request", "store.write", "revocation.attempt", "exchange.revoke",
	} {
		if len(c.named(name)) == 0 {
			t.Errorf("no span %q came", name)
		}
	}
	read := c.named("GET /api/v1/connections/{ref}/token")
	if len(read) != 1 || hex.EncodeToString(read[0].GetTraceId()) != trace || hex.EncodeToString(read[0].GetParentSpanId()) != parent {
		t.Errorf("a caller's trace is not gone on with: %v", read)
	}
	renewal := c.named("connection.renew")[0]
	below := map[string]bool{}
	for _, name := range []string{"exchange", "exchange.request", "store.write"} {
		for _, span := range c.named(name) {
			below[name] = below[name] || bytes.Equal(span.GetTraceId(), renewal.GetTraceId())
		}
		if !below[name] {
			t.Errorf("no %s is within a renewal", name)
		}
	}
	for _, value := range []string{"acc3ss-v4lue", "r3fresh-v4lue", "sup3r-s3cret", "p4ssword", "us3r", "c0llector", i.Key(), "min_ttl=5"} {
		if bytes.Contains(c.raw, []byte(value)) {
			t.Errorf("a span holds %s", value)
		}
	}
	if c.header != "c0llector" {
		t.Errorf("the collector got the header %q", c.header)
	}
	if g.traced.Load() {
		t.Error("a provider was told of a trace")
	}
	if !strings.Contains(s.Output(), `"trace_id":"`+trace+`"`) {
		t.Error("no line of the log names the trace")
	}
}

// TestTracesWithoutCollector holds that one which is away costs nothing but the spans, and is told of.
func TestTracesWithoutCollector(t *testing.T) {
	i := harness.Install(t)
	i.Configure("telemetry: {traces: \"http://" + harness.FreeAddress(t) + "\", traces_ratio: 1}")
	i.Setup()
	s := i.Start()
	for range 20 {
		s.Must(http.StatusOK, "GET", "/api/v1", nil)
	}
	began := time.Now()
	s.Terminate()
	if err := s.Wait(20 * time.Second); err != nil || time.Since(began) > 15*time.Second {
		t.Errorf("stopping while the collector is away: %v after %v\n%s", err, time.Since(began), s.Output())
	}
	says(t, s.Output(), "the collector takes no traces")
	if got := i.Run("LATCHKEY_TELEMETRY_TRACES=collector"); got.Code == 0 || !strings.Contains(got.Stderr, "telemetry.traces") {
		t.Errorf("an endpoint that is no URL: %+v", got)
	}
}
