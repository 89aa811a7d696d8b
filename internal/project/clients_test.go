package project_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// counted is a store of clients that counts its readings, holds them up, and can be away.
type counted struct {
	mu       sync.Mutex
	held     map[string]project.Credential
	uses     []project.ThingUse
	readings atomic.Int64
	away     atomic.Bool
	reading  func()
}

type awayError struct{}

func (awayError) Error() string     { return "the database is away" }
func (awayError) Unavailable() bool { return true }

func (s *counted) CredentialOf(_ context.Context, id string) (project.Credential, error) {
	s.readings.Add(1)
	s.mu.Lock()
	c, ok := s.held[id]
	reading := s.reading
	s.mu.Unlock()
	if reading != nil {
		reading()
	}
	switch {
	case s.away.Load():
		return project.Credential{}, awayError{}
	case !ok:
		return project.Credential{}, project.ErrNotFound
	}
	return c, nil
}

func (s *counted) OwnServices(context.Context, string) ([]project.Service, error) { return nil, nil }

func (s *counted) KeepUses(_ context.Context, uses []project.ThingUse) error {
	if s.away.Load() {
		return awayError{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses = append(s.uses, uses...)
	return nil
}

func (s *counted) put(c project.Credential) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[c.ClientID] = c
}

func openClients(t testing.TB, limit int) (*project.Clients, *counted, *clock.Manual) {
	t.Helper()
	s := &counted{held: map[string]project.Credential{}}
	hand := clock.NewManual(start)
	c := project.OpenClients(project.ClientsConfig{Store: s, Hash: func(string, []byte) (h [32]byte) { return h }, Clock: hand, Limit: limit})
	t.Cleanup(func() {
		s.away.Store(false)
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c, s, hand
}

func (s *counted) wantReadings(t *testing.T, when string, want int64) {
	t.Helper()
	if got := s.readings.Load(); got != want {
		t.Errorf("%s the store was read %d times, want %d", when, got, want)
	}
}

// TestClientsFromMemory holds when the store is asked, and when not.
func TestClientsFromMemory(t *testing.T) {
	c, s, hand := openClients(t, 0)
	ctx := t.Context()
	s.put(project.Credential{ClientID: "a", Name: "one", Enabled: true})
	for range 3 {
		if client, err := c.Client(ctx, "a"); err != nil || client.Name != "one" {
			t.Fatalf("Client() = %+v, %v", client, err)
		}
		for _, id := range []string{"b", "", strings.Repeat("x", 129)} {
			if _, err := c.Client(ctx, id); !errors.Is(err, project.ErrNotFound) {
				t.Errorf("Client(%.10q) = %v", id, err)
			}
		}
	}
	s.wantReadings(t, "after readings of one client and of none", 2)
	s.put(project.Credential{ClientID: "a", Name: "two"})
	s.put(project.Credential{ClientID: "b", Name: "new"})
	hand.Advance(project.ClientLife - 1)
	if client, err := c.Client(ctx, "a"); err != nil || client.Name != "one" {
		t.Errorf("Client() within its life = %+v, %v", client, err)
	}
	c.Forget("b")
	if client, err := c.Client(ctx, "b"); err != nil || client.Name != "new" {
		t.Errorf("Client() that was made = %+v, %v", client, err)
	}
	hand.Advance(1)
	if client, err := c.Client(ctx, "a"); err != nil || client.Name != "two" || client.Enabled {
		t.Errorf("Client() after its life = %+v, %v", client, err)
	}
	s.wantReadings(t, "at the end", 4)
	c.Forget()
	_, _ = c.Client(ctx, "a")
	s.wantReadings(t, "after all was forgotten", 5)
}

// TestClientsWithoutStore serves what it has for some minutes while the database is away.
func TestClientsWithoutStore(t *testing.T) {
	c, s, hand := openClients(t, 0)
	ctx := t.Context()
	s.put(project.Credential{ClientID: "a", Name: "one"})
	if _, err := c.Client(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	s.away.Store(true)
	hand.Advance(4 * time.Minute)
	if client, err := c.Client(ctx, "a"); err != nil || client.Name != "one" {
		t.Errorf("Client() while the store is away = %+v, %v", client, err)
	}
	if _, err := c.Client(ctx, "b"); err == nil || errors.Is(err, project.ErrNotFound) {
		t.Errorf("Client() that nobody knows while the store is away = %v", err)
	}
	hand.Advance(2 * time.Minute)
	if _, err := c.Client(ctx, "a"); err == nil {
		t.Error("Client() is served for ever while the store is away")
	}
}

// TestForgetWhileReading holds that what was read before a change is not held after it.
func TestForgetWhileReading(t *testing.T) {
	c, s, _ := openClients(t, 0)
	s.put(project.Credential{ClientID: "a", Name: "before"})
	s.reading = func() { // the change comes between the reading and the holding
		s.mu.Lock()
		s.reading = nil
		s.mu.Unlock()
		s.put(project.Credential{ClientID: "a", Name: "after"})
		c.Forget("a")
	}
	_, _ = c.Client(t.Context(), "a")
	if client, err := c.Client(t.Context(), "a"); err != nil || client.Name != "after" {
		t.Errorf("Client() after a change = %+v, %v", client, err)
	}
}

// TestClientsAtOnce reads a client once, however many ask.
func TestClientsAtOnce(t *testing.T) {
	c, s, _ := openClients(t, 0)
	s.put(project.Credential{ClientID: "a"})
	begun := make(chan struct{})
	s.reading = func() { <-begun }
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			if _, err := c.Client(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
	}
	close(begun)
	wait.Wait()
	if got := s.readings.Load(); got > 10 {
		t.Errorf("100 callers made %d readings", got)
	}
}

// TestClientsLimit holds the memory to a number of clients, made-up ids among them, and keeps those that are used.
func TestClientsLimit(t *testing.T) {
	c, s, _ := openClients(t, 100)
	s.put(project.Credential{ClientID: "used"})
	for i := range 2000 {
		_, _ = c.Client(t.Context(), "used")
		_, _ = c.Client(t.Context(), fmt.Sprint("made up ", i))
	}
	if got := s.readings.Load(); got > 2000+100 {
		t.Errorf("the store was read %d times: a client that is used is let go of", got)
	}
	before := s.readings.Load()
	for i := range 2000 {
		_, _ = c.Client(t.Context(), fmt.Sprint("made up ", i))
	}
	if got := s.readings.Load() - before; got < 1900 {
		t.Errorf("of 2000 ids %d were still held, with a limit of 100", 2000-got)
	}
}

// TestUsesWait holds that uses that can't be written are written later, each once with its last time.
func TestUsesWait(t *testing.T) {
	c, s, hand := openClients(t, 0)
	client := &project.Client{Credential: "1"}
	s.away.Store(true)
	c.Used(client, project.Use{Grant: project.GrantJWT, From: "a"}, "x", hand.Now().Add(time.Second))
	if err := c.Flush(t.Context()); err == nil {
		t.Error("Flush() while the store is away succeeds")
	}
	c.Used(client, project.Use{Grant: project.GrantJWT, From: "a"}, "x", hand.Now())
	c.Used(client, project.Use{Grant: project.GrantJWT, From: "b\x1b[31m" + strings.Repeat("é", 100)}, "x", hand.Now())
	s.away.Store(false)
	for range 2 {
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.uses) != 2 || !s.uses[0].At.Equal(hand.Now().Add(time.Second)) || s.uses[1].From != "b [31m"+strings.Repeat("é", 61) {
		t.Errorf("what was written is %+v", s.uses)
	}
}

// BenchmarkClient reads a client, checks a secret and notes the use: what the authority does beside the signature.
func BenchmarkClient(b *testing.B) {
	c := newConsole(b, project.Quotas{})
	made := c.create(b, admin, "oauth", project.OAuthServerToServer)
	ctx, use, at := b.Context(), project.Use{Grant: project.GrantClientCredentials, From: "10.0.0.1 curl/8.0"}, c.hand.Now()
	value := secret.New(made.Secrets[0].Value.Reveal())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			client, err := c.clients.Client(ctx, made.ClientID)
			if err != nil {
				b.Error(err)
				return
			}
			uuid, ok := c.clients.CheckSecret(client, value)
			if !ok {
				b.Error("the secret is wrong")
				return
			}
			c.clients.Used(client, use, uuid, at)
		}
	})
}
