package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/ims"
)

// flushes notes what had been written at each flush.
type flushes struct {
	*httptest.ResponseRecorder
	seen []string
}

func (f *flushes) Flush() { f.seen = append(f.seen, f.Body.String()) }

// TestCheckHealthRuns shows each layer of a check when it has been looked at, and what they come to at the end.
func TestCheckHealthRuns(t *testing.T) {
	h := newHouse(t)
	_, err := h.ims.Create(t.Context(), h.caller, ims.Create{Name: "acme", Values: ims.Values{Title: new(markup), Type: new(ims.OAuth), Server: new("https://ims-na1.adobelogin.com")}})
	check(t, err)
	client := h.signed()
	at, err := url.Parse(h.url)
	check(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/ims-configurations/acme/check", strings.NewReader(url.Values{"csrf": {h.tokenOf(client)}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range client.Jar.Cookies(at) {
		r.AddCookie(c)
	}
	w := &flushes{ResponseRecorder: httptest.NewRecorder()}
	h.pages.ServeHTTP(w, r)
	if w.Code != http.StatusOK || len(w.seen) != 7 || w.Header().Get("Content-Length") != "" {
		t.Fatalf("the answer is %d in %d parts, with %v", w.Code, len(w.seen), w.Header())
	}
	for n, want := range []string{"Check Health of", ">Key and certificate<", ">Token<", ">Profile<", ">Product<", "It is not healthy: see Token.", "</html>"} {
		before := ""
		if n > 0 {
			before = w.seen[n-1]
		}
		if part := strings.TrimPrefix(w.seen[n], before); !strings.Contains(part, want) || strings.Contains(before, want) {
			t.Errorf("part %d lacks %s: %s", n, want, part)
		}
	}
	if whole := w.Body.String(); strings.Contains(whole, "<script>alert") || strings.Count(whole, "<ol") != strings.Count(whole, "</ol>") {
		t.Errorf("the page is %s", whole)
	}
}
