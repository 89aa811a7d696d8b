package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"latchkey/internal/expiry"
	"latchkey/internal/secret"
)

// ServeOptions are what `latchkey serve` can be told; all else is configuration.
type ServeOptions struct {
	// Config is the configuration file; "" means the environment alone.
	Config   string
	Out, Err io.Writer
	// Ask puts a question to whoever started the server; nil where nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// Serve runs Latchkey in production until ctx ends. It refuses to start without a sealing key. Where there is no organization yet
// it prints the link by which the first one is made, and shows nothing else until then.
func Serve(ctx context.Context, options ServeOptions) error {
	config, err := LoadConfig(options.Config, os.Environ())
	if err != nil {
		return err
	}
	if err := config.check(); err != nil {
		return err
	}
	p, err := productionPlan(config, options.Err, options.Ask)
	if err != nil {
		return err
	}
	certificates, err := config.certificates()
	if err != nil {
		return errors.Join(err, p.release())
	}
	if certificates != nil {
		p.certificates = expiry.Fixed{certificateEnding(certificates.Certificates[0].Leaf, config.TLSCertFile,
			"renew it, put it where tls.cert_file says, and restart every node")}
	}
	bound, err := listen(ctx, config.Listen)
	if err != nil {
		return errors.Join(hinted(err, "stop what listens there, or set listen to another address"), p.release())
	}
	house, err := build(ctx, p)
	if err != nil {
		return errors.Join(err, bound.Close())
	}
	err = house.begin(ctx)
	var l *listener
	var toSetUp string
	if err == nil {
		toSetUp, err = house.toSetUp(ctx)
	}
	if err == nil {
		l, err = open(ctx, house, bound, certificates)
	}
	if err != nil {
		return errors.Join(err, bound.Close(), house.close(ctx))
	}
	fmt.Fprintf(options.Out, "Latchkey %s serves at %s, reached by %s\n%s", Version, bound.Addr(), config.PublicURL, toSetUp)
	return house.run(ctx, l)
}

func productionPlan(config *Config, log io.Writer, ask asking) (plan, error) {
	logger, err := newLog(log, config.LogLevel, config.LogFormat)
	if err != nil {
		return plan{}, err
	}
	root, previous, err := config.openRoots(ask)
	if err != nil {
		return plan{}, err
	}
	lock, err := lockData(config)
	if err != nil {
		return plan{}, err
	}
	return plan{config: config, release: lock.Release, log: logger, root: root, previous: previous, program: "latchkey",
		publicURLs: append([]string{strings.TrimRight(config.PublicURL, "/")}, config.CallbackURLs...)}, nil
}

// open begins to serve.
func open(ctx context.Context, h *house, bound net.Listener, certificates *tls.Config) (*listener, error) {
	handler, err := h.handler(nil)
	if err != nil {
		return nil, err
	}
	trusted := make([]netip.Prefix, 0, len(h.config.TrustedProxies))
	for _, cidr := range h.config.TrustedProxies {
		trusted = append(trusted, netip.MustParsePrefix(cidr)) // check has parsed it
	}
	return serve(bound, proxied(trusted, handler), certificates, h.log), nil
}
