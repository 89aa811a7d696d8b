package egress_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
)

var discardLog = log.New(io.Discard, "", 0)

func loopback(t *testing.T) *egress.Client {
	t.Helper()
	return newClient(t, egress.Config{AllowLoopback: true})
}

func TestDo(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	type seen struct {
		Method, Path, Query, Body, Agent, Auth string
		Length                                 int64
		Encoding                               []string
	}
	var got seen
	server := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{
			r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Get("User-Agent"), r.Header.Get("Authorization"),
			r.ContentLength, r.TransferEncoding,
		}
		w.Header().Set("X-Reply", "1")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
	})
	client := newClient(t, egress.Config{AllowLoopback: true, UserAgent: "latchkey/1", Clock: clock.NewManual(now)})
	for _, c := range []struct {
		method, body string
		length       int64
	}{
		{http.MethodPost, "grant_type=x", 12}, {http.MethodPost, "", 0}, {http.MethodGet, "", 0}, {http.MethodGet, "body", 4},
		{http.MethodPut, "", 0}, {http.MethodDelete, "", 0}, {http.MethodPatch, "y", 1}, {"", "", 0},
	} {
		req := request(t, c.method, server.URL+"/token?a=b%20c", c.body)
		req.Header.Set("Authorization", "Basic eDp5")
		reply, err := client.Do(context.Background(), req)
		if err != nil {
			t.Fatalf("Do(%s %q) = %v", c.method, c.body, err)
		}
		want := seen{c.method, "/token", "a=b%20c", c.body, "latchkey/1", "Basic eDp5", c.length, nil}
		if c.method == "" {
			want.Method = http.MethodGet
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Do(%s %q) sent (-want +got):\n%s", c.method, c.body, diff)
		}
		if reply.Status != http.StatusUnauthorized || string(reply.Body) != `{"error":"invalid_client"}` || reply.Header.Get("X-Reply") != "1" {
			t.Errorf("Do() = %+v", reply)
		}
		if !reply.Received.Equal(now) || reply.Timing.Total < reply.Timing.FirstByte || reply.Timing.FirstByte <= 0 {
			t.Errorf("Do() was received at %v with timing %+v", reply.Received, reply.Timing)
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := loopback(t)
	for range 5 {
		if _, err := do(t, client, http.MethodPost, server.URL, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if connections.Load() != 1 {
		t.Errorf("5 requests made %d connections, want 1", connections.Load())
	}
}

func TestBadRequests(t *testing.T) {
	client := newClient(t, egress.Config{})
	for _, c := range []struct {
		url, text string
		change    func(*http.Request)
	}{
		{"ftp://h.example/", "https://", nil},
		{"https:///x", "no host", nil},
		{"https:opaque", "no host", nil},
		{"https://user:canary@h.example/", "user or a password", nil},
		{"https://h.example:0/", "port", nil},
		{"https://h.example:70000/", "port", nil},
		{"https://h_x..example/", "not a host name", nil},
		{"https://bücher.example/", "xn--", nil},
		{"https://h.example/", "line break", func(r *http.Request) { r.Header.Set("X-Name", "a\r\nX-Evil: canary") }},
		{"https://h.example/", "line break", func(r *http.Request) { r.Header.Set("X-Name", "a\ncanary") }},
		{"https://h.example/", "control character", func(r *http.Request) { r.Header.Set("X-Name", "canary\x00") }},
		{"https://h.example/", "header's name", func(r *http.Request) { r.Header["X Name"] = []string{"canary"} }},
		{"https://h.example/", "header's name", func(r *http.Request) { r.Header[""] = []string{"canary"} }},
		{"https://h.example/", "another host", func(r *http.Request) { r.Host = "evil.example" }},
		{"https://h.example/", "method", func(r *http.Request) { r.Method = http.MethodConnect }},
		{"https://h.example/", "method", func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nX: y" }},
		{"https://h.example/", "body", func(r *http.Request) { r.Body = io.NopCloser(brokenReader{}) }},
		{"https://h.example/", "4 MiB", func(r *http.Request) { r.Body = io.NopCloser(bytes.NewReader(make([]byte, 5<<20))) }},
	} {
		req := request(t, http.MethodPost, c.url, "x")
		if c.change != nil {
			c.change(req)
		}
		_, err := client.Do(context.Background(), req)
		wantError(t, err, egress.KindBadRequest, false, c.text)
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("Do(%q) = %q tells the value", c.url, err)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRedirects(t *testing.T) {
	var bodies []string
	server := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, r.Method+" "+string(body))
		if to := r.URL.Query().Get("to"); to != "" {
			status, _ := strconv.Atoi(r.URL.Query().Get("status"))
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		}
	})
	client := loopback(t)
	for _, c := range []struct {
		status  int
		to      string
		follows bool
		text    []string
	}{
		{307, "/there", true, nil},
		{308, server.URL + "/there?x=1", true, nil},
		{307, strings.ToUpper(server.URL[:4]) + server.URL[4:] + "/there", true, nil},
		{307, "/again?status=307%26to=%252Fthird", false, nil},
		{302, "/there?secret=canary", false, []string{"(302)", "only 307 and 308"}},
		{301, "https://evil.example/x?code=canary", false, []string{"https://evil.example;", "not followed"}},
		{307, "https://evil.example/x?code=canary", false, []string{"https://evil.example;"}},
		{308, "http://10.0.0.5:8080/canary", false, []string{"http://10.0.0.5:8080, and that address is private"}},
		{307, "//169.254.169.254/canary", false, []string{"http://169.254.169.254, and that address is a cloud's metadata"}},
		{307, "http://evil.example/canary", false, []string{"without TLS"}},
		{307, "http://user:canary@evil.example/", false, []string{"http://evil.example"}},
		{303, "javascript:canary", false, []string{"can't be read"}},
		{303, "http://[canary", false, []string{"can't be read"}},
	} {
		bodies = nil
		url := fmt.Sprintf("%s/?status=%d&to=%s", server.URL, c.status, strings.NewReplacer("?", "%3F", "&", "%26").Replace(c.to))
		reply, err := do(t, client, http.MethodPost, url, "x=1")
		if c.follows {
			if err != nil || reply.Status != http.StatusOK || !cmp.Equal(bodies, []string{"POST x=1", "POST x=1"}) {
				t.Errorf("Do() with %d to %s = %v, %v after %q, want it followed once", c.status, c.to, reply, err, bodies)
			}
			continue
		}
		if c.text == nil { // a second redirect
			wantError(t, err, egress.KindRedirect, true, "second time")
			if len(bodies) != 2 {
				t.Errorf("%d requests were sent, want 2", len(bodies))
			}
			continue
		}
		wantError(t, err, egress.KindRedirect, true, c.text...)
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("Do() with %d = %q tells more than scheme and host", c.status, err)
		}
		if len(bodies) != 1 {
			t.Errorf("%d requests were sent, want 1", len(bodies))
		}
	}
}

func TestNoRedirectWithoutLocation(t *testing.T) {
	for _, status := range []int{http.StatusNotModified, http.StatusMultipleChoices, http.StatusFound} {
		server := servePlain(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		reply, err := do(t, loopback(t), http.MethodGet, server.URL, "")
		if err != nil || reply.Status != status {
			t.Errorf("Do() = %v, %v, want the status %d", reply, err, status)
		}
	}
}

func TestLimits(t *testing.T) {
	zipped := func(n int) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(make([]byte, n))
		_ = z.Close()
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		reply func(w http.ResponseWriter)
		kind  egress.Kind // "" for success
		text  string
	}{
		"just fits": {func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 1<<20)) }, "", ""},
		"two MiB":   {func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 2<<20)) }, egress.KindTooLarge, "1 MiB"},
		"one more":  {func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 1<<20+1)) }, egress.KindTooLarge, "1 MiB"},
		"announced": {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "2000000") }, egress.KindTooLarge, "1 MiB"},
		"gzip":      {gzipped(zipped(1 << 20)), "", ""},
		"gzip bomb": {gzipped(zipped(8 << 20)), egress.KindTooLarge, "1 MiB"},
		"not gzip":  {gzipped([]byte("canary, not gzip")), egress.KindProtocol, "compression"},
		"cut gzip":  {gzipped(zipped(1 << 20)[:500]), egress.KindReset, "ended before"},
		"brotli": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write([]byte("canary"))
		}, egress.KindProtocol, "not asked for"},
		"big header": {func(w http.ResponseWriter) { w.Header().Set("X-Big", strings.Repeat("canary", 20000)) }, egress.KindTooLarge, "64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			server := servePlain(t, func(w http.ResponseWriter, _ *http.Request) { c.reply(w) })
			reply, err := do(t, loopback(t), http.MethodPost, server.URL, "x")
			if c.kind == "" {
				if err != nil || len(reply.Body) != 1<<20 {
					t.Errorf("Do() = %v, %v, want a body of 1 MiB", reply, err)
				}
				return
			}
			wantError(t, err, c.kind, true, c.text)
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("Do() = %q quotes the reply", err)
			}
		})
	}
}

