package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"latchkey/client"
)

func TestErrorReadsWell(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
		status           int
	}{
		{"title alone", `{"title":"Not found","status":404}`, "Not found", 404},
		{
			"faults", `{"title":"Bad input","detail":"the fields do not fit the definition","errors":[` +
				`{"pointer":"/fields/clientID","message":"there is no such field","fix":"did you mean clientId?"},` +
				`{"message":"alone"}]}`,
			"the fields do not fit the definition\n" +
				"  /fields/clientID: there is no such field (did you mean clientId?)\n  alone", 400,
		},
		{
			"one and the same", `{"title":"Bad input","detail":"no client id","errors":[{"pointer":"/a","message":"no client id","fix":"add one"}]}`,
			"no client id\n  /a (add one)", 400,
		},
		{"malformed", `{"title":"Malformed JSON","detail":"a comma is missing","line":3,"column":7}`,
			"a comma is missing (line 3, column 7)", 400},
		{
			"provider", `{"title":"Refused","detail":"the provider refused the client","failure":{"kind":"client_dead",` +
				`"code":"invalid_client","status":401,"endpoint":"api.moviestar.com/OAuth/access_token","description":"wrong secret"}}`,
			"the provider refused the client\n" +
				`  api.moviestar.com/OAuth/access_token answered: status 401, invalid_client, "wrong secret"`, 422,
		},
		{"parameter", `{"title":"Bad input","errors":[{"parameter":"limit","message":"too large"}]}`, "Bad input\n  limit: too large", 400},
		{
			"template", `{"title":"Bad input","errors":[{"pointer":"/a","message":"no such filter","line":2,"column":7}]}`,
			"Bad input\n  /a: no such filter (line 2, column 7 of the template)", 400,
		},
		{"internal", `{"title":"Internal error","request_id":"req_1"}`,
			"Internal error\n  the server's log has it as req_1", 500},
	} {
		s := newStub(t, answer(c.status, c.body))
		_, err := s.client(t).RefreshConnection(t.Context(), "x")
		got, ok := errors.AsType[*client.Error](err)
		if !ok || got.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
			continue
		}
		if got.Status != c.status || string(got.JSON()) != c.body {
			t.Errorf("%s: status %d, JSON %s", c.name, got.Status, got.JSON())
		}
	}
}

func TestForeignAnswersAreNotQuoted(t *testing.T) {
	const page = "<html>secret page</html>"
	foreign := func(status int) *stub {
		return newStub(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(page))
		})
	}
	_, err := foreign(404).client(t).Connection(t.Context(), "acme")
	want := "GET /connections/acme answered 404 Not Found, which did not come from a Latchkey server (text/html)"
	if err == nil || err.Error() != want {
		t.Errorf("an error page = %v, want %s", err, want)
	}
	_, err = foreign(200).client(t).Connection(t.Context(), "acme")
	if err == nil || !strings.Contains(err.Error(), "HTML") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a page = %v", err)
	}
}

func TestWrongTypesAreNotQuoted(t *testing.T) {
	s := newStub(t, answer(200, `{"access_token":"tok","generation":"secret-text"}`))
	_, err := s.client(t).Token(t.Context(), "x", client.TokenOptions{})
	if err == nil || !strings.Contains(err.Error(), `"generation" is a string`) || strings.Contains(err.Error(), "secret-text") {
		t.Errorf("Token = %v", err)
	}
	s = newStub(t, answer(200, `{"access_token":"tok`))
	_, err = s.client(t).Token(t.Context(), "x", client.TokenOptions{})
	if err == nil || strings.Contains(err.Error(), "tok\"") {
		t.Errorf("Token = %v", err)
	}
}
