package connection

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/exchange"
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
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
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

// Connector holds the use cases of connections. Every method takes the caller and checks it first: reading needs
// connections:read, the rest connections:write.
//
// A caller bound to a sandbox sees no other. For one that is not, "" as a sandbox means [access.DefaultSandbox].
type Connector struct {
	config ConnectorConfig
}

// NewConnector checks the configuration.
func NewConnector(config ConnectorConfig) (*Connector, error) {
	return nil, errors.ErrUnsupported
}

// Create asks for a connection.
type Create struct {
	// Sandbox is where it will belong, and where the definition is looked for; "" is the caller's own.
	Sandbox string
	// Definition is an id or a name. Its published revision is used, the draft when none was published and it passes.
	Definition string
	Fields     map[string]any
	Label      string
	// ReturnURL is where the browser goes after its consent.
	ReturnURL string
	// Configuration picks an entry of the definition's customerAuthenticationConfigurations.
	Configuration int
	// BaseURL is the public URL to begin at; "" means the first configured. Others than those are refused.
	BaseURL string
}

// Created is a connection, and where to send its customer when a consent is needed.
type Created struct {
	Connection Connection
	// AuthorizeURL is our own /connect/{attempt}; "" when no browser is needed.
	AuthorizeURL       string
	AuthorizeExpiresAt time.Time
}

// Create makes a connection. Without a browser the first exchange happens now, and one that fails stores nothing:
// a [*ProviderError]. With one, the connection is pending and Created has the URL to open. Wrong fields are
// [destination.Problems].
func (c *Connector) Create(ctx context.Context, caller access.Caller, ask Create) (Created, error) {
	return Created{}, errors.ErrUnsupported
}

// Get gives one by its id or its label.
func (c *Connector) Get(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	return Connection{}, errors.ErrUnsupported
}

// Query picks connections of one sandbox.
type Query struct {
	// Sandbox is the one; "" is the caller's own.
	Sandbox string
	// Definition is an id or a name; "" means any.
	Definition string
	State      State
	// Text is part of an id or of a label.
	Text string
	// Cursor is a former page's Next.
	Cursor string
	// Limit is 1 to 200; 0 means 50.
	Limit int
}

// Page is a part of a list.
type Page struct {
	Items []Connection
	// Next continues the list, "" at its end.
	Next string
}

// List gives connections, newest first.
func (c *Connector) List(ctx context.Context, caller access.Caller, query Query) (Page, error) {
	return Page{}, errors.ErrUnsupported
}

// Refresh exchanges now, fresh or not, and waits for it. It does not wait out a backoff.
func (c *Connector) Refresh(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	return Connection{}, errors.ErrUnsupported
}

// Reauthorize begins a new consent, or acquires anew from the stored fields where no browser is needed. The old
// account keeps serving until the new one works. An empty baseURL and returnURL mean those of the connection.
func (c *Connector) Reauthorize(ctx context.Context, caller access.Caller, ref Ref, ask Reauthorize) (Created, error) {
	return Created{}, errors.ErrUnsupported
}

// Reauthorize asks for a new consent.
type Reauthorize struct {
	ReturnURL string
	BaseURL   string
}

// Patch changes a connection. Nil members stay as they are.
type Patch struct {
	// Fields are laid over the stored ones; a mask keeps the stored secret, null removes one.
	Fields map[string]any
	// Label renames; "" takes the label away.
	Label     *string
	ReturnURL *string
	BaseURL   string
}

// Patch changes label and fields. Changed fields mean a new exchange (U10): the old account serves until the new one
// works, and when that needs a browser Created has the URL to open.
func (c *Connector) Patch(ctx context.Context, caller access.Caller, ref Ref, patch Patch) (Created, error) {
	return Created{}, errors.ErrUnsupported
}

// Disable stops serving and refreshing.
func (c *Connector) Disable(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	return Connection{}, errors.ErrUnsupported
}

// Enable undoes Disable.
func (c *Connector) Enable(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	return Connection{}, errors.ErrUnsupported
}

// Delete removes a connection with its tokens and attempts.
func (c *Connector) Delete(ctx context.Context, caller access.Caller, ref Ref) error {
	return errors.ErrUnsupported
}

// Begun is how a browser goes on from /connect/{attempt}.
type Begun struct {
	// RedirectURL is the provider's authorization page.
	RedirectURL string
	// CookieName and CookieValue bind the browser. The cookie MUST be HttpOnly and SameSite=Lax, Secure over TLS, and
	// sent on the callback's path.
	CookieName  string
	CookieValue string
	ExpiresAt   time.Time
}

// Begin binds the browser that opened /connect/{attempt} and gives the provider's page. It needs no caller: who
// holds the link may consent. Opening it again is allowed until the consent is completed.
func (c *Connector) Begin(ctx context.Context, attempt string) (Begun, error) {
	return Begun{}, errors.ErrUnsupported
}

// CallbackRequest is what came back from the provider.
type CallbackRequest struct {
	Query url.Values
	// Cookie gives the value of the browser's cookie of that name.
	Cookie func(name string) string
	// RedirectURI is the address that was called, without its query; when set it must be the attempt's.
	RedirectURI string
}

// CallbackResult is how a consent ended.
type CallbackResult struct {
	Connection Connection
	// Failure is why there is no (new) token, nil when it worked.
	Failure *exchange.Failure
	// ReturnURL is the caller's, with `connection` and `status` ("ok", "failed") and on failure `error` added; ""
	// when the caller gave none.
	ReturnURL string
}

// Callback ends a consent: it checks state and browser, exchanges the code once and commits. An error means that no
// attempt was touched ([ErrAttemptUnknown], [ErrAttemptUsed], [ErrAttemptExpired], [ErrOtherBrowser]); a consent that
// failed is a result with a Failure.
func (c *Connector) Callback(ctx context.Context, request CallbackRequest) (CallbackResult, error) {
	return CallbackResult{}, errors.ErrUnsupported
}
