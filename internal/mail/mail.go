// Package mail tells people of what they must act on.
//
// Few events are for people: a grant that has ended, a client that its provider refuses, something that ends soon, a
// webhook endpoint that was disabled, a grant that could not be revoked ([Acted]). What comes within a minute goes into
// one mail, and mails are at least a quarter of an hour apart, so that an outage of a thousand connections is one mail.
// A digest once a day says what still waits for somebody; where there is nothing to say, none is sent.
//
// A mail is work in the store before it is sent: it survives the process and is tried for a day. Several nodes may work
// on one store. It is sent at least once; its Message-ID stays the same. A mail holds no secret, and each thing that it
// tells comes with the command that mends it.
//
// The SMTP server is the operator's choice and may be anywhere; it is asked for TLS unless the configuration says that
// it has none.
package mail

import (
	"context"
	"time"

	"latchkey/internal/event"
)

// Kind is what a mail is for.
type Kind string

// The kinds of mail.
const (
	// Alert tells what just happened.
	Alert Kind = "alert"
	// Digest tells once a day what waits.
	Digest Kind = "digest"
)

// Mail is one mail on its way.
type Mail struct {
	// ID is "mail_" and a ULID; a digest's is its day's, so that there is one.
	ID        string
	Kind      Kind
	CreatedAt time.Time
	// Attempt is the number of the attempt to send it, from 1.
	Attempt int
}

// Message is a mail as it is sent.
type Message struct {
	ID            string
	Subject, Body string
	At            time.Time
}

// State is where a mail stands.
type State string

// The states of a mail.
const (
	Pending State = "pending"
	Sent    State = "sent"
	// Failed: it was tried for a day.
	Failed State = "failed"
	// Unneeded: there was nothing to say.
	Unneeded State = "unneeded"
)

// Outcome is how an attempt ended.
type Outcome struct {
	ID      string
	Attempt int
	State   State
	DueAt   time.Time // of the next attempt
	Error   string
}

// Summary is what a digest is made of.
type Summary struct {
	// Counts tells how many events of each type there were since the last digest.
	Counts map[event.Type]int
	// States tells how many connections are in each state other than active.
	States map[string]int
	// Ending are the events of things that end soon, newest first, and Waiting the ids or labels of connections that need
	// a new consent; a few of each.
	Ending  []event.Event
	Waiting []string
	// Disabled counts the webhook endpoints that Latchkey disabled.
	Disabled int
}

// Store keeps mails and what they tell.
type Store interface {
	Book
	Queue
	Reader
}

// Book makes mails.
type Book interface {
	// Waiting gives when the first thing happened that is in no mail yet; zero when there is none.
	Waiting(ctx context.Context) (time.Time, error)
	// Latest gives when the latest mail of a kind was made; zero when there is none.
	Latest(ctx context.Context, kind Kind) (time.Time, error)
	// Gather makes an alert of what waits, at most limit things. Of two nodes one makes it; the other makes none.
	Gather(ctx context.Context, m Mail, limit int) error
	// Open makes a digest, unless there is one with its id.
	Open(ctx context.Context, m Mail) error
}

// Queue sends mails.
type Queue interface {
	// Claim takes a mail that is due; nobody else gets it before until, unless this process ends.
	Claim(ctx context.Context, now, until time.Time) (Mail, bool, error)
	// Finish keeps how an attempt ended.
	Finish(ctx context.Context, o Outcome) error
	// Prune removes mails that were made before.
	Prune(ctx context.Context, before time.Time) error
}

// Reader tells what to write.
type Reader interface {
	// Told gives what a mail tells, in the order in which it happened.
	Told(ctx context.Context, id string) ([]event.Event, error)
	// Recent gives the last mails, the newest first.
	Recent(ctx context.Context, limit int) ([]Standing, error)
	// Summary gives what a digest tells.
	Summary(ctx context.Context, since time.Time) (Summary, error)
}

// Acted tells whether somebody has to act on an event: it is told by mail.
func Acted(e event.Event) bool {
	switch e.Type {
	case event.ConnectionNeedsReauthorization, event.ConnectionNotRevoked, event.Expiring, event.WebhookDisabled:
		return true
	case event.ProviderDown: // an outage passes by itself; a client that is refused does not
		return e.Data["error_kind"] == "client_dead"
	}
	return false
}
