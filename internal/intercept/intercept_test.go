package intercept_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/devca"
	"latchkey/internal/intercept"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start gives a proxy's address, and the authority to trust.
func start(t *testing.T) (string, *x509.CertPool) {
	t.Helper()
	authority, err := devca.LoadOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy := intercept.Start(intercept.Config{
		Listener: listener, Hosts: intercept.Vendor(), Certificate: authority.Certificate, Log: slog.New(slog.DiscardHandler),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, "%s %s%s over %s", r.Method, r.Host, r.URL, r.Proto)
		}),
	})
	t.Cleanup(func() {
		begun := time.Now()
		if err := proxy.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("closing took %v", took)
		}
	})
	return listener.Addr().String(), authority.CertPool()
}

// client goes through the proxy, or with direct to it by TLS, whatever the URL says.
func client(t *testing.T, address string, roots *x509.CertPool, direct bool) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	if direct {
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	} else {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: address})
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func get(t *testing.T, c *http.Client, url string) (int, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func TestProxy(t *testing.T) {
	address, roots := start(t)
	for _, direct := range []bool{false, true} {
		c := client(t, address, roots, direct)
		for _, test := range []struct{ url, want string }{
			{"https://ims-na1.adobelogin.com/ims/keys?a=b", "200 GET ims-na1.adobelogin.com/ims/keys?a=b over HTTP/2.0"},
			{"https://ims-na1.adobelogin.com//ims/token/v3", "200 GET ims-na1.adobelogin.com//ims/token/v3 over HTTP/2.0"},
			{"https://ims-na1-stg1.adobelogin.com/.well-known/x", "200 GET"},
			{"https://static.adobelogin.com/keys/prod/a.cer", "200 GET"},
			{"https://developers.adobe.io/console/organizations", "200 GET"},
			{"https://api.adobe.io/console/organizations", "200 GET"},
			{"https://developer.adobe.com/console/api/organizations/1/features", "200 GET"},
			{"https://developer.adobe.com/console/projects", "404 latchkey: Latchkey stands in for developer.adobe.com under /console/api/ only"},
			{"https://platform.adobe.io/data/core/activation/authoring/destinations", "200 GET"},
			{"https://platform-nld2.adobe.io/data/core/activation/oauth/api/v1/callback?code=x", "200 GET"},
			{"https://PLATFORM.adobe.io/healthz", "200 GET"},
			{"https://mc.adobe.io/sampletenant/target/audiences", "200 GET"},
			{"https://analytics.adobe.io/discovery/me", "200 GET"},
			{"https://ims-na1.adobelogin.com/", "404 latchkey: Latchkey stands in for ims-na1.adobelogin.com under /ims/, /.well-known/, /sign-in, /assets/ only"},
			{"https://api.adobe.io/api/v1/keys", "404 latchkey: Latchkey stands in for api.adobe.io under /console/ only"},
		} {
			status, text, err := get(t, c, test.url)
			if got := fmt.Sprintf("%d %s", status, text); err != nil || !strings.HasPrefix(got, test.want) {
				t.Errorf("%s (direct: %t) = %q, %v, want %q", test.url, direct, got, err, test.want)
			}
		}
		for _, url := range []string{
			"https://www.adobe.com/", "https://adobe.io/", "https://platform-.adobe.io/", "https://platform-a.b.adobe.io/", "https://x.platform.adobe.io/",
			"https://ims-na1.adobelogin.com.evil.example/ims/keys", "https://127.0.0.1/",
		} {
			if status, _, err := get(t, c, url); err == nil {
				t.Errorf("%s (direct: %t) is answered with %d", url, direct, status)
			}
		}
	}
	if _, _, err := get(t, client(t, address, roots, false), "https://ims-na1.adobelogin.com:8443/ims/keys"); err == nil {
		t.Error("another port is let through")
	}
}

// What the proxy does not do, it says in words.
func TestRefusals(t *testing.T) {
	address, _ := start(t)
	for request, want := range map[string]string{
		"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n":      `403 "example.com:443" is not let through`,
		"CONNECT ims-na1.adobelogin.com HTTP/1.1\r\nHost: x\r\n\r\n":             `403 "ims-na1.adobelogin.com" is not let through`,
		"GET http://ims-na1.adobelogin.com/ims/keys HTTP/1.1\r\nHost: x\r\n\r\n": "403 this proxy takes https alone",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n":                              `400 this is the proxy of "latchkey dev --intercept"`,
		"POST /ims/token/v3 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n":    "400 this is the proxy",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, request)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		_ = response.Body.Close()
		_ = conn.Close()
		if got := fmt.Sprintf("%d %s", response.StatusCode, strings.TrimPrefix(string(text), "latchkey: ")); !strings.HasPrefix(got, want) {
			t.Errorf("%q = %q, want %q", request, got, want)
		}
	}
}

// A request that names another host than its connection gets nothing of this server.
func TestMisdirectedRequest(t *testing.T) {
	address, roots := start(t)
	conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "api.adobe.io"}}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /console/organizations HTTP/1.1\r\nHost: localhost\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another Host gets %d, want 421", response.StatusCode)
	}
}

// A client that connects and says nothing does not hold up the end.
func TestCloseWithSilentClients(t *testing.T) {
	address, _ := start(t)
	for range 3 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
}
