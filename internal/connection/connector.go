package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/registry"
)

// ConnectorConfig is what a [Connector] works with.
type ConnectorConfig struct {
	Store       Store
	Attempts    AttemptStore
	Keeper      *Keeper
	Exchanger   Exchanger
	Definitions Definitions
	Sandboxes   Sandboxes
	// Hash is the installation's keyed hash, seal.Keyring.Hash: attempts, states and cookies are looked up by it.
	Hash func(purpose string, data []byte) [32]byte
	// Clock is the system's when nil.
	Clock clock.Clock
	// Queued tells that a revocation was queued; nil means that nobody waits for that.
	Queued func()
	// Log gets what goes wrong; nil means none.
	Log *slog.Logger
	// PublicURLs are the base URLs under which browsers reach us; the first is the default. At least one.
	PublicURLs []string
	// ReturnOrigins are the origins to which a browser may be sent back: "https://app.example.com". A path of our
	// own is always allowed.
	ReturnOrigins []string
	// AllowLoopbackReturn lets http://127.0.0.1, http://[::1] and http://localhost through, on any port: dev, CLI.
	AllowLoopbackReturn bool
	// AttemptLife is how long a consent may take; 0 means 10 minutes.
	AttemptLife time.Duration
}

// Where browsers come to. The callback's path is the one that partners register (spec/destination-sdk.md §3.1).
const (
	ConnectPath  = "/connect/"
	CallbackPath = "/data/core/activation/oauth/api/v1/callback"
)

// Connector holds the use cases of connections. Every method takes the caller and checks it first: reading needs
// connections:read, the rest connections:write.
//
// A caller bound to a sandbox sees no other. For one that is not, "" as a sandbox means every one when a connection
// is named by its id, else [access.DefaultSandbox].
type Connector struct {
	config ConnectorConfig
}

// NewConnector checks the configuration.
func NewConnector(config ConnectorConfig) (*Connector, error) {
	switch {
	case config.Store == nil, config.Attempts == nil, config.Keeper == nil, config.Exchanger == nil,
		config.Definitions == nil, config.Sandboxes == nil, config.Hash == nil:
		return nil, errors.New("connection: a connector needs stores, keeper, exchanger, definitions, sandboxes and a hash")
	case len(config.PublicURLs) == 0:
		return nil, errors.New("connection: a connector needs a public URL")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.AttemptLife <= 0 {
		config.AttemptLife = 10 * time.Minute
	}
	urls := make([]string, len(config.PublicURLs))
	for i, base := range config.PublicURLs {
		u, err := url.Parse(base)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("connection: %q is not a base URL", base)
		}
		urls[i] = strings.TrimRight(base, "/")
	}
	config.PublicURLs = urls
	return &Connector{config: config}, nil
}

// CallbackURLs gives the redirect URIs to register at a provider, one for each public URL.
func (c *Connector) CallbackURLs() []string {
	out := make([]string, len(c.config.PublicURLs))
	for i, base := range c.config.PublicURLs {
		out[i] = base + CallbackPath
	}
	return out
}

// Get gives one by its id or its label.
func (c *Connector) Get(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return Connection{}, err
	}
	return present(&record), nil
}

// find checks the caller, and reads a connection that it may see.
func (c *Connector) find(ctx context.Context, caller access.Caller, ref Ref, scope access.Scope) (Record, error) {
	if err := caller.Require(scope); err != nil {
		return Record{}, err
	}
	sandbox, err := caller.In(ref.Sandbox)
	if err != nil {
		return Record{}, err
	}
	where := Selector{Organization: caller.Organization, Sandbox: sandbox, Label: ref.Name}
	if isID(ref.Name) {
		where = Selector{Organization: caller.Organization, ID: ref.Name}
	}
	record, err := c.config.Store.Find(ctx, where)
	if err != nil {
		return Record{}, fmt.Errorf("finding the connection %q: %w", ref.Name, err)
	}
	anywhere := isID(ref.Name) && ref.Sandbox == "" && caller.Sandbox == ""
	if record.Sandbox != sandbox && !anywhere {
		return Record{}, fmt.Errorf("finding the connection %q: %w", ref.Name, ErrNotFound)
	}
	return record, nil
}

// Refresh exchanges now, fresh or not, and waits for it. It does not wait out a backoff. A failure is a
// [*ProviderError].
func (c *Connector) Refresh(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Connection{}, err
	}
	if err := c.config.Keeper.force(ctx, record.ID); err != nil {
		return Connection{}, err
	}
	return c.reread(ctx, &record)
}

// reread gives a connection as it is stored now.
func (c *Connector) reread(ctx context.Context, record *Record) (Connection, error) {
	now, err := c.config.Store.Find(ctx, Selector{Organization: record.Organization, ID: record.ID})
	if err != nil {
		return Connection{}, fmt.Errorf("reading the connection %s: %w", record.ID, err)
	}
	return present(&now), nil
}

// sandboxID gives a sandbox's UUID. Whoever may make a connection may learn it.
func (c *Connector) sandboxID(ctx context.Context, caller access.Caller, name string) (string, error) {
	caller.Scopes = access.Scopes{access.RegistryRead}
	sandbox, err := c.config.Sandboxes.Sandbox(ctx, caller, name)
	if errors.Is(err, registry.ErrNotFound) {
		return "", destination.Problems{{
			Pointer: "/sandbox", Message: fmt.Sprintf("there is no sandbox %q", name), Severity: destination.Refused,
			Fix: "create it, or name one of the organization's sandboxes",
		}}
	}
	if err != nil {
		return "", fmt.Errorf("reading the sandbox %q: %w", name, err)
	}
	return sandbox.ID, nil
}

// now gives the time as stores keep it.
func (c *Connector) now() time.Time { return c.config.Clock.Now().UTC().Truncate(time.Microsecond) }
