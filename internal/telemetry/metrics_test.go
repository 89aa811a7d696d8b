package telemetry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/goleak"

	"latchkey/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newMetrics(t *testing.T) *telemetry.Metrics {
	t.Helper()
	metrics, err := telemetry.NewMetrics("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := metrics.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return metrics
}

func scrape(t *testing.T, metrics *telemetry.Metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("GET /metrics = %d", recorder.Code)
	}
	return recorder.Body.String()
}

func TestMetrics(t *testing.T) {
	metrics, other := newMetrics(t), newMetrics(t)
	reads, err := metrics.Meter("api").Int64Counter("token_reads", metric.WithDescription("Token reads."))
	if err != nil {
		t.Fatal(err)
	}
	took, err := metrics.Meter("exchange").Float64Histogram("exchange_duration", metric.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	reads.Add(context.Background(), 3)
	took.Record(context.Background(), 0.3)
	got := scrape(t, metrics)
	for _, want := range []string{
		"# HELP latchkey_token_reads_total Token reads.", "latchkey_token_reads_total 3",
		`latchkey_exchange_duration_seconds_bucket{le="0.5"} 1`, `latchkey_exchange_duration_seconds_bucket{le="0.25"} 0`,
		"go_goroutines", "process_start_time_seconds", `service_version="1.2.3"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("GET /metrics lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(scrape(t, other), "token_reads") {
		t.Error("two collections share their metrics")
	}
}
