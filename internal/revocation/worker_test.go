package revocation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/provider"
	"latchkey/internal/revocation"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const organization = "1111111111AAAAAAAAAA1111@AdobeOrg"

var (
	start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	admin = access.Caller{ID: "key_admin", Organization: organization, Scopes: access.Scopes{access.Admin}}
)

// asked is the provider: it answers in turn, the last answer again and again, and counts.
type asked struct {
	mu      sync.Mutex
	answers []error
	at      []time.Duration // since the start
	clock   *clock.Manual
	tokens  string
}

func (a *asked) Revoke(_ context.Context, _ *destination.Plan, in exchange.Input) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens = in.Tokens.RefreshToken.Reveal()
	a.at = append(a.at, a.clock.Now().Sub(start))
	return a.answers[min(len(a.at), len(a.answers))-1]
}

func (a *asked) RevocationTarget(context.Context, *destination.Plan, exchange.Input) exchange.Target {
	return exchange.Target{URL: "https://api.moviestar.com/revoke", ClientID: "mc"}
}

func (a *asked) times() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]time.Duration(nil), a.at...)
}

// plans has one plan.
type plans struct{ plan *destination.Plan }

func (p plans) Plan(context.Context, string, int, int) (*destination.Plan, error) {
	if p.plan == nil {
		return nil, destination.ErrNotFound
	}
	return p.plan, nil
}

func (p plans) EffectivePlan(ctx context.Context, id string, n, c int) (*destination.Plan, int, error) {
	plan, err := p.Plan(ctx, id, n, c)
	return plan, 1, err
}

// gates is a provider's health that refuses until a time.
type gates struct {
	until time.Time
	clock clock.Clock
}

func (g gates) Enter(context.Context, provider.Call) (*provider.Gate, error) {
	if g.clock.Now().Before(g.until) {
		return nil, &provider.DownError{Host: "api.moviestar.com", RetryAt: g.until}
	}
	return &provider.Gate{}, nil
}

