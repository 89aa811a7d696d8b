package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/exchange"
	"latchkey/internal/proxy"
	"latchkey/internal/secret"
)

// echo answers with what it was sent.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Service", "yes")
	_, _ = fmt.Fprintf(w, "%s %s\n", r.Method, r.URL.RequestURI())
	_ = r.Header.Write(w)
	_, _ = fmt.Fprintf(w, "\n%s", body)
})

func TestCall(t *testing.T) {
	h := open(t, echo)
	h.keeper.headers = []exchange.Given{{Name: "x-api-key", Value: secret.New("client-1")}}
	got := h.send("POST", "/things/a%2Fb?q=1&q=2", "payload",
		"Authorization", "Bearer lk_callers", "X-Sandbox-Name", "stage", "X-Api-Key", "callers", "X-Own", "1", "X-Own", "2",
		"Connection", "X-Hop", "X-Hop", "no", "Te", "trailers", "Proxy-Authorization", "no")
	for _, want := range []string{"POST /base/things/a%2Fb?q=1&q=2\n", "Authorization: Bearer token-1\r\n", "X-Api-Key: client-1\r\n", "X-Own: 1\r\nX-Own: 2\r\n", "\npayload"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("the service did not get %q:\n%s", want, got.text)
		}
	}
	for _, not := range []string{"callers", "stage", "X-Hop", "Te:", "Proxy-"} {
		if strings.Contains(got.text, not) {
			t.Errorf("the service got %q:\n%s", not, got.text)
		}
	}
	if got.StatusCode != 200 || got.Header.Get("Service") != "yes" {
		t.Errorf("answer %d %v", got.StatusCode, got.Header)
	}
}

func TestTokenInTheQuery(t *testing.T) {
	h := open(t, echo)
	h.keeper.query = []exchange.Given{{Name: "access_token", Value: secret.New("a b&c")}}
	got := h.send("GET", "/x?access%5Ftoken=mine&a=1&access_token=mine", "")
	if !strings.HasPrefix(got.text, "GET /base/x?a=1&access_token=a+b%26c\n") {
		t.Errorf("the service got %s", got.text)
	}
}

// TestPath tries to leave the base URL.
func TestPath(t *testing.T) {
	h := open(t, echo)
	for path, want := range map[string]int{
		"":                   200,
		"/":                  200,
		"/a//b":              200,
		"/a/b.c/...":         200,
		"/a/%20b":            200,
		"/../x":              418,
		"/a/%2e%2e/x":        418,
		"/a/.%2E/x":          418,
		"/a/%2e":             418,
		"/a/%252e%252e/x":    418,
		"/a/..;x=1/y":        418,
		"/a%5c..%5cx":        418,
		"/a%0d%0aX-Evil:%20": 418,
		"/..%2fx":            418,
	} {
		if got := h.send("GET", path, ""); got.StatusCode != want {
			t.Errorf("%q = %d, want %d: %s", path, got.StatusCode, want, got.text)
		}
	}
}

func TestLists(t *testing.T) {
	h := open(t, echo)
	h.caller.Calls = access.Calls{Methods: []string{"GET"}, Paths: []string{"/v1/contacts", "/v1/contacts/*", "/open/**"}}
	for call, want := range map[string]int{
		"GET /v1/contacts": 200, "GET /v1/contacts/7": 200, "GET /open/a/b/c": 200, "GET /open/": 200,
		"POST /v1/contacts": 418, "GET /v1": 418, "GET /v1/contacts/7/notes": 418, "GET /v1/contacts/": 418, "GET /v1/contacts/a%2Fb": 418, "GET /v1//contacts": 418, "GET /opened": 418,
	} {
		method, path, _ := strings.Cut(call, " ")
		if got := h.send(method, path, ""); got.StatusCode != want {
			t.Errorf("%s = %d, want %d: %s", call, got.StatusCode, want, got.text)
		}
	}
}

