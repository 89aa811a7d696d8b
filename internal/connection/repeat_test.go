package connection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
)

// lost is how an exchange fails whose answer did not come.
func lost() *exchange.Failure {
	return &exchange.Failure{Kind: exchange.ProviderDown, Code: "timeout", Sent: true, Unanswered: true}
}

// flow lets time pass, 50 ms at a time, while act runs.
func (w *world) flow(act func()) {
	w.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		act()
	}()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(200 * time.Microsecond) {
		select {
		case <-done:
			return
		default:
		}
		if time.Now().After(end) {
			w.t.Fatal("it does not end")
		}
		w.clock.Advance(50 * time.Millisecond)
	}
}

// pass lets an amount of time pass, and what is due in it happen.
func (w *world) pass(d time.Duration) {
	w.flow(func() {
		for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
			time.Sleep(100 * time.Microsecond)
		}
	})
}

// presentations keeps when each refresh token was presented.
type presentations struct {
	w  *world
	mu sync.Mutex
	at map[string][]time.Time
}

// script answers renewals one after the other as the list says, nil with a token set, the last of it for ever.
func (w *world) answers(life time.Duration, list ...*exchange.Failure) *presentations {
	p := &presentations{w: w, at: map[string][]time.Time{}}
	w.provider.script(func(n int, in exchange.Input) (*exchange.TokenSet, error) {
		if in.Tokens == nil {
			return w.provider.token(n, life), nil
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		token := in.Tokens.RefreshToken.Reveal()
		p.at[token] = append(p.at[token], w.clock.Now())
		if len(list) == 0 {
			return w.provider.token(n, life), nil
		}
		failure := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		if failure == nil {
			return w.provider.token(n, life), nil
		}
		copied := *failure
		return nil, &copied
	})
	return p
}

// since gives how long after the first presentation of a refresh token the others were.
func (p *presentations) since(token string) (out []time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.at[token] {
		out = append(out, at.Sub(p.at[token][0]))
	}
	return out
}

func document(name, refresh string) string {
	return fmt.Sprintf(`{"name":%q,"authentication":{"authType":"OAUTH2","grant":"OAUTH2_PASSWORD","accessTokenUrl":"https://id.example.com/token",
		"clientId":"c","clientSecret":"client secret","refreshTokenUrl":"https://id.example.com/token","options":{"refresh":%s}}}`, name, refresh)
}

func (w *world) connectWith(refresh string) connection.Connection {
	w.t.Helper()
	w.definitions.publish("custom", document("custom", refresh))
	made, err := w.connector.Create(context.Background(), admin, connection.Create{
		Definition: "custom", Fields: map[string]any{"username": "ann", "password": "hunter2"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.Connection
}

func TestLostAnswerIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	p := w.answers(time.Hour, lost(), nil)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	var token connection.Token
	w.flow(func() { token = w.token(c.ID, connection.Want{}) })
	if token.Generation != 2 {
		t.Errorf("generation %d", token.Generation)
	}
	if at := p.since("refresh-1"); len(at) != 2 || at[1] > time.Second {
		t.Errorf("presented after %v, want again within a second", at)
	}
	if got := w.get(c.ID); got.State != connection.Active {
		t.Errorf("the connection is %v", got.State)
	}
}

// TestRule holds when a refresh token is presented again whose answer never comes: in the grace as often as the
// definition allows, then not before the access token has ended.
func TestRule(t *testing.T) {
	const life = time.Hour
	for name, test := range map[string]struct {
		refresh string
		prompt  int           // presentations in the grace
		within  time.Duration // of the first
	}{
		"default": {`{}`, 4, 10 * time.Second}, "none": {`{"reuse":"none"}`, 2, 10 * time.Second},
		"revokes_family": {`{"reuse":"revokes_family"}`, 1, 0}, "short grace": {`{"grace_seconds":1}`, 3, time.Second},
		"no grace": {`{"grace_seconds":0}`, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.answers(life, lost())
			c := w.connectWith(test.refresh)
			issued := w.clock.Now()
			w.clock.Advance(55 * time.Minute)
			w.start()
			w.eventually("it was presented", func() bool {
				w.clock.Advance(10 * time.Millisecond)
				return len(p.since("refresh-1")) > 0 && w.get(c.ID).State == connection.Degraded
			})
			at := p.since("refresh-1")
			if len(at) != test.prompt || at[len(at)-1] > test.within {
				t.Errorf("presented after %v, want %d times within %v", at, test.prompt, test.within)
			}
			if token := w.token(c.ID, connection.Want{}); token.Generation != 1 {
				t.Errorf("generation %d is served, want the old token while it lives", token.Generation)
			}
			p.w.clock.Advance(issued.Add(life - time.Second).Sub(w.clock.Now()))
			w.pass(500 * time.Millisecond)
			if n := len(p.since("refresh-1")); n != test.prompt {
				t.Errorf("presented %d times before the access token has ended, want %d", n, test.prompt)
			}
			w.pass(5 * time.Second)
			w.eventually("it is presented when nothing is left to lose", func() bool {
				w.clock.Advance(100 * time.Millisecond)
				return len(p.since("refresh-1")) > test.prompt
			})
			if got := w.get(c.ID); got.State != connection.Degraded {
				t.Errorf("the connection is %v: no answer is no death", got.State)
			}
			if got := w.get(c.ID); !strings.Contains(got.StateReason, "lost") {
				t.Errorf("the reason is %q", got.StateReason)
			}
		})
	}
}

// TestRefusedRepeat holds that a 500 to a repeat settles nothing: the rest of the grace is used.
func TestRefusedRepeat(t *testing.T) {
	w := newWorld(t)
	p := w.answers(time.Hour, lost(), &exchange.Failure{Kind: exchange.ProviderDown, Status: 500, Sent: true},
		&exchange.Failure{Kind: exchange.ProviderDown, Status: 503, Sent: true}, nil)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	var token connection.Token
	w.flow(func() { token = w.token(c.ID, connection.Want{}) })
	at := p.since("refresh-1")
	if token.Generation != 2 || len(at) != 4 || at[3] > 10*time.Second || at[3] < 3*time.Second {
		t.Errorf("generation %d, presented after %v, want the repeats spread over the grace", token.Generation, at)
	}
}

func TestLostThenDead(t *testing.T) {
	w := newWorld(t)
	w.answers(time.Hour, lost(), &exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant", Status: 400, Sent: true})
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	w.flow(func() {
		failure := fails[*connection.NeedsReauthorizationError](w, c.ID, connection.Want{})
		if !strings.Contains(failure.Reason, "earlier refresh was lost") {
			t.Errorf("the reason is %q", failure.Reason)
		}
	})
	var kinds []event.Type
	for _, e := range w.memory.Events() {
		kinds = append(kinds, e.Type)
	}
	if !slices.Contains(kinds, event.ConnectionNeedsReauthorization) {
		t.Errorf("told %v", kinds)
	}
}

// TestRestart kills the process that has presented a refresh token: the next one presents it at once, whatever else is
// due, and a family that would be revoked is left alone.
func TestRestart(t *testing.T) {
	for name, test := range map[string]struct {
		refresh string
		want    int
	}{"grace": {`{}`, 2}, "revokes_family": {`{"reuse":"revokes_family"}`, 1}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.answers(time.Hour, nil)
			c := w.connectWith(test.refresh)
			w.clock.Advance(55 * time.Minute)
			gate := w.provider.hold()
			w.start()
			w.eventually("a call is under way", func() bool { return w.provider.count() == 2 })
			w.memory.Restart(true)
			killed := w.clock.Now()
			w.provider.mu.Lock()
			w.provider.gate = nil
			w.provider.mu.Unlock()
			p.at["refresh-1"] = []time.Time{killed} // what the killed process has presented
			w.restart()
			w.start()
			if test.want == 1 {
				w.eventually("it is left alone", func() bool { return w.get(c.ID).State == connection.Degraded })
			} else {
				w.eventually("it was presented again", func() bool { return w.token(c.ID, connection.Want{}).Generation == 2 })
			}
			if at := p.since("refresh-1"); len(at) != test.want || at[len(at)-1] != 0 {
				t.Errorf("presented after %v, want %d times, at once", at, test.want)
			}
			close(gate)
		})
	}
}

// TestFencedOff has two processes present one refresh token, because the first counts as gone. What the first gets is
// kept for the second, whom the provider tells that the token is used up.
func TestFencedOff(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	gate, second := w.provider.hold(), make(chan struct{})
	w.provider.script(func(n int, in exchange.Input) (*exchange.TokenSet, error) {
		if n == 2 {
			return w.provider.token(n, time.Hour), nil
		}
		<-second
		return nil, &exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant", Status: 400, Sent: true}
	})
	first := make(chan error, 1)
	go func() {
		_, err := w.keeper.Token(context.Background(), reader, c.ID, connection.Want{})
		first <- err
	}()
	w.eventually("the first presents it", func() bool { return w.provider.count() == 1+1 })
	w.memory.Restart(true)
	w.provider.mu.Lock()
	w.provider.gate = nil
	w.provider.mu.Unlock()
	other := w.newKeeper()
	answer := make(chan connection.Token, 1)
	go func() {
		token, err := other.Token(context.Background(), reader, c.ID, connection.Want{})
		if err != nil {
			t.Error(err)
		}
		answer <- token
	}()
	w.eventually("the second presents it", func() bool { return w.provider.count() == 1+2 })
	gate <- struct{}{} // the first is answered, and is fenced off
	w.eventually("it was left", func() bool { return w.memory.Calls("Commit") == 1 })
	close(second)
	if token := <-answer; token.AccessToken.Reveal() != "access-2" || token.Generation != 2 {
		t.Errorf("generation %d, want what the first got", token.Generation)
	}
	if err := <-first; err != nil {
		if _, ok := errors.AsType[*connection.ProviderError](err); !ok {
			t.Errorf("the first caller gets %v", err)
		}
	}
	if got := w.get(c.ID); got.State != connection.Active || got.Generation != 2 {
		t.Errorf("the connection is %v, generation %d", got.State, got.Generation)
	}
}

// TestHeld has two processes that live: the second waits for the first, and sends nothing.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	gate := w.provider.hold()
	go func() { _, _ = w.keeper.Token(context.Background(), reader, c.ID, connection.Want{}) }()
	w.eventually("the first presents it", func() bool { return w.provider.count() == 2 })
	w.memory.Restart(false)
	other := w.newKeeper()
	got := make(chan connection.Token, 1)
	go func() {
		token, err := other.Token(context.Background(), reader, c.ID, connection.Want{})
		if err != nil {
			t.Error(err)
		}
		got <- token
	}()
	w.eventually("the second was told that it is held", func() bool { return w.memory.Calls("Claim") >= 2 })
	gate <- struct{}{}
	w.flow(func() {
		if token := <-got; token.Generation != 2 || token.AccessToken.Reveal() != "access-2" {
			t.Errorf("the second adopts generation %d", token.Generation)
		}
	})
	if n := w.provider.count(); n != 2 {
		t.Errorf("%d calls, want one exchange", n-1)
	}
}

