package egress_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/egress"
)

// Nothing of this may ever leave: the guard sees addresses in whatever form they are written.
func TestGuardRefuses(t *testing.T) {
	client := newClient(t, egress.Config{AllowHTTP: true})
	for host, why := range map[string]string{
		"10.0.0.5":                 "10.0.0.5 is private; allow it with egress.allow",
		"172.16.0.1":               "private",
		"192.168.1.1":              "private",
		"127.0.0.1":                "loopback",
		"127.255.255.254":          "loopback",
		"0.0.0.0":                  "unspecified",
		"169.254.1.1":              "link-local",
		"169.254.169.254":          "metadata",
		"168.63.129.16":            "metadata",
		"100.100.100.200":          "metadata",
		"192.0.0.192":              "metadata",
		"100.64.0.1":               "carrier",
		"224.0.0.1":                "multicast",
		"255.255.255.255":          "reserved",
		"198.18.0.1":               "reserved",
		"[::1]":                    "loopback",
		"[::]":                     "unspecified",
		"[fe80::1]":                "link-local",
		"[fd00::1]":                "private",
		"[fd00:ec2::254]":          "metadata",
		"[ff02::1]":                "multicast",
		"[::ffff:10.0.0.5]":        "IPv4 address written as IPv6",
		"[::ffff:169.254.169.254]": "IPv4 address written as IPv6",
		"[64:ff9b::a00:5]":         "NAT64",
		"[64:ff9b:1::a00:5]":       "NAT64",
		"[2002:a00:5::]":           "6to4",
		"[2001:db8::1]":            "reserved",
		"[::a00:5]":                "reserved",
		"localhost":                "of localhost is this machine's own (loopback)",
		"LOCALHOST.":               "of localhost is this machine's own (loopback)",
	} {
		for _, scheme := range []string{"http", "https"} {
			_, err := do(t, client, http.MethodPost, scheme+"://"+host+":9/p", "x")
			wantError(t, err, egress.KindBlocked, false, why)
		}
	}
}

// Some resolvers read these as addresses; then the guard sees what they read.
func TestGuardOddNumbers(t *testing.T) {
	client := newClient(t, egress.Config{AllowHTTP: true})
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0177.0.0.1"} {
		_, err := do(t, client, http.MethodGet, "http://"+host+":9/", "")
		if err == nil || strings.Contains(err.Error(), "refused") {
			t.Errorf("Do(%q) = %v, want it stopped before a connection", host, err)
		}
	}
}

