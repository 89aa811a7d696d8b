package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Carrier passes calls on to services as they come: bodies stream both ways, trailers and an upgrade to another protocol
// (WebSocket) go through, HTTP/2 is spoken where the service does. The guard, the limits of a reply's head and the rules of
// TLS are the client's; how long a body takes and how large it is are not bounded. No redirect is followed.
//
// HTTP/1.1 is spoken by the goroutine that asks, on a connection that is its own meanwhile: net/http's transport has two more
// for each connection, whose hand-overs are most of what a call costs.
type Carrier struct {
	client *Client
	dialer *dialer
	// modern sends to the hosts that chose HTTP/2.
	modern *http.Transport

	// idle is how long a connection is kept that nobody uses.
	idle time.Duration

	mu     sync.Mutex
	pools  map[string]*pool
	closed bool
	// sweeping tells that a look at the idle connections is due before long.
	sweeping bool
}

var _ http.RoundTripper = (*Carrier)(nil)

// pool is the idle connections to a host, the one used last at the end.
type pool struct {
	idleFor time.Duration

	mu     sync.Mutex
	idle   []*carried
	http2  bool
	closed bool
	// used tells that a call came since the last sweep.
	used bool
}

const (
	// idleConnections is how many are kept for a host.
	idleConnections = 128
	// headTime bounds the wait for a reply's head.
	headTime = 5 * time.Minute
	buffered = 16 << 10
)

// NewCarrier makes one.
func (c *Client) NewCarrier() *Carrier {
	d := *c.dialer
	d.protocols = []string{"h2", "http/1.1"}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetHTTP1(true)
	carrier := &Carrier{client: c, dialer: &d, idle: idleTimeout, pools: map[string]*pool{}}
	carrier.modern = &http.Transport{
		Protocols: &protocols, MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: idleTimeout,
		MaxResponseHeaderBytes: maxHeader, DisableCompression: true, ResponseHeaderTimeout: headTime,
		DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			connection, err := d.dial(ctx, address, true)
			if err != nil {
				return nil, err
			}
			return connection.(*conn).Conn, nil // as *tls.Conn: net/http asks it for the protocol
		},
	}
	return carrier
}

// Close closes the connections that are idle; those in use close when their calls end.
func (c *Carrier) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, p := range c.pools {
		p.close()
	}
	c.modern.CloseIdleConnections()
}

// RoundTrip sends the request and gives the reply as soon as its head is there. The request's headers are sent as they
// are, but for those of HTTP/1.1's frame. The body of a reply 101 is an [io.ReadWriteCloser]. The error is an [*Error].
func (c *Carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := c.client.check(r, r.URL); err != nil {
		return nil, &Error{Kind: KindBadRequest, Host: r.URL.Host, Err: err}
	}
	p := c.pool(r.URL)
	if p.prefersHTTP2() && r.Header.Get("Upgrade") == "" {
		return c.byHTTP2(r)
	}
	for {
		at, reused, err := c.connect(r, p)
		if errors.Is(err, errHTTP2) {
			return c.byHTTP2(r)
		}
		if err != nil {
			return nil, c.failed(r, err, false)
		}
		response, err := at.exchange(r)
		if err == nil {
			return response, nil
		}
		wrote := at.stop()
		at.close()
		if reused && r.Context().Err() == nil && (wrote == at.before || at.silent && again(r)) {
			continue // it had died while it was idle
		}
		return nil, c.failed(r, err, wrote > at.before)
	}
}

// again tells whether a request may be sent once more although it may have arrived (RFC 9110 §9.2.2).
func again(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return r.Body == nil || r.Body == http.NoBody
	}
	return false
}

func (c *Carrier) failed(r *http.Request, err error, sent bool) error {
	failure := c.client.explainExchange(r.Context(), err, sent)
	failure.Host = r.URL.Host
	return failure
}

func (c *Carrier) byHTTP2(r *http.Request) (*http.Response, error) {
	response, err := c.modern.RoundTrip(r)
	if err != nil {
		return nil, c.failed(r, err, true)
	}
	return response, nil
}

func (c *Carrier) pool(at *url.URL) *pool {
	name := at.Scheme + "://" + at.Host
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pools[name]
	if p == nil {
		p = &pool{idleFor: c.idle, closed: c.closed}
		c.pools[name] = p
	}
	if !c.sweeping && !c.closed {
		c.sweeping = true
		c.client.clock.AfterFunc(c.idle, c.sweep)
	}
	return p
}

// sweep closes what was idle for too long, and forgets the hosts that nobody calls any more: there may be one for each
// customer.
func (c *Carrier) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	for name, p := range c.pools {
		if p.sweep() {
			delete(c.pools, name)
		}
	}
	if c.sweeping = len(c.pools) > 0; c.sweeping {
		c.client.clock.AfterFunc(c.idle, c.sweep)
	}
}

var errHTTP2 = errors.New("the service speaks HTTP/2")

