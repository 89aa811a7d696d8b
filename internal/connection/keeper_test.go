package connection_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

func TestTokenFresh(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "acme")
	for range 3 {
		for _, ref := range []string{c.ID, "acme"} {
			token := w.token(ref, connection.Want{})
			if token.AccessToken.Reveal() != "access-1" || token.Generation != 1 || token.ConnectionID != c.ID {
				t.Errorf("Token(%q) = %+v", ref, token)
			}
			if token.ETag != connection.HashOf(secret.New("access-1")) {
				t.Errorf("the ETag is %q", token.ETag)
			}
		}
	}
	if n, reads := w.provider.count(), w.memory.Calls("Find"); n != 1 || reads > 2 {
		t.Errorf("fresh reads caused %d exchanges and %d reads of the store, want 1 and the label's", n, reads)
	}
}

func TestTokenAccess(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "acme")
	stage := reader
	stage.Sandbox = "stage"
	stranger := reader
	stranger.Organization = other
	nobody := reader
	nobody.Scopes = access.Scopes{access.ConnectionsRead}
	for name, test := range map[string]struct {
		caller access.Caller
		want   connection.Want
		denied bool
	}{
		"another organization": {stranger, connection.Want{}, false}, "another sandbox": {stage, connection.Want{}, false},
		"no scope": {nobody, connection.Want{}, true}, "naming another sandbox": {stage, connection.Want{Sandbox: "prod"}, true},
		"looking elsewhere": {reader, connection.Want{Sandbox: "stage"}, false},
	} {
		for _, ref := range []string{c.ID, "acme", "conn_", "nobody"} {
			token, err := w.keeper.Token(context.Background(), test.caller, ref, test.want)
			_, denied := errors.AsType[*access.DeniedError](err)
			if denied != test.denied || !denied && !errors.Is(err, connection.ErrNotFound) || token.Generation != 0 {
				t.Errorf("%s: Token(%q) = %+v, %v", name, ref, token, err)
			}
		}
	}
}

// TestDueForNothing has a connection that is not renewed although the store says that it is due: it is looked at, and then
// let be.
func TestDueForNothing(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	record, err := w.memory.Find(context.Background(), connection.Selector{ID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.memory.SetBack(context.Background(), connection.Setback{
		Organization: record.Organization, ID: c.ID, Generation: record.Generation, State: connection.NeedsReauthorization, RefreshAt: w.clock.Now().Add(-time.Minute), At: w.clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.start()
	w.eventually("the agenda waits", func() bool { return w.clock.Waiting() > 0 })
	if n := w.memory.Calls("Find"); n > 20 {
		t.Errorf("it was read %d times", n)
	}
}

func TestTokenStaleIsServedAndRefreshed(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.start()
	w.clock.Advance(40 * time.Minute)
	if w.provider.count() != 1 {
		t.Fatal("refreshed at two thirds of its life")
	}
	w.eventually("the agenda waits", func() bool { return w.clock.Waiting() > 0 })
	w.clock.Advance(12 * time.Minute) // past 85 %
	if token := w.token(c.ID, connection.Want{}); token.Generation > 2 {
		t.Errorf("generation %d", token.Generation)
	}
	w.eventually("a refresh in the background", func() bool { return w.token(c.ID, connection.Want{}).Generation == 2 })
	if in := w.provider.call(1); in.User.Client != admin.ID || in.User.SandboxID != "uuid-of-prod" || in.User.IMSOrgID != organization {
		t.Errorf("refreshed for %+v, want the key that made the connection", in.User)
	}
	if got := w.get(c.ID); got.State != connection.Active || !got.LastRefreshAt.Equal(w.clock.Now()) {
		t.Errorf("the connection is %+v", got)
	}
}

func TestTokenExpiredWaits(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	gate := w.provider.hold()
	short, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		_, err := w.keeper.Token(short, reader, c.ID, connection.Want{})
		gone <- err
	}()
	w.eventually("the exchange", func() bool { return w.provider.count() == 2 })
	cancel() // the first caller leaves; the exchange goes on
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that left got %v", err)
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if token := w.token(c.ID, connection.Want{}); token.AccessToken.Reveal() != "access-2" {
				t.Errorf("Token() = %+v", token)
			}
		})
	}
	time.Sleep(5 * time.Millisecond)
	close(gate)
	all.Wait()
	if w.provider.count() != 2 {
		t.Errorf("%d exchanges, want 1 for all", w.provider.count()-1)
	}
	if in := w.provider.call(1); in.Tokens.RefreshToken.Reveal() != "refresh-1" {
		t.Error("the exchange did not get the refresh token that is stored")
	}
}

