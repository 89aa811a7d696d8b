package analytics_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/analytics"
	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// TestUsernameToken holds the vectors of spec/aem-target-analytics.md §3.4; the first was made again with an independent signer.
func TestUsernameToken(t *testing.T) {
	const nonce, encoded = "d41d8cd9-8f00-4204-8980-0998ecf8427e", "ZDQxZDhjZDktOGYwMC00MjA0LTg5ODAtMDk5OGVjZjg0Mjdl"
	at := time.Date(2018, 5, 14, 17, 56, 54, 0, time.FixedZone("CEST", 2*3600))
	for digest, want := range map[analytics.Digest]string{
		analytics.SHA1:   `UsernameToken Username="user1:Acme Inc", PasswordDigest="wZKC1J2uqTR6RSN4bA0ufaH1rPI=", Nonce="` + encoded + `", Created="2018-05-14T15:56:54Z"`,
		analytics.SHA256: `UsernameToken Username="user1:Acme Inc", PasswordDigest="NrZnJTTNS8PKRZ1mejBqw/UpxMcS1qlWffNKyDwjVRI=", Nonce="` + encoded + `", Created="2018-05-14T15:56:54Z", Algorithm="SHA256"`,
	} {
		login := analytics.Login{User: "user1", Company: "Acme Inc", Secret: secret.New("75d0test"), Digest: digest}
		if got := login.UsernameToken([]byte(nonce), at); got != want {
			t.Errorf("%s:\n got %s\nwant %s", digest, got, want)
		}
	}
}

var user = &analytics.Login{User: "user1", Company: "Acme Inc", Secret: secret.New("75d0test-secret")}

func (s *server) classic() *analytics.Classic {
	centers, err := analytics.NewCenters(analytics.Center{Name: "own", URL: s.URL})
	if err != nil {
		s.Fatal(err)
	}
	return &analytics.Classic{Sender: sender(s.TB, egress.Config{}), Centers: centers, Clock: hurry()}
}

func TestClassic(t *testing.T) {
	answers := map[string]any{
		"Company.GetReportSuites":   m{"report_suites": []m{{"rsid": "acme", "site_title": "Acme"}, {"rsid": "vrs_1", "site_title": "V", "virtual": true}}},
		"Company.GetLoginKey":       "shared-secret-1",
		"Company.GetTrackingServer": m{"tracking_server": "acme.d1.sc.omtrdc.net", "namespace": "acme"},
		"ReportSuite.GetProps":      []m{{"rsid": "acme", "props": []m{{"id": "prop1", "name": "Section", "enabled": true}, {"id": "prop2", "enabled": false}}}},
		"ReportSuite.GetEvars":      []m{{"rsid": "acme", "evars": []m{{"id": "evar1", "name": "Campaign", "enabled": true}}}},
		"ReportSuite.GetEvents":     []m{{"rsid": "acme", "events": []m{{"id": "event1", "name": "Sign-up", "type": "counter"}}}},
		"Segments.Get":              []m{{"id": "s1", "name": "Mobile", "reportSuiteID": "acme"}},
		"Report.GetMetrics":         []m{{"id": "pageviews", "name": "Page Views"}},
		"Report.Queue":              m{"reportID": 42},
	}
	ready := 0
	s := serve(t, func(_ int, r got) (int, any) {
		method := strings.TrimPrefix(r.query, "method=")
		if method == "Report.Get" {
			if ready++; ready < 3 {
				return 400, m{"error": "report_not_ready", "error_description": "Report not ready", "error_uri": nil}
			}
			return 200, m{"report": m{"metrics": []m{{"id": "pageviews"}}, "data": []m{{"name": "Home", "counts": []string{"12"}}}, "totals": []string{"30"}}}
		}
		if method == "Company.GetLoginKey" {
			return 200, `"shared-secret-1"`
		}
		return 200, answers[method]
	})
	c, ctx := s.classic(), t.Context()
	check := func(name string, got any, err error, want string) {
		t.Helper()
		if fmt.Sprintf("%+v", got) != want || err != nil {
			t.Errorf("%s = %+v, %v; want %s", name, got, err, want)
		}
	}
	suites, err := c.ReportSuites(ctx, "own", user)
	check("ReportSuites", len(suites), err, "2")
	check("ReportSuites", suites[1].Type, err, "virtualreportsuite")
	if r := s.last(); r.path != "/admin/1.4/rest/" || r.body != `{"search":"","types":["standard","rollup","virtual"]}` {
		t.Errorf("sent %s %s", r.path, r.body)
	}
	one := s.last().header.Get("X-WSSE")
	if !regexp.MustCompile(`^UsernameToken Username="user1:Acme Inc", PasswordDigest="[^"]{44}", Nonce="[^"]+", Created="[^"]+Z", Algorithm="SHA256"$`).MatchString(one) {
		t.Errorf("X-WSSE = %s", one)
	}
	server, err := c.TrackingServer(ctx, "own", user, "acme")
	check("TrackingServer", server, err, "{Server:acme.d1.sc.omtrdc.net Namespace:acme}")
	if two := s.last().header.Get("X-WSSE"); one == two {
		t.Error("a nonce was used twice")
	}
	props, err := c.Props(ctx, "own", user, "acme")
	check("Props", len(props), err, "2")
	check("Props", *props[1].Enabled, err, "false")
	evars, err := c.Evars(ctx, "own", user, "acme")
	check("Evars", evars[0].ID, err, "evar1")
	events, err := c.Events(ctx, "own", user, "acme")
	check("Events", events[0].Name, err, "Sign-up")
	segments, err := c.Segments(ctx, "own", user)
	check("Segments", segments[0].Suite, err, "acme")
	metrics, err := c.Metrics(ctx, "own", user, "acme")
	check("Metrics", metrics[0].Title, err, "Page Views")
	report, err := c.Report(ctx, "own", user, analytics.ClassicQuery{Suite: "acme", From: "2026-01-01", To: "2026-01-31", Metrics: []string{"pageviews"}, Element: "page", Top: 5})
	check("Report", report.Rows, err, "[{ID: Name:Home Values:[12]}]")
	key, err := c.LoginKey(ctx, "own", "Acme Inc", "user1", secret.New("p4ssw0rd"))
	check("LoginKey", key.Reveal(), err, "shared-secret-1")
	if r := s.last(); r.header.Get("X-WSSE") != "" || !strings.Contains(r.body, "p4ssw0rd") {
		t.Error("the password is traded without a signature, in the body")
	}
}