// folder is a spill in memory.
type folder struct {
	mu   sync.Mutex
	kept map[string]connection.Unsaved
	full bool
	// notes are of presentations that the database did not take.
	notes []connection.Note
}

func (f *folder) Put(_ context.Context, u connection.Unsaved) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return errors.New("no space left on device")
	}
	if f.kept == nil {
		f.kept = map[string]connection.Unsaved{}
	}
	f.kept[u.Commit.ID] = u
	return nil
}

func (f *folder) All(context.Context) (all []connection.Unsaved, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range f.kept {
		all = append(all, u)
	}
	return all, nil
}

func (f *folder) Note(n connection.Note) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = append(f.notes, n)
	return nil
}

func (f *folder) Notes() ([]connection.Note, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.notes, nil
}

func (f *folder) Drop(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.kept, id)
	return nil
}

func (f *folder) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.kept)
}

// TestSpill has a database that goes away between the claim and the commit: the token is on the disk and served, and in
// the database when that is back, by this process or the next.
func TestSpill(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprint("killed ", killed), func(t *testing.T) {
			w := newWorld(t)
			w.spill = &folder{}
			w.restart()
			c := w.connect("person", "")
			w.clock.Advance(2 * time.Hour)
			w.memory.Fail(func(method string) error {
				if method == "Commit" || method == "SetBack" {
					return errors.New("the database is away")
				}
				return nil
			})
			if token := w.token(c.ID, connection.Want{}); token.Generation != 2 || token.AccessToken.Reveal() != "access-2" {
				t.Fatalf("generation %d is served", token.Generation)
			}
			if w.spill.count() != 1 || w.get(c.ID).Generation != 1 {
				t.Fatal("it is not in the spill alone")
			}
			if killed {
				w.memory.Restart(true)
				w.restart()
			}
			w.start()
			w.memory.Fail(nil)
			w.eventually("it is in the database", func() bool {
				w.clock.Advance(100 * time.Millisecond)
				return w.get(c.ID).Generation == 2
			})
			w.eventually("the spill is empty", func() bool { return w.spill.count() == 0 })
			if n := w.provider.count(); n != 2 {
				t.Errorf("%d exchanges, want one", n-1)
			}
			if token := w.token(c.ID, connection.Want{}); token.AccessToken.Reveal() != "access-2" {
				t.Error("another token is served")
			}
		})
	}
}

