package egress

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/clock"
)

const (
	defaultTimeout = 30 * time.Second
	defaultMaxBody = 1 << 20
	maxHeader      = 64 << 10
	defaultRequest = 4 << 20
	idleTimeout    = 60 * time.Second
	idlePerHost    = 32
)

// errTimeUp is the cause of a context whose time the client itself set.
var errTimeUp = errors.New("the request's time is over")

// Client sends requests. It is safe for concurrent use and keeps connections open between requests.
type Client struct {
	transport *http.Transport
	dialer    *dialer
	guard     *guard
	config    Config
	timeout   time.Duration
	maxBody   int64
	// maxRequest bounds what is sent.
	maxRequest int64
	clock      clock.Clock
	log        *slog.Logger
}

// New makes a client; it fails when the configuration can't be read.
func New(config Config) (*Client, error) {
	g, err := newGuard(config.Allow, config.AllowLoopback)
	if err != nil {
		return nil, err
	}
	roots, err := extendRoots(config.ExtraRoots)
	if err != nil {
		return nil, err
	}
	proxy, err := parseProxy(config.Proxy)
	if err != nil {
		return nil, err
	}
	for _, o := range config.Overrides {
		if _, _, err := net.SplitHostPort(o.Address); err != nil || checkHostName(o.Suffix) != nil {
			return nil, fmt.Errorf("egress override %q → %q: want a host name and a host:port", o.Suffix, o.Address)
		}
	}
	c := &Client{
		guard:      g,
		config:     config,
		timeout:    cmp.Or(config.Timeout, defaultTimeout),
		maxBody:    cmp.Or(config.MaxBody, defaultMaxBody),
		maxRequest: cmp.Or(config.MaxRequest, defaultRequest),
		clock:      config.Clock,
		log:        config.Log,
	}
	if c.clock == nil {
		c.clock = clock.System()
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	d := &dialer{
		guard: g, overrides: config.Overrides, proxy: proxy, roots: roots,
		sessions: tls.NewLRUClientSessionCache(0), timeout: min(dialTimeout, c.timeout),
		protocols: []string{"http/1.1"},
	}
	c.dialer = d
	var protocols http.Protocols
	protocols.SetHTTP1(true) // HTTP/2 repeats requests on its own (GOAWAY, REFUSED_STREAM)
	c.transport = &http.Transport{
		DialContext:            d.dialPlain,
		DialTLSContext:         d.dialTLS,
		Protocols:              &protocols,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
	return c, nil
}

func extendRoots(pem []byte) (*x509.CertPool, error) {
	if len(pem) == 0 {
		return nil, nil // nil is the system's pool
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the further authorities hold no certificate in PEM form")
	}
	return pool, nil
}

func parseProxy(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	proxy, err := url.Parse(text)
	if err != nil || proxy.Scheme != "http" && proxy.Scheme != "https" || checkHostName(proxy.Hostname()) != nil {
		return nil, errors.New("must be the URL of a proxy, http://host:port or https://host:port")
	}
	return proxy, nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Do sends the request once and reads the whole reply, whatever its status. The error is an [*Error].
//
// The request's own context is not used. Its body is read before anything is sent. Accept-Encoding is the client's
// own business: a compressed reply arrives decompressed.
func (c *Client) Do(ctx context.Context, req *http.Request) (*Response, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeUp)
	defer cancel()
	reply, err := c.do(ctx, req)
	if err != nil {
		err.Host = req.URL.Host
		c.log.DebugContext(ctx, "egress", "method", req.Method, "host", req.URL.Host,
			"error", string(err.Kind), "sent", err.Sent, "took", time.Since(start))
		return nil, err
	}
	reply.Timing.Total = time.Since(start)
	c.log.DebugContext(ctx, "egress", "method", req.Method, "host", req.URL.Host,
		"status", reply.Status, "bytes", len(reply.Body), "timing", reply.Timing)
	return reply, nil
}

// do sends the request, and once more where the same origin asked for that (RFC 9110 §15.4.8, §15.4.9).
func (c *Client) do(ctx context.Context, req *http.Request) (*Response, *Error) {
	body, err := c.readBody(req)
	if err != nil {
		return nil, &Error{Kind: KindBadRequest, Err: err}
	}
	at := req.URL
	for followed := false; ; followed = true {
		if err := c.check(req, at); err != nil {
			return nil, &Error{Kind: KindBadRequest, Sent: followed, Err: err}
		}
		reply, failure := c.send(ctx, req, at, body)
		if failure != nil {
			failure.Sent = failure.Sent || followed
			return nil, failure
		}
		next, err := c.follow(at, reply, followed)
		if err != nil {
			return nil, &Error{Kind: KindRedirect, Sent: true, Err: err}
		}
		if next == nil {
			return reply, nil
		}
		at = next
	}
}

func (c *Client) readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer func() { _ = req.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(req.Body, c.maxRequest+1))
	switch {
	case err != nil:
		return nil, errors.New("the request's body could not be read")
	case int64(len(body)) > c.maxRequest:
		return nil, fmt.Errorf("the request's body is larger than %s", size(c.maxRequest))
	}
	return body, nil
}

// check refuses a request that must not go out as it is.
func (c *Client) check(req *http.Request, at *url.URL) error {
	host := at.Hostname()
	switch {
	case at.Scheme != "https" && at.Scheme != "http":
		return errors.New("the URL must begin with https://")
	case at.Opaque != "" || host == "":
		return errors.New("the URL names no host")
	case at.User != nil:
		return errors.New("the URL holds a user or a password; send them as a header or in the body")
	case at.Port() != "" && !validPort(at.Port()):
		return errors.New("the URL's port is not one")
	case req.Host != "" && !strings.EqualFold(req.Host, req.URL.Host):
		return errors.New("the request names another host than its URL")
	}
	if err := checkHostName(canonicalHost(host)); err != nil {
		return fmt.Errorf("the URL's host: %w", err)
	}
	loopback := c.config.AllowLoopback && isLoopbackHost(canonicalHost(host))
	if at.Scheme == "http" && !c.config.AllowHTTP && !loopback {
		return errors.New("plain http would show secrets on the way; use https")
	}
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		return fmt.Errorf("the method %q is not sent", req.Method)
	}
	return checkHeader(req.Header)
}

