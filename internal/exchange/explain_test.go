package exchange_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

// outline tells an explanation in lines.
func outline(all []exchange.Explained) string {
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintf(&b, "%s %s %s [%s] %s", e.Purpose, e.Method, e.URL, e.ContentType, e.Body)
		for _, h := range e.Headers {
			fmt.Fprintf(&b, " | %s: %s", h.Name, h.Value)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		file string
		in   map[string]any
		want string
	}{
		{"published/authorization-code.json", nil, `authorize GET https://www.moviestar.com/dialog/OAuth?response_type=code&client_id=Experience-Platform-client-id&redirect_uri=<redirect_uri>&scope=read%20write&state=<state> [] 
acquire POST https://api.moviestar.com/OAuth/access_token [application/x-www-form-urlencoded] grant_type=authorization_code&code=********&redirect_uri=<redirect_uri>&client_id=Experience-Platform-client-id&client_secret=******** | Accept: application/json
renew POST https://api.moviestar.com/OAuth/refresh_token [application/x-www-form-urlencoded] grant_type=refresh_token&refresh_token=********&client_id=Experience-Platform-client-id&client_secret=******** | Accept: application/json
`},
		{"published/password.json", map[string]any{"username": "ann", "password": "hush-hush"}, `acquire POST https://api.moviestar.com/OAuth/access_token [application/x-www-form-urlencoded] grant_type=password&username=ann&password=********&scope=read+write&client_id=Experience-Platform-client-id&client_secret=******** | Accept: application/json
renew POST https://api.moviestar.com/OAuth/access_token [application/x-www-form-urlencoded] grant_type=password&username=ann&password=********&scope=read+write&client_id=Experience-Platform-client-id&client_secret=******** | Accept: application/json
`},
		{"published/example-3-customer-credentials.json", map[string]any{"clientId": "id", "clientSecret": "hush-hush", "moviestarId": "t1"}, `acquire POST https://t1.yourdestination.com/identity/oauth/token [application/x-www-form-urlencoded] grant_type=client_credentials&client_id=id&client_secret=******** | Accept: application/json
renew POST https://t1.yourdestination.com/identity/oauth/token [application/x-www-form-urlencoded] grant_type=client_credentials&client_id=id&client_secret=******** | Accept: application/json
`},
		{"worked/clover.json", map[string]any{"authorizeHost": "www.clover.com", "apiHost": "api.clover.com"}, `authorize GET https://www.clover.com/oauth/v2/authorize?response_type=code&client_id=c&redirect_uri=<redirect_uri>&state=<state> [] 
acquire POST https://api.clover.com/oauth/v2/token [application/json] {"client_id":"c","client_secret":"********","code":"********"} | Accept: application/json
renew POST https://api.clover.com/oauth/v2/refresh [application/json] {"client_id":"c","refresh_token":"********"} | Accept: application/json
`},
		{"worked/google-service-account.json", map[string]any{"clientEmail": "e", "privateKey": "hush-hush"}, `acquire POST https://oauth2.googleapis.com/token [application/x-www-form-urlencoded] grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=******** | Accept: application/json
renew POST https://oauth2.googleapis.com/token [application/x-www-form-urlencoded] grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=******** | Accept: application/json
`},
	} {
		p := newProvider(t, saysJSON(usual))
		plan := planOf(t, c.file)
		all, err := p.runner.Explain(t.Context(), plan, exchange.Input{Fields: fields(t, plan, c.in)})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if diff := cmp.Diff(c.want, outline(all)); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.file, diff)
		}
		if len(p.seen()) > 0 {
			t.Errorf("%s: something was sent", c.file)
		}
		for _, e := range all {
			if e.When == "" || e.Headers == nil {
				t.Errorf("%s: %s says nothing about when, or has no headers", c.file, e.Purpose)
			}
		}
	}
}

// What is computed from a secret is computed from the mask, and a note says so.
func TestExplainComputed(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	zoom := planOf(t, "worked/zoom.json")
	all, err := p.runner.Explain(t.Context(), zoom, exchange.Input{Fields: fields(t, zoom, map[string]any{"clientId": "id", "clientSecret": "hush-hush", "accountId": "a"})})
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	contains(t, "the header", outline(all), "Authorization: Basic aWQ6KioqKioqKio=")
	contains(t, "the notes", strings.Join(all[0].Notes, "; "), "the header Authorization is computed from a masked value")
	all, err = p.runner.Explain(t.Context(), plan(t, ccWith(`"options": {"useBasicAuth": true}`)), exchange.Input{})
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	contains(t, "the notes", strings.Join(all[0].Notes, "; "), "the header Authorization is computed from a masked value")
}

// Every published and worked configuration that is complete can be explained before a field is entered.
func TestExplainWithoutFields(t *testing.T) {
	files, _ := filepath.Glob("../destination/testdata/*/*.json")
	explained := 0
	for _, file := range files {
		d, err := destination.ParseDocument([]byte(read(t, strings.TrimPrefix(file, "../destination/testdata/"))))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := d.Compile(0)
		if err != nil {
			continue
		}
		p := newProvider(t, saysJSON(usual))
		if _, err := p.runner.Explain(t.Context(), plan, exchange.Input{}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		explained++
	}
	if explained < 11 {
		t.Errorf("%d configurations were explained", explained)
	}
}

func TestExplainSteps(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	all, err := p.runner.Explain(t.Context(), planOf(t, "worked/instagram.json"), exchange.Input{})
	if err != nil {
		t.Fatal(err)
	}
	var purposes []string
	for _, e := range all {
		purposes = append(purposes, e.Purpose)
	}
	if got := strings.Join(purposes, " "); got != "authorize acquire step:longLived renew" {
		t.Errorf("the requests are %s", got)
	}
	if all, err := p.runner.Explain(t.Context(), plan(t, `{"authentication": {"authType": "BEARER"}}`), exchange.Input{}); err != nil || all == nil || len(all) > 0 {
		t.Errorf("BEARER is explained as %v, %v", all, err)
	}
}