func TestMinTTL(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.clock.Advance(10 * time.Minute)
	if token := w.token(c.ID, connection.Want{MinTTL: 50 * time.Minute}); token.Generation != 1 {
		t.Errorf("a token that lives long enough was refreshed: generation %d", token.Generation)
	}
	for range 3 {
		if token := w.token(c.ID, connection.Want{MinTTL: 2 * time.Hour}); token.Generation != 1 {
			t.Errorf("more than a whole life was asked for: generation %d, want the freshest there is", token.Generation)
		}
	}
	for range 3 {
		if token := w.token(c.ID, connection.Want{MinTTL: 55 * time.Minute}); token.Generation != 2 {
			t.Errorf("generation %d, want one refresh", token.Generation)
		}
	}
	w.clock.Advance(30 * time.Minute)
	w.provider.failing(exchange.Failure{Kind: exchange.ProviderDown, Status: 503})
	for range 3 {
		if token := w.token(c.ID, connection.Want{MinTTL: 45 * time.Minute}); token.Generation != 2 {
			t.Errorf("generation %d, want the old token while the provider is away", token.Generation)
		}
	}
	if w.provider.count() != 3 {
		t.Errorf("%d exchanges, want none within the backoff", w.provider.count())
	}
}

func TestRejected(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	first := w.token(c.ID, connection.Want{})
	second := w.token(c.ID, connection.Want{Rejected: first.ETag})
	if second.Generation != 2 {
		t.Fatalf("generation %d, want the rejected token replaced", second.Generation)
	}
	if token := w.token(c.ID, connection.Want{Rejected: first.ETag}); token.Generation != 2 || w.provider.count() != 2 {
		t.Errorf("the old token was rejected again: generation %d, %d exchanges", token.Generation, w.provider.count())
	}
	// A provider that gives the same token again is not asked for ever.
	same := w.provider.token(2, time.Hour)
	w.provider.script(func(int, exchange.Input) (*exchange.TokenSet, error) { return same, nil })
	for range 3 {
		if _, err := w.keeper.Token(context.Background(), reader, c.ID, connection.Want{Rejected: second.ETag}); !errors.Is(err, connection.ErrNotModified) {
			t.Errorf("Token() = %v, want ErrNotModified", err)
		}
	}
	if w.provider.count() != 3 {
		t.Errorf("%d exchanges, want one for the rejected generation", w.provider.count()-2)
	}
	w.provider.failing(exchange.Failure{Kind: exchange.ProviderDown})
	w.clock.Advance(2 * time.Hour)
	fails[*connection.ProviderError](w, c.ID, connection.Want{Rejected: second.ETag}) // it has ended: nothing to insist on
}

func TestRejectedWhileProviderIsDown(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	token := w.token(c.ID, connection.Want{})
	w.provider.failing(exchange.Failure{Kind: exchange.ProviderDown})
	for range 3 {
		if _, err := w.keeper.Token(context.Background(), reader, c.ID, connection.Want{Rejected: token.ETag}); !errors.Is(err, connection.ErrNotModified) {
			t.Errorf("Token() = %v, want ErrNotModified", err)
		}
	}
	if w.token(c.ID, connection.Want{}).Generation != 1 || w.provider.count() != 2 {
		t.Errorf("%d exchanges, want 1; and the token served to those who do not complain", w.provider.count()-1)
	}
}

