package adobesim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/internal/adobesim"
	"latchkey/internal/adobesim/adobesimtest"
	"latchkey/internal/analytics"
	"latchkey/internal/clock"
	"latchkey/internal/secret"
	"latchkey/internal/target"
)

const legacyURL = "https://api.omniture.com/admin/1.4/rest/?method="

// The vectors of spec/aem-target-analytics.md §3.4; the first was made anew by npm's wsse.
const (
	vectorSHA1 = `UsernameToken Username="user1:Acme Inc", PasswordDigest="wZKC1J2uqTR6RSN4bA0ufaH1rPI=", ` +
		`Nonce="ZDQxZDhjZDktOGYwMC00MjA0LTg5ODAtMDk5OGVjZjg0Mjdl", Created="2018-05-14T15:56:54Z"`
	vectorSHA256 = `UsernameToken Username="user1:Acme Inc", PasswordDigest="NrZnJTTNS8PKRZ1mejBqw/UpxMcS1qlWffNKyDwjVRI=", ` +
		`Nonce="ZDQxZDhjZDktOGYwMC00MjA0LTg5ODAtMDk5OGVjZjg0Mjdl", Created="2018-05-14T15:56:54Z", Algorithm="SHA256"`
)

// acme starts stand-ins for the customer of the vectors, at their moment.
func acme(t *testing.T, now time.Time) (*adobesimtest.House, *clock.Manual) {
	t.Helper()
	customer := adobesim.SampleCustomer(adobesim.SampleOrganization)
	customer.Username, customer.CompanyName, customer.Secret = "user1", "Acme Inc", "75d0test"
	manual := clock.NewManual(now)
	return adobesimtest.Start(t, adobesimtest.Config{Now: manual.Now, Customer: customer}), manual
}

func TestWSSE(t *testing.T) {
	at := time.Date(2018, 5, 14, 15, 56, 54, 0, time.UTC)
	for name, c := range map[string]struct {
		sign string
		late time.Duration
		says string // "" is let in
	}{
		"SHA-1":             {sign: vectorSHA1},
		"SHA-256":           {sign: vectorSHA256},
		"a little late":     {sign: vectorSHA1, late: 5 * time.Minute},
		"too late":          {sign: vectorSHA1, late: 5*time.Minute + time.Second, says: "Unable to validate authentication."},
		"too early":         {sign: vectorSHA1, late: -6 * time.Minute, says: "Unable to validate authentication."},
		"another digest":    {sign: strings.Replace(vectorSHA1, "wZKC", "wZKD", 1), says: "Unable to validate authentication."},
		"another algorithm": {sign: strings.Replace(vectorSHA256, "SHA256", "SHA1", 1), says: "Unable to validate authentication."},
		"a nonce in clear":  {sign: strings.Replace(vectorSHA1, "ZDQxZDhjZDktOGYwMC00MjA0LTg5ODAtMDk5OGVjZjg0Mjdl", "d41d8cd9-8f00-4204-8980-0998ecf8427e", 1), says: "Unable to validate authentication."},
		"no company":        {sign: strings.Replace(vectorSHA1, "user1:Acme Inc", "user1", 1), says: "Invalid user specified."},
		"another user":      {sign: strings.Replace(vectorSHA1, "user1:", "user2:", 1), says: "Invalid user specified."},
		"a moment in words": {sign: strings.Replace(vectorSHA1, "2018-05-14T15:56:54Z", "Mon, 14 May", 1), says: "Invalid created timestamp ('Mon, 14 May'). Values should be in ISO-8601 format"},
		"no moment":         {sign: strings.Replace(vectorSHA1, "2018-05-14T15:56:54Z", "", 1), says: "Invalid created timestamp (''). Values should be in ISO-8601 format"},
		"no header":         {says: "Unable to validate authentication."},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := acme(t, at.Add(c.late))
			request := ask{method: "POST", url: legacyURL + "Company.GetReportSuites", body: `{"types":["standard"],"search":""}`, header: map[string]string{"X-WSSE": c.sign, "Authorization": ""}}
			if c.says == "" {
				do(t, h, request).want(t, 200, `{"report_suites":[{"rsid":"sampleco0.prod","site_title":"Production"},{"rsid":"sampleco0.dev"`)
				do(t, h, request).want(t, 400, "Unable to validate authentication.") // a nonce serves once
				return
			}
			if said := do(t, h, request).want(t, 400, "").object(t); said["error"] != "Bad Request" || said["error_description"] != c.says || said["error_uri"] != nil {
				t.Errorf("got %v, want %q", said, c.says)
			}
		})
	}
}