func checkHeader(header http.Header) error {
	for name, values := range header {
		if !isToken(name) {
			return fmt.Errorf("%q is not a header's name", name)
		}
		for _, value := range values {
			for _, b := range []byte(value) {
				if b == '\r' || b == '\n' {
					return fmt.Errorf("the value of the header %q holds a line break", name)
				}
				if b < ' ' && b != '\t' || b == 0x7f {
					return fmt.Errorf("the value of the header %q holds a control character", name)
				}
			}
		}
	}
	return nil
}

// isToken tells whether text is a token (RFC 9110 §5.6.2).
func isToken(text string) bool {
	for _, b := range []byte(text) {
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", b) < 0 {
			return false
		}
	}
	return text != ""
}

// send sends the request to a URL, at most once. Only a connection that had died while it was idle, so that not a
// byte could be written to it, is replaced by a new one.
func (c *Client) send(ctx context.Context, req *http.Request, at *url.URL, body []byte) (*Response, *Error) {
	reply, stale, err := c.attempt(ctx, req, at, body)
	if stale {
		c.transport.CloseIdleConnections()
		reply, _, err = c.attempt(ctx, req, at, body)
	}
	return reply, err
}

// attempt tells by stale that a connection from the pool turned out dead before anything was written.
func (c *Client) attempt(ctx context.Context, req *http.Request, at *url.URL, body []byte) (reply *Response, stale bool, failure *Error) {
	start := time.Now()
	var used *conn
	var reused bool
	var before int
	var firstByte, received time.Time
	var withheld error
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			used, _ = info.Conn.(*conn)
			reused, before = info.Reused, used.attempts()
			if withheld = asked(ctx); withheld != nil {
				used.stop()
			}
		},
		GotFirstResponseByte: func() { firstByte, received = time.Now(), c.clock.Now() },
	}
	response, err := c.transport.RoundTrip(c.outgoing(httptrace.WithClientTrace(ctx, trace), req, at, body))
	if withheld != nil {
		return nil, false, &Error{Kind: KindWithheld, Err: withheld}
	}
	if err != nil {
		sent := used != nil && used.stop() > before
		return nil, reused && !sent && ctx.Err() == nil, c.explainExchange(ctx, err, sent)
	}
	defer func() { _ = response.Body.Close() }()
	content, failure := c.read(ctx, response)
	if failure != nil {
		return nil, false, failure
	}
	timing := Timing{FirstByte: firstByte.Sub(start)}
	if !reused {
		timing.DNS, timing.Connect, timing.TLS = used.timing.DNS, used.timing.Connect, used.timing.TLS
	}
	return &Response{
		Status: response.StatusCode, Header: response.Header, Body: content, Received: received, Timing: timing,
	}, false, nil
}