func TestProviderDown(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.provider.failing(exchange.Failure{Kind: exchange.ProviderDown, Status: 503, RetryAfter: 20 * time.Second, Endpoint: "id.example.com/token"})
	w.clock.Advance(2 * time.Hour)
	failure := fails[*connection.ProviderError](w, c.ID, connection.Want{})
	if failure.Failure.Status != 503 || failure.Refused() || failure.RetryAt.Before(w.clock.Now().Add(20*time.Second)) {
		t.Errorf("the failure is %+v", failure)
	}
	got := w.get(c.ID)
	if got.State != connection.Degraded || got.LastError == nil || got.LastError.Kind != exchange.ProviderDown || got.StateReason == "" {
		t.Errorf("the connection is %+v", got)
	}
	for range 5 {
		fails[*connection.ProviderError](w, c.ID, connection.Want{})
	}
	if w.provider.count() != 2 {
		t.Errorf("%d exchanges within the backoff, want 1", w.provider.count()-1)
	}
	w.provider.script(nil)
	w.clock.Advance(time.Hour)
	if token := w.token(c.ID, connection.Want{}); token.Generation != 2 {
		t.Errorf("generation %d after the provider came back", token.Generation)
	}
	if got := w.get(c.ID); got.State != connection.Active || got.LastError != nil || got.StateReason != "" {
		t.Errorf("the connection did not recover: %+v", got)
	}
}

// TestCallersEndAnOutage has a provider come back after hours: the background waits long by then, but a caller who is
// left with nothing does not wait with it. What the provider asks for holds.
func TestCallersEndAnOutage(t *testing.T) {
	for name, c := range map[string]struct {
		failure exchange.Failure
		waits   bool
	}{
		"an outage":             {exchange.Failure{Kind: exchange.ProviderDown, Status: 503}, false},
		"an outage with a date": {exchange.Failure{Kind: exchange.ProviderDown, Status: 503, RetryAfter: time.Hour}, true},
		"a wrong client":        {exchange.Failure{Kind: exchange.ClientDead}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			connected := w.connect("machine", "")
			w.provider.failing(c.failure)
			w.clock.Advance(2 * time.Hour)
			for range 40 { // the ceiling of the backoff is reached
				fails[*connection.ProviderError](w, connected.ID, connection.Want{})
				w.clock.Advance(time.Hour)
			}
			failure := fails[*connection.ProviderError](w, connected.ID, connection.Want{})
			if wait := failure.RetryAt.Sub(w.clock.Now()); !c.waits && wait > 30*time.Second {
				t.Errorf("callers are told to wait %v", wait)
			}
			tries := w.provider.count()
			w.clock.Advance(10 * time.Millisecond)
			fails[*connection.ProviderError](w, connected.ID, connection.Want{})
			if w.provider.count() != tries {
				t.Error("the provider is asked at every read")
			}
			w.provider.script(nil)
			w.clock.Advance(31 * time.Second)
			if c.waits {
				fails[*connection.ProviderError](w, connected.ID, connection.Want{})
				return
			}
			if token := w.token(connected.ID, connection.Want{}); token.Generation != 2 {
				t.Errorf("generation %d half a minute after the provider came back", token.Generation)
			}
		})
	}
}

func TestStillValidTokenIsServedThroughAnOutage(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.start()
	for _, kind := range []exchange.Kind{exchange.ProviderDown, exchange.BadResponse, exchange.ClientDead} {
		w.provider.failing(exchange.Failure{Kind: kind})
		for range 55 {
			w.clock.Advance(time.Minute)
			w.token(c.ID, connection.Want{})
		}
		w.provider.script(nil)
		before := w.token(c.ID, connection.Want{}).Generation
		if _, err := w.connector.Refresh(context.Background(), admin, connection.Ref{Name: c.ID}); err != nil {
			t.Fatalf("%v: Refresh() = %v", kind, err)
		}
		if after := w.token(c.ID, connection.Want{}).Generation; after <= before {
			t.Errorf("%v: a person's refresh did nothing: generation %d", kind, after)
		}
	}
}

