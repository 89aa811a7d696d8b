package egress_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/egress"
)

func TestTLSErrors(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	later := time.Now().Add(30 * time.Minute)
	ok := func(http.ResponseWriter, *http.Request) {}
	issue := func(from *authority, notAfter time.Time, name string) func() *httptest.Server {
		return func() *httptest.Server { return serve(t, from.issue(t, notAfter, name), ok) }
	}
	for name, c := range map[string]struct {
		server func() *httptest.Server
		text   []string
	}{
		"unknown authority": {issue(stranger, later, "idp.example"), []string{"not trusted", "egress.ca_files"}},
		"wrong host":        {issue(ca, later, "other.example"), []string{"another host (other.example), not for idp.example"}},
		"expired":           {issue(ca, time.Now().Add(-time.Hour), "idp.example"), []string{"expired on "}},
		"no TLS":            {func() *httptest.Server { return servePlain(t, ok) }, []string{"does not speak TLS"}},
		"TLS 1.1": {func() *httptest.Server {
			server := httptest.NewUnstartedServer(http.HandlerFunc(ok))
			server.TLS = &tls.Config{
				Certificates: []tls.Certificate{ca.issue(t, later, "idp.example")},
				MinVersion:   tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
			}
			server.Config.ErrorLog = discardLog
			server.StartTLS()
			t.Cleanup(server.Close)
			return server
		}, []string{"TLS 1.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, egress.Config{Overrides: []egress.Override{
				{Suffix: "idp.example", Address: c.server().Listener.Addr().String(), Roots: ca.pool},
			}})
			_, err := do(t, client, http.MethodPost, "https://idp.example/", "x")
			wantError(t, err, egress.KindTLS, false, c.text...)
		})
	}
}

func TestClientCertificateWanted(t *testing.T) {
	ca := newAuthority(t)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, ca.certificate.NotAfter, "127.0.0.1")}, ClientAuth: tls.RequireAnyClientCert,
	}
	server.Config.ErrorLog = discardLog
	server.StartTLS()
	t.Cleanup(server.Close)
	client := newClient(t, egress.Config{AllowLoopback: true, ExtraRoots: ca.pem})
	_, err := do(t, client, http.MethodPost, server.URL, "x")
	// With TLS 1.3 the refusal comes while the request is being written, and the connection's end may overtake it.
	failure, ok := errors.AsType[*egress.Error](err)
	switch {
	case !ok || failure.Kind != egress.KindTLS && failure.Kind != egress.KindReset:
		t.Errorf("Do() = %v, want the refusal", err)
	case failure.Kind == egress.KindTLS && !strings.Contains(err.Error(), "client certificate"):
		t.Errorf("Do() = %v, want the client certificate named", err)
	}
}

func TestExtraRoots(t *testing.T) {
	ca := newAuthority(t)
	server := serve(t, ca.issue(t, ca.certificate.NotAfter, "127.0.0.1"), func(http.ResponseWriter, *http.Request) {})
	client := newClient(t, egress.Config{AllowLoopback: true, ExtraRoots: ca.pem})
	reply, err := do(t, client, http.MethodGet, server.URL, "")
	if err != nil || reply.Timing.TLS <= 0 || reply.Timing.Connect <= 0 {
		t.Fatalf("Do() = %+v, %v, want a reply with the handshake's time", reply, err)
	}
	if reply, err = do(t, client, http.MethodGet, server.URL, ""); err != nil || reply.Timing.TLS != 0 {
		t.Errorf("Do() = %+v, %v, want the connection used again", reply, err)
	}
}

// proxy is a corporate proxy that leads every CONNECT to one server.
func proxy(t *testing.T, status, leadsTo string, asked chan<- *http.Request) string {
	t.Helper()
	server := serveProxy(t, func(c net.Conn) {
		defer func() { _ = c.Close() }()
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		asked <- req
		_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\n\r\n")
		if !strings.HasPrefix(status, "200") {
			return
		}
		target, err := net.Dial("tcp", leadsTo)
		if err != nil {
			return
		}
		defer func() { _ = target.Close() }()
		done := make(chan struct{})
		go func() { defer close(done); _, _ = io.Copy(target, c); _ = target.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(c, target)
		_ = c.Close()
		<-done
	})
	return server
}

func serveProxy(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	return accept(t, handle).Addr().String()
}

func TestProxy(t *testing.T) {
	ca := newAuthority(t)
	var paths []string
	server := serve(t, ca.issue(t, ca.certificate.NotAfter, "idp.invalid"), func(_ http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.Host+r.URL.Path)
	})
	asked := make(chan *http.Request, 1)
	address := proxy(t, "200 Connection established", server.Listener.Addr().String(), asked)
	client := newClient(t, egress.Config{Proxy: "http://user:p%40ss@" + address, ExtraRoots: ca.pem})
	// The name can't be resolved here: the proxy knows it.
	if _, err := do(t, client, http.MethodPost, "https://idp.invalid/token?secret=canary", "x"); err != nil {
		t.Fatal(err)
	}
	connect := <-asked
	if connect.Method != http.MethodConnect || connect.Host != "idp.invalid:443" ||
		connect.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwQHNz" {
		t.Errorf("the proxy was asked %s %s %v", connect.Method, connect.Host, connect.Header)
	}
	if len(paths) != 1 || paths[0] != "idp.invalid/token" {
		t.Errorf("the server got %q", paths)
	}
	client.Close()
}

func TestProxyDoesNotOpenTheInside(t *testing.T) {
	asked := make(chan *http.Request, 1)
	address := proxy(t, "200 OK", "127.0.0.1:1", asked)
	client := newClient(t, egress.Config{Proxy: "http://" + address})
	for _, host := range []string{"10.0.0.5", "[fd00::1]"} {
		_, err := do(t, client, http.MethodPost, "https://"+host+"/", "x")
		wantError(t, err, egress.KindBlocked, false, "private")
	}
	// Loopback is never the proxy's: it is dialled directly, and refused there.
	_, err := do(t, client, http.MethodPost, "https://localhost./", "x")
	wantError(t, err, egress.KindBlocked, false, "loopback")
	_, err = do(t, client, http.MethodPost, "https://"+address+"/", "x")
	wantError(t, err, egress.KindBlocked, false, "loopback")
	if len(asked) != 0 {
		t.Error("the proxy was asked for an inside address")
	}
}

func TestProxyRefuses(t *testing.T) {
	for status, text := range map[string]string{
		"407 Proxy Authentication Required": "http://user:password@host:port",
		"403 Forbidden":                     "refuses to connect to the host (403)",
	} {
		address := proxy(t, status, "", make(chan *http.Request, 1))
		client := newClient(t, egress.Config{Proxy: "http://" + address})
		_, err := do(t, client, http.MethodPost, "https://idp.invalid/", "x")
		wantError(t, err, egress.KindDial, false, "the proxy (egress.proxy)", text)
	}
	dead := serveProxy(t, func(c net.Conn) { _ = c.Close() })
	client := newClient(t, egress.Config{Proxy: "http://" + dead})
	_, err := do(t, client, http.MethodPost, "https://idp.invalid/", "x")
	wantError(t, err, egress.KindDial, false, "the proxy (egress.proxy)")
	client = newClient(t, egress.Config{Proxy: "https://" + dead})
	_, err = do(t, client, http.MethodPost, "https://idp.invalid/", "x")
	wantError(t, err, egress.KindDial, false, "the proxy (egress.proxy)")
}
