package target_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/secret"
	"latchkey/internal/target"
)

func login() target.Login {
	return target.Login{Client: "acme", Email: "a@acme.example", Password: secret.New("canary & password")}
}

func classic(t *testing.T, v *vendor) *target.Classic {
	return target.NewClassic(target.ClassicConfig{Sender: sender(t), API: v.URL, Admin: v.URL})
}

func TestClassicCredentials(t *testing.T) {
	for name, k := range map[string]struct {
		status int
		body   string
		layer  target.Layer // "" is success
		says   string
	}{
		"good":          {200, `<?xml version="1.0"?><campaigns><campaign id="1"><name>An error</name></campaign></campaigns>`, "", ""},
		"wrong":         {200, `<error><code>5</code><message>Login canary &amp; password failed</message></error>`, target.Service, "Login *** failed"},
		"wrong, 403":    {403, `<response><error>no</error></response>`, target.Service, "no"},
		"without words": {200, `<error/>`, target.Service, ""},
		"JSON":          {200, `{"a":1}`, target.Foreign, "no XML"},
		"empty":         {200, ``, target.Foreign, "no XML"},
		"broken":        {200, `<campaigns><a></campaigns>`, target.Foreign, "no XML"},
		"gone":          {404, `<html>`, target.Foreign, "Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, says(k.status, k.body))
			err := classic(t, v).CheckCredentials(t.Context(), login())
			if want := "client=acme&email=a%40acme.example&operation=campaignList&password=canary+%26+password&version=1"; v.requests()[0].Query != want || v.requests()[0].Path != "/api" {
				t.Errorf("asked %+v", v.requests()[0])
			}
			if k.layer == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			failed, ok := errors.AsType[*target.Error](err)
			if !ok || failed.Layer != k.layer || !strings.Contains(failed.Message, k.says) || strings.Contains(err.Error(), "canary") {
				t.Fatalf("got %+v", err)
			}
			if found := target.ExplainClassic(failed); found.Means == "" || !strings.Contains(found.Advice[len(found.Advice)-1].Do, "2017-11-14") {
				t.Errorf("explained as %+v", found)
			}
		})
	}
}

func TestClassicSegments(t *testing.T) {
	var v *vendor
	endpoint := ""
	v = serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/rest/v1/endpoint/acme" {
			if r.URL.RawQuery != "" {
				t.Errorf("the password went along: %s", r.URL.RawQuery)
			}
			_, _ = io.WriteString(w, `{"api":"`+endpoint+`"}`)
			return
		}
		_, _ = io.WriteString(w, `{"segments":[{"id":1,"name":"Gold"},{"id":"2","name":"Silver"}]}`)
	})
	endpoint = v.URL + "/admin/rest/v1"
	got, err := classic(t, v).Segments(t.Context(), login())
	if err != nil || len(got) != 2 || got[1].Name != "Silver" || v.requests()[1].Path != "/admin/rest/v1/segments/1.json" {
		t.Errorf("got %v, %v after %+v", got, err, v.requests())
	}
	for _, elsewhere := range []string{"http://evil.example/admin", "https://127.0.0.1/x", "http://127.0.0.1:1/x", "/relative", "", "http://a:b@127.0.0.1/"} {
		endpoint = elsewhere
		if _, err := classic(t, v).Segments(t.Context(), login()); err == nil {
			t.Errorf("the password would go to %q", elsewhere)
		}
	}
}