func TestGrantDead(t *testing.T) {
	for kind, code := range map[exchange.Kind]string{exchange.GrantDead: "invalid_grant", exchange.Denied: "consent_required"} {
		t.Run(kind.String(), func(t *testing.T) {
			w := newWorld(t)
			c := w.connect("person", "")
			token := w.token(c.ID, connection.Want{})
			w.provider.failing(exchange.Failure{Kind: kind, Code: code, Status: 400})
			dead := fails[*connection.NeedsReauthorizationError](w, c.ID, connection.Want{Rejected: token.ETag})
			if dead.ID != c.ID || dead.LastError == nil || dead.LastError.Code != code {
				t.Errorf("the error is %+v", dead)
			}
			if w.token(c.ID, connection.Want{}).Generation != 1 {
				t.Error("the token that is still valid is not served")
			}
			w.clock.Advance(2 * time.Hour)
			for range 3 {
				fails[*connection.NeedsReauthorizationError](w, c.ID, connection.Want{})
			}
			if _, err := w.connector.Refresh(context.Background(), admin, connection.Ref{Name: c.ID}); err == nil {
				t.Error("Refresh() of a dead grant worked")
			}
			if w.provider.count() != 2 {
				t.Errorf("a dead grant was presented %d times", w.provider.count()-1)
			}
			if got := w.get(c.ID); got.State != connection.NeedsReauthorization || !got.NextRefreshAt.IsZero() {
				t.Errorf("the connection is %+v", got)
			}
		})
	}
}

// TestGrantDeadIsReread has another process renew first: its token is adopted, and the grant is not given up.
func TestGrantDeadIsReread(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	ctx := context.Background()
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		if n > 2 {
			t.Error("presented again")
		}
		record, err := w.memory.Find(ctx, connection.Selector{ID: c.ID})
		if err != nil {
			return nil, err
		}
		_, _, err = w.memory.Commit(ctx, connection.Commit{
			Organization: organization, ID: c.ID, Generation: record.Generation, Tokens: w.provider.token(7, time.Hour),
			Renewable: true, RefreshAt: w.clock.Now().Add(45 * time.Minute), At: w.clock.Now(),
		})
		if err != nil {
			return nil, err
		}
		return nil, &exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant"}
	})
	if token := w.token(c.ID, connection.Want{}); token.AccessToken.Reveal() != "access-7" {
		t.Errorf("Token() = %+v, want the other process's", token)
	}
	if got := w.get(c.ID); got.State != connection.Active {
		t.Errorf("the connection is %v", got.State)
	}
}

// TestLateCommitAdopts has another process renew while ours is under way: the store's token is served, not ours.
func TestLateCommitAdopts(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	ctx := context.Background()
	w.provider.script(func(int, exchange.Input) (*exchange.TokenSet, error) {
		_, _, err := w.memory.Commit(ctx, connection.Commit{
			Organization: organization, ID: c.ID, Generation: 1, Tokens: w.provider.token(7, time.Hour), Renewable: true, At: w.clock.Now(),
		})
		return w.provider.token(8, time.Hour), err
	})
	if token := w.token(c.ID, connection.Want{}); token.AccessToken.Reveal() != "access-7" || token.Generation != 2 {
		t.Errorf("Token() = %+v, want what is stored", token)
	}
}

// TestRefreshTokenThatEndedIsNotPresented follows spec/destination-sdk.md §3.6: the provider is not called.
func TestRefreshTokenThatEndedIsNotPresented(t *testing.T) {
	w := newWorld(t)
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		set := w.provider.token(n, time.Hour)
		set.RefreshExpiresAt = w.clock.Now().Add(30 * time.Minute)
		return set, nil
	})
	id := w.consent("browser", connection.Create{})
	w.clock.Advance(2 * time.Hour)
	fails[*connection.NeedsReauthorizationError](w, id, connection.Want{})
	if w.provider.count() != 1 {
		t.Errorf("a refresh token that had ended was presented")
	}
}

func TestNotRenewable(t *testing.T) {
	w := newWorld(t)
	w.start()
	id := w.consent("once", connection.Create{})
	token := w.token(id, connection.Want{})
	if _, err := w.keeper.Token(context.Background(), reader, id, connection.Want{Rejected: token.ETag}); !errors.Is(err, connection.ErrNotModified) {
		t.Errorf("Token() = %v, want ErrNotModified", err)
	}
	if failure, ok := errors.AsType[*connection.ProviderError](refresh(w, id)); !ok || failure.Failure.Code != "not_renewable" || !failure.Refused() {
		t.Errorf("Refresh() = %v", failure)
	}
	if got := w.get(id); got.State != connection.Active || got.Renewable || got.Note == "" {
		t.Errorf("the connection is %+v", got)
	}
	w.clock.Advance(59 * time.Minute)
	w.token(id, connection.Want{})
	w.clock.Advance(time.Minute)
	fails[*connection.NeedsReauthorizationError](w, id, connection.Want{})
	if got := w.get(id); got.State != connection.NeedsReauthorization || got.LastError != nil {
		t.Errorf("the connection is %+v", got)
	}
	if w.provider.count() != 1 {
		t.Errorf("%d exchanges, want none beside the first", w.provider.count())
	}
}