func gzipped(body []byte) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	}
}

// raw is a server that answers each request with bytes of its own: what it does with the connection is up to act,
// which gets the number of the request, from 1.
type raw struct {
	listener net.Listener
	requests atomic.Int32
}

func serveRaw(t *testing.T, act func(n int, c net.Conn) (again bool)) *raw {
	t.Helper()
	r := &raw{}
	r.listener = accept(t, func(c net.Conn) { r.serve(c, act) })
	return r
}

// accept gives every connection to handle, and waits for all of them when the test ends.
func accept(t *testing.T, handle func(net.Conn)) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { handle(c) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return listener
}

func (r *raw) serve(c net.Conn, act func(int, net.Conn) bool) {
	defer func() { _ = c.Close() }()
	reader := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		if !act(int(r.requests.Add(1)), c) {
			return
		}
	}
}

func (r *raw) url() string { return "http://" + r.listener.Addr().String() + "/token?secret=canary" }

const okReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// A server that takes the second request of a connection and closes without an answer has used up the token in it.
// net/http repeats such requests by itself in several cases; none of them may happen.
func TestRequestIsSentOnce(t *testing.T) {
	for _, c := range []struct{ name, method, body, header string }{
		{"POST", http.MethodPost, "refresh_token=x", ""},
		{"POST without body", http.MethodPost, "", ""},
		{"POST with Idempotency-Key", http.MethodPost, "refresh_token=x", "Idempotency-Key"},
		{"POST without body with Idempotency-Key", http.MethodPost, "", "Idempotency-Key"},
		{"POST without body with X-Idempotency-Key", http.MethodPost, "", "x-idempotency-key"},
		{"GET", http.MethodGet, "", ""},
		{"GET with Idempotency-Key", http.MethodGet, "", "Idempotency-Key"},
		{"DELETE", http.MethodDelete, "", ""},
		{"OPTIONS", http.MethodOptions, "", ""},
		{"HEAD", http.MethodHead, "", ""},
	} {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reset %v", c.name, reset), func(t *testing.T) {
				server := serveRaw(t, func(n int, conn net.Conn) bool {
					if n == 1 {
						text := okReply
						if c.method == http.MethodHead {
							text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
						}
						_, _ = io.WriteString(conn, text)
						return true
					}
					if reset {
						_ = conn.(*net.TCPConn).SetLinger(0)
					}
					return false
				})
				client := loopback(t)
				send := func() (*egress.Response, error) {
					req := request(t, c.method, server.url(), c.body)
					if c.header != "" {
						req.Header[c.header] = []string{"k"}
					}
					return client.Do(context.Background(), req)
				}
				if _, err := send(); err != nil {
					t.Fatal(err)
				}
				_, err := send()
				wantError(t, err, egress.KindReset, true, "ended before")
				if got := server.requests.Load(); got != 2 {
					t.Errorf("the server got %d requests, want 2", got)
				}
			})
		}
	}
}

