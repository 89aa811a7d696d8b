package exchange_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// The secrets of a run through every failure path. None may be printed, in any form.
var leaks = map[string]string{
	"client secret": `cl13nt-s3cr<>t'"+/= ~*`, "password": "p4ssw0rd!with&signs", "access token": "at-0123456789abcdef", "refresh token": "rt-fedcba9876543210/+",
	"code": "c0de-1a2b3c4d5e6f7a8b", "verifier": "v3rifier-0123456789abcdef-0123456789abcdef", "field": "f13ld-s3cret-value", "header": "Key h34der-s3cret-value", "state": "st4te-0123456789",
	"issued token": "issued-at-99887766", "issued refresh token": "issued-rt-55443322",
}

// formsOfLeak are the ways in which a secret may show.
func formsOfLeak(text string) []string {
	quoted, _ := json.Marshal(text)
	return []string{
		text, url.QueryEscape(text), url.PathEscape(text), strings.Trim(string(quoted), `"`),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "="), base64.RawURLEncoding.EncodeToString([]byte(text)), text[:10],
		base64.StdEncoding.EncodeToString([]byte("c-id:" + text)),
	}
}

func grep(t *testing.T, what, text string) {
	t.Helper()
	for name, leak := range leaks {
		for _, form := range formsOfLeak(leak) {
			if strings.Contains(text, form) {
				t.Errorf("%s shows the %s: %s", what, name, text)
				return
			}
		}
	}
}

// echo answers with everything that it was sent, in the places where providers do that.
func echo(status int) func(http.ResponseWriter, got) {
	return func(w http.ResponseWriter, r got) {
		values, _ := url.ParseQuery(r.body)
		all := r.body + " " + fmt.Sprint(values) + " " + fmt.Sprint(r.header) + " " + r.query + " " + r.path
		if path, err := url.PathUnescape(r.path); err == nil {
			all += path
		}
		for _, value := range values {
			all += fmt.Sprintf(" short %.12s…", value[0])
		}
		text, _ := json.Marshal(map[string]string{"error": "bad_thing " + all, "error_description": all})
		says(status, "application/json", string(text))(w, r)
	}
}

func echoHTML(status int) func(http.ResponseWriter, got) {
	return func(w http.ResponseWriter, r got) {
		values, _ := url.ParseQuery(r.body)
		says(status, "text/html", "<html><title>"+fmt.Sprint(values)+" "+r.header.Get("Authorization")+"</title>")(w, r)
	}
}