func refresh(w *world, id string) error {
	_, err := w.connector.Refresh(context.Background(), admin, connection.Ref{Name: id})
	return err
}

// TestUnknownLife renews tokens of unknown life as if they lived for an hour, and keeps static ones.
func TestUnknownLife(t *testing.T) {
	w := newWorld(t)
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) { return w.provider.token(n, 0), nil })
	w.start()
	machine, bearer := w.connect("machine", ""), w.connect("bearer", "")
	if machine.Note == "" || bearer.Note == "" || machine.NextRefreshAt.IsZero() || !bearer.NextRefreshAt.IsZero() {
		t.Errorf("the notes are %q and %q, the next refreshes at %v and %v", machine.Note, bearer.Note, machine.NextRefreshAt, bearer.NextRefreshAt)
	}
	for range 60 {
		w.clock.Advance(time.Minute)
		time.Sleep(time.Millisecond)
	}
	w.eventually("a refresh", func() bool { return w.token(machine.ID, connection.Want{}).Generation == 2 })
	if w.token(bearer.ID, connection.Want{}).Generation != 1 {
		t.Error("a token that can't be renewed was")
	}
	w.provider.failing(exchange.Failure{Kind: exchange.ProviderDown})
	w.clock.Advance(100 * time.Hour)
	w.token(machine.ID, connection.Want{}) // nobody says that it has ended
}

// TestStoreAway keeps what the provider gave until the store takes it, and hands it to nobody before.
func TestStoreAway(t *testing.T) {
	w := newWorld(t)
	keeper, err := connection.NewKeeper(connection.KeeperConfig{
		Ledger: w.memory, Exchanger: w.provider, Definitions: w.definitions, Clock: w.clock, RefreshTimeout: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keeper.Close(context.Background()) }()
	c := w.connect("person", "")
	w.clock.Advance(2 * time.Hour)
	away := errors.New("disk full")
	w.memory.Fail(func(method string) error {
		if method == "Commit" {
			return away
		}
		return nil
	})
	if token, err := keeper.Token(context.Background(), reader, c.ID, connection.Want{}); !errors.Is(err, away) {
		t.Errorf("Token() = %+v, %v: handed out before it was committed", token, err)
	}
	w.memory.Fail(nil)
	w.clock.Advance(time.Minute)
	token, err := keeper.Token(context.Background(), reader, c.ID, connection.Want{})
	if err != nil || token.AccessToken.Reveal() != "access-2" || w.provider.count() != 2 {
		t.Errorf("Token() = %+v, %v after %d exchanges, want what the provider gave before", token, err, w.provider.count()-1)
	}
}

// TestSetbackThatIsNotStored has the store fail as the provider does: the backoff holds all the same.
func TestSetbackThatIsNotStored(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.memory.Fail(func(method string) error {
		if method == "SetBack" {
			return errors.New("disk full")
		}
		return nil
	})
	w.provider.failing(exchange.Failure{Kind: exchange.ProviderDown, RetryAfter: time.Minute})
	w.clock.Advance(2 * time.Hour)
	for range 5 {
		fails[*connection.ProviderError](w, c.ID, connection.Want{})
		w.clock.Advance(10 * time.Second)
	}
	if w.provider.count() != 2 {
		t.Errorf("%d exchanges within the backoff, want 1", w.provider.count()-1)
	}
}

// TestRefreshTokenOfAFailedExchange has a provider rotate the refresh token in a round that fails then: the next round
// presents the new one, even if the store was away in between.
func TestRefreshTokenOfAFailedExchange(t *testing.T) {
	for name, method := range map[string]string{"store there": "", "store away": "SetBack"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			keeper, err := connection.NewKeeper(connection.KeeperConfig{
				Ledger: w.memory, Exchanger: w.provider, Definitions: w.definitions, Clock: w.clock, RefreshTimeout: 100 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = keeper.Close(context.Background()) }()
			c := w.connect("person", "")
			w.provider.script(func(_ int, in exchange.Input) (*exchange.TokenSet, error) {
				left := *in.Tokens
				left.RefreshToken = secret.New("rotated")
				return nil, &exchange.Failure{Kind: exchange.ProviderDown, Code: "status_503", Left: &left}
			})
			w.memory.Fail(func(m string) error {
				if m == method {
					return errors.New("disk full")
				}
				return nil
			})
			w.clock.Advance(2 * time.Hour)
			if _, err := keeper.Token(context.Background(), reader, c.ID, connection.Want{}); err == nil {
				t.Fatal("a token of a provider that is down")
			}
			w.memory.Fail(nil)
			w.provider.script(nil)
			w.clock.Advance(time.Hour)
			if _, err := keeper.Token(context.Background(), reader, c.ID, connection.Want{}); err != nil {
				t.Fatal(err)
			}
			if last := w.provider.call(w.provider.count() - 1).Tokens; last.RefreshToken.Reveal() != "rotated" {
				t.Errorf("the next round presents %q, want the refresh token that was given out last", last.RefreshToken.Reveal())
			}
		})
	}
}

