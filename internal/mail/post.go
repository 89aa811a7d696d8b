package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/clock"
	"latchkey/internal/ident"
)

// Sender hands a message to a mail server. It is [SMTP].
type Sender interface {
	Send(ctx context.Context, m Message) (refused []string, err error)
}

// Config is what a [Post] works with.
type Config struct {
	Store  Store
	Sender Sender
	Clock  clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log   *slog.Logger
	Meter metric.Meter
	// PublicURL is where the mails' links lead.
	PublicURL string
	// Gather is how long the first thing to tell waits for others; 0 means a minute, or
	// Interval where that is less.
	Gather time.Duration
	// Interval is the least time between two alerts; 0 means a quarter of an hour.
	Interval time.Duration
	// DigestAt is when in the day, in UTC, the digest goes out; negative means never.
	DigestAt time.Duration
	// Look is how often there is a look at what is to be done; 0 means 2 s.
	Look time.Duration
}

const (
	defaultGather   = time.Minute
	defaultInterval = 15 * time.Minute
	defaultLook     = 2 * time.Second
	// gatherLimit is how many things one mail tells of, in numbers at least.
	gatherLimit = 10000
	// keep is how long a mail is remembered.
	keep = 30 * 24 * time.Hour
	// lease is longer than a conversation with the server.
	lease = sendLimit + 30*time.Second
)

// Post makes mails and sends them.
type Post struct {
	config Config
	sent   metric.Int64Counter
	cancel context.CancelFunc
	done   chan struct{}
	// digested is the id of the latest digest that this process has seen made.
	digested string
	pruneAt  time.Time
}

// New makes a post; [Post.Start] lets it work.
func New(config Config) (*Post, error) {
	if config.Store == nil || config.Sender == nil {
		return nil, errors.New("mail: Store and Sender are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Meter == nil {
		config.Meter = noop.Meter{}
	}
	config.Look = cmp.Or(config.Look, defaultLook)
	config.Interval = cmp.Or(config.Interval, defaultInterval)
	config.Gather = cmp.Or(config.Gather, min(defaultGather, config.Interval))
	sent, err := config.Meter.Int64Counter("mail.attempts", metric.WithDescription(
		"Attempts to send a mail, by kind (alert, digest) and outcome (sent, pending: tried again, failed: given up)."))
	if err != nil {
		return nil, err
	}
	return &Post{config: config, sent: sent}, nil
}

// Start begins to work. [Post.Close] ends it.
func (p *Post) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	go p.run(ctx)
}

// Close gives up what is under way; whoever comes next sends it.
func (p *Post) Close() {
	if p.cancel != nil {
		p.cancel()
		<-p.done
	}
}

func (p *Post) run(ctx context.Context) {
	defer close(p.done)
	timer := p.config.Clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			p.config.Log.Warn("sending mail: trying again", "in", p.config.Look.String(), "error", err)
		}
		timer.Reset(p.config.Look)
	}
}

func (p *Post) round(ctx context.Context) error {
	now := p.config.Clock.Now()
	if err := p.gather(ctx, now); err != nil {
		return err
	}
	if err := p.openDigest(ctx, now); err != nil {
		return err
	}
	for {
		m, ok, err := p.config.Store.Claim(ctx, now, now.Add(lease))
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := p.send(ctx, m); err != nil {
			return err
		}
	}
	if now.Before(p.pruneAt) {
		return nil
	}
	p.pruneAt = now.Add(time.Hour)
	return p.config.Store.Prune(ctx, now.Add(-keep))
}

// gather makes an alert when what waits has waited long enough.
func (p *Post) gather(ctx context.Context, now time.Time) error {
	oldest, err := p.config.Store.Waiting(ctx)
	if err != nil || oldest.IsZero() || now.Sub(oldest) < p.config.Gather {
		return err
	}
	latest, err := p.config.Store.Latest(ctx, Alert)
	if err != nil || now.Sub(latest) < p.config.Interval {
		return err
	}
	return p.config.Store.Gather(ctx, Mail{ID: ident.New("mail"), Kind: Alert, CreatedAt: now}, gatherLimit)
}

// openDigest makes the day's digest when its time has come. A process that begins later in the day makes up for it.
func (p *Post) openDigest(ctx context.Context, now time.Time) error {
	if p.config.DigestAt < 0 {
		return nil
	}
	at := due(now, p.config.DigestAt)
	id := digestID(at)
	if id == p.digested {
		return nil
	}
	err := p.config.Store.Open(ctx, Mail{ID: id, Kind: Digest, CreatedAt: now})
	if err == nil {
		p.digested = id
	}
	return err
}

// send sends a mail and keeps how it went.
func (p *Post) send(ctx context.Context, m Mail) error {
	message, needed, err := p.write(ctx, m)
	if err != nil {
		return err
	}
	o := Outcome{ID: m.ID, Attempt: m.Attempt, State: Sent}
	var refused []string
	if !needed {
		o.State = Unneeded
	} else if refused, err = p.config.Sender.Send(ctx, message); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // the claim ends with the process
		}
		o.State, o.Error = Pending, err.Error()
		var again bool
		if o.DueAt, again = next(m.Attempt, p.config.Clock.Now()); !again {
			o.State = Failed
		}
		p.config.Log.Warn("a mail was not sent", "mail", m.ID, "attempt", m.Attempt, "again", again, "error", err)
	}
	if len(refused) > 0 {
		p.config.Log.Warn("the mail server refuses recipients", "mail", m.ID, "refused", refused)
	}
	p.sent.Add(ctx, 1, metric.WithAttributes(attribute.String("kind", string(m.Kind)), attribute.String("outcome", string(o.State))))
	return p.config.Store.Finish(context.WithoutCancel(ctx), o)
}

// write writes a mail from what it tells of.
func (p *Post) write(ctx context.Context, m Mail) (Message, bool, error) {
	where := place{p.config.PublicURL}
	if m.Kind == Digest {
		summary, err := p.config.Store.Summary(ctx, m.CreatedAt.Add(-24*time.Hour))
		if err != nil {
			return Message{}, false, err
		}
		message, needed := where.digest(m, summary)
		return message, needed, nil
	}
	events, err := p.config.Store.Told(ctx, m.ID)
	if err != nil {
		return Message{}, false, fmt.Errorf("reading what a mail tells: %w", err)
	}
	return where.alert(m, events), len(events) > 0, nil
}