// What asks before it leaves has a connection by then, is asked once, and leaves nothing behind when it may not go.
func TestLastCall(t *testing.T) {
	no := errors.New("the database is away")
	var got atomic.Int32
	server := serveRaw(t, func(_ int, conn net.Conn) bool {
		got.Add(1)
		_, _ = io.WriteString(conn, okReply)
		return false // the connection looks alive until it is used
	})
	client := loopback(t)
	for i, answer := range []error{nil, no, nil, no} {
		asked, before := 0, got.Load()
		ctx := egress.LastCall(context.Background(), func(context.Context) error {
			asked++
			return answer
		})
		_, err := client.Do(ctx, request(t, http.MethodPost, server.url(), "refresh_token=x"))
		if asked != 1 {
			t.Errorf("request %d was asked for %d times", i, asked)
		}
		if answer == nil {
			if err != nil || got.Load() != before+1 {
				t.Errorf("request %d: %v, the server got %d", i, err, got.Load()-before)
			}
			continue
		}
		wantError(t, err, egress.KindWithheld, false)
		if !errors.Is(err, no) || got.Load() != before {
			t.Errorf("request %d: %v, the server got %d, want nothing", i, err, got.Load()-before)
		}
	}
	ctx := egress.LastCall(context.Background(), func(context.Context) error {
		t.Error("it was asked for without a connection")
		return nil
	})
	_, err := client.Do(ctx, request(t, http.MethodPost, "http://127.0.0.1:1/", "x"))
	wantError(t, err, egress.KindDial, false)
}

