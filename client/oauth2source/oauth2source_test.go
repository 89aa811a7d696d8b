package oauth2source_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"latchkey/client"
	"latchkey/client/oauth2source"
)

// TestSource goes through the real package: a call with the token, its expiry, and the end of the connection.
func TestSource(t *testing.T) {
	var gone atomic.Bool
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if gone.Load() {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"type":"/docs/errors#not_found","title":"There is no such connection","status":404}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"access_token":"secret","token_type":"bearer","expires_at":%q,"expires_in":3600,"scope":"read","generation":1,"connection":"conn_1"}`, ends.Format(time.RFC3339))
	}))
	defer server.Close()
	c, err := client.New(client.Config{URL: server.URL, Key: "lk_test"})
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := client.NewKeeper(client.KeeperConfig{Client: c, Watch: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer keeper.Close()

	source := oauth2source.New(t.Context(), keeper, "acme")
	token, err := source.Token()
	if err != nil || !token.Valid() || token.Type() != "Bearer" || !token.Expiry.Equal(ends) || token.Extra("scope") != "read" {
		t.Fatalf("Token = %+v, %v", token, err)
	}
	var got string
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer service.Close()
	program := &http.Client{Transport: oauth2source.Transport(t.Context(), keeper, "acme")}
	if response, err := program.Get(service.URL); err != nil || got != "Bearer secret" {
		t.Errorf("the service got %q, %v", got, err)
	} else {
		_ = response.Body.Close()
	}

	gone.Store(true)
	if _, err := keeper.Token(t.Context(), "acme", client.TokenOptions{Rejected: client.Hash("secret")}); err == nil {
		t.Error("a deleted connection has a token")
	}
	_, err = source.Token()
	if none, ok := errors.AsType[*client.NoTokenError](err); !ok || !none.TakenBack() {
		t.Errorf("Token = %v", err)
	}
	_, err = oauth2.ReuseTokenSource(nil, source).Token()
	if _, ok := errors.AsType[*client.NoTokenError](err); !ok {
		t.Errorf("the error is lost in x/oauth2: %v", err)
	}
}
