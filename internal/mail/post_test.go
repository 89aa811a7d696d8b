package mail_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/event"
	"latchkey/internal/mail"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outbox is a server without a network.
type outbox struct {
	mu   sync.Mutex
	fail error
	sent []sentMail
}

type sentMail struct {
	mail.Message
	when time.Time
}

func (o *outbox) Send(_ context.Context, m mail.Message) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return nil, o.fail
	}
	o.sent = append(o.sent, sentMail{m, time.Now()})
	return nil, nil
}

// all gives what was sent up to now.
func (o *outbox) all() []sentMail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// answers has the server refuse from now on, or take mail again.
func (o *outbox) answers(fail error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = fail
}

type bench struct {
	*testing.T
	store *store.Store
	outbox
	post *mail.Post
}

// inBubble runs a test in fake time, which begins at midnight, over a real SQLite file.
func inBubble(t *testing.T, digestAt time.Duration, test func(b *bench)) {
	t.Helper()
	dir := storetest.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(context.Background(), store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		b := &bench{T: t, store: s}
		b.start(digestAt)
		defer func() { b.post.Close() }()
		test(b)
	})
}

func (b *bench) start(digestAt time.Duration) {
	b.Helper()
	var err error
	b.post, err = mail.New(mail.Config{Store: b.store.Mails(), Sender: &b.outbox, PublicURL: "https://latchkey.example.com", DigestAt: digestAt,
		Look: 20 * time.Second, // so that days pass quickly
	})
	if err != nil {
		b.Fatal(err)
	}
	b.post.Start()
}

// emit keeps events and makes notices of them.
func (b *bench) emit(events ...event.Event) {
	b.Helper()
	if err := b.store.Emit(context.Background(), events...); err != nil {
		b.Fatal(err)
	}
	queue := b.store.Webhooks(mail.Acted)
	for n := 100; n == 100; {
		var err error
		if n, err = queue.Spread(context.Background(), time.Now(), 100); err != nil {
			b.Fatal(err)
		}
	}
}

func dead(i int) event.Event {
	return event.New(event.ConnectionNeedsReauthorization, "org", fmt.Sprintf("conn_%d", i), time.Now().Add(time.Duration(i)*time.Microsecond), map[string]any{
		"label": fmt.Sprintf("acme %d", i), "definition": "moviestar", "reason": "the provider says invalid_grant",
	}).In("prod")
}

// TestOneMailForAnOutage holds that a thousand events of a minute are one mail, and that the next waits.
func TestOneMailForAnOutage(t *testing.T) {
	inBubble(t, -1, func(b *bench) {
		start := time.Now()
		var all []event.Event
		for i := range 1000 {
			all = append(all, dead(i))
		}
		b.emit(all...)
		b.emit(event.New(event.ConnectionDegraded, "org", "conn_1", time.Now(), nil))
		time.Sleep(5 * time.Minute)
		b.emit(dead(1000), event.New(event.ProviderDown, "org", "inc_1", time.Now(), map[string]any{
			"provider": "id.example.com", "error_kind": "client_dead", "definition": "moviestar", "connections": 12,
		}))
		time.Sleep(time.Hour)
		if len(b.all()) != 2 {
			t.Fatalf("%d mails were sent, want 2", len(b.all()))
		}
		first, second := b.all()[0], b.all()[1]
		if first.Subject != "Latchkey: 1000 connections need a new consent" || first.when.Sub(start) > 90*time.Second {
			t.Errorf("the first mail is %q, after %v", first.Subject, first.when.Sub(start))
		}
		for _, part := range []string{
			"acme 0 (moviestar): the provider says invalid_grant", "latchkey connection reauthorize 'acme 0'", "… and 980 more",
			"https://latchkey.example.com",
		} {
			if !strings.Contains(first.Body, part) {
				t.Errorf("the mail lacks %q:\n%s", part, first.Body)
			}
		}
		if n := strings.Count(first.Body, "\n"); n > 60 {
			t.Errorf("the mail has %d lines", n)
		}
		if second.Subject != "Latchkey: 1 connection needs a new consent, 1 client is refused by its provider" ||
			second.when.Sub(first.when) < 15*time.Minute || second.when.Sub(first.when) > 16*time.Minute {
			t.Errorf("the second mail is %q, %v after the first", second.Subject, second.when.Sub(first.when))
		}
	})
}

// TestTriedAgain holds that a mail outlives its process and a server that is away, and is the same then.
func TestTriedAgain(t *testing.T) {
	inBubble(t, -1, func(b *bench) {
		b.answers(errors.New("451 later"))
		b.emit(dead(1))
		time.Sleep(2 * time.Minute)
		b.post.Close()
		b.answers(nil)
		b.start(-1)
		time.Sleep(10 * time.Minute)
		if len(b.all()) != 1 || !strings.Contains(b.all()[0].Body, "acme 1") {
			t.Fatalf("sent %+v", b.all())
		}
		b.answers(errors.New("550 never"))
		b.emit(dead(2))
		time.Sleep(48 * time.Hour)
		b.answers(nil)
		time.Sleep(48 * time.Hour)
		if len(b.all()) != 1 {
			t.Errorf("a mail was sent that was tried for a day")
		}
	})
}

// TestDigest holds that there is one a day at its hour, and none where there is nothing to say.
func TestDigest(t *testing.T) {
	inBubble(t, 7*time.Hour, func(b *bench) {
		time.Sleep(24 * time.Hour)
		if len(b.all()) != 0 {
			t.Fatalf("a digest of nothing was sent: %+v", b.all())
		}
		b.emit(event.New(event.ConnectionDegraded, "org", "conn_1", time.Now(), nil), event.New(event.ConnectionDegraded, "org", "conn_2", time.Now(), nil),
			event.New(event.Expiring, "org", "key_1", time.Now(), map[string]any{"kind": "api_key", "name": "billing", "expires_at": "2026-12-01T00:00:00Z", "days": 7}))
		time.Sleep(5 * time.Minute) // the alert
		b.post.Close()
		b.start(7 * time.Hour)
		time.Sleep(72 * time.Hour)
		if len(b.all()) != 2 {
			t.Fatalf("%d mails were sent, want an alert and a digest: %+v", len(b.all()), b.all())
		}
		digest := b.all()[1]
		if digest.when.Hour() != 7 || digest.when.Minute() != 0 || !strings.HasPrefix(digest.Subject, "Latchkey: the day's digest") {
			t.Errorf("the digest is %q at %v", digest.Subject, digest.when)
		}
		for _, part := range []string{"2  connection.degraded", "billing (api key) ends at 2026-12-01T00:00:00Z"} {
			if !strings.Contains(digest.Body, part) {
				t.Errorf("the digest lacks %q:\n%s", part, digest.Body)
			}
		}
	})
}

// TestTwoPosts holds that of two nodes one sends.
func TestTwoPosts(t *testing.T) {
	inBubble(t, 7*time.Hour, func(b *bench) {
		first := b.post
		defer first.Close()
		b.start(7 * time.Hour)
		time.Sleep(time.Minute) // yesterday's digest, of nothing
		for i := range 5 {
			b.emit(dead(i))
			time.Sleep(16 * time.Minute)
		}
		seen := map[string]int{}
		for _, m := range b.all() {
			seen[m.ID]++
		}
		if len(seen) != 5 || len(b.all()) != 5 {
			t.Errorf("%d mails, %d of them different, want 5", len(b.all()), len(seen))
		}
	})
}