// A server that drops idle connections must cost no request, and what it never saw must not count as sent.
func TestDeadIdleConnections(t *testing.T) {
	var answered atomic.Int32
	server := serveRaw(t, func(_ int, c net.Conn) bool {
		answered.Add(1) // before the client can have the reply
		_, _ = io.WriteString(c, okReply)
		return false // closes, though the reply promised to keep the connection
	})
	client := loopback(t)
	succeeded := 0
	const calls = 300
	for range calls {
		_, err := do(t, client, http.MethodPost, server.url(), "x")
		if err == nil {
			succeeded++
			continue
		}
		wantError(t, err, egress.KindReset, true) // written to a connection whose end had not been seen yet
	}
	if got := int(server.requests.Load()); got > calls || got != succeeded || int(answered.Load()) != succeeded {
		t.Errorf("%d calls: %d requests arrived, %d were answered, %d succeeded", calls, got, answered.Load(), succeeded)
	}
}

func TestBrokenReplies(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		kind  egress.Kind
	}{
		"no reply":            {"", egress.KindReset},
		"cut status line":     {"HTTP/1.1 20", egress.KindProtocol},
		"cut header":          {"HTTP/1.1 200 OK\r\nX-A: canary", egress.KindReset},
		"cut body":            {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"canary", egress.KindReset},
		"cut chunk":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\ncanary", egress.KindReset},
		"no last chunk":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ncanary\r\n", egress.KindReset},
		"bad chunk":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n", egress.KindProtocol},
		"no HTTP":             {"220 canary ESMTP\r\n", egress.KindProtocol},
		"bad header":          {"HTTP/1.1 200 OK\r\ncanary\r\n\r\n", egress.KindProtocol},
		"bad length":          {"HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n", egress.KindProtocol},
		"two lengths":         {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", egress.KindProtocol},
		"unasked switch":      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: canary\r\n\r\n", egress.KindProtocol},
		"whole without limit": {"HTTP/1.1 200 OK\r\n\r\nok", ""},
		"chunked":             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveRaw(t, func(_ int, conn net.Conn) bool {
				_, _ = io.WriteString(conn, c.reply)
				return false
			})
			reply, err := do(t, loopback(t), http.MethodPost, server.url(), "x")
			if c.kind == "" {
				if err != nil || string(reply.Body) != "ok" {
					t.Errorf("Do() = %v, %v, want the body ok", reply, err)
				}
				return
			}
			wantError(t, err, c.kind, true)
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("Do() = %q quotes the reply", err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, err = do(t, loopback(t), http.MethodPost, "http://"+address+"/?secret=canary", "x")
	wantError(t, err, egress.KindDial, false, address, "refused")
}

func TestTimeout(t *testing.T) {
	for _, part := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12"} {
		done := make(chan struct{})
		server := serveRaw(t, func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c, part)
			<-done
			return false
		})
		client := newClient(t, egress.Config{AllowLoopback: true, Timeout: 50 * time.Millisecond})
		_, err := do(t, client, http.MethodPost, server.url(), "x")
		wantError(t, err, egress.KindTimeout, true, "50ms")
		close(done)
	}
}

func TestTimeoutOfTheCaller(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	server := serveRaw(t, func(int, net.Conn) bool { <-done; return false })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := loopback(t).Do(ctx, request(t, http.MethodPost, server.url(), "x"))
	wantError(t, err, egress.KindTimeout, true, "caller's time")
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	defer close(done)
	server := serveRaw(t, func(int, net.Conn) bool { cancel(); <-done; return false })
	client := loopback(t)
	_, err := client.Do(ctx, request(t, http.MethodPost, server.url(), "x"))
	wantError(t, err, egress.KindCanceled, true)
	_, err = client.Do(ctx, request(t, http.MethodPost, server.url(), "x"))
	wantError(t, err, egress.KindCanceled, false)
	if got := server.requests.Load(); got != 1 {
		t.Errorf("the server got %d requests, want 1", got)
	}
}

func TestLogHoldsNothingSecret(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := servePlain(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "canary")
		if strings.HasPrefix(r.URL.Path, "/away") {
			w.Header().Set("Location", "https://elsewhere.example/canary")
			w.WriteHeader(http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "canary")
	})
	client := newClient(t, egress.Config{AllowLoopback: true, Log: log})
	for _, path := range []string{"/token", "/away"} {
		req := request(t, http.MethodPost, server.URL+path+"/canary?secret=canary", "canary")
		req.Header.Set("Authorization", "canary")
		_, _ = client.Do(context.Background(), req)
	}
	got := lines.String()
	if strings.Contains(got, "canary") {
		t.Errorf("the log tells a secret: %s", got)
	}
	for _, part := range []string{"method=POST", "status=200", "bytes=6", "timing.total=", "error=redirect", "sent=true"} {
		if !strings.Contains(got, part) {
			t.Errorf("the log lacks %q: %s", part, got)
		}
	}
}
