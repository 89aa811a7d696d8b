package connector

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"latchkey/internal/pipelined/message"
)

// publisher publishes each trigger to a NATS subject: into the stream that holds it, which removes duplicates by the
// event's id; or to whoever listens, with `core`.
type publisher struct {
	to     NATS
	conn   *nats.Conn
	stream jetstream.JetStream
}

func openNATS(to NATS) (Connector, error) {
	conn, err := nats.Connect(to.URL, nats.Name("latchkey pipelined"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1))
	if err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	p := &publisher{to: to, conn: conn}
	if !to.Core {
		if p.stream, err = jetstream.New(conn); err != nil {
			conn.Close()
			return nil, fmt.Errorf("nats: %w", err)
		}
	}
	return p, nil
}

func (p *publisher) Deliver(ctx context.Context, t *message.Trigger) error {
	value, err := p.to.Format.write(t)
	if err != nil {
		return &Permanent{err}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	m := &nats.Msg{Subject: p.to.Subject, Data: value, Header: nats.Header{"Nats-Msg-Id": {t.ID}, "Trigger-Type": {t.Type}}}
	if p.stream != nil {
		if _, err := p.stream.PublishMsg(ctx, m); err != nil {
			return fmt.Errorf("publishing to NATS: %w", err)
		}
		return nil
	}
	if err = p.conn.PublishMsg(m); err == nil {
		err = p.conn.FlushWithContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("publishing to NATS: %w", err)
	}
	return nil
}

func (p *publisher) Close() error {
	p.conn.Close()
	return nil
}