func TestClassicRefusals(t *testing.T) {
	for text, means := range map[string]string{
		"Unable to validate authentication.":                                  "user, company and shared secret do not belong together",
		"Invalid created timestamp (''). Values should be in ISO-8601 format": "the signature's moment",
		"Invalid user specified.":                                             "no such user",
		"You do not have privileges to perform this operation.":               "the Administrator role alone is not enough",
		"The access token provided is invalid":                                "wants a token",
		"echoes 75d0test-secret":                                              "in words that are not known here",
	} {
		s := serve(t, func(int, got) (int, any) {
			return 400, m{"error": "Bad Request", "error_description": text, "error_uri": nil}
		})
		_, err := s.classic().ReportSuites(t.Context(), "own", user)
		failed, ok := errors.AsType[*analytics.Error](err)
		if !ok || failed.Layer != analytics.Service || strings.Contains(failed.Error(), user.Secret.Reveal()) {
			t.Fatalf("%q: error = %v", text, err)
		}
		found := analytics.ExplainClassic(failed)
		if !strings.Contains(found.Means, means) {
			t.Errorf("%q means %q", text, found.Means)
		}
		if last := found.Advice[len(found.Advice)-1]; !strings.Contains(last.Do, "2026-08-12") {
			t.Errorf("%q does not say that the API is retired", text)
		}
	}
}

// TestOnlyTheListIsCalled holds that a data centre is a name of the operator's list: no text leads a request anywhere else.
func TestOnlyTheListIsCalled(t *testing.T) {
	called := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer elsewhere.Close()
	s := serve(t, func(int, got) (int, any) { return 200, m{"report_suites": []m{}} })
	c := s.classic()
	host := strings.TrimPrefix(elsewhere.URL, "http://")
	for _, center := range []string{
		elsewhere.URL, elsewhere.URL + "/admin/1.4/rest/", host, "//" + host, "own@" + host, "own." + host, "own/../" + host, "own#", "own?x",
		"https://api.omniture.com.evil.example/admin/1.4/rest/", "https://api.omniture.com@" + host, "http://169.254.169.254/", "file:///etc/passwd", "\\\\" + host, "own\r\nHost: " + host,
	} {
		if _, err := c.ReportSuites(t.Context(), center, user); !errors.Is(err, analytics.ErrCenter) {
			t.Errorf("%q: error = %v, want ErrCenter", center, err)
		}
		if _, err := c.LoginKey(t.Context(), center, "Acme", "u", secret.New("p")); !errors.Is(err, analytics.ErrCenter) {
			t.Errorf("%q: error = %v, want ErrCenter", center, err)
		}
	}
	if called || s.count() != 0 {
		t.Error("something was called")
	}
	if _, err := c.ReportSuites(t.Context(), s.URL+"/admin/1.4/rest", user); err != nil {
		t.Errorf("an address of the list is not taken for its name: %v", err)
	}
	// A listed server can't pass a request on either.
	s.answer = func(int, got) (int, any) { return http.StatusTemporaryRedirect, "" }
	s.header.Set("Location", elsewhere.URL)
	if _, err := c.ReportSuites(t.Context(), "own", user); err == nil || called {
		t.Errorf("a redirect was followed: %v", err)
	}
}

func TestCenters(t *testing.T) {
	for name, url := range map[string]string{"": "https://x.example", "a/b": "https://x.example", "a": "ftp://x.example", "b": "https://u:p@x.example", "c": "https://x.example/?q=1", "d": "x"} {
		if _, err := analytics.NewCenters(analytics.Center{Name: name, URL: url}); err == nil {
			t.Errorf("%q → %q is taken", name, url)
		}
	}
	centers, err := analytics.NewCenters()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"": "https://api.omniture.com/admin/1.4/rest/", "London": "https://api3.omniture.com/admin/1.4/rest/", "https://api5.omniture.com/admin/1.4/rest": "https://api5.omniture.com/admin/1.4/rest/"} {
		if got, err := centers.Find(name); err != nil || got.URL != want {
			t.Errorf("Find(%q) = %v, %v", name, got, err)
		}
	}
	if _, err := centers.Find("lodnon"); err == nil || !strings.Contains(err.Error(), "did you mean london?") {
		t.Errorf("Find(lodnon) = %v", err)
	}
}

// TestHeaderCannotBeBroken holds that a name can't end the header's quotation.
func TestHeaderCannotBeBroken(t *testing.T) {
	s := serve(t, func(int, got) (int, any) { return 200, m{} })
	for _, name := range []string{"", `a", Username="b`, "a\r\nX: y", `a\`} {
		if _, err := s.classic().ReportSuites(t.Context(), "own", &analytics.Login{User: name, Company: "c", Secret: secret.New("s")}); err == nil || s.count() != 0 {
			t.Errorf("%q is sent", name)
		}
	}
}
