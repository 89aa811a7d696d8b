package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// dialTimeout bounds one connection: name resolution, TCP and TLS.
const dialTimeout = 10 * time.Second

// dialer makes connections. It does the proxy's CONNECT and the TLS handshake itself, where net/http could, because
// its connections count what is written above TLS: that count, and nothing else, knows whether a request has left.
type dialer struct {
	guard     *guard
	overrides []Override
	proxy     *url.URL
	roots     *x509.CertPool
	sessions  tls.ClientSessionCache
	timeout   time.Duration
	// protocols are those that TLS offers (RFC 7301).
	protocols []string
}

// target is what one dial aims at.
type target struct {
	host, port string
	override   *Override
}

func (d *dialer) dialTLS(ctx context.Context, _, address string) (net.Conn, error) {
	return d.dial(ctx, address, true)
}

func (d *dialer) dialPlain(ctx context.Context, _, address string) (net.Conn, error) {
	return d.dial(ctx, address, false)
}

// dial connects to "host:port". Its errors are [*Error] without Host. The context that net/http gives is not the
// request's: a dial may outlive the request that began it.
func (d *dialer) dial(ctx context.Context, address string, withTLS bool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &Error{Kind: KindBadRequest, Err: errors.New("the URL's host and port can't be read")}
	}
	to := target{host: canonicalHost(host), port: port}
	to.override = findOverride(d.overrides, to.host)

	c := &conn{}
	raw, err := d.connect(ctx, to, &c.timing)
	if err != nil {
		return nil, explainDial(to, err, d.timeout)
	}
	if withTLS {
		start := time.Now()
		secured, err := d.handshake(ctx, raw, to, d.protocols...)
		if err != nil {
			_ = raw.Close()
			return nil, explainTLS(to.host, err, d.timeout)
		}
		c.timing.TLS = time.Since(start)
		raw = secured
	}
	c.Conn = raw
	return c, nil
}

func (d *dialer) connect(ctx context.Context, to target, timing *Timing) (net.Conn, error) {
	switch {
	case to.override != nil:
		return d.dialTCP(ctx, to.override.Address, nil, timing)
	case d.proxy != nil && !isLoopbackHost(to.host):
		return d.viaProxy(ctx, to, timing)
	}
	if err := d.guard.checkLiteral(to.host, to.port); err != nil {
		return nil, err
	}
	control := func(_ context.Context, _, address string, _ syscall.RawConn) error {
		endpoint, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("reading the dialled address: %w", err)
		}
		return d.guard.check(to.host, endpoint)
	}
	return d.dialTCP(ctx, net.JoinHostPort(to.host, to.port), control, timing)
}

type control func(ctx context.Context, network, address string, c syscall.RawConn) error

// dialTCP resolves and connects. control sees each address after resolution, just before it is dialled, and it is
// that address that is connected to: a name can't resolve to another one in between.
func (d *dialer) dialTCP(ctx context.Context, address string, check control, timing *Timing) (net.Conn, error) {
	start := time.Now()
	var once sync.Once
	resolved := start
	netDialer := &net.Dialer{ControlContext: func(ctx context.Context, network, address string, c syscall.RawConn) error {
		once.Do(func() { resolved = time.Now() })
		if check == nil {
			return nil
		}
		return check(ctx, network, address, c)
	}}
	connection, err := netDialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	once.Do(func() {}) // what ran at last is visible here
	timing.DNS, timing.Connect = resolved.Sub(start), time.Since(resolved)
	return connection, nil
}

func (d *dialer) handshake(ctx context.Context, raw net.Conn, to target, protocols ...string) (net.Conn, error) {
	roots, sessions := d.roots, d.sessions
	if to.override != nil && to.override.Roots != nil {
		roots, sessions = to.override.Roots, nil
	}
	secured := tls.Client(raw, &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         to.host,
		RootCAs:            roots,
		ClientSessionCache: sessions,
		NextProtos:         protocols,
	})
	return secured, secured.HandshakeContext(ctx)
}

// viaProxy asks the proxy for a tunnel. The proxy's own address is the operator's word; the target is checked as far
// as it can be known here (see [Config.Proxy]).
func (d *dialer) viaProxy(ctx context.Context, to target, timing *Timing) (net.Conn, error) {
	if err := d.checkProxied(ctx, to); err != nil {
		return nil, err
	}
	port := d.proxy.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[d.proxy.Scheme]
	}
	connection, err := d.dialTCP(ctx, net.JoinHostPort(d.proxy.Hostname(), port), nil, timing)
	if err != nil {
		return nil, &proxyError{"can't be reached", err}
	}
	tunnel, err := d.tunnel(ctx, connection, to)
	if err != nil {
		_ = connection.Close()
		return nil, err
	}
	return tunnel, nil
}

func (d *dialer) checkProxied(ctx context.Context, to target) error {
	if d.guard.allows(to.host, to.port) {
		return nil
	}
	if _, err := netip.ParseAddr(to.host); err == nil {
		return d.guard.checkLiteral(to.host, to.port)
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", to.host)
	if err != nil {
		return nil //nolint:nilerr // a name that only the proxy knows
	}
	for _, addr := range addresses {
		if err := d.guard.checkLiteral(addr.Unmap().String(), to.port); err != nil {
			return &blockedError{host: to.host, addr: addr.Unmap()}
		}
	}
	return nil
}

func (d *dialer) tunnel(ctx context.Context, connection net.Conn, to target) (net.Conn, error) {
	if d.proxy.Scheme == "https" {
		secured, err := d.handshake(ctx, connection, target{host: canonicalHost(d.proxy.Hostname())}, "http/1.1")
		if err != nil {
			return nil, &proxyError{"can't be reached by TLS", err}
		}
		connection = secured
	}
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	address := net.JoinHostPort(to.host, to.port)
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := d.proxy.User; user != nil {
		password, _ := user.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		ask.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	if err := ask.Write(connection); err != nil {
		return nil, &proxyError{"closed the connection", err}
	}
	reader := bufio.NewReader(connection)
	reply, err := http.ReadResponse(reader, ask) //nolint:bodyclose // the connection is closed, or becomes the tunnel
	switch {
	case err != nil:
		return nil, &proxyError{"gave no answer", err}
	case reply.StatusCode == http.StatusProxyAuthRequired:
		return nil, &proxyError{"wants credentials (407); write them into egress.proxy, http://user:password@host:port", nil}
	case reply.StatusCode != http.StatusOK:
		return nil, &proxyError{fmt.Sprintf("refuses to connect to the host (%d)", reply.StatusCode), nil}
	case reader.Buffered() > 0:
		return nil, &proxyError{"sent something of its own into the connection", nil}
	}
	return connection, nil
}

// proxyError says what the corporate proxy did.
type proxyError struct {
	what string
	err  error
}

func (e *proxyError) Error() string { return "the proxy (egress.proxy) " + e.what }

func (e *proxyError) Unwrap() error { return e.err }

// conn is a connection that knows whether anything was written to it.
type conn struct {
	net.Conn
	timing Timing

	mu      sync.Mutex
	writes  int
	stopped bool
}

// Write writes, and counts the attempt before it is made: part of it may arrive even if it fails.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	c.writes++
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// attempts tells how many writes there were.
func (c *conn) attempts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// stop lets no more write begin, and tells how many there were: from then on the number is final.
func (c *conn) stop() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	return c.writes
}
