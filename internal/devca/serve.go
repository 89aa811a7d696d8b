package devca

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve serves a handler on a loopback port with certificates of the authority, for whatever name a client asks for, until ctx
// ends or closing is called; closing returns when nothing of it runs any more. It speaks HTTP/1.1 only, so that a handler that
// aborts closes a connection and not one stream of it. what names the server in errors and in the log.
func (a *Authority) Serve(ctx context.Context, what string, handler http.Handler, log *slog.Logger) (addr string, closing func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listening for the %s: %w", what, err)
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler:           handler,
		Protocols:         &protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // a handler that waits moves it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // handshakes that clients give up
	}
	config := a.TLSConfig()
	config.NextProtos = []string{"http/1.1"}

	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(tls.NewListener(listener, config)); !errors.Is(err, http.ErrServerClosed) {
			log.Error(what+" stopped", slog.Any("error", err))
		}
	}()
	stop := sync.OnceFunc(func() {
		cancel() // ends what waits
		deadline, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		if server.Shutdown(deadline) != nil {
			_ = server.Close()
		}
		<-served
	})
	release := context.AfterFunc(ctx, stop)
	return listener.Addr().String(), func() { release(); stop() }, nil
}