// TestRefused has a service that takes newer tokens alone.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		takes  string
		most   int64
		body   io.Reader
		length int64
		status int
		note   string
		calls  int
	}{
		"renewed once":            {takes: "token-2", most: 9, body: strings.NewReader("small"), length: 5, status: 200, calls: 2},
		"without a body":          {takes: "token-2", most: 9, status: 200, calls: 2},
		"refused again":           {takes: "none", most: 9, status: 401, calls: 2},
		"none that is newer":      {takes: "none", most: 1, status: 401, calls: 1, note: "a newer one can't be had"},
		"a body that is not kept": {takes: "token-2", most: 9, body: strings.NewReader(strings.Repeat("x", 2000)), length: 2000, status: 401, calls: 1, note: "was not repeated"},
		"a body of unknown size":  {takes: "token-2", most: 9, body: strings.NewReader("x"), length: -1, status: 401, calls: 1, note: "was not repeated"},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			h := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				body, _ := io.ReadAll(r.Body)
				if c.length >= 0 && int64(len(body)) != c.length {
					t.Errorf("call %d has a body of %d bytes", calls, len(body))
				}
				if r.Header.Get("Authorization") != "Bearer "+c.takes {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}), func(config *proxy.Config) { config.Replay = 1000 })
			h.keeper.most = c.most
			r, err := http.NewRequest("POST", h.url+"/x", c.body)
			check(t, err)
			r.ContentLength = c.length
			response, err := http.DefaultTransport.RoundTrip(r)
			check(t, err)
			_ = response.Body.Close()
			if response.StatusCode != c.status || calls != c.calls || !strings.Contains(response.Header.Get(proxy.NoteHeader), c.note) || (c.note == "") != (response.Header.Get(proxy.NoteHeader) == "") {
				t.Errorf("%d after %d calls, %q", response.StatusCode, calls, response.Header.Get(proxy.NoteHeader))
			}
		})
	}
}

// TestStreams passes on what comes when it comes, in both directions at once, and trailers at the end.
func TestStreams(t *testing.T) {
	h := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		check(t, control.EnableFullDuplex())
		w.Header().Set("Trailer", "Sum")
		w.WriteHeader(200)
		lines := bufio.NewScanner(r.Body)
		n := 0
		for ; lines.Scan(); n++ {
			_, _ = fmt.Fprintln(w, "got", lines.Text())
			check(t, control.Flush())
		}
		w.Header().Set("Sum", fmt.Sprint(n, r.Trailer.Get("End")))
	}))
	in, out := io.Pipe()
	r, err := http.NewRequest("POST", h.url+"/stream", in)
	check(t, err)
	r.Trailer = http.Header{"End": nil}
	go func() { _, _ = io.WriteString(out, "one\n") }()
	response, err := http.DefaultTransport.RoundTrip(r)
	check(t, err)
	answers := bufio.NewReader(response.Body)
	for _, word := range []string{"one", "two", "three"} {
		line, err := answers.ReadString('\n')
		if line != "got "+word+"\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		switch word {
		case "one":
			go func() { _, _ = io.WriteString(out, "two\n") }()
		case "two":
			go func() {
				_, _ = io.WriteString(out, "three\n")
				r.Trailer.Set("End", "!")
				_ = out.Close()
			}()
		}
	}
	rest, err := io.ReadAll(answers)
	if len(rest) > 0 || err != nil || response.Trailer.Get("Sum") != "3!" {
		t.Errorf("the end is %q, %v, with the trailer %v", rest, err, response.Trailer)
	}
}

func TestUpgrade(t *testing.T) {
	h := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Authorization") != "Bearer token-1" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		connection, buffered, err := http.NewResponseController(w).Hijack()
		check(t, err)
		defer func() { _ = connection.Close() }()
		_, _ = buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-Websocket-Accept: x\r\n\r\n")
		check(t, buffered.Flush())
		line, _ := buffered.ReadString('\n')
		_, _ = buffered.WriteString("echo " + line)
		_ = buffered.Flush()
	}))
	connection, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/p"))
	check(t, err)
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, "GET /p/socket HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nhello\n")
	check(t, err)
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	check(t, err)
	line, _ := reader.ReadString('\n')
	if response.StatusCode != 101 || response.Header.Get("Sec-Websocket-Accept") != "x" || line != "echo hello\n" {
		t.Errorf("%d %v %q", response.StatusCode, response.Header, line)
	}
}