func TestNothingLeaks(t *testing.T) {
	fields := `"authenticationDataFields": [{"name": "tenant", "type": "string", "format": "password", "source": "CUSTOMER"}]`
	clientSecret, _ := json.Marshal(leaks["client secret"])
	header, _ := json.Marshal(leaks["header"])
	complete := func(document string) string {
		return strings.Replace(document, `"clientSecret": "c-secret"`, `"clientSecret": `+string(clientSecret)+", "+fields, 1)
	}
	request := `{"destinationServerType": "URL_BASED", "urlBasedDestination": {"url": {"templatingStrategy": "PEBBLE_V1", "value": "https://api.example.com/{{ authData.tenant }}/t"}},
		"httpTemplate": {"httpMethod": "POST", "headers": [{"header": "X-Api-Key", "value": ` + string(header) + `}, {"header": "X-Bearer", "value": "{{ authData.tenant | base64encode }}"}],
			"requestBody": {"templatingStrategy": "PEBBLE_V1", "value": "{{ formUrlEncode('client_secret', authData.clientSecret, 'refresh_token', authData.refreshToken, 'at', authData.accessToken) | raw }}"}},
		"responseFields": [{"name": "bad", "templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.error / 2 }}"}],
		"validations": [{"name": "v", "actualValue": {"templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.access_token }}"}, "expectedValue": {"templatingStrategy": "NONE", "value": "none"}}]}`
	documents := map[string]string{
		"standard":  complete(acWith(refreshing)),
		"basic":     complete(acWith(refreshing + `, "options": {"useBasicAuth": true, "pkce": "S256"}`)),
		"templated": complete(acWith(refreshing + `, "accessTokenRequest": ` + request)),
		"password":  complete(strings.Replace(standardPW, `"clientId"`, refreshing+`, "clientId"`, 1)),
		"cc":        complete(ccWith(`"accessTokenRequest": ` + request)),
		"bad host":  complete(ccWith(`"accessTokenRequest": ` + strings.Replace(request, "https://api.example.com/{{ authData.tenant }}", "https://{{ authData.tenant }}.example.com", 1))),
		"bad key":   complete(ccWith(`"options": {"assertion": {"alg": "RS256", "key": "{{ authData.tenant }}"}}, "accessTokenRequest": ` + strings.Replace(request, "authData.clientSecret", "authData.assertion", 1))),
		"bad body":  complete(ccWith(`"accessTokenRequest": ` + strings.Replace(request, "formUrlEncode('client_secret', authData.clientSecret", "formUrlEncode('x', authData.tenant / 2", 1))),
	}
	bad := "issued: " + leaks["issued token"]
	answers := map[string]func(http.ResponseWriter, got){
		"echo 200": echo(200), "echo 400": echo(400), "echo 401": echo(401), "echo 500": echo(500), "page 200": echoHTML(200), "page 403": echoHTML(403),
		"broken":   saysJSON(`{"access_token": "` + leaks["issued token"] + `"`),
		"no token": saysJSON(`{"token": "` + leaks["issued token"] + `", "x": "` + bad + `"}`),
		"good":     saysJSON(`{"access_token": "` + leaks["issued token"] + `", "refresh_token": "` + leaks["issued refresh token"] + `", "error": "` + bad + `"}`),
		"redirect": func(w http.ResponseWriter, r got) {
			w.Header().Set("Location", "https://elsewhere.test/?"+r.body)
			w.WriteHeader(307)
		},
		"too large":  saysJSON(strings.Repeat(leaks["issued token"], 1<<17)),
		"not a page": says(404, "text/plain", leaks["issued token"]),
	}
	for document, text := range documents {
		for answer, serve := range answers {
			p := newProvider(t, serve)
			plan := plan(t, text)
			entered := map[string]any{"tenant": leaks["field"]}
			if document == "password" {
				entered["username"], entered["password"] = "ann", leaks["password"]
			}
			in := exchange.Input{Fields: checked(t, plan, entered), Code: &exchange.CodeGrant{
				Code: secret.New(leaks["code"]), RedirectURI: "https://l.test/cb", State: leaks["state"], CodeVerifier: secret.New(leaks["verifier"]),
			}}
			set, err := p.runner.Acquire(t.Context(), plan, in)
			what := document + ", " + answer
			print(t, what+", acquire", set, err)
			in.Tokens = &exchange.TokenSet{AccessToken: secret.New(leaks["access token"]), RefreshToken: secret.New(leaks["refresh token"]), IssuedAt: start, ExpiresAt: start.Add(time.Hour)}
			set, err = p.runner.Renew(t.Context(), plan, in)
			print(t, what+", renew", set, err)
			explained, err := p.runner.Explain(t.Context(), plan, in)
			print(t, what+", explain", explained, err)
			grep(t, what+", the log", p.log.String())
		}
	}
}

// print prints a result in every way and looks for secrets.
func print(t *testing.T, what string, result any, err error) {
	t.Helper()
	grep(t, what, fmt.Sprintf("%v %+v %#v %v %+v", result, result, err, err, err))
	if failure, ok := errors.AsType[*exchange.Failure](err); ok {
		grep(t, what, fmt.Sprintf("%+v %v %q %q", *failure, failure.Err, failure.Description, failure.Endpoint))
		if len([]rune(failure.Description)) > 200 || len([]rune(failure.Code)) > 80 {
			t.Errorf("%s: the failure is not bounded: %v", what, failure)
		}
	}
}
