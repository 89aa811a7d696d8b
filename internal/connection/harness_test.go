package connection_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	health "latchkey/internal/provider"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/telemetry/telemetrytest"
)

const (
	organization = "1111111111AAAAAAAAAA1111@AdobeOrg"
	other        = "2222222222BBBBBBBBBB2222@AdobeOrg"
	sandbox      = access.DefaultSandbox
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// admin may do everything in the organization.
var admin = access.Caller{ID: "key_admin", Organization: organization, Scopes: access.Scopes{access.Admin}}

// reader may read tokens.
var reader = access.Caller{ID: "key_reader", Organization: organization, Scopes: access.Scopes{access.TokensRead}}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The documents of the tests: one a grant.
const (
	credentialsDocument = `{"name":"machine","authentication":{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS",
		"accessTokenUrl":"https://id.example.com/token","clientId":"c","clientSecret":"client secret"}}`
	passwordDocument = `{"name":"person","authentication":{"authType":"OAUTH2","grant":"OAUTH2_PASSWORD",
		"accessTokenUrl":"https://id.example.com/token","clientId":"c","clientSecret":"client secret",
		"refreshTokenUrl":"https://id.example.com/token"}}`
	codeDocument = `{"name":"browser","authentication":{"authType":"OAUTH2","grant":"OAUTH2_AUTHORIZATION_CODE",
		"authorizationUrl":"https://id.example.com/authorize","accessTokenUrl":"https://id.example.com/token",
		"refreshTokenUrl":"https://id.example.com/token","clientId":"c","clientSecret":"client secret",
		"authenticationDataFields":[{"name":"region","type":"string","source":"CUSTOMER","isRequired":false}],
		"options":{"pkce":"S256"}}}`
	onceDocument = `{"name":"once","authentication":{"authType":"OAUTH2","grant":"OAUTH2_AUTHORIZATION_CODE",
		"authorizationUrl":"https://id.example.com/authorize","accessTokenUrl":"https://id.example.com/token",
		"clientId":"c","clientSecret":"client secret"}}`
	bearerDocument = `{"name":"bearer","authentication":{"authType":"BEARER"}}`
)

// definitions are published documents by name.
type definitions struct {
	t      testing.TB
	memory *connectiontest.Memory
	mu     sync.Mutex
	known  map[string]*destination.Definition // id → definition
	plans  map[string][]*destination.Plan     // id → plan of each revision
}

func (d *definitions) publish(name, document string) string {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, err := destination.ParseDocument([]byte(document))
	if err != nil {
		d.t.Fatal(err)
	}
	plan, err := doc.Compile(0)
	if err != nil {
		d.t.Fatal(err)
	}
	for id, known := range d.known {
		if known.Name == name {
			d.plans[id] = append(d.plans[id], plan)
			known.Published++
			return id
		}
	}
	id := ident.New("def")
	d.known[id] = &destination.Definition{ID: id, Organization: organization, Sandbox: sandbox, Name: name, Published: 1}
	d.plans[id] = []*destination.Plan{plan}
	d.memory.AddDefinition(id, name)
	return id
}

func (d *definitions) Connectable(_ context.Context, _ access.Caller, ref destination.Ref, configuration int) (destination.Pinned, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, known := range d.known {
		if known.Name == ref.Name || id == ref.Name {
			return destination.Pinned{Definition: *known, Revision: known.Published, Plan: d.plans[id][known.Published-1]}, nil
		}
	}
	return destination.Pinned{}, fmt.Errorf("finding %q: %w", ref.Name, destination.ErrNotFound)
}

func (d *definitions) Plan(_ context.Context, definition string, revision, _ int) (*destination.Plan, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if plans := d.plans[definition]; revision >= 1 && revision <= len(plans) {
		return plans[revision-1], nil
	}
	return nil, destination.ErrNotFound
}

func (d *definitions) EffectivePlan(ctx context.Context, definition string, _, configuration int) (*destination.Plan, int, error) {
	d.mu.Lock()
	newest := len(d.plans[definition])
	d.mu.Unlock()
	plan, err := d.Plan(ctx, definition, newest, configuration)
	return plan, newest, err
}

// directory knows every sandbox.
type directory struct{}

func (directory) Sandbox(_ context.Context, caller access.Caller, ref string) (registry.Sandbox, error) {
	if err := caller.Require(access.RegistryRead); err != nil {
		return registry.Sandbox{}, err
	}
	if ref == "nowhere" {
		return registry.Sandbox{}, registry.ErrNotFound
	}
	return registry.Sandbox{ID: "uuid-of-" + ref, Organization: caller.Organization, Name: ref}, nil
}

// provider gives tokens by a script, one call at a time it is told to.
type provider struct {
	clock clock.Clock
	mu    sync.Mutex
	calls []exchange.Input
	plans []*destination.Plan
	// next answers the n-th call, from 1; nil answers with a token of an hour.
	next func(n int, in exchange.Input) (*exchange.TokenSet, error)
	// gate holds calls back until it is closed or given a value; nil lets them pass.
	gate chan struct{}
	// away makes no connection come about.
	away atomic.Bool
	// target is where calls go to; its host is paced where the world has a health.
	target exchange.Target
}

func (p *provider) answer(ctx context.Context, plan *destination.Plan, in exchange.Input) (*exchange.TokenSet, error) {
	if p.away.Load() {
		return nil, &exchange.Failure{Kind: exchange.ProviderDown, Code: "dial"}
	}
	if in.Before != nil {
		if err := in.Before(ctx); err != nil {
			return nil, &exchange.Failure{Kind: exchange.ProviderDown, Code: "withheld", Err: err}
		}
	}
	p.mu.Lock()
	p.calls, p.plans = append(p.calls, in), append(p.plans, plan)
	n, next, gate := len(p.calls), p.next, p.gate
	p.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, &exchange.Failure{Kind: exchange.ProviderDown, Code: "timeout", Sent: true, Err: ctx.Err()}
		}
	}
	if next == nil {
		return p.token(n, time.Hour), nil
	}
	return next(n, in)
}

