package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// presence is a node's own connection to the server. It holds the lock by which the others see that the node lives, and
// it listens to their news.
//
// A connection that is lost is made again, with the lock of the same incarnation: what this process has under way, it
// has still. The lock is shared, so that one which the server has not yet missed does not stand in the way. The server
// drops a connection of which it hears nothing only after longer than any lease lasts (see [presenceParams]): a node that is
// cut off may still be in the middle of a call. The connections that write hold the same lock (session.go): a node whose
// presence alone was ended lives on.
//
// What took this node's connection may have taken those of all others, as a failover does, or a server that starts over
// because one of its processes crashed, which no start time tells. Who comes back gives them time to do so too, before it
// calls anybody gone.
type presence struct {
	config *pgx.ConnConfig
	node   string
	tell   func(News)
	log    *slog.Logger

	held   atomic.Bool
	back   atomic.Pointer[time.Time] // when a lost connection was made again, last
	cancel context.CancelFunc
	done   chan struct{}
}

// heartbeat is how often a silent connection is tried.
const heartbeat = 5 * time.Second

// presenceParams make the server keep a connection that says nothing for five minutes.
var presenceParams = map[string]string{
	"tcp_keepalives_idle": "120", "tcp_keepalives_interval": "30", "tcp_keepalives_count": "6", "idle_session_timeout": "0",
	"application_name": "latchkey presence",
}

// openPresence takes the lock before it returns.
func openPresence(ctx context.Context, config *pgx.ConnConfig, node string, tell func(News), log *slog.Logger) (*presence, error) {
	config = config.Copy()
	for name, value := range presenceParams {
		config.RuntimeParams[name] = value
	}
	p := &presence{config: config, node: node, tell: tell, log: log, done: make(chan struct{})}
	conn, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	p.held.Store(true)
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	go p.run(background, conn)
	return p, nil
}

func (p *presence) close() {
	p.cancel()
	<-p.done
}

func (p *presence) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return nil, err
	}
	if _, err = conn.Exec(ctx, `LISTEN `+newsChannel); err == nil {
		err = beHere(ctx, conn, p.node)
	}
	if err != nil {
		_ = conn.Close(ctx) // the first error tells
		return nil, fmt.Errorf("telling the other nodes of this one: %w", err)
	}
	return conn, nil
}

// beHere takes the lock by which others see that a node lives. It ends with the connection.
func beHere(ctx context.Context, conn *pgx.Conn, node string) error {
	_, err := conn.Exec(ctx, `SELECT pg_advisory_lock_shared(`+lockKey("$1::text")+`)`, node)
	return err
}

// unsure tells whether this node can't tell who is gone: its own connection is lost, or was made again less than a time
// ago.
func (p *presence) unsure(within time.Duration) bool {
	if !p.held.Load() {
		return true
	}
	back := p.back.Load()
	return back != nil && time.Since(*back) < within
}

// run keeps the connection until ctx ends.
func (p *presence) run(ctx context.Context, conn *pgx.Conn) {
	defer close(p.done)
	for {
		err := p.listen(ctx, conn)
		p.held.Store(false)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		_ = conn.Close(end) // it is lost, or not needed any longer
		cancel()
		if ctx.Err() != nil {
			return
		}
		p.log.Warn("the database is away: serving what is held, and trying to reach it", "error", err)
		if conn = p.reconnect(ctx); conn == nil {
			return
		}
		now := time.Now()
		p.back.Store(&now)
		p.held.Store(true)
		p.log.Info("the database is back")
		p.tell(News{Topic: TopicAll})
	}
}

// reconnect tries until there is a connection; none when ctx ended.
func (p *presence) reconnect(ctx context.Context) *pgx.Conn {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if conn, err := p.connect(ctx); err == nil {
			return conn
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// listen hands on the news until the connection is lost.
func (p *presence) listen(ctx context.Context, conn *pgx.Conn) error {
	for {
		beat, cancel := context.WithTimeout(ctx, heartbeat)
		heard, err := conn.WaitForNotification(beat)
		cancel()
		switch {
		case err == nil:
			if news, ok := readNews(p.node, heard.Payload); ok {
				p.tell(news)
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err):
			if err := ping(ctx, conn); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func ping(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	return conn.Ping(ctx)
}
