package proxy_test

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

func pemOf(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"hello":"world"}`)
})

// BenchmarkCall is a call through the proxy, and the same through net/http's.
func BenchmarkCall(b *testing.B) {
	b.Run("latchkey", func(b *testing.B) { load(b, open(b, hello).url+"/things/1") })
	b.Run("httputil", func(b *testing.B) {
		upstream := httptest.NewServer(hello)
		b.Cleanup(upstream.Close)
		at, err := url.Parse(upstream.URL)
		check(b, err)
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 128
		server := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(at)
			r.Out.Header.Set("Authorization", "Bearer token")
		}})
		b.Cleanup(server.Close)
		load(b, server.URL+"/things/1")
	})
}

func load(b *testing.B, address string) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
			check(b, err)
			response, err := transport.RoundTrip(r)
			check(b, err)
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				b.Fatal(response.Status)
			}
		}
	})
}
