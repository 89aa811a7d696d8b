package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/client"
)

const accessToken = "eyJ-very-secret"

const tokenBody = `{"access_token":"` + accessToken + `","token_type":"bearer","expires_at":"2026-11-21T10:00:00Z",` +
	`"expires_in":3540,"scope":"read write","generation":3,"connection":"conn_1"}`

func fetchToken(t *testing.T, options client.TokenOptions) (client.Token, seen, error) {
	t.Helper()
	s := newStub(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Header.Get("If-None-Match") == `"`+client.Hash(accessToken)+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"`+client.Hash(accessToken)+`"`)
		write(w, 200, tokenBody)
	})
	token, err := s.client(t).Token(t.Context(), "movie star/1", options)
	return token, s.requests()[0], err
}

func TestToken(t *testing.T) {
	token, request, err := fetchToken(t, client.TokenOptions{MinTTL: 90500 * time.Millisecond, Rejected: "old"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "/api/v1/connections/movie%20star%2F1/token?min_ttl=91"; request.URI != want {
		t.Errorf("called %s, want %s", request.URI, want)
	}
	if got := request.Header.Get("If-None-Match"); got != `"old"` {
		t.Errorf("If-None-Match = %s", got)
	}
	if token.AccessToken != accessToken || token.ExpiresIn != 59*time.Minute || token.Generation != 3 ||
		token.Hash != client.Hash(accessToken) || token.Header() != "Bearer "+accessToken {
		t.Errorf("Token() has wrong members: %s, %s", token, token.Hash)
	}
	if string(token.JSON()) != tokenBody {
		t.Errorf("JSON() = %s", token.JSON())
	}
}

func TestTokenNotModified(t *testing.T) {
	_, _, err := fetchToken(t, client.TokenOptions{Rejected: client.Hash(accessToken)})
	if !errors.Is(err, client.ErrNotModified) {
		t.Errorf("Token() = %v, want ErrNotModified", err)
	}
}

func TestTokenDoesNotPrintItself(t *testing.T) {
	token, _, err := fetchToken(t, client.TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	holder := struct {
		T client.Token
		P *client.Token
	}{token, &token}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "t", token, "h", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "t", token, "h", holder)
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{
		fmt.Sprint(token, holder), fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, token, token, token),
		fmt.Sprintf("%+v %#v", holder, holder), log.String(), string(encoded),
	} {
		if strings.Contains(got, accessToken) || strings.Contains(got, fmt.Sprintf("%x", accessToken)) {
			t.Errorf("printed the token: %s", got)
		}
	}
	if want := "bearer token [redacted] of conn_1, generation 3, until 2026-11-21T10:00:00Z"; token.String() != want {
		t.Errorf("String() = %s, want %s", token, want)
	}
}

func TestHeaderOfOtherTypes(t *testing.T) {
	for kind, want := range map[string]string{"": "Bearer x", "BEARER": "Bearer x", "Basic": "Basic x"} {
		if got := (client.Token{AccessToken: "x", TokenType: kind}).Header(); got != want {
			t.Errorf("Header() of type %q = %q, want %q", kind, got, want)
		}
	}
}

func TestCreatedKeyIsShownOnPurposeOnly(t *testing.T) {
	s := newStub(t, answer(201, `{"id":"key_1","name":"ci","key":"lk_new-secret"}`))
	key, err := s.client(t).CreateKey(t.Context(), client.NewKey{Name: "ci", Scopes: []string{"tokens:read"}})
	if err != nil || key.ID != "key_1" || key.Secret.Reveal() != "lk_new-secret" {
		t.Fatalf("CreateKey = %v, %v", key, err)
	}
	encoded, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprintf("%v %+v %#v", key, key, key), string(encoded)} {
		if strings.Contains(got, "lk_new-secret") {
			t.Errorf("printed the key: %s", got)
		}
	}
	if s.requests()[0].Body != `{"name":"ci","scopes":["tokens:read"]}` {
		t.Errorf("sent %s", s.requests()[0].Body)
	}
}
