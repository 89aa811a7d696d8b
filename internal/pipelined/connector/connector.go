// Package connector hands triggers on: to an HTTP receiver, a file, a table, a program, Kafka or NATS.
//
// A configuration of Campaign names scripts (`cus:triggers.js`), which do not run here. [Settings] is the one place that
// says for each name what takes its part. A connector gets what the script got, the trigger as XML, or the JSON that
// receivers of I/O Events know.
//
// [Connector.Deliver] returns nil only when the receiver has the trigger for good: acknowledged, committed, synced. So a
// trigger is delivered at least once; receivers that can tell by its id do so exactly once. An error is one to try again
// after, unless it is a [*Permanent].
package connector

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/secret"
)

// Connector takes triggers. It is called by several goroutines at once, for different partitions.
type Connector interface {
	// Deliver MUST NOT return nil before the receiver has the trigger for good.
	Deliver(ctx context.Context, t *message.Trigger) error
	Close() error
}

// Batcher is a connector that takes several triggers in one go.
type Batcher interface {
	Connector
	// DeliverAll hands on triggers of one partition, in their order. It tells how many of the first ones the receiver has for
	// good: one at least, unless there is an error, which is about those behind them.
	DeliverAll(ctx context.Context, triggers []*message.Trigger) (delivered int, err error)
}

// How many triggers, and how many bytes of them, go to a connector at once: the bounds of I/O Events.
const (
	MostTogether = 100
	MostBytes    = 2 << 20
)

// DeliverAll hands on triggers as c takes them.
func DeliverAll(ctx context.Context, c Connector, triggers []*message.Trigger) (delivered int, err error) {
	if several, ok := c.(Batcher); ok {
		return several.DeliverAll(ctx, triggers)
	}
	if err := c.Deliver(ctx, triggers[0]); err != nil {
		return 0, err
	}
	return 1, nil
}

// Later asks for the next attempt no sooner than after a while.
type Later struct {
	Err   error
	After time.Duration
}

func (l *Later) Error() string { return l.Err.Error() }

// Unwrap gives Err.
func (l *Later) Unwrap() error { return l.Err }

// Permanent is a refusal that another attempt does not change: the trigger goes to the dead letters at once.
type Permanent struct{ Err error }

func (p *Permanent) Error() string { return p.Err.Error() }

// Unwrap gives Err.
func (p *Permanent) Unwrap() error { return p.Err }

// IsPermanent tells whether another attempt is of no use.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[*Permanent](err)
	return ok
}

// Format is what a trigger is written as.
type Format string

// The formats.
const (
	JSON Format = "json"
	XML  Format = "xml"
)

func (f Format) write(t *message.Trigger) ([]byte, error) {
	if f == XML {
		return t.XML(), nil
	}
	return t.JSON()
}

func (f Format) contentType() string {
	if f == XML {
		return "application/xml"
	}
	return "application/json"
}

// Config is what connectors work with.
type Config struct {
	Client *egress.Client
	Clock  clock.Clock
	// Dir is where relative paths begin.
	Dir string
	// Receivers are those that have answered a challenge; nil asks none.
	Receivers *Receivers
	// Token asks a Latchkey for a connection's token; nil where none is known.
	Token func(ctx context.Context, connection string) (secret.String, error)
	// Warn is told what the operator should know; nil is nobody.
	Warn func(text string)
}

// Open makes the connector that an entry of the settings describes.
func Open(ctx context.Context, config Config, entry Entry) (Connector, error) {
	switch {
	case entry.HTTP != nil:
		return openHTTP(config, *entry.HTTP)
	case entry.File != nil:
		return openFile(config, *entry.File)
	case entry.SQL != nil:
		return openSQL(ctx, config, *entry.SQL)
	case entry.Exec != nil:
		return openExec(config, *entry.Exec)
	case entry.Kafka != nil:
		return openKafka(ctx, config, *entry.Kafka)
	case entry.NATS != nil:
		return openNATS(*entry.NATS)
	}
	return nil, errors.New("the connector is of no kind; give one of http, file, sql, exec, kafka, nats")
}

// Check tells whether a connector opens, beside a daemon that may be using it.
func Check(ctx context.Context, config Config, entry Entry) error {
	if entry.File != nil { // the daemon has it
		file, err := os.OpenFile(config.path(entry.File.Path), os.O_WRONLY|os.O_APPEND, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it is made with the first trigger
		}
		if err != nil {
			return fmt.Errorf("file: %w", err)
		}
		return file.Close()
	}
	is, err := Open(ctx, config, entry)
	if err != nil {
		return err
	}
	return is.Close()
}

// ErrNotMapped says that a route names a script that nothing takes the part of.
var ErrNotMapped = errors.New("no connector takes the part of this jsConnector")

// Unmapped stands for the connector of a name that the settings don't have. Its triggers become dead letters at once, to
// be replayed when it is there: nothing is lost, and nobody waits.
type Unmapped struct{ Name, File string }

// Deliver refuses.
func (u Unmapped) Deliver(context.Context, *message.Trigger) error {
	return &Permanent{fmt.Errorf("%w: map %q in %s, then replay", ErrNotMapped, u.Name, u.File)}
}

// Close does nothing.
func (Unmapped) Close() error { return nil }

// attemptTime bounds one attempt: I/O Events gives a receiver ten seconds.
const attemptTime = 10 * time.Second