func TestClose(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.clock.Advance(2 * time.Hour)
	gate := w.provider.hold()
	answer := make(chan error, 1)
	go func() {
		_, err := w.keeper.Token(context.Background(), reader, c.ID, connection.Want{})
		answer <- err
	}()
	w.eventually("the exchange", func() bool { return w.provider.count() == 2 })
	closed := make(chan error, 1)
	go func() { closed <- w.keeper.Close(context.Background()) }()
	select {
	case err := <-closed:
		t.Fatalf("Close() = %v while a refresh is under way", err)
	case <-time.After(10 * time.Millisecond):
	}
	close(gate)
	if err := <-closed; err != nil {
		t.Errorf("Close() = %v", err)
	}
	if err := <-answer; err != nil {
		t.Errorf("the caller that waited got %v", err)
	}
	w.clock.Advance(2 * time.Hour)
	if _, err := w.keeper.Token(context.Background(), reader, c.ID, connection.Want{}); !errors.Is(err, connection.ErrClosed) {
		t.Errorf("Token() of a closed keeper = %v", err)
	}
}

func TestCloseCutsOff(t *testing.T) {
	w := newWorld(t)
	c := w.connect("machine", "")
	w.clock.Advance(2 * time.Hour)
	w.provider.hold()
	go func() { _, _ = w.keeper.Token(context.Background(), reader, c.ID, connection.Want{}) }()
	w.eventually("the exchange", func() bool { return w.provider.count() == 2 })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := w.keeper.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close() = %v, want to say that it cut off", err)
	}
}

// TestPinning follows spec §3.9 U18 and DESIGN §7: a new revision renews what it would send to the same place, and
// nothing else.
func TestPinning(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	w.definitions.publish("person", `{"name":"person","authentication":{"authType":"OAUTH2","grant":"OAUTH2_PASSWORD",
		"accessTokenUrl":"https://evil.example.com/token","clientId":"c","clientSecret":"client secret",
		"refreshTokenUrl":"https://evil.example.com/token"}}`)
	w.clock.Advance(2 * time.Hour)
	if token := w.token(c.ID, connection.Want{}); token.Generation != 2 {
		t.Errorf("generation %d", token.Generation)
	}
	if plan := w.provider.plan(1); plan != w.definitions.plans[c.DefinitionID][0] {
		t.Error("the refresh token went where a new revision sends it")
	}
	w.definitions.publish("person", passwordDocument)
	w.clock.Advance(2 * time.Hour)
	w.token(c.ID, connection.Want{})
	if plan := w.provider.plan(2); plan != w.definitions.plans[c.DefinitionID][2] {
		t.Error("a new revision that sends the token to the same place is not used")
	}
}
