package mail

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/ident"
)

// Standing is a mail as it stands.
type Standing struct {
	Mail
	State State
	// DueAt is when it is tried next, zero for never; Error is why the last attempt failed.
	DueAt time.Time
	Error string
}

// Status is how the telling by mail stands.
type Status struct {
	// Waiting is when the first thing happened that is in no mail yet; zero when there is none.
	Waiting time.Time
	// Recent are the last mails, the newest first.
	Recent []Standing
}

// recent is how many mails a status has.
const recent = 25

// Status tells how it stands.
func (p *Post) Status(ctx context.Context) (Status, error) {
	var s Status
	var err error
	if s.Waiting, err = p.config.Store.Waiting(ctx); err != nil {
		return s, err
	}
	s.Recent, err = p.config.Store.Recent(ctx, recent)
	return s, err
}

// Try sends a mail that tells nothing but that it arrives, at once, and gives the recipients that the server refused.
func (p *Post) Try(ctx context.Context) (refused []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	refused, err = p.config.Sender.Send(ctx, Message{
		ID: ident.New("mail"), At: p.config.Clock.Now(), Subject: "Latchkey: a test",
		Body: "This is a test. Whoever reads it is told of what has to be acted on.\n" + place{p.config.PublicURL}.foot(),
	})
	if err != nil {
		return refused, fmt.Errorf("sending a test mail: %w", err)
	}
	return refused, nil
}
