package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// flash says on the next page what was done on the last one.
type flash struct{ Tone, Text string }

const flashLife = time.Minute

func flashCookie(r *http.Request) string { return cookieName(r, "latchkey-said") }

// flashMark ties the words to the session, so that nobody who can set a cookie puts words into our mouth.
func flashMark(r *http.Request, text string) string {
	sum := sha256.Sum256([]byte("said to " + cookieValue(r, sessionCookie(r)) + ": " + text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// setFlash keeps it in the browser until the next page. It MUST NOT have a secret in it.
func setFlash(w http.ResponseWriter, r *http.Request, f flash) {
	text := base64.RawURLEncoding.EncodeToString([]byte(f.Tone + "\n" + f.Text))
	setCookie(w, r, cookie{flashCookie(r), text + "." + flashMark(r, text), "/", flashLife})
}

// takeFlash gives what the last page has to say, once.
func takeFlash(w http.ResponseWriter, r *http.Request) *flash {
	value := cookieValue(r, flashCookie(r))
	if value == "" {
		return nil
	}
	setCookie(w, r, cookie{flashCookie(r), "", "/", -1})
	text, mark, _ := strings.Cut(value, ".")
	said, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || subtle.ConstantTimeCompare([]byte(mark), []byte(flashMark(r, text))) != 1 {
		return nil
	}
	tone, words, _ := strings.Cut(string(said), "\n")
	return &flash{tone, words}
}
