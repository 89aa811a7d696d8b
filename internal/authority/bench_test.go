package authority_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// fixed are clients that never change and are not counted, as real ones are found without a lock.
type fixed struct{ byID map[string]*project.Client }

func (f fixed) Client(_ context.Context, id string) (*project.Client, error) {
	if client := f.byID[id]; client != nil {
		return client, nil
	}
	return nil, project.ErrNotFound
}

func (fixed) CheckSecret(_ *project.Client, presented secret.String) (string, bool) {
	return "uuid-1", presented.Reveal() == password
}

func (fixed) Used(*project.Client, project.Use, string, time.Time) {}

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
	w := newWorld(b)
	w.clock = clock.NewManual(start)
	ask := credentialsForm("openid,target_sdk")
	introspected := url.Values{"client_id": {oauthID}, "client_secret": {password}, "token": {accessToken(b, w.post(b, "/ims/token/v3", ask))}}
	ours := credentialsForm("openid,target_sdk")
	ours.Set("resource", issuer)
	for _, c := range []struct {
		name, path string
		form       url.Values
	}{
		{"JWT exchange", "/ims/exchange/jwt", jwtForm(good(nil))},
		{"client credentials RS256", "/ims/token/v3", ask},
		{"client credentials ES256", "/ims/token/v3", ours},
		{"introspection", "/ims/introspect", introspected},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := c.form.Encode()
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(body))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				answer := &bare{header: http.Header{}}
				w.server.ServeHTTP(answer, r)
				if answer.status != http.StatusOK {
					b.Fatal(answer.status)
				}
			}
		})
	}
	_ = io.Discard
}

func accessToken(t testing.TB, r reply) string {
	t.Helper()
	token, _ := r.body["access_token"].(string)
	if token == "" {
		t.Fatal(r.text)
	}
	return token
}