// TestHTTP2 has a service that speaks it, over TLS.
func TestHTTP2(t *testing.T) {
	upstream := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprint(w, r.Proto, " ", r.Header.Get("Authorization"), " ", string(body))
	}))
	upstream.EnableHTTP2 = true
	upstream.StartTLS()
	t.Cleanup(upstream.Close)
	h := before(t, upstream)
	for range 2 {
		if got := h.send("POST", "/x", "hello"); got.text != "HTTP/2.0 Bearer token-1 hello" {
			t.Errorf("got %q", got.text)
		}
	}
}

// TestBroken has services that are away, break off, or die while their connection is idle.
func TestBroken(t *testing.T) {
	t.Run("away", func(t *testing.T) {
		h := open(t, echo)
		h.keeper.base.Host = "127.0.0.1:1"
		if got := h.send("GET", "/x", ""); got.StatusCode != 418 || !strings.Contains(got.text, "127.0.0.1:1: ") {
			t.Errorf("%d %s", got.StatusCode, got.text)
		}
	})
	t.Run("breaks off", func(t *testing.T) {
		h := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			check(t, http.NewResponseController(w).Flush())
			panic(http.ErrAbortHandler)
		}))
		r, err := http.NewRequest("GET", h.url+"/x", http.NoBody)
		check(t, err)
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
		}
		if err == nil {
			t.Error("half an answer looks like a whole one")
		}
	})
	t.Run("idle connections that died", func(t *testing.T) {
		upstream := httptest.NewServer(echo)
		t.Cleanup(upstream.Close)
		h := before(t, upstream)
		for range 5 {
			if got := h.send("POST", "/x", "a"); got.StatusCode != 200 {
				t.Fatalf("%d %s", got.StatusCode, got.text)
			}
			upstream.CloseClientConnections()
		}
	})
}

// TestGivenUp has a caller that goes away: the service is told.
func TestGivenUp(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	h := open(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", h.url+"/x", http.NoBody)
	check(t, err)
	go func() {
		<-begun
		cancel()
	}()
	if _, err := http.DefaultTransport.RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v", err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the service goes on for nobody")
	}
}

// TestRedirect gives it to the caller, and follows it not.
func TestRedirect(t *testing.T) {
	h := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
	}))
	if got := h.send("GET", "/x", ""); got.StatusCode != 302 || got.Header.Get("Location") != "https://elsewhere.example.com/" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}

// TestBusy bounds the calls of a connection that are under way.
func TestBusy(t *testing.T) {
	inside, leave := make(chan struct{}, 2), make(chan struct{})
	h := open(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		inside <- struct{}{}
		<-leave
	}), func(c *proxy.Config) { c.Calls = 2 })
	done := make(chan int, 2)
	for range 2 {
		go func() { done <- h.send("GET", "/x", "").StatusCode }()
	}
	<-inside
	<-inside
	if got := h.send("GET", "/x", ""); got.StatusCode != 418 || !strings.Contains(got.text, "as many calls under way") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
	close(leave)
	for range 2 {
		if status := <-done; status != 200 {
			t.Errorf("a call that was under way got %d", status)
		}
	}
	if got := h.send("GET", "/x", ""); got.StatusCode != 200 {
		t.Errorf("afterwards: %d %s", got.StatusCode, got.text)
	}
}

// TestHead bounds the head of a service's answer.
func TestHead(t *testing.T) {
	h := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Large", strings.Repeat("x", 100<<10))
	}))
	if got := h.send("GET", "/x", ""); got.StatusCode != 418 {
		t.Errorf("%d, %d bytes of a header", got.StatusCode, len(got.Header.Get("Large")))
	}
}
