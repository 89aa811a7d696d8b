package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/client"
)

// problem is problem details (RFC 9457), with the kinds of Latchkey's own API.
type problem struct {
	Kind   string `json:"-"`
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func tell(w http.ResponseWriter, status int, p problem) {
	p.Type, p.Status = "/docs/errors#"+p.Kind, status
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

// answer is a token as the API writes it.
type answer struct {
	AccessToken string     `json:"access_token"`
	TokenType   string     `json:"token_type"`
	ExpiresAt   *time.Time `json:"expires_at"`
	ExpiresIn   *int64     `json:"expires_in"`
	Scope       string     `json:"scope"`
	Generation  int64      `json:"generation"`
	Connection  string     `json:"connection"`
}

// token answers as the server does, conditions included, so that a client of the server is a client of this. Who asks for
// text/plain gets the token alone, for shells.
func (s *server) token(w http.ResponseWriter, r *http.Request) {
	var options client.TokenOptions
	if text := r.URL.Query().Get("min_ttl"); text != "" {
		least, err := duration(text)
		if err != nil {
			tell(w, http.StatusBadRequest, problem{Kind: "invalid_request", Title: "The request is not valid", Detail: "min_ttl: expected seconds, or a duration such as 5m"})
			return
		}
		options.MinTTL = least
	}
	options.Rejected = strings.Trim(strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/"), `"`)
	token, err := s.Keeper.Token(r.Context(), r.PathValue("ref"), options)
	switch {
	case errors.Is(err, client.ErrNotModified):
		w.WriteHeader(http.StatusNotModified)
		return
	case err != nil:
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("ETag", `"`+token.Hash+`"`)
	if r.Header.Get("Accept") == "text/plain" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(token.AccessToken + "\n"))
		return
	}
	out := answer{AccessToken: token.AccessToken, TokenType: token.TokenType, Scope: token.Scope, Generation: token.Generation, Connection: token.Connection}
	if !token.ExpiresAt.IsZero() {
		in := int64(token.ExpiresIn / time.Second)
		out.ExpiresAt, out.ExpiresIn = &token.ExpiresAt, &in
	}
	sayJSON(w, http.StatusOK, out)
}

// duration reads "300" as seconds, and "5m" as Go writes durations.
func duration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("negative")
	}
	return d, err
}

func (s *server) placement(w http.ResponseWriter, r *http.Request) {
	placement, err := s.Keeper.Placement(r.Context(), r.PathValue("ref"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	sayJSON(w, http.StatusOK, placement)
}

// proxy hands a call on to the server's proxy, which has the service make it with the token.
func (s *server) proxy(w http.ResponseWriter, r *http.Request) {
	r.Header.Del(RequestHeader)
	s.forward.ServeHTTP(w, r)
}

// refuse passes on what the server said; its absence, and what else keeps a token away, is 503, which clients try again.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits
	}
	s.Log.Warn("no token to give", "connection", r.PathValue("ref"), "error", err)
	if said, ok := errors.AsType[*client.Error](err); ok && said.JSON() != nil {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(said.Status)
		_, _ = w.Write(said.JSON())
		return
	}
	w.Header().Set("Retry-After", "2")
	tell(w, http.StatusServiceUnavailable, problem{Kind: "unavailable", Title: "There is no token to give", Detail: err.Error()})
}

func sayJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// plain gives a token for one of the vendors' shapes, and what went wrong as status, in words.
func (s *server) plain(ctx context.Context, ref string) (token client.Token, status int, err error) {
	token, err = s.Keeper.Token(ctx, ref, client.TokenOptions{})
	if err == nil {
		return token, http.StatusOK, nil
	}
	s.Log.Warn("no token to give", "connection", ref, "error", err)
	if said, ok := errors.AsType[*client.NoTokenError](err); ok && said.TakenBack() {
		return token, http.StatusForbidden, err // trying again does not help
	}
	return token, http.StatusServiceUnavailable, err
}

// left is what is left of a token, in whole seconds. One whose end nobody knows is to be asked for again soon.
func left(token client.Token) int64 {
	if token.ExpiresAt.IsZero() {
		return 300
	}
	return int64(token.ExpiresIn / time.Second)
}
