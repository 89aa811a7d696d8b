package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const (
	// openIDLife is how long a person may take at the provider.
	openIDLife = 10 * time.Minute
	// openIDBack bounds the address to go back to: a browser keeps cookies of 4 KiB, and no row is kept here.
	openIDBack = 2 << 10
)

// errand is what a browser keeps while its person is at the provider. The keyed hash is over all of it, so that nobody plants one.
type errand struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Back     string `json:"back"`
	// Redirect is the redirect URI, which the exchange of the code repeats.
	Redirect string `json:"redirect"`
	// Began is when, in microseconds.
	Began int64 `json:"began"`
	// Session is the id of the session whose person is to prove once more who he or she is; "" for a sign-in.
	Session string `json:"session,omitempty"`
}

func errandCookie(r *http.Request) string { return cookieName(r, "latchkey-provider") }

// newErrand draws one.
func (o *openID) newErrand(back, redirect, session string) errand {
	if len(back) > openIDBack {
		back = "/"
	}
	return errand{State: drawn(), Nonce: drawn(), Verifier: drawn(), Back: back, Redirect: redirect, Began: o.clock.Now().UnixMicro(), Session: session}
}

// drawn gives 256 bits that nobody can guess, as a verifier of PKCE is written (RFC 7636 §4.1).
func drawn() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails, crypto/rand
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// challenge is the verifier's S256 (RFC 7636 §4.2).
func (e errand) challenge() string {
	sum := sha256.Sum256([]byte(e.Verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (e errand) began() time.Time { return time.UnixMicro(e.Began).UTC() }

// sealed writes a thing for the browser to keep, with our keyed hash.
func (o *openID) sealed(purpose string, thing any) string {
	text, err := json.Marshal(thing)
	if err != nil {
		panic("web: " + err.Error()) // members are texts and numbers
	}
	sum := o.Hash(purpose, text)
	return base64.RawURLEncoding.EncodeToString(text) + "." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// opened reads it back; not ok when it is not ours.
func (o *openID) opened(purpose, value string, into any) bool {
	body, mark, _ := strings.Cut(value, ".")
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return false
	}
	got, err := base64.RawURLEncoding.DecodeString(mark)
	sum := o.Hash(purpose, text)
	return err == nil && hmac.Equal(got, sum[:]) && json.Unmarshal(text, into) == nil
}

const errandPurpose = "sign-in by the provider"

// keep gives the browser the errand.
func (o *openID) keep(w http.ResponseWriter, r *http.Request, e errand) {
	setCookie(w, r, cookie{errandCookie(r), o.sealed(errandPurpose, e), "/", openIDLife})
}

// take gives the browser's errand, and takes it away: an answer counts once. Not ok when there is none of this state, or it is over.
func (o *openID) take(w http.ResponseWriter, r *http.Request) (errand, bool) {
	var e errand
	ok := o.opened(errandPurpose, cookieValue(r, errandCookie(r)), &e)
	setCookie(w, r, cookie{errandCookie(r), "", "/", -time.Second})
	age := o.clock.Now().Sub(e.began())
	return e, ok && e.State != "" && hmac.Equal([]byte(e.State), []byte(r.URL.Query().Get("state"))) && age >= 0 && age < openIDLife
}