func TestAllow(t *testing.T) {
	server := servePlain(t, func(http.ResponseWriter, *http.Request) {})
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	local := "http://localhost:" + at.Port() + "/"
	for _, c := range []struct {
		name   string
		config egress.Config
		url    string
		ok     bool
	}{
		{"CIDR", egress.Config{Allow: []string{"127.0.0.0/8"}}, server.URL, true},
		{"wide CIDR", egress.Config{Allow: []string{"127.1.2.3/8"}}, server.URL, true},
		{"address", egress.Config{Allow: []string{"127.0.0.1"}}, server.URL, true},
		{"other address", egress.Config{Allow: []string{"127.0.0.2", "10.0.0.0/8"}}, server.URL, false},
		{"endpoint", egress.Config{Allow: []string{"127.0.0.1:" + at.Port()}}, server.URL, true},
		{"endpoint of a name's address", egress.Config{Allow: []string{"127.0.0.1:" + at.Port()}}, local, true},
		{"other port", egress.Config{Allow: []string{"127.0.0.1:1"}}, server.URL, false},
		{"name", egress.Config{Allow: []string{" LocalHost. "}}, local, true},
		{"name with port", egress.Config{Allow: []string{"localhost:" + at.Port()}}, local, true},
		{"name with other port", egress.Config{Allow: []string{"localhost:1"}}, local, false},
		{"name does not allow its address", egress.Config{Allow: []string{"localhost"}}, server.URL, false},
		{"loopback", egress.Config{AllowLoopback: true}, server.URL, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.AllowHTTP = true
			_, err := do(t, newClient(t, c.config), http.MethodGet, c.url, "")
			if c.ok && err != nil {
				t.Errorf("Do() = %v", err)
			} else if !c.ok {
				wantError(t, err, egress.KindBlocked, false)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for text, config := range map[string]egress.Config{
		`"10.0.0.0/33"`:       {Allow: []string{"10.0.0.0/33"}},
		`"http://idp/"`:       {Allow: []string{"http://idp/"}},
		`"idp:99999"`:         {Allow: []string{"idp:99999"}},
		`""`:                  {Allow: []string{""}},
		"URL of a proxy":      {Proxy: "proxy.corp:3128"},
		"no certificate":      {ExtraRoots: []byte("not a certificate")},
		`"moviestar.com"`:     {Overrides: []egress.Override{{Suffix: "moviestar.com", Address: "nowhere"}}},
		`override ""`:         {Overrides: []egress.Override{{Address: "127.0.0.1:1"}}},
		`"https://x.example"`: {Overrides: []egress.Override{{Suffix: "https://x.example", Address: "127.0.0.1:1"}}},
	} {
		if _, err := egress.New(config); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("New(%+v) = %v, want %s named", config, err, text)
		}
	}
}

func TestLoopbackWithoutTLS(t *testing.T) {
	server := servePlain(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, egress.Config{AllowLoopback: true})
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if _, err := do(t, client, http.MethodGet, "http://"+host+":"+port+"/", ""); err != nil {
			t.Errorf("Do(http://%s) = %v, want loopback allowed by plain http", host, err)
		}
	}
	_, err = do(t, client, http.MethodGet, "http://example.com/", "")
	wantError(t, err, egress.KindBadRequest, false, "use https")
}

func TestOverride(t *testing.T) {
	ca := newAuthority(t)
	var hosts []string
	server := serve(t, ca.issue(t, ca.certificate.NotAfter, "moviestar.com", "*.moviestar.com"),
		func(_ http.ResponseWriter, r *http.Request) { hosts = append(hosts, r.Host) })
	client := newClient(t, egress.Config{Overrides: []egress.Override{
		{Suffix: "MovieStar.com", Address: server.Listener.Addr().String(), Roots: ca.pool},
	}})
	for _, host := range []string{"moviestar.com", "api.moviestar.com", "API.moviestar.com:8443"} {
		if _, err := do(t, client, http.MethodGet, "https://"+host+"/token", ""); err != nil {
			t.Errorf("Do(%q) = %v, want the override's server", host, err)
		}
	}
	if len(hosts) != 3 || hosts[2] != "API.moviestar.com:8443" {
		t.Errorf("the server saw hosts %q", hosts)
	}
	// The override's address is no wider than its hosts.
	_, err := do(t, client, http.MethodGet, server.URL, "")
	wantError(t, err, egress.KindBlocked, false)
	_, err = do(t, client, http.MethodGet, "https://evilmoviestar.com.invalid/", "")
	wantError(t, err, egress.KindDNS, false, "evilmoviestar.com.invalid")
}

func TestLongestOverrideWins(t *testing.T) {
	a := servePlain(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	b := servePlain(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	client := newClient(t, egress.Config{AllowHTTP: true, Overrides: []egress.Override{
		{Suffix: "example", Address: a.Listener.Addr().String()},
		{Suffix: "api.example", Address: b.Listener.Addr().String()},
	}})
	for host, want := range map[string]int{"api.example": http.StatusTeapot, "www.example": http.StatusAccepted} {
		if got, err := do(t, client, http.MethodGet, "http://"+host+"/", ""); err != nil || got.Status != want {
			t.Errorf("Do(%q) = %v, %v, want status %d", host, got, err, want)
		}
	}
}