// onceBody keeps net/http from sending a request again: it has no GetBody, and is not the empty body that would let
// a GET count as repeatable.
type onceBody struct{ *bytes.Reader }

func (onceBody) Close() error { return nil }

// outgoing makes the request that net/http gets.
func (c *Client) outgoing(ctx context.Context, req *http.Request, at *url.URL, body []byte) *http.Request {
	out := (&http.Request{
		Method: cmp.Or(req.Method, http.MethodGet), URL: at, Host: at.Host, Header: http.Header{},
		ContentLength: int64(len(body)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	for name, values := range req.Header {
		switch http.CanonicalHeaderKey(name) {
		case "Accept-Encoding", "Content-Length", "Connection", "Expect", "Host", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		case "Idempotency-Key", "X-Idempotency-Key":
			// A request with this header counts as repeatable to net/http; it looks for this one spelling.
			out.Header[strings.ToLower(name)] = values
		default:
			out.Header[name] = values
		}
	}
	if _, named := out.Header["User-Agent"]; !named {
		out.Header.Set("User-Agent", cmp.Or(c.config.UserAgent, "latchkey"))
	}
	switch out.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodDelete:
		out.Body = onceBody{bytes.NewReader(body)} // an empty one is not sent as chunked with these methods
	default:
		if len(body) > 0 {
			out.Body = onceBody{bytes.NewReader(body)}
		}
	}
	return out
}

// read reads the reply's body to its end.
func (c *Client) read(ctx context.Context, response *http.Response) ([]byte, *Error) {
	tooLarge := &Error{Kind: KindTooLarge, Sent: true, Err: fmt.Errorf("the reply is larger than %s", size(c.maxBody))}
	if response.ContentLength > c.maxBody {
		return nil, tooLarge
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return nil, &Error{Kind: KindProtocol, Sent: true, Err: errors.New("the other side switched to another protocol than HTTP")}
	}
	encoding := response.Header.Get("Content-Encoding")
	if encoding != "" && !strings.EqualFold(encoding, "identity") && response.Request.Method != http.MethodHead {
		return nil, &Error{Kind: KindProtocol, Sent: true, Err: errors.New("the reply is compressed in a way that was not asked for")}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, c.maxBody+1))
	if int64(len(body)) > c.maxBody {
		return nil, tooLarge
	}
	if err != nil {
		return nil, c.explainExchange(ctx, err, true)
	}
	return body, nil
}

func size(bytes int64) string {
	if bytes >= 1<<20 && bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// follow tells where the reply leads: nil when it is no redirect.
func (c *Client) follow(at *url.URL, reply *Response, followed bool) (*url.URL, error) {
	location := reply.Header.Get("Location")
	if reply.Status < 300 || reply.Status > 399 || reply.Status == http.StatusNotModified || location == "" {
		return nil, nil
	}
	next, err := at.Parse(location)
	if err != nil || next.Host == "" {
		return nil, fmt.Errorf("the reply (%d) leads to a place that can't be read", reply.Status)
	}
	same := at.Scheme == next.Scheme && canonicalHost(at.Hostname()) == canonicalHost(next.Hostname()) && port(at) == port(next)
	to := fmt.Sprintf("the reply (%d) leads to %s://%s", reply.Status, next.Scheme, next.Host)
	switch {
	case !same:
		return nil, errors.New(to + c.whyNot(next) + "; a redirect to another place is not followed: put the final URL into the definition")
	case reply.Status != http.StatusTemporaryRedirect && reply.Status != http.StatusPermanentRedirect:
		return nil, errors.New(to + ", another page of the same host; only 307 and 308 are followed: is the URL right?")
	case followed:
		return nil, errors.New(to + " for the second time; one redirect is followed")
	}
	return next, nil
}

// whyNot tells what else there is to say of a place that a reply leads to.
func (c *Client) whyNot(next *url.URL) string {
	host := canonicalHost(next.Hostname())
	if blocked, ok := errors.AsType[*blockedError](c.guard.checkLiteral(host, port(next))); ok {
		return ", and that address is " + describe(blocked.addr)
	}
	if next.Scheme != "https" {
		return ", without TLS"
	}
	return ""
}

func port(at *url.URL) string {
	if at.Port() != "" {
		return at.Port()
	}
	if at.Scheme == "http" {
		return "80"
	}
	return "443"
}
