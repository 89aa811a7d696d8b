package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// The limits of the listener. A token read may wait for an exchange, so writing has more time than one exchange may
// take.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 120 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 64 << 10
)

// listener is the one place where requests come in.
type listener struct {
	net.Listener
	server *http.Server
	failed chan error
	beside func(context.Context) error // stops what else brings requests; nil for nothing
}

// listen binds the address. Nothing is served before [listener.serve], but the port is known.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return l, nil
}

// serve begins to answer. certificates is nil for plain HTTP.
func serve(l net.Listener, handler http.Handler, certificates *tls.Config, log *slog.Logger) *listener {
	if certificates != nil {
		l = tls.NewListener(l, certificates)
	}
	s := &listener{Listener: l, failed: make(chan error, 1), server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
		close(s.failed)
	}()
	return s
}

// stop lets what is under way finish, and cuts it off when ctx ends first.
func (l *listener) stop(ctx context.Context) error {
	err := l.server.Shutdown(ctx)
	if err != nil {
		_ = l.server.Close()
	}
	if l.beside != nil {
		err = errors.Join(err, l.beside(ctx))
	}
	for serveErr := range l.failed {
		err = errors.Join(err, serveErr)
	}
	return err
}

// proxied makes a request look as its sender sent it, when it came through a proxy that the operator trusts:
// the address of X-Forwarded-For that no trusted proxy added, and the scheme of X-Forwarded-Proto. From anyone else
// these headers are dropped, so that nothing further in can believe them.
func proxied(trusted []netip.Prefix, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !within(trusted, peer.Addr()) {
			for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"} {
				r.Header.Del(name)
			}
			next.ServeHTTP(w, r)
			return
		}
		if from, ok := sender(trusted, r.Header.Values("X-Forwarded-For")); ok {
			r.RemoteAddr = netip.AddrPortFrom(from, 0).String()
		}
		if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") && r.TLS == nil {
			r.TLS = &tls.ConnectionState{HandshakeComplete: true}
		}
		next.ServeHTTP(w, r)
	})
}

// sender gives the last address of the chain that is not itself a trusted proxy.
func sender(trusted []netip.Prefix, chain []string) (netip.Addr, bool) {
	hops := strings.Split(strings.Join(chain, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		address, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return netip.Addr{}, false
		}
		if !within(trusted, address) || i == 0 {
			return address, true
		}
	}
	return netip.Addr{}, false
}

func within(networks []netip.Prefix, address netip.Addr) bool {
	address = address.Unmap()
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
