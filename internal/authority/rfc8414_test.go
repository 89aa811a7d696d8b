package authority_test

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

var documents = []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/ims/.well-known/openid-configuration"}

// TestRFC8414_3_2_Response holds how the document is answered: JSON, with lists, none of them empty.
func TestRFC8414_3_2_Response(t *testing.T) {
	w := newWorld(t)
	first := w.get(t, documents[0])
	for _, path := range documents {
		got := w.get(t, path)
		if media, _, _ := strings.Cut(got.header.Get("Content-Type"), ";"); got.status != 200 || media != "application/json" {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Content-Type"))
		}
		if !reflect.DeepEqual(got.body, first.body) { // RFC 9068 §4
			t.Errorf("%s says something else than %s:\n%s", path, documents[0], got.text)
		}
	}
	for name, value := range first.body {
		list, isList := value.([]any)
		if several := strings.HasSuffix(name, "_supported") && name != "authorization_response_iss_parameter_supported"; several != isList || isList && len(list) == 0 || value == nil || value == "" {
			t.Errorf("%s is %v", name, value)
		}
	}
	if got := w.post(t, documents[0], url.Values{}); got.status != 405 {
		t.Errorf("POST: %d", got.status)
	}
}

// TestRFC8414_2_Members holds the members that have to be there, and what they may be.
func TestRFC8414_2_Members(t *testing.T) {
	w := newWorld(t)
	document := w.get(t, documents[0]).body
	for _, name := range []string{"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint", "introspection_endpoint", "userinfo_endpoint", "end_session_endpoint"} {
		text, _ := document[name].(string)
		if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(text, "#") || u.User != nil {
			t.Errorf("%s is %q", name, text)
		}
	}
	if len(document["response_types_supported"].([]any)) != 5 || len(document["grant_types_supported"].([]any)) < 5 {
		t.Errorf("response types %v, grant types %v", document["response_types_supported"], document["grant_types_supported"])
	}
	for name, value := range document {
		if strings.HasSuffix(name, "_auth_signing_alg_values_supported") && strings.Contains(string(marshalled(t, value)), "none") {
			t.Errorf("%s has none", name)
		}
	}
	var keys []any
	for _, key := range w.get(t, "/ims/keys").body["keys"].([]any) {
		keys = append(keys, key.(map[string]any)["use"])
	}
	if string(marshalled(t, keys)) != `["sig","sig"]` {
		t.Errorf("the keys are for %v", keys)
	}
}

// TestRFC8414_2_Served holds that what is advertised is there: each endpoint, each grant, each way to be asked.
func TestRFC8414_2_Served(t *testing.T) {
	w := newWorld(t)
	document := w.get(t, documents[0]).body
	for name, value := range document {
		text, isText := value.(string)
		if !isText || name == "issuer" {
			continue
		}
		path := strings.TrimPrefix(text, issuer)
		request, err := http.NewRequestWithContext(context.Background(), http.MethodOptions, w.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.do(t, request); got.status != 204 || path == text {
			t.Errorf("%s is at %s, where %d is", name, text, got.status)
		}
	}
	for _, grant := range document["grant_types_supported"].([]any) {
		got := w.post(t, "/ims/token/v3", url.Values{"grant_type": {grant.(string)}})
		if unknown := got.body["error"] == "unsupported_grant_type"; unknown != (grant == "implicit") { // it has no token request
			t.Errorf("%s: %s", grant, got.error())
		}
	}
	for _, kind := range document["response_types_supported"].([]any) {
		client := webID
		if strings.Contains(" "+kind.(string)+" ", " token ") {
			client = spaID
		}
		if got := w.ask(t, ada, asking(client, "response_type", kind.(string))); got.header.Get("Test-Page") != "consent" {
			t.Errorf("the response type %s: %d %s", kind, got.status, got.header.Get("Location"))
		}
	}
	for _, mode := range document["response_modes_supported"].([]any) {
		if got := w.ask(t, ada, asking(webID, "response_mode", mode.(string))); got.header.Get("Test-Page") != "consent" {
			t.Errorf("the response mode %s: %d", mode, got.status)
		}
	}
	for _, method := range document["code_challenge_methods_supported"].([]any) {
		if got := w.ask(t, ada, asking(webID, "code_challenge_method", method.(string))); got.header.Get("Test-Page") != "consent" {
			t.Errorf("the challenge method %s: %d", method, got.status)
		}
	}
}

// TestRFC8414_3_3_Issuer holds that whichever of its names a client knows the server by, the document is of that name, and so is
// what it says later: the id_token, the access token, the answer to the browser (RFC 9207).
func TestRFC8414_3_3_Issuer(t *testing.T) {
	w := newWorld(t)
	for host, want := range map[string]string{
		"latchkey.example.com": issuer, "latchkey.example.com:8443": issuer + ":8443", "ims-na1.adobelogin.com": ims, "elsewhere.example": issuer, "": issuer,
	} {
		request := func(method, path string, form url.Values) reply {
			t.Helper()
			r, err := http.NewRequestWithContext(context.Background(), method, w.URL+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Test-Person", ada)
			return w.do(t, r)
		}
		for _, path := range documents {
			if got := request("GET", path, nil); got.body["issuer"] != want || got.body["token_endpoint"] != want+"/ims/token/v3" || got.body["jwks_uri"] != want+"/ims/keys" {
				t.Errorf("%s at %q: %s", path, host, got.text)
			}
		}
		w.allow(t, ada, asking(webID)) // once and for all
		answer := landed(t, request("GET", "/ims/authorize/v2?"+asking(webID).Encode(), nil), callback)
		got := request("POST", "/ims/token/v3", redeem(webID, answer.Get("code")))
		_, identity := payload(t, got.token("id_token"))
		ours := request("POST", "/ims/token/v3", changed(credentialsForm("tokens:read"), []string{"resource", issuer})).token("access_token")
		_, access := payload(t, ours)
		if answer.Get("iss") != want || identity["iss"] != want || access["iss"] != want {
			t.Errorf("at %q the iss of the answer is %v, of the id_token %v, of the access token %v", host, answer.Get("iss"), identity["iss"], access["iss"])
		}
		if _, err := w.server.Caller(t.Context(), ours); err != nil {
			t.Errorf("a token that was issued at %q: %v", host, err)
		}
		if told := w.asked(t, oauthID, ours); told.body["iss"] != want {
			t.Errorf("introspection of a token that was issued at %q: %s", host, told.text)
		}
	}
}
