package telemetry_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/telemetry"
)

func TestRequestIDs(t *testing.T) {
	var seen string
	server := httptest.NewServer(telemetry.RequestIDs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = telemetry.RequestID(r.Context())
	})))
	defer server.Close()
	for id, kept := range map[string]bool{
		"6f5b2d0e-6f0c-4c0c-9c8e-0f2b5a1d7e3a": true, "a.B_c-1": true, strings.Repeat("a", 128): true,
		"": false, strings.Repeat("a", 129): false, "a b": false, "a<script>": false, `a"b`: false, "ä": false, "a\tb": false,
	} {
		req, err := http.NewRequest(http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header[telemetry.RequestIDHeader] = []string{id}
		reply, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		got := reply.Header.Get(telemetry.RequestIDHeader)
		if got != seen || (got == id) != kept || !kept && !strings.HasPrefix(got, "req_") {
			t.Errorf("with %q the id is %q in the answer and %q in the context", id, got, seen)
		}
	}
}

func TestLogRequests(t *testing.T) {
	for _, c := range []struct {
		name, path string
		handler    http.HandlerFunc
		want       string
	}{
		{"read", "/api/v1/keys?token=canary", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
			"level=DEBUG msg=request method=GET path=/api/v1/keys status=200 bytes=5 took="},
		{"nothing written", "/", func(http.ResponseWriter, *http.Request) {}, "status=200 bytes=0"},
		{"failed", "/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
			"level=WARN msg=request method=GET path=/x status=502"},
		{"refused", "/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "level=DEBUG"},
		{"early hints", "/x", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		}, "status=201"},
		{"attempt", "/connect/canary", func(http.ResponseWriter, *http.Request) {}, `path=/connect/[redacted]`},
		{"panic", "/x", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "level=WARN msg=request method=GET path=/x status=0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			log := telemetry.NewLogger(telemetry.LogConfig{Output: &out, Level: slog.LevelDebug, Format: "text"})
			handler := telemetry.LogRequests(log, c.handler)
			func() {
				defer func() { _ = recover() }()
				handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, c.path, nil))
			}()
			if got := out.String(); !strings.Contains(got, c.want) || strings.Contains(got, "canary") {
				t.Errorf("the line is %q, want %q in it", got, c.want)
			}
		})
	}
}

func TestLogRequestsKeepsFlushing(t *testing.T) {
	handler := telemetry.LogRequests(slog.New(slog.DiscardHandler), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("Flush() = %v", err)
		}
		w.(http.Flusher).Flush()
	}))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if !recorder.Flushed {
		t.Error("the flush does not arrive")
	}
}
