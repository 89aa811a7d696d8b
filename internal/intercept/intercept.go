// Package intercept answers for the vendor's hosts on a workstation, so that unmodified SDKs talk to this server.
//
// SDKs have the names of IMS, the Developer Console and the platform built in. This proxy takes their connections: by
// CONNECT, as HTTPS_PROXY makes clients ask, or as TLS itself on the same port, as the preload file for Node makes it.
// It ends TLS with certificates of the data directory's own authority (devca) and hands the requests to the handler
// that serves everything else. It connects to nothing: a host that is not on its list is refused in words, and so is
// every path that the vendor has not got on a host. Only who was told to trust that authority, and to come here, is
// answered; nothing on the machine is changed. It is for `latchkey dev` alone.
package intercept

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The limits of the inner server are those of the listener that has the same handler.
const (
	helloTimeout  = 10 * time.Second // for the first byte, and for headers
	readTimeout   = time.Minute
	writeTimeout  = 2 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeaderSize = 64 << 10
)

// Config is what a proxy needs.
type Config struct {
	// Listener is where clients come; the proxy closes it.
	Listener net.Listener
	// Hosts are those that are answered for; see [Vendor].
	Hosts []Host
	// Handler answers.
	Handler http.Handler
	// Certificate makes the certificate for a host, as devca's authority does.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Log         *slog.Logger
}

// Proxy is a running proxy.
type Proxy struct {
	config         Config
	plain, secure  *http.Server
	asking, coming *funnel // connections that speak HTTP, and TLS
	group          sync.WaitGroup
	closing        context.Context // ends what waits for its first byte
	cancel         context.CancelFunc
}

// Start begins to answer, until Close.
func Start(config Config) *Proxy {
	p := &Proxy{config: config, asking: newFunnel(config.Listener.Addr()), coming: newFunnel(config.Listener.Addr())}
	p.closing, p.cancel = context.WithCancel(context.Background())
	quiet := slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug) // handshakes that clients give up
	p.plain = &http.Server{Handler: http.HandlerFunc(p.connect), ReadHeaderTimeout: helloTimeout, MaxHeaderBytes: maxHeaderSize, ErrorLog: quiet}
	p.secure = &http.Server{
		Handler: http.HandlerFunc(p.answer), ReadHeaderTimeout: helloTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderSize, ErrorLog: quiet,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate},
	}
	p.group.Go(p.accept)
	p.group.Go(func() { p.ended(p.plain.Serve(p.asking)) })
	p.group.Go(func() { p.ended(p.secure.ServeTLS(p.coming, "", "")) })
	return p
}

func (p *Proxy) ended(err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		p.config.Log.Error("intercepting proxy stopped", slog.Any("error", err))
	}
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.config.Listener.Addr().String() }

// Close lets what is under way finish, and cuts it off when ctx ends first.
func (p *Proxy) Close(ctx context.Context) error {
	p.cancel()
	_ = p.config.Listener.Close()
	_ = p.plain.Close()
	err := p.secure.Shutdown(ctx)
	if err != nil {
		_ = p.secure.Close()
	}
	p.group.Wait()
	if err != nil {
		return fmt.Errorf("stopping the intercepting proxy: %w", err)
	}
	return nil
}

// certificate gives the certificate of a host on the list, and of no other: that of the name that the client asks for,
// else that of its CONNECT.
func (p *Proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if t, ok := hello.Conn.(*tunnel); ok && name == "" {
		name = t.host
	}
	if _, ok := find(p.config.Hosts, name); !ok {
		return nil, fmt.Errorf("the host %.100q is not answered for here", name)
	}
	asked := *hello
	asked.ServerName = name
	return p.config.Certificate(&asked)
}

// answer hands a request to the server's handler, where the vendor would have an answer.
func (p *Proxy) answer(w http.ResponseWriter, r *http.Request) {
	host, ok := find(p.config.Hosts, hostOnly(r.Host))
	switch {
	case !ok:
		refuse(w, http.StatusMisdirectedRequest, fmt.Sprintf("the host %.100q is not answered for here", r.Host))
	case !host.has(r.URL.Path):
		refuse(w, http.StatusNotFound, fmt.Sprintf("Latchkey stands in for %s under %s only", host.Name, strings.Join(host.Paths, ", ")))
	default:
		p.config.Handler.ServeHTTP(w, r)
	}
}

// hostOnly takes the port off.
func hostOnly(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, "latchkey: "+text)
}