// token makes the n-th token set.
func (p *provider) token(n int, life time.Duration) *exchange.TokenSet {
	now := p.clock.Now()
	set := &exchange.TokenSet{
		AccessToken: secret.New(fmt.Sprintf("access-%d", n)), RefreshToken: secret.New(fmt.Sprintf("refresh-%d", n)),
		TokenType: "Bearer", Scope: "read", IssuedAt: now,
	}
	if life != 0 {
		set.ExpiresAt = now.Add(life)
	}
	return set
}

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

func (p *provider) call(i int) exchange.Input {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[i]
}

func (p *provider) plan(i int) *destination.Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plans[i]
}

// script sets what the provider answers from now on.
func (p *provider) script(next func(n int, in exchange.Input) (*exchange.TokenSet, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = next
}

// failing makes every call fail.
func (p *provider) failing(failure exchange.Failure) {
	p.script(func(int, exchange.Input) (*exchange.TokenSet, error) { return nil, &failure })
}

func (p *provider) hold() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gate = make(chan struct{})
	return p.gate
}

func (p *provider) Acquire(ctx context.Context, plan *destination.Plan, in exchange.Input) (*exchange.TokenSet, error) {
	return p.answer(ctx, plan, in)
}

func (p *provider) Renew(ctx context.Context, plan *destination.Plan, in exchange.Input) (*exchange.TokenSet, error) {
	return p.answer(ctx, plan, in)
}

func (p *provider) AuthorizeURL(_ context.Context, _ *destination.Plan, _ exchange.Input, attempt exchange.Attempt) (string, error) {
	return "https://id.example.com/authorize?state=" + attempt.State.Reveal() + "&redirect_uri=" + attempt.RedirectURI, nil
}

// Service is where the plan says.
func (p *provider) Service(_ context.Context, plan *destination.Plan, in exchange.Input) (*exchange.Service, error) {
	if plan.Service() == nil {
		return nil, &exchange.Failure{Kind: exchange.Denied, Code: exchange.CannotSend}
	}
	return &exchange.Service{Base: &url.URL{Opaque: plan.Service().Origin(in.Fields)}}, nil
}

// Target has no host: nobody paces the calls.
func (p *provider) RevocationTarget(context.Context, *destination.Plan, exchange.Input) exchange.Target {
	return exchange.Target{}
}

func (p *provider) Target(context.Context, *destination.Plan, exchange.Input) exchange.Target {
	return p.target
}

// world is a keeper and a connector over a store in memory and a scripted provider.
type world struct {
	t           testing.TB
	clock       *clock.Manual
	memory      *connectiontest.Memory
	provider    *provider
	definitions *definitions
	keeper      *connection.Keeper
	connector   *connection.Connector
	log         *telemetrytest.Log
	spill       *folder // nil for none
	health      *health.Health
}

