package proxy_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/proxy"
	"latchkey/internal/secret"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keeper gives the tokens token-1, token-2, …: the next one when the last was rejected, up to most.
type keeper struct {
	mu         sync.Mutex
	base       *url.URL
	headers    []exchange.Given
	query      []exchange.Given
	generation int64
	most       int64
	err        error
}

func (k *keeper) Service(_ context.Context, _ access.Caller, ref string, want connection.Want) (connection.Token, *exchange.Service, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return connection.Token{}, nil, k.err
	}
	token := k.token()
	if want.Rejected == token.ETag {
		if k.generation == k.most {
			return connection.Token{}, nil, connection.ErrNotModified
		}
		k.generation++
		token = k.token()
	}
	headers := append([]exchange.Given{{Name: "Authorization", Value: secret.New("Bearer " + token.AccessToken.Reveal())}}, k.headers...)
	return token, &exchange.Service{Base: k.base, Headers: headers, Query: k.query}, nil
}

func (k *keeper) token() connection.Token {
	value := secret.New("token-" + string(rune('0'+k.generation)))
	return connection.Token{AccessToken: value, Generation: k.generation, ConnectionID: "conn_1", ETag: connection.HashOf(value)}
}

// house is a proxy before a service, both behind real sockets.
type house struct {
	testing.TB
	url    string
	keeper *keeper
	caller access.Caller
	proxy  *proxy.Proxy
}

// open starts a service, and a proxy before it whose calls go below /base.
func open(t testing.TB, service http.Handler, change ...func(*proxy.Config)) *house {
	t.Helper()
	upstream := httptest.NewServer(service)
	t.Cleanup(upstream.Close)
	return before(t, upstream, change...)
}

func before(t testing.TB, upstream *httptest.Server, change ...func(*proxy.Config)) *house {
	t.Helper()
	h := &house{TB: t, keeper: &keeper{generation: 1, most: 9}}
	var err error
	h.keeper.base, err = url.Parse(upstream.URL + "/base")
	check(t, err)
	client, err := egress.New(egress.Config{AllowLoopback: true, ExtraRoots: rootsOf(upstream)})
	check(t, err)
	carrier := client.NewCarrier()
	t.Cleanup(carrier.Close)
	config := proxy.Config{Services: h.keeper, Carrier: carrier}
	for _, f := range change {
		f(&config)
	}
	h.proxy, err = proxy.New(config)
	check(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if err := h.proxy.Serve(w, r, proxy.Call{Caller: h.caller, Connection: "conn_1", Path: strings.TrimPrefix(path, "/p")}); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
		}
	}))
	t.Cleanup(server.Close)
	h.url = server.URL + "/p"
	return h
}

func rootsOf(server *httptest.Server) []byte {
	if server.Certificate() == nil {
		return nil
	}
	return pemOf(server.Certificate().Raw)
}

// answer is a reply that was read.
type answer struct {
	*http.Response
	text string
}

func (h *house) send(method, path, body string, header ...string) answer {
	h.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, h.url+path, strings.NewReader(body))
	check(h, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	check(h, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	check(h, err)
	return answer{response, string(text)}
}
