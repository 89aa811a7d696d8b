package authority_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// bare is a ResponseWriter that keeps nothing.
type bare struct {
	header http.Header
	status int
}

func (b *bare) Header() http.Header { return b.header }

func (b *bare) WriteHeader(status int) { b.status = status }

func (b *bare) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkIssue answers requests for tokens without a socket. Beside the signature little may be seen: allocs/op is what
// a regression shows in first.
func BenchmarkIssue(b *testing.B) {
	w := newKeyWorld(b)
	ask := credentialsForm("openid,target_sdk")
	introspected := url.Values{"client_id": {oauthID}, "client_secret": {password}, "token": {accessToken(b, w.post(b, "/ims/token/v3", ask))}}
	ours := credentialsForm("openid,target_sdk")
	ours.Set("resource", issuer)
	bearer := aims[1].form(signedWith(b, jose.ES256, ecKeys()[0], proof(techID, map[string]any{"jti": nil})))
	for _, c := range []struct {
		name, path string
		form       url.Values
	}{
		{"JWT exchange", "/ims/exchange/jwt", jwtForm(good(nil))},
		{"client credentials RS256", "/ims/token/v3", ask},
		{"client credentials ES256", "/ims/token/v3", ours},
		{"introspection", "/ims/introspect", introspected},
		{"JWT bearer", "/ims/token/v3", bearer},
		{"token exchange", "/ims/token/v3", exchangeForm(jwtID, introspected.Get("token"))},
	} {
		b.Run(c.name, func(b *testing.B) {
			body, header := c.form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			b.ReportAllocs()
			for b.Loop() {
				r := &http.Request{
					Method: http.MethodPost, URL: &url.URL{Path: c.path}, Header: header, RemoteAddr: "192.0.2.1:1234",
					Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
				}
				answer := &bare{header: http.Header{}}
				w.server.ServeHTTP(answer, r)
				if answer.status != http.StatusOK {
					b.Fatal(answer.status)
				}
			}
		})
	}
}

func accessToken(t testing.TB, r reply) string {
	t.Helper()
	token, _ := r.body["access_token"].(string)
	if token == "" {
		t.Fatal(r.text)
	}
	return token
}