// TestDatabaseAwayDuringRepeat holds that a repeat does not wait for the database: it is written down on this machine.
func TestDatabaseAwayDuringRepeat(t *testing.T) {
	w := newWorld(t)
	w.spill = &folder{}
	w.restart()
	p := w.answers(time.Hour, lost(), lost(), nil)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	w.memory.Fail(func(method string) error {
		if method == "Again" {
			return errors.New("the database is away")
		}
		return nil
	})
	w.flow(func() { w.token(c.ID, connection.Want{}) })
	at := p.since("refresh-1")
	if len(at) != 3 || at[1] > time.Second || at[2]-at[1] > time.Second {
		t.Errorf("presented after %v", at)
	}
	if n := w.spill.notes; len(n) != 2 || n[1].Count != 2 || n[1].Generation != 1 || n[1].ID != c.ID {
		t.Errorf("noted %v", n)
	}
}

// TestNothingIsSentUnwritten holds that a refresh token leaves only after that is written down.
func TestNothingIsSentUnwritten(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(55 * time.Minute)
	w.memory.Fail(func(method string) error {
		if method == "Claim" {
			return errors.New("the disk is full")
		}
		return nil
	})
	w.start()
	w.eventually("it was tried", func() bool { return w.memory.Calls("Claim") > 0 })
	if token := w.token(c.ID, connection.Want{}); token.Generation != 1 {
		t.Errorf("generation %d", token.Generation)
	}
	if n := w.provider.count(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestPreviousRefreshToken has a provider that forgot the refresh token that it gave out last.
func TestPreviousRefreshToken(t *testing.T) {
	w := newWorld(t)
	forgot := "refresh-2"
	w.provider.script(func(n int, in exchange.Input) (*exchange.TokenSet, error) {
		if in.Tokens != nil && in.Tokens.RefreshToken.Reveal() == forgot {
			return nil, &exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant", Status: 400, Sent: true}
		}
		return w.provider.token(n, time.Hour), nil
	})
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	if token := w.token(c.ID, connection.Want{}); token.Generation != 2 {
		t.Fatalf("generation %d", token.Generation)
	}
	w.clock.Advance(2 * time.Hour)
	if token := w.token(c.ID, connection.Want{}); token.Generation != 3 || w.get(c.ID).State != connection.Active {
		t.Errorf("generation %d, want the one that the refresh token of before brings", token.Generation)
	}
	forgot = "refresh-4"
	w.clock.Advance(40 * time.Hour)
	fails[*connection.NeedsReauthorizationError](w, c.ID, connection.Want{})
}

// TestClockSetBack holds that a token is not served beyond its end because the system's clock was set back meanwhile.
func TestClockSetBack(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.clock.Advance(-10 * time.Minute)
	w.restart()
	w.flow(func() { w.token(c.ID, connection.Want{}) })
	w.start()
	w.eventually("it is renewed at once", func() bool { return w.get(c.ID).Generation == 2 })
}
