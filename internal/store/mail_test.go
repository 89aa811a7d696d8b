package store_test

import (
	"context"
	"testing"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/mail"
)

// TestMails goes through a mail's life: what waits, one mail of two nodes, claim, outcome, content.
func TestMails(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		f := fresh(t)
		s := f.open(t)
		m := s.Mails()
		if at, err := m.Waiting(ctx); err != nil || !at.IsZero() {
			t.Fatalf("Waiting() of nothing = %v, %v", at, err)
		}
		dead := newEvent(event.ConnectionNeedsReauthorization, "conn_1", now)
		emit(t, s, newEvent(event.ConnectionNeedsReauthorization, "conn_2", now.Add(time.Second)), dead, newEvent(event.ConnectionDegraded, "conn_3", now))
		if _, err := s.Webhooks(mail.Acted).Spread(ctx, now, 10); err != nil {
			t.Fatal(err)
		}
		if at, err := m.Waiting(ctx); err != nil || !at.Equal(now) {
			t.Fatalf("Waiting() = %v, %v", at, err)
		}
		other := m
		if !f.url.Empty() {
			other = f.open(t).Mails()
		}
		for id, by := range map[string]interface {
			Gather(context.Context, mail.Mail, int) error
		}{"mail_1": m, "mail_2": other} {
			if err := by.Gather(ctx, mail.Mail{ID: id, Kind: mail.Alert, CreatedAt: now}, 100); err != nil {
				t.Fatal(err)
			}
		}
		if at, err := m.Latest(ctx, mail.Alert); err != nil || !at.Equal(now) {
			t.Errorf("Latest() = %v, %v", at, err)
		}
		one, ok, err := m.Claim(ctx, now, now.Add(time.Minute))
		if err != nil || !ok || one.Attempt != 1 || one.Kind != mail.Alert {
			t.Fatalf("Claim() = %v, %v, %v", one, ok, err)
		}
		if again, ok, err := other.Claim(ctx, now, now.Add(time.Minute)); err != nil || ok {
			t.Errorf("a second mail was made of the same: %v, %v", again, err)
		}
		told, err := m.Told(ctx, one.ID)
		if err != nil || len(told) != 2 || told[0].ID != dead.ID {
			t.Errorf("Told() = %v, %v", told, err)
		}
		if err := m.Finish(ctx, mail.Outcome{ID: one.ID, Attempt: 1, State: mail.Pending, DueAt: now.Add(time.Hour), Error: "451"}); err != nil {
			t.Fatal(err)
		}
		if again, ok, err := other.Claim(ctx, now.Add(time.Hour), now.Add(2*time.Hour)); err != nil || !ok || again.Attempt != 2 {
			t.Errorf("Claim() when it is due again = %v, %v, %v", again, ok, err)
		}
		for range 2 {
			if err := m.Open(ctx, mail.Mail{ID: "mail_digest_1", Kind: mail.Digest, CreatedAt: now}); err != nil {
				t.Fatal(err)
			}
		}
		summary, err := m.Summary(ctx, now.Add(-time.Hour))
		if err != nil || summary.Counts[event.ConnectionNeedsReauthorization] != 2 || summary.Counts[event.ConnectionDegraded] != 1 {
			t.Errorf("Summary() = %+v, %v", summary, err)
		}
		if err := m.Prune(ctx, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	})
}