// wantQuiet fails when a text has one of the tests' secrets: they are all alike.
func wantQuiet(t testing.TB, what, text string) {
	t.Helper()
	for _, hidden := range []string{"access-", "refresh-", "client secret", "hunter2", "the-code"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s has a secret: %s", what, text)
		}
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewManual(start), memory: connectiontest.NewMemory(), log: &telemetrytest.Log{}}
	t.Cleanup(func() { wantQuiet(t, "the log", w.log.String()) }) // after the keepers have closed
	w.provider = &provider{clock: w.clock}
	w.definitions = &definitions{
		t: t, memory: w.memory, known: map[string]*destination.Definition{}, plans: map[string][]*destination.Plan{},
	}
	for name, document := range map[string]string{
		"machine": credentialsDocument, "person": passwordDocument, "browser": codeDocument, "once": onceDocument,
		"bearer": bearerDocument,
	} {
		w.definitions.publish(name, document)
	}
	w.restart()
	return w
}

// restart makes keeper and connector anew, as another process would.
func (w *world) restart() {
	w.t.Helper()
	w.keeper = w.newKeeper()
	var err error
	w.connector, err = connection.NewConnector(connection.ConnectorConfig{
		Store: w.memory, Attempts: w.memory, Keeper: w.keeper, Exchanger: w.provider, Definitions: w.definitions,
		Sandboxes: directory{}, Hash: plainHash, Clock: w.clock,
		PublicURLs:    []string{"https://latchkey.example.com/", "https://eu.latchkey.example.com"},
		ReturnOrigins: []string{"https://app.example.com"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// newKeeper makes a keeper over the world's store, as another process would.
func (w *world) newKeeper() *connection.Keeper {
	w.t.Helper()
	config := connection.KeeperConfig{
		Ledger: w.memory, Exchanger: w.provider, Definitions: w.definitions, Clock: w.clock,
		Log: w.log.Logger(), Health: w.health,
	}
	if w.spill != nil {
		config.Spill = w.spill
	}
	keeper, err := connection.NewKeeper(config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := keeper.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return keeper
}

func (w *world) start() {
	w.t.Helper()
	if err := w.keeper.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// plainHash tells purposes apart; that is all that the tests need of it.
func plainHash(purpose string, data []byte) (sum [32]byte) {
	for i, c := range append([]byte(purpose+"\x00"), data...) {
		sum[i%32] = sum[i%32]*31 + c + byte(i)
	}
	return sum
}

// connect makes a connection to a definition that needs no browser.
func (w *world) connect(definition, label string) connection.Connection {
	w.t.Helper()
	fields := map[string]any{}
	switch definition {
	case "person":
		fields = map[string]any{"username": "ann", "password": "hunter2"}
	case "bearer":
		fields = map[string]any{"token": "static"}
	}
	made, err := w.connector.Create(context.Background(), admin, connection.Create{Definition: definition, Fields: fields, Label: label})
	if err != nil {
		w.t.Fatalf("Create(%s) = %v", definition, err)
	}
	return made.Connection
}

// token reads a token that must be there.
func (w *world) token(id string, want connection.Want) connection.Token {
	w.t.Helper()
	token, err := w.keeper.Token(context.Background(), reader, id, want)
	if err != nil {
		w.t.Fatalf("Token(%+v) = %v", want, err)
	}
	return token
}

// fails reads a token that can't be had, and gives the error as T.
func fails[T error](w *world, id string, want connection.Want) T {
	w.t.Helper()
	token, err := w.keeper.Token(context.Background(), reader, id, want)
	failure, ok := errors.AsType[T](err)
	if !ok {
		w.t.Fatalf("Token(%+v) = %+v, %v, want %T", want, token, err, failure)
	}
	wantQuiet(w.t, "an error", fmt.Sprintf("%v %+v %#v", err, err, err))
	return failure
}

func (w *world) get(id string) connection.Connection {
	w.t.Helper()
	c, err := w.connector.Get(context.Background(), admin, connection.Ref{Name: id})
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		w.t.Fatal(err)
	}
	wantQuiet(w.t, "a connection", fmt.Sprintf("%s %+v", text, c))
	return c
}

// eventually waits for what another goroutine does.
func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(5 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("did not happen: %s", what)
		}
	}
}
