package e2e_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// Production with certificate files: TLS from the first byte, Secure cookies, nothing in the clear.
func TestServeTLS(t *testing.T) {
	i := harness.Install(t)
	p := newProvider(t, i.Dir)
	i.Configure("public_url: https://$ADDRESS", "tls: {cert_file: $DIR/cert.pem, key_file: $DIR/key.pem}", p.allowed())
	pool := harness.Certificate(t, i.Dir, time.Now().Add(time.Hour))
	i.Setup()
	s := i.Start()
	s.URL = "https://" + i.Address
	s.Client = trusting(&tls.Config{RootCAs: pool})

	connect(t, s, p.clientCredentials("cc"))
	if got := token(t, s, "cc")["access_token"]; got != "token-1" {
		t.Errorf("token %v", got)
	}
	link := connect(t, s, p.authorizationCode("code"))["authorize_url"].(string)
	if !strings.HasPrefix(link, s.URL+"/connect/") {
		t.Errorf("the consent begins at %s, want under %s", link, s.URL)
	}
	back, cookie := begin(t, s.Client, link)
	if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %s", cookie)
	}
	if status := visit(t, s.Client, back, cookie); status != http.StatusOK {
		t.Errorf("the callback answers %d", status)
	}
	token(t, s, "code")

	plain, err := http.Get("http://" + i.Address + "/healthz")
	if err == nil && plain.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP answers %d", plain.StatusCode)
	}
	old := trusting(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11})
	if _, err := old.Get(s.URL + "/healthz"); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	s.Stop()

	// What was connected is there after a restart.
	s = i.Start()
	s.URL, s.Client = "https://"+i.Address, trusting(&tls.Config{RootCAs: pool})
	for _, label := range []string{"cc", "code"} {
		token(t, s, label)
	}
}

// Behind a proxy that ends TLS: what it says of scheme and sender is believed from its address alone.
func TestServeBehindProxy(t *testing.T) {
	i := harness.Install(t)
	p := newProvider(t, i.Dir)
	front := newFront(t, i.Address)
	i.Configure("public_url: "+front.URL, "trusted_proxies: [127.0.0.2/32]", p.allowed())
	i.Setup()
	s := i.Start()
	direct := s.URL
	s.URL, s.Client = front.URL, front.Client()

	link := connect(t, s, p.authorizationCode("code"))["authorize_url"].(string)
	back, cookie := begin(t, s.Client, link)
	if !cookie.Secure {
		t.Errorf("behind a proxy that ends TLS the cookie is not Secure: %s", cookie)
	}
	if status := visit(t, s.Client, back, cookie); status != http.StatusOK {
		t.Errorf("the callback answers %d", status)
	}
	link = s.Must(http.StatusOK, "POST", "/api/v1/connections/code/reauthorize", map[string]any{}).JSON(t)["authorize_url"].(string)
	_, cookie = begin(t, &http.Client{}, strings.Replace(link, front.URL, direct, 1), "X-Forwarded-Proto", "https")
	if cookie.Secure {
		t.Error("X-Forwarded-Proto is believed of an address that is no trusted proxy")
	}

	// Wrong keys are counted by the sender's own address.
	wrong := func(from string) int {
		return s.Call("GET", "/api/v1", nil, "Authorization", "Bearer lk_wrong", "X-Forwarded-For", from).Status
	}
	untilLimited(t, func(int) int { return wrong("203.0.113.1") })
	if got := wrong("203.0.113.2"); got != http.StatusUnauthorized {
		t.Errorf("another sender's wrong key answers %d, want 401", got)
	}
	if got := wrong("203.0.113.9, 203.0.113.1"); got != http.StatusTooManyRequests {
		t.Errorf("a sender who pretends to be behind another one answers %d, want 429", got)
	}
	s.URL = direct
	untilLimited(t, func(n int) int { return wrong(fmt.Sprintf("198.51.100.%d", n)) }) // forged, one sender
	s.Must(http.StatusOK, "GET", "/api/v1", nil)                                       // a right key is not held up by wrong ones
}

// untilLimited calls with wrong keys until there have been too many.
func untilLimited(t *testing.T, call func(n int) int) {
	t.Helper()
	for n := range 250 {
		switch got := call(n); got {
		case http.StatusTooManyRequests:
			return
		case http.StatusUnauthorized:
		default:
			t.Fatalf("wrong key %d answers %d", n+1, got)
		}
	}
	t.Fatal("250 wrong keys of one sender are not held up")
}

// Nothing inside can be reached unless the operator says so.
func TestServeEgress(t *testing.T) {
	i := harness.Install(t)
	p := newProvider(t, i.Dir)
	i.Setup()
	s := i.Start()
	plain := p.clientCredentials("plain")
	plain["authentication"].(map[string]any)["accessTokenUrl"] = "http://127.0.0.1:9/token"
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", plain)
	refused := s.Must(http.StatusUnprocessableEntity, "POST", "/api/v1/definitions/plain/publish", nil)
	says(t, string(refused.Body), "/authentication/accessTokenUrl", "https")

	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", p.clientCredentials("inside"))
	blocked := s.Must(http.StatusFailedDependency, "POST", "/api/v1/connections", map[string]any{"definition": "inside", "label": "inside"})
	says(t, string(blocked.Body), "egress.allow", "127.0.0.1", "provider_down")
	s.Must(http.StatusNotFound, "GET", "/api/v1/connections/inside", nil)
	if n := p.asked.Load(); n != 0 {
		t.Errorf("%d requests reached a loopback address that is not allowed", n)
	}
	s.Stop()

	i.Configure(strings.Replace(p.allowed(), ", ca_files: [$DIR/provider.pem]", "", 1))
	s = i.Start()
	untrusted := s.Must(http.StatusFailedDependency, "POST", "/api/v1/connections", map[string]any{"definition": "inside", "label": "inside"})
	says(t, string(untrusted.Body), "egress.ca_files", "127.0.0.1")
	s.Stop()

	i.Configure(p.allowed())
	s = i.Start()
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "inside", "label": "inside"})
	token(t, s, "inside")
}

