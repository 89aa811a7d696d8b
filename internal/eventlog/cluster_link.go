package eventlog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// link tells whether the cluster can be used now, and why not.
type link struct {
	mu    sync.Mutex
	begun bool          // the buckets are open
	up    chan struct{} // closed while it can be used
	why   error         // nil while it can be used
}

func newLink() *link {
	return &link{up: make(chan struct{}), why: errors.New("it was not reached so far")}
}

// can notes that the cluster can be used: from the first time on that the buckets were opened, whenever it is connected.
func (l *link) can(begun bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = l.begun || begun
	if l.begun && l.why != nil {
		l.why = nil
		close(l.up)
	}
}

// cannot notes that it can't, and tells whether that is news.
func (l *link) cannot(why error) (news bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why == nil {
		l.up = make(chan struct{})
		news = true
	}
	l.why = why
	return news
}

func (l *link) cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

func (l *link) state() (up <-chan struct{}, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up, l.why
}

// reachable waits a moment until the cluster can be used.
func (c *Cluster) reachable(ctx context.Context) error {
	if c.ctx.Err() != nil {
		return ErrUnavailable
	}
	up, why := c.link.state()
	if why == nil {
		return nil
	}
	timer := c.config.Clock.NewTimer(c.config.Moment)
	defer timer.Stop()
	select {
	case <-up:
		return nil
	case <-timer.C():
	case <-ctx.Done():
	case <-c.ctx.Done():
	}
	return fmt.Errorf("%w: NATS: %w", ErrUnavailable, c.link.last(why))
}

func (l *link) last(before error) error {
	if now := l.cause(); now != nil {
		return now
	}
	return before
}

// roots are the machine's authorities and those that are configured.
func (c ClusterConfig) roots() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, name := range c.RootsFiles {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading a certificate authority: %w", err)
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", name)
		}
	}
	return pool, nil
}

// connect makes the connection, which is tried for as long as it takes.
func (c *Cluster) connect() (err error) {
	options := []nats.Option{
		nats.Name("latchkey"), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.Timeout(5 * time.Second),
		nats.ConnectHandler(func(*nats.Conn) { c.link.can(false) }),
		nats.ReconnectHandler(func(*nats.Conn) {
			c.link.can(false)
			c.config.Log.Info("the event log in NATS is reached again")
		}),
		nats.DisconnectErrHandler(func(conn *nats.Conn, err error) { c.lost(conn, err) }),
		nats.ReconnectErrHandler(func(conn *nats.Conn, err error) { c.lost(conn, err) }),
	}
	if c.config.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(c.config.CredentialsFile))
	}
	if strings.Contains(c.config.URL.Reveal(), "tls://") { // the option asks for TLS, of those who have none too
		roots, err := c.config.roots()
		if err != nil {
			return err
		}
		options = append(options, nats.Secure(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	}
	if c.conn, err = nats.Connect(c.config.URL.Reveal(), options...); err != nil {
		return err
	}
	c.js, err = jetstream.New(c.conn, jetstream.WithPublishAsyncMaxPending(20_000), jetstream.WithPublishAsyncTimeout(15*time.Second))
	return err
}

// lost notes that there is no connection. What is told of it may come late, when there is one again.
func (c *Cluster) lost(conn *nats.Conn, err error) {
	if c.ctx.Err() != nil || conn.IsConnected() {
		return
	}
	if err == nil {
		err = errors.New("it ended the connection")
	}
	if c.link.cannot(err) {
		c.config.Log.Warn("the event log in NATS can't be reached; it is tried until it can", "error", err)
	}
}

// begin opens the buckets: now, when the cluster answers, else as soon as it does.
func (c *Cluster) begin(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := c.prepare(ctx)
	if err == nil {
		c.link.can(true)
		return
	}
	c.link.cannot(err)
	c.config.Log.Warn("the event log in NATS is not reached yet; the pipeline answers 503 until it is", "error", err)
	c.running.Go(func() {
		for {
			timer := c.config.Clock.NewTimer(retry)
			select {
			case <-timer.C():
			case <-c.ctx.Done():
				timer.Stop()
				return
			}
			err := c.prepare(c.ctx)
			if err == nil {
				c.link.can(true)
				c.config.Log.Info("the event log in NATS is reached")
				return
			}
			c.link.cannot(err)
		}
	})
}

// How long the start waits for a cluster, and how often one is tried that does not answer.
const (
	patience = 5 * time.Second
	retry    = 500 * time.Millisecond
)

// prepare opens what everything else needs.
func (c *Cluster) prepare(ctx context.Context) (err error) {
	if !c.conn.IsConnected() {
		if err := c.conn.LastError(); err != nil {
			return err
		}
		return errors.New("no server answers")
	}
	for bucket, at := range map[string]*jetstream.KeyValue{groupBucket: &c.groups, memberBucket: &c.members} {
		if *at, err = c.tryBucket(ctx, bucket); err != nil {
			return fmt.Errorf("opening the bucket %s: %w", bucket, err)
		}
	}
	c.notices, err = c.conn.Subscribe(noticeStem+"*.*", c.noticed)
	return err
}

// tryBucket opens a key-value bucket whose reads its leader answers: a replica's may be old. A cluster that has just begun has
// no leader yet.
func (c *Cluster) tryBucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	if _, err := c.js.KeyValue(ctx, name); errors.Is(err, jetstream.ErrBucketNotFound) {
		if _, err := c.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: name, Replicas: c.config.Replicas}); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	stream, err := c.js.Stream(ctx, "KV_"+name)
	if err != nil {
		return nil, err
	}
	if config := stream.CachedInfo().Config; config.AllowDirect {
		config.AllowDirect = false
		if _, err := c.js.UpdateStream(ctx, config); err != nil {
			return nil, err
		}
	}
	return c.js.KeyValue(ctx, name)
}
