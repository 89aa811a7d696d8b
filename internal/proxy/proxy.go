// Package proxy passes an application's calls on to the service of a connection, with the connection's token in its place:
// the application never sees it.
//
// It guarantees that a token goes where the definition says and nowhere else: a path stays below the base URL, a redirect is
// given to the application and not followed, and what the application itself sends of the headers and parameters that the
// definition sets is left out, its own key above all. Bodies stream both ways and are not kept, but for small ones, which can be
// sent again: when the service answers 401, the token is renewed once, whoever else saw the same, and the call repeated once.
//
// It trusts [Services] for the token and the caller's rights on connections, and its carrier for the way out.
package proxy

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// Services gives tokens and where calls with them go. It is [connection.Keeper].
type Services interface {
	Service(ctx context.Context, caller access.Caller, ref string, want connection.Want) (connection.Token, *exchange.Service, error)
}

// Reads records that a token was used. It is [audit.Reads].
type Reads interface {
	Read(ctx context.Context, read audit.Read) error
}

// Config is what a proxy works with.
type Config struct {
	Services Services
	// Carrier sends calls. It is [egress.Carrier].
	Carrier http.RoundTripper
	// Reads records the use of tokens; nil means nobody does.
	Reads Reads
	// Replay is how large a body may be that is kept for a repetition, in bytes; 0 means 256 KiB.
	Replay int64
	// Calls is how many calls of a connection may be under way; 0 means 512.
	Calls int
	Clock clock.Clock
	Log   *slog.Logger
	Meter metric.Meter
}

// Proxy passes calls on. It is safe for concurrent use.
type Proxy struct {
	config Config
	meters meters

	mu sync.Mutex
	// under counts the calls under way by connection.
	under map[string]int
}

const (
	defaultReplay = 256 << 10
	defaultCalls  = 512
)

// New makes a proxy.
func New(config Config) (*Proxy, error) {
	if config.Services == nil || config.Carrier == nil {
		return nil, errors.New("proxy: Services and Carrier are needed")
	}
	config.Replay, config.Calls = cmp.Or(config.Replay, defaultReplay), cmp.Or(config.Calls, defaultCalls)
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	p := &Proxy{config: config, under: map[string]int{}}
	var err error
	p.meters, err = newMeters(config.Meter)
	return p, err
}

// The refusals that are the proxy's own.
var (
	// ErrPath says that a path could lead out of the base URL.
	ErrPath = errors.New("the path has a dot segment, a backslash or a control character in it")
	// ErrBusy says that the connection has as many calls under way as it may.
	ErrBusy = errors.New("the connection has as many calls under way as it may have")
)

// NotAllowedError says that the key may not make that call.
type NotAllowedError struct{ Method, Path string }

func (e *NotAllowedError) Error() string {
	return "the key may not call " + e.Method + " " + e.Path + ": its lists of methods and paths do not have it"
}

// begin counts a call of a connection.
func (p *Proxy) begin(connection string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under[connection] >= p.config.Calls {
		return false
	}
	p.under[connection]++
	return true
}

func (p *Proxy) end(connection string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under[connection]--; p.under[connection] == 0 {
		delete(p.under, connection)
	}
}

// Call is what an application asks for.
type Call struct {
	Caller access.Caller
	// Connection is its id or its label, Sandbox the one that the label is in, "" for the caller's.
	Connection, Sandbox string
	// Path is the rest of the path, escaped as it came, with a slash at its beginning or "".
	Path string
}

// Serve passes a call on and answers it. An error is one of the call's, before anything was answered: those of
// [Services], [ErrPath], [ErrBusy], a [*NotAllowedError], an [*egress.Error] of a service that did not answer. What breaks off
// later aborts the answer ([http.ErrAbortHandler]).
func (p *Proxy) Serve(w http.ResponseWriter, r *http.Request, call Call) error {
	path, raw, err := cleanPath(call.Path)
	if err != nil {
		return err
	}
	if !call.Caller.Calls.Allow(r.Method, path, raw) {
		return &NotAllowedError{r.Method, path}
	}
	want := connection.Want{Sandbox: call.Sandbox}
	token, service, err := p.config.Services.Service(r.Context(), call.Caller, call.Connection, want)
	if err != nil {
		return err
	}
	if !p.begin(token.ConnectionID) {
		return ErrBusy
	}
	defer p.end(token.ConnectionID)
	began := p.config.Clock.Now()
	f := &forward{Proxy: p, w: w, r: r, call: call, path: path, raw: raw, token: token}
	defer func() { p.meters.note(token.ConnectionID, f.status, p.config.Clock.Now().Sub(began)) }()
	return f.run(service)
}

func (p *Proxy) record(ctx context.Context, call *Call, token *connection.Token) error {
	if p.config.Reads == nil {
		return nil
	}
	return p.config.Reads.Read(ctx, audit.Read{
		Organization: call.Caller.Organization, Caller: call.Caller.ID, Connection: token.ConnectionID, Token: token.ETag, At: p.config.Clock.Now(),
	})
}

// Timeouts are lifted for calls: a stream may take as long as it takes.
var noTime time.Time