// SIGTERM while a token is exchanged: the caller gets it, the server ends with 0, and what came is kept.
func TestServeDrains(t *testing.T) {
	i := harness.Install(t)
	p := newProvider(t, i.Dir)
	i.Configure(p.allowed())
	i.Setup()
	s := i.Start()
	connect(t, s, p.clientCredentials("slow"))
	<-p.began

	p.delay.Store(int64(1500 * time.Millisecond))
	answered := make(chan harness.Reply, 1)
	go func() { answered <- s.Call("POST", "/api/v1/connections/slow/refresh", nil) }()
	<-p.began
	s.Terminate()
	time.Sleep(300 * time.Millisecond)
	if _, err := net.DialTimeout("tcp", i.Address, time.Second); err == nil {
		t.Error("a server that stops takes new connections")
	}
	if reply := <-answered; reply.Status != http.StatusOK {
		t.Errorf("a refresh under way at SIGTERM is answered with %d\n%s", reply.Status, reply.Body)
	}
	if err := s.Wait(20 * time.Second); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, s.Output())
	}
	says(t, s.Output(), "stopping", "stopped")

	asked := p.asked.Load()
	s = i.Start()
	if got := token(t, s, "slow"); got["generation"] != 2.0 || got["access_token"] != fmt.Sprint("token-", asked) {
		t.Errorf("after a restart the token is %v of generation %v", got["access_token"], got["generation"])
	}
}

// SIGTERM while a provider takes longer than anyone waits: the server ends in time, with 0, and says what it cut off.
func TestServeDrainsNoLongerThanItMay(t *testing.T) {
	i := harness.Install(t)
	p := newProvider(t, i.Dir)
	i.Configure(p.allowed(), "drain_timeout: 500ms")
	i.Setup()
	s := i.Start()
	connect(t, s, p.clientCredentials("slow"))
	<-p.began

	p.delay.Store(int64(3 * time.Second))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/connections/slow/refresh", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.AdminKey)
	go func() {
		if response, err := s.Client.Do(request); err == nil { // it may be cut off
			_ = response.Body.Close()
		}
	}()
	<-p.began
	began := time.Now()
	s.Terminate()
	if err := s.Wait(20 * time.Second); err != nil || time.Since(began) > 8*time.Second {
		t.Errorf("SIGTERM during a slow refresh: %v after %v\n%s", err, time.Since(began), s.Output())
	}
	says(t, s.Output(), "stopping", "cut off", "stopped")
	p.delay.Store(0)
	token(t, i.Start(), "slow")
}

// connect stores a definition and connects to it, both under the definition's name.
func connect(t *testing.T, s *harness.Server, definition map[string]any) map[string]any {
	t.Helper()
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", definition)
	return s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": definition["name"], "label": definition["name"]}).JSON(t)
}

// begin opens a consent's link and gives the callback that the provider would send the browser to, and the cookie.
func begin(t *testing.T, client *http.Client, link string, headers ...string) (back string, cookie *http.Cookie) {
	t.Helper()
	request, err := http.NewRequest("GET", link, nil)
	check(t, err)
	for n := 0; n+1 < len(headers); n += 2 {
		request.Header.Set(headers[n], headers[n+1])
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := once.Do(request)
	check(t, err)
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	check(t, err)
	if response.StatusCode != http.StatusFound || len(response.Cookies()) != 1 {
		t.Fatalf("%s answers %d with cookies %v\n%s", link, response.StatusCode, response.Cookies(), page)
	}
	there, err := response.Location()
	check(t, err)
	back = there.Query().Get("redirect_uri") + "?" + url.Values{"code": {"c0de"}, "state": {there.Query().Get("state")}}.Encode()
	return back, response.Cookies()[0]
}

// visit opens a page with a cookie and gives its status.
func visit(t *testing.T, client *http.Client, address string, cookie *http.Cookie) int {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	u, err := url.Parse(address)
	check(t, err)
	jar.SetCookies(u, []*http.Cookie{cookie})
	with := *client
	with.Jar = jar
	response, err := with.Get(address)
	check(t, err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		page, _ := io.ReadAll(response.Body)
		t.Logf("%s\n%s", address, page)
	}
	return response.StatusCode
}

func trusting(config *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: 30 * time.Second}
}

// newFront starts a proxy that ends TLS and calls the server from 127.0.0.2.
func newFront(t *testing.T, address string) *httptest.Server {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = r.In.Host
			// As a real one behind a further hop: what came in is kept, who called is known from it in this test.
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		Transport: &http.Transport{DialContext: dialer.DialContext},
	})
	t.Cleanup(front.Close)
	return front
}
