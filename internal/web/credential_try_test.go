package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestTryKey says what is wrong with a key that is pasted, and lets it get nowhere.
func TestTryKey(t *testing.T) {
	h := newHouse(t)
	_, at := h.furnish()
	client := h.signed()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for pasted, want := range map[string]string{"not a key": "see Pasted key", text: "No certificate is bound to the credential."} {
		got := post(h, client, at+"/jwt", url.Values{"csrf": {h.tokenOf(client)}, "private_key": {pasted}})
		expect(t, got, http.StatusOK, want)
		for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:3] {
			if strings.Contains(got.text, line) || strings.Contains(h.log.String(), line) {
				t.Error("the key is on the page or in the log")
			}
		}
	}
	expect(t, h.get(client, h.url+at+"/insights"), http.StatusOK, "Nobody has taken a token with it yet.")
	expect(t, h.get(client, h.url+at+"/events"), http.StatusOK, "It may neither produce nor read events.")
}