// world is a queue in a real database with one job in it.
type world struct {
	store *store.Store
	clock *clock.Manual
	id    string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background()
	dir := storetest.Folder(t)
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{clock: clock.NewManual(start), id: ident.New("rev")}
	w.store, err = store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	catalogue := destination.NewCatalogue(destination.Config{Store: w.store.Definitions()})
	doc, err := destination.ParseDocument([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	saved, err := catalogue.Create(ctx, admin, "", destination.Draft{Document: doc})
	if err != nil {
		t.Fatal(err)
	}
	made := saved.Definition
	tokens := &exchange.TokenSet{AccessToken: secret.New("a"), RefreshToken: secret.New("the refresh token"), IssuedAt: start}
	record := connection.Record{
		ID: ident.New("conn"), Organization: organization, Sandbox: "prod", Definition: made.ID, Revision: 1, State: connection.Active,
		Tokens: tokens, Generation: 1, CreatedAt: start, UpdatedAt: start,
	}
	if err := w.store.Connections().Create(ctx, record, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Connections().Delete(ctx, connection.Deletion{Organization: organization, ID: record.ID, Version: 1, At: start, Revocation: &connection.Revocation{
		ID: w.id, Organization: organization, Sandbox: "prod", Connection: record.ID, Label: "acme", Definition: made.ID, DefinitionName: "moviestar",
		Revision: 1, Host: "api.moviestar.com", Tokens: tokens, CreatedAt: start,
	}}); err != nil {
		t.Fatal(err)
	}
	return w
}

const document = `{"name": "moviestar", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
	"accessTokenUrl": "https://api.moviestar.com/token", "clientId": "mc", "clientSecret": "ms",
	"options": {"revocationUrl": "https://api.moviestar.com/revoke"}}}`

func plan(t *testing.T) *destination.Plan {
	t.Helper()
	doc, err := destination.ParseDocument([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := doc.Compile(0)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// follow moves time on until the job has ended, a step at a time.
func (w *world) follow(t *testing.T, config revocation.WorkerConfig, limit time.Duration) revocation.Job {
	t.Helper()
	config.Queue, config.Clock = w.store.Revocations(), w.clock
	worker, err := revocation.NewWorker(config)
	if err != nil {
		t.Fatal(err)
	}
	worker.Start()
	defer worker.Close(context.Background())
	for step := 0; ; step++ {
		var job revocation.Job
		// Each step of time is worked off before the next one begins.
		for look := range 2000 {
			if job, err = w.store.Revocations().Find(context.Background(), organization, w.id); err != nil {
				t.Fatal(err)
			}
			if job.State != revocation.Waiting || job.DueAt.After(w.clock.Now()) {
				break
			}
			if look%20 == 10 { // it may have looked at the clock before that was advanced
				worker.Wake()
			}
			time.Sleep(time.Millisecond)
		}
		if job.State != revocation.Waiting || w.clock.Now().Sub(start) > limit {
			return job
		}
		w.clock.Advance(job.DueAt.Sub(w.clock.Now()))
	}
}

func failed(kind exchange.Kind, code string, status int) error {
	return &exchange.Failure{Kind: kind, Code: code, Status: status, Description: "no"}
}

// TestWorker follows a job through what providers answer.
func TestWorker(t *testing.T) {
	down := failed(exchange.ProviderDown, "", 503)
	later := &exchange.Failure{Kind: exchange.ProviderDown, Status: 429, RetryAfter: 2 * time.Minute}
	for name, c := range map[string]struct {
		answers []error
		health  time.Duration // it refuses so long
		gone    bool          // the definition
		state   revocation.State
		times   string
		last    string
		told    string // a part of the event's reason; "" when there is none
	}{
		"at once":       {answers: []error{nil}, state: revocation.Revoked, times: "[0s]"},
		"later":         {answers: []error{down, down, nil}, state: revocation.Revoked, times: "[0s 15s 1m15s]"},
		"retry after":   {answers: []error{later, nil}, state: revocation.Revoked, times: "[0s 2m0s]"},
		"spared":        {answers: []error{nil}, health: time.Minute, state: revocation.Revoked, times: "[1m0s]"},
		"refused":       {answers: []error{failed(exchange.Denied, "unsupported_token_type", 400)}, state: revocation.Failed, times: "[0s]", last: "denied unsupported_token_type (status 400): no", told: "refused the request"},
		"client":        {answers: []error{failed(exchange.ClientDead, "invalid_client", 401), nil}, state: revocation.Revoked, times: "[0s 15s]"},
		"never":         {answers: []error{down}, state: revocation.Failed, times: "[0s 15s 1m15s 6m15s 21m15s 1h21m15s 4h21m15s 10h21m15s 22h21m15s 34h21m15s 46h21m15s 58h21m15s 70h21m15s 72h0m0s]", last: "provider_down (status 503): no", told: "for three days"},
		"no definition": {answers: []error{nil}, gone: true, state: revocation.Failed, times: "[]", last: "denied cannot_send: its definition is gone", told: "could not be made"},
		"strange error": {answers: []error{errors.New("the secret is x"), nil}, state: revocation.Revoked, times: "[0s 15s]"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := &asked{answers: c.answers, clock: w.clock}
			known := plans{plan(t)}
			if c.gone {
				known.plan = nil
			}
			job := w.follow(t, revocation.WorkerConfig{Revoker: p, Definitions: known, Health: gates{start.Add(c.health), w.clock}}, 100*time.Hour)
			if job.State != c.state || job.Last.String() != c.last {
				t.Errorf("it ended %s with %q, want %s with %q", job.State, job.Last, c.state, c.last)
			}
			if got := fmt.Sprint(p.times()); got != c.times {
				t.Errorf("it was tried at %s, want %s", got, c.times)
			}
			if len(p.times()) > 0 && p.tokens != "the refresh token" {
				t.Errorf("it presented %q", p.tokens)
			}
			w.wantTold(t, c.told)
		})
	}
}

// wantTold holds that an event tells of it, or none.
func (w *world) wantTold(t *testing.T, reason string) {
	t.Helper()
	events, err := w.store.Webhooks(nil).Events(context.Background(), webhook.EventSelection{
		Organization: organization, Type: event.ConnectionNotRevoked, Limit: 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	if reason == "" {
		if len(events) > 0 {
			t.Errorf("an event tells of %v", events)
		}
		return
	}
	if len(events) != 1 || !strings.Contains(fmt.Sprint(events[0].Data["reason"]), reason) || events[0].Data["label"] != "acme" {
		t.Errorf("the events are %v, want one with %q", events, reason)
	}
}

// TestWorkersShare lets two work on one queue: the job is done once.
func TestWorkersShare(t *testing.T) {
	w := newWorld(t)
	p := &asked{answers: []error{nil}, clock: w.clock}
	config := revocation.WorkerConfig{Queue: w.store.Revocations(), Clock: w.clock, Revoker: p, Definitions: plans{plan(t)}}
	var workers []*revocation.Worker
	for range 2 {
		worker, err := revocation.NewWorker(config)
		if err != nil {
			t.Fatal(err)
		}
		worker.Start()
		defer worker.Close(context.Background())
		workers = append(workers, worker)
	}
	for range 200 {
		for _, worker := range workers {
			worker.Wake()
		}
		if job, err := w.store.Revocations().Find(context.Background(), organization, w.id); err == nil && job.State == revocation.Revoked {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if got := p.times(); len(got) != 1 {
		t.Errorf("it was asked %d times", len(got))
	}
}

// TestUseCases holds who may do what, and what is recorded.
func TestUseCases(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	woken := 0
	r := revocation.New(w.store.Revocations(), w.clock, func() { woken++ })
	reader := access.Caller{ID: "key_r", Organization: organization, Scopes: access.Scopes{access.ConnectionsRead}}
	elsewhere := access.Caller{ID: "key_s", Organization: organization, Sandbox: "stage", Scopes: access.Scopes{access.Admin}}
	stranger := access.Caller{ID: "key_o", Organization: "2222222222BBBBBBBBBB2222@AdobeOrg", Scopes: access.Scopes{access.Admin}}
	if jobs, err := r.List(ctx, reader, revocation.Selection{Limit: 10}); err != nil || len(jobs) != 1 || jobs[0].ID != w.id {
		t.Errorf("List() = %v, %v", jobs, err)
	}
	for _, c := range []access.Caller{elsewhere, stranger} {
		if jobs, err := r.List(ctx, c, revocation.Selection{Limit: 10}); err != nil || len(jobs) != 0 {
			t.Errorf("List() of %s = %v, %v", c.ID, jobs, err)
		}
		if _, err := r.Get(ctx, c, w.id); !errors.Is(err, revocation.ErrNotFound) {
			t.Errorf("Get() of %s = %v", c.ID, err)
		}
		if err := r.Forget(ctx, c, w.id); !errors.Is(err, revocation.ErrNotFound) {
			t.Errorf("Forget() of %s = %v", c.ID, err)
		}
	}
	denied := &access.DeniedError{}
	if _, err := r.Retry(ctx, reader, w.id); !errors.As(err, &denied) {
		t.Errorf("Retry() of a reader = %v", err)
	}
	if _, err := r.List(ctx, access.Caller{Organization: organization}, revocation.Selection{Limit: 1}); !errors.As(err, &denied) {
		t.Errorf("List() without a scope = %v", err)
	}
	if job, err := r.Retry(ctx, admin, w.id); err != nil || job.State != revocation.Waiting || woken != 1 {
		t.Errorf("Retry() = %+v, %v, woken %d", job, err, woken)
	}
	if err := r.Forget(ctx, admin, w.id); err != nil {
		t.Error(err)
	}
	if _, err := r.Get(ctx, admin, w.id); !errors.Is(err, revocation.ErrNotFound) || !strings.Contains(err.Error(), w.id) {
		t.Errorf("Get() of a forgotten one = %v", err)
	}
}
