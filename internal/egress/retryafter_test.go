package egress_test

import (
	"net/http"
	"testing"
	"time"

	"latchkey/internal/egress"
)

func TestRetryAfter(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, " 3 ": 3 * time.Second, "1.5": 1500 * time.Millisecond, "0": 0, "-1": 0, "NaN": 0, "soon": 0,
		"1e300": 365 * 24 * time.Hour, "inf": 365 * 24 * time.Hour,
		"Sat, 28 Nov 2026 12:00:30 GMT": 30 * time.Second, "Sat, 28 Nov 2026 11:00:00 GMT": 0, "Fri, 01 Jan 9999 00:00:00 GMT": 365 * 24 * time.Hour,
	} {
		if got := egress.RetryAfter(http.Header{"Retry-After": {text}}, noon); got != want {
			t.Errorf("RetryAfter(%q) = %v, want %v", text, got, want)
		}
	}
}
