package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/api"
)

// BenchmarkExplain renders the requests of a stored definition, without the network in between.
func BenchmarkExplain(b *testing.B) {
	h := newHouse(b, func(c *api.Config) { c.Limits.Requests = api.Rate{Every: time.Nanosecond, Burst: 1 << 30} })
	h.define("moviestar", clientCreds)
	handler, err := api.New(h.config)
	check(b, err)
	key := h.key(access.DefinitionsRead)
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest(http.MethodPost, "/api/v1/explain", strings.NewReader(`{"definition":"moviestar","fields":{}}`))
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			text, _ := io.ReadAll(answer.Body)
			b.Fatalf("%d %s", answer.Code, text)
		}
	}
}