// TestLegacyClient runs our own client of the API 1.4 against every method.
func TestLegacyClient(t *testing.T) {
	h, _ := acme(t, time.Now())
	centers, err := analytics.NewCenters()
	if err != nil {
		t.Fatal(err)
	}
	classic := &analytics.Classic{Sender: h.Client, Centers: centers, Clock: clock.System()}
	ctx := t.Context()
	key, err := classic.LoginKey(ctx, "london", "Acme Inc", "user1", secret.New("moviestar"))
	if err != nil || key.Reveal() != "75d0test" {
		t.Fatalf("the login key is %v: %v", key, err)
	}
	if _, err := classic.LoginKey(ctx, "london", "Acme Inc", "user1", secret.New("wrong")); err == nil {
		t.Error("a wrong password gives a login key")
	}
	for _, digest := range []analytics.Digest{analytics.SHA1, analytics.SHA256} {
		as := &analytics.Login{User: "user1", Company: "Acme Inc", Secret: key, Digest: digest}
		suites, err := classic.ReportSuites(ctx, "", as)
		if err != nil || len(suites) != 3 || suites[2].Type != "virtualreportsuite" {
			t.Fatalf("%v: the report suites are %+v: %v", digest, suites, err)
		}
	}
	as := &analytics.Login{User: "user1", Company: "Acme Inc", Secret: key}
	suite := "sampleco0.prod"
	tracking, err := classic.TrackingServer(ctx, "", as, suite)
	props, err2 := classic.Props(ctx, "", as, suite)
	evars, err3 := classic.Evars(ctx, "", as, suite)
	events, err4 := classic.Events(ctx, "", as, suite)
	segments, err5 := classic.Segments(ctx, "", as)
	metrics, err6 := classic.Metrics(ctx, "", as, suite)
	if err := errors.Join(err, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(tracking.Server, len(props), len(evars), len(events), len(segments), len(metrics)); got != "sampleco0.d1.sc.omtrdc.net2 3 3 4 10" {
		t.Errorf("there are %s", got)
	}
	id, err := classic.Queue(ctx, "", as, analytics.ClassicQuery{Suite: suite, From: "2026-01-01", To: "2026-01-31", Metrics: []string{"pageviews", "visits"}, Element: "page", Top: 5})
	if err != nil {
		t.Fatal(err)
	}
	check(t, h.SetFault(adobesim.Rule{Host: adobesim.LegacyHost, Fault: "not_ready", Times: 1}))
	if _, err := classic.Fetch(ctx, "", as, id); refused(err) != analytics.NotReady {
		t.Errorf("a report that is not ready: %v", err)
	}
	page, err := classic.Fetch(ctx, "", as, id)
	if err != nil || len(page.Rows) != 5 || len(page.Totals) != 2 || page.Rows[0].Name != "page 1" {
		t.Errorf("the report is %+v: %v", page, err)
	}
	for code, query := range map[string]analytics.ClassicQuery{
		"report_suite_invalid": {Suite: "other", Metrics: []string{"visits"}},
		"metric_id_invalid":    {Suite: suite, Metrics: []string{"nothing"}},
		"element_id_invalid":   {Suite: suite, Metrics: []string{"visits"}, Element: "nothing"},
	} {
		if _, err := classic.Queue(ctx, "", as, query); refused(err) != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
	if _, err := classic.Fetch(ctx, "", as, json.Number("99")); refused(err) != "report_id_invalid" {
		t.Errorf("an unknown report: %v", err)
	}
}

func refused(err error) string {
	if e, ok := errors.AsType[*analytics.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestLegacyFaultsAndTokens(t *testing.T) {
	h, manual := acme(t, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	as := analytics.Login{User: "user1", Company: "Acme Inc", Secret: secret.New("75d0test")}
	call := func() got {
		sign := as.UsernameToken([]byte(fmt.Sprint(manual.Now(), len(h.Requests()))), manual.Now())
		return do(t, h, ask{method: "POST", url: legacyURL + "Segments.Get", header: map[string]string{"X-WSSE": sign, "Authorization": ""}})
	}
	call().want(t, 200, "Purchasers")
	for fault, says := range map[string]string{
		"no_web_services": "You do not have privileges to perform this operation.", "unknown_user": "Invalid user specified.", "clock_skew=6m": "Unable to validate authentication.",
	} {
		check(t, h.SetFault(adobesim.Rule{Fault: fault, Times: 1}))
		call().want(t, 400, says)
	}
	bearer := func(header map[string]string) got {
		return do(t, h, ask{method: "POST", url: legacyURL + "Segments.Get", header: header})
	}
	bearer(map[string]string{"X-Proxy-Company": "Acme Inc"}).want(t, 200, "Purchasers")
	bearer(map[string]string{"X-ADOBE-DMA-COMPANY": "Acme Inc"}).want(t, 200, "Purchasers")
	bearer(nil).want(t, 400, "The access token provided is invalid")
	bearer(map[string]string{"X-Proxy-Company": "Acme Inc", "Authorization": "Bearer nothing"}).want(t, 400, "invalid_grant")
	do(t, h, ask{method: "POST", url: "https://api3.omniture.com/other"}).want(t, 404, "")
	bearer(map[string]string{"X-Proxy-Company": "Acme Inc"}).want(t, 200, "")
	do(t, h, ask{method: "POST", url: legacyURL + "No.Such", header: map[string]string{"X-Proxy-Company": "Acme Inc"}}).want(t, 400, "There is no method No.Such")
}

// TestClassicClient runs our own client of Target Classic.
func TestClassicClient(t *testing.T) {
	h := start(t)
	classic := target.NewClassic(target.ClassicConfig{Sender: h.Client})
	who := target.Login{Client: "sampleclient", Email: "ada@example.com", Password: secret.New("moviestar")}
	if err := classic.CheckCredentials(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	segments, err := classic.Segments(t.Context(), who)
	if err != nil || len(segments) != 12 || segments[0].Name != "New Visitors" {
		t.Errorf("the segments are %+v: %v", segments, err)
	}
	for _, wrong := range []target.Login{
		{Client: "sampletenant", Email: who.Email, Password: who.Password}, {Client: who.Client, Email: "x", Password: who.Password},
		{Client: who.Client, Email: who.Email, Password: secret.New("wrong")},
	} {
		if e, ok := errors.AsType[*target.Error](classic.CheckCredentials(t.Context(), wrong)); !ok || e.Layer != target.Service {
			t.Errorf("%+v: %v", wrong, e)
		}
	}
	do(t, h, ask{url: "https://testandtarget.omniture.com/api?client=sampleclient&email=ada@example.com&password=moviestar&operation=campaignList&version=1"}).want(t, 200, "<campaigns><campaign><id>3000000</id><name>Activity 1</name>")
	do(t, h, ask{url: "https://testandtarget.omniture.com/api?client=sampleclient&email=ada@example.com&password=moviestar&operation=x"}).want(t, 400, "<error>")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