// connect gives a connection: an idle one that is still good, else a new one.
func (c *Carrier) connect(r *http.Request, p *pool) (at *carried, reused bool, err error) {
	if at = p.take(); at != nil {
		return at, true, nil
	}
	d, secured := c.dialer, r.URL.Scheme == "https"
	if r.Header.Get("Upgrade") != "" {
		d = c.client.dialer
	}
	raw, err := d.dial(r.Context(), net.JoinHostPort(r.URL.Hostname(), port(r.URL)), secured)
	if err != nil {
		return nil, false, err
	}
	if t, ok := raw.(*conn).Conn.(*tls.Conn); ok && t.ConnectionState().NegotiatedProtocol == "h2" {
		p.setHTTP2()
		_ = raw.Close()
		return nil, false, errHTTP2
	}
	source := &bounded{Reader: raw, left: -1}
	return &carried{
		conn: raw.(*conn), pool: p, source: source, reader: bufio.NewReaderSize(source, buffered), writer: bufio.NewWriterSize(raw, buffered),
	}, false, nil
}

// bounded reads no more than what is left, where that is bounded.
type bounded struct {
	io.Reader
	left int // -1 for no bound
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, fmt.Errorf("the head of the reply is larger than %s", size(maxHeader))
	}
	if b.left > 0 {
		p = p[:min(len(p), b.left)]
	}
	n, err := b.Reader.Read(p)
	if b.left > 0 {
		b.left -= n
	}
	return n, err
}

func (p *pool) prefersHTTP2() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used = true
	return p.http2
}

func (p *pool) setHTTP2() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.http2 = true
}

// take gives the connection that was used last, unless it has died or been idle for too long; the older ones have as well.
func (p *pool) take() *carried {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		at := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if time.Since(at.since) < p.idleFor && at.alive() {
			at.before, at.silent = at.attempts(), false
			return at
		}
		at.close()
	}
	return nil
}

func (p *pool) put(at *carried) {
	at.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= idleConnections {
		at.close()
		return
	}
	p.idle = append(p.idle, at)
}

// sweep closes what was idle for too long, and tells whether nothing is left of the pool: what comes back to it then is
// closed.
func (p *pool) sweep() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && time.Since(p.idle[old].since) >= p.idleFor {
		p.idle[old].close()
		old++
	}
	p.idle = slices.Delete(p.idle, 0, old)
	p.closed = len(p.idle) == 0 && !p.used
	p.used = false
	return p.closed
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, at := range p.idle {
		at.close()
	}
	p.idle = nil
}

// carried is a connection that speaks HTTP/1.1 for one call after the other.
type carried struct {
	*conn
	pool   *pool
	source *bounded
	reader *bufio.Reader
	writer *bufio.Writer
	since  time.Time
	// before is how many writes there had been when the call took it.
	before int
	// silent tells that the call's reply did not even begin.
	silent bool
}

func (a *carried) close() { _ = a.conn.Close() }

// exchange sends a request and reads the head of its reply.
func (a *carried) exchange(r *http.Request) (*http.Response, error) {
	release := context.AfterFunc(r.Context(), func() { _ = a.SetDeadline(time.Unix(1, 0)) })
	_ = a.SetReadDeadline(time.Now().Add(headTime))
	body := &outward{carried: a, request: r}
	if err := body.head(); err != nil {
		release()
		return nil, err
	}
	response, err := a.reply(r)
	if err != nil {
		release()
		body.abandon()
		if failure := body.failure(); failure != nil && a.silent {
			return nil, failure
		}
		return nil, err
	}
	_ = a.SetReadDeadline(time.Time{})
	in := &inward{ReadCloser: response.Body, carried: a, out: body, release: release, keep: !response.Close && !r.Close}
	if response.StatusCode == http.StatusSwitchingProtocols {
		response.Body = &tunnel{a, release}
		return response, nil
	}
	response.Body = in
	if response.ContentLength == 0 || r.Method == http.MethodHead {
		in.finish()
	}
	return response, nil
}

// reply reads heads until one is the reply's own (RFC 9110 §15.2).
func (a *carried) reply(r *http.Request) (*http.Response, error) {
	const most = 10
	a.source.left = maxHeader
	defer func() { a.source.left = -1 }()
	for range most {
		if _, err := a.reader.Peek(1); err != nil {
			a.silent = true
			return nil, err
		}
		response, err := http.ReadResponse(a.reader, r)
		if err != nil {
			return nil, err
		}
		if response.StatusCode >= http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols {
			return response, nil
		}
	}
	return nil, fmt.Errorf("the service gave %d replies before its own", most)
}

// inward is the body of a reply. At its end the connection is free again.
type inward struct {
	io.ReadCloser
	carried *carried
	out     *outward
	release func() bool
	keep    bool
	done    bool
}

func (b *inward) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !b.done {
		if !errors.Is(err, io.EOF) {
			b.keep = false
		}
		b.finish()
	}
	return n, err
}

// Close ends the call; a body that was not read to its end ends its connection.
func (b *inward) Close() error {
	if !b.done {
		b.keep = false
		b.finish()
	}
	return nil
}

func (b *inward) finish() {
	b.done = true
	calm := b.release() // else the call was given up, and the connection is of no use
	if !b.out.finished() {
		b.keep = false
		b.out.abandon()
	}
	if b.keep && calm && b.carried.reader.Buffered() == 0 {
		b.carried.pool.put(b.carried)
		return
	}
	b.carried.close()
}

// tunnel is what a connection becomes whose protocol was switched.
type tunnel struct {
	*carried
	release func() bool
}

func (t *tunnel) Read(p []byte) (int, error) { return t.reader.Read(p) }

func (t *tunnel) Write(p []byte) (int, error) { return t.conn.Write(p) }

func (t *tunnel) Close() error {
	t.release()
	return t.conn.Close()
}
