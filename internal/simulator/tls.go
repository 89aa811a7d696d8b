package simulator

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

	"latchkey/internal/devca"
)

// StartTLS serves the simulated hosts on a loopback port with certificates of ca, until ctx ends or closing is
// called; closing returns when nothing of it runs any more. It speaks HTTP/1.1 only, so that the faults drop and
// drop_before close a connection and not one stream of it.
func (s *Simulator) StartTLS(ctx context.Context, ca *devca.Authority) (addr string, closing func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listening for the simulator: %w", err)
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler:           s.Handler(),
		Protocols:         &protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // the fault slow moves it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // handshakes that clients give up
	}
	config := ca.TLSConfig()
	config.NextProtos = []string{"http/1.1"}

	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(tls.NewListener(listener, config)); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulator stopped", slog.Any("error", err))
		}
	}()
	stop := sync.OnceFunc(func() {
		cancel() // ends what the fault slow holds back
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
