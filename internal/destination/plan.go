package destination

import (
	"regexp"
	"slices"
	"time"

	"latchkey/internal/secret"
)

// Plan is one compiled entry: what to ask the customer, and which requests to send. It is immutable, and shared by
// all connections of a revision.
type Plan struct {
	authType      AuthType
	grant         Grant
	configuration int
	fields        []Field
	inputs        Inputs
	auth          ClientAuth
	authorization Authorization
	callback      CallbackOptions
	acquire       *Request
	renewals      []Renewal
	steps         []Step
	paths         StandardPaths
	validations   []Validation
	expiry        ExpiryOptions
	refresh       RefreshOptions
	assertion     *Assertion
	format        ResponseFormat
	revocation    *Request
	service       *Service
	placement     TokenPlacement
}

// AuthType tells how the entry logs in.
func (p *Plan) AuthType() AuthType { return p.authType }

// Grant tells the OAuth 2 grant; [NoGrant] for the other authTypes.
func (p *Plan) Grant() Grant { return p.grant }

// Configuration gives the entry's index in its document.
func (p *Plan) Configuration() int { return p.configuration }

// NeedsBrowser tells whether a connection begins with a consent in a browser.
func (p *Plan) NeedsBrowser() bool { return p.grant == AuthorizationCode }

// Inputs gives the constants that the definition itself provides.
func (p *Plan) Inputs() Inputs { return p.inputs }

// Fields gives the declared fields, in their order.
func (p *Plan) Fields() []Field { return p.fields }

// ClientAuth tells how standard requests authenticate the client.
func (p *Plan) ClientAuth() ClientAuth { return p.auth }

// Authorization gives what the browser's redirect is made of; authorization code only.
func (p *Plan) Authorization() Authorization { return p.authorization }

// Callback tells how the provider answers the redirect; authorization code only.
func (p *Plan) Callback() CallbackOptions { return p.callback }

// Acquire gives the request of the first token (spec §3.2); nil where none is sent.
func (p *Plan) Acquire() *Request { return p.acquire }

// Renewals gives the ways to a new token, best first (spec §3.2). One that needs a refresh token is passed over while
// none is held. None means that the customer has to consent again.
func (p *Plan) Renewals() []Renewal { return p.renewals }

// Steps gives the requests around the main one, in their order.
func (p *Plan) Steps() []Step { return p.steps }

// Paths tells where standard outputs are in a response.
func (p *Plan) Paths() StandardPaths { return p.paths }

// Validations gives those of the configuration; a request may have more.
func (p *Plan) Validations() []Validation { return p.validations }

// Expiry gives options.expiry.
func (p *Plan) Expiry() ExpiryOptions { return p.expiry }

// Refresh gives options.refresh, with its defaults.
func (p *Plan) Refresh() RefreshOptions { return p.refresh }

// Assertion gives options.assertion; nil when there is none.
func (p *Plan) Assertion() *Assertion { return p.assertion }

// Format tells how to read a response's body.
func (p *Plan) Format() ResponseFormat { return p.format }

// Revocation gives the request that ends a grant at the provider: options.revocationRequest, or a standard one to
// options.revocationUrl, to be sent for each token; nil when there is none.
func (p *Plan) Revocation() *Request { return p.revocation }

// Inputs are the standard inputs that a definition provides. Fields of those names override them (U9).
type Inputs struct {
	ClientID       string
	ClientSecret   secret.String
	Scope          []string
	ScopeSeparator string
	// The URLs are nil when the definition has none.
	AuthorizationURL, AccessTokenURL, RefreshTokenURL *Text
}

// Role is what a field is for (spec §1.5).
type Role int

// The roles.
const (
	PromptRole   Role = iota // the customer enters it
	ConstantRole             // the definition gives it
	OutputRole               // it is read from the token response
)

// Field is one of authenticationDataFields.
type Field struct {
	Prompt
	Role Role
	// Path says where an output is in a response.
	Path Path
	// Constant is the value of a constant, or an output's value where the response has none; typed, nil when there
	// is none. A secret one is a [secret.String].
	Constant any
}

// ClientAuth says how standard requests authenticate the client (RFC 6749 §2.3).
type ClientAuth struct {
	Method ClientAuthMethod
	// FormEncoded makes Basic encode id and secret first, as RFC 6749 §2.3.1 says; raw is what Adobe documents (U5).
	FormEncoded bool
}

// ClientAuthMethod is a way to authenticate the client.
type ClientAuthMethod string

// The ways.
const (
	PostAuth  ClientAuthMethod = "post"  // client_id and client_secret in the body
	BasicAuth ClientAuthMethod = "basic" // Authorization: Basic, and nothing in the body
	NoAuth    ClientAuthMethod = "none"  // a public client: client_id in the body, no secret
)

// Authorization is what the redirect to the provider is made of.
type Authorization struct {
	URL *Text
	// Params come over the standard ones; one without a text removes it.
	Params []Param
	PKCE   PKCEMethod
}

// Param is a named text.
type Param struct {
	Name string
	Text *Text
}

// PKCEMethod is a code challenge method of RFC 7636.
type PKCEMethod string

// The methods.
const (
	NoPKCE    PKCEMethod = "none"
	PlainPKCE PKCEMethod = "plain"
	S256PKCE  PKCEMethod = "S256"
)

// CallbackOptions say how the provider answers the redirect (options.callback).
type CallbackOptions struct {
	CodeParam, StateParam, ErrorParam string
	// Capture takes query parameters of the callback into authData.
	Capture []Capture
	// DecodeCode decodes the code once more: it arrives encoded twice.
	DecodeCode bool
}

// Capture takes a query parameter of the callback into authData.
type Capture struct{ Name, Param string }

// RequestKind says what a request is.
type RequestKind string

// The kinds of requests.
const (
	Templated           RequestKind = "templated"          // written out in the definition
	StandardCode        RequestKind = "authorization_code" // RFC 6749 §4.1.3
	StandardPassword    RequestKind = "password"           // RFC 6749 §4.3.2
	StandardCredentials RequestKind = "client_credentials" // RFC 6749 §4.4.2
	StandardRefresh     RequestKind = "refresh_token"      // RFC 6749 §6
	StandardRevocation  RequestKind = "revocation"         // RFC 7009 §2.1
)

// Request is one HTTP request of a plan. A standard one has only its URL.
type Request struct {
	Kind RequestKind
	// Pointer says where the definition says so.
	Pointer        string
	URL            *Text
	Method         string
	ContentType    string
	Body, Query    *Text // nil when there is none
	Headers        []Param
	ResponseFields []ResponseField
	Validations    []Validation
	// UsesRefreshToken tells that a template mentions authData.refreshToken.
	UsesRefreshToken bool
}

// ResponseField is an output that a template computes from the response.
type ResponseField struct {
	Name   string
	Text   *Text
	Secret bool
}

// Renewal is a way to a new token.
type Renewal struct {
	Request *Request
	// NeedsRefreshToken says that it cannot run without one.
	NeedsRefreshToken bool
}

// When says in which rounds a step runs.
type When string

// The rounds.
const (
	OnAcquire When = "acquire"
	OnRefresh When = "refresh"
	Always    When = "always"
	First     When = "first" // in both, before the main request
)

// Step is a request beside the main one.
type Step struct {
	Name string
	When When
	*Request
}

// StandardPaths say where standard outputs are (spec §1.4).
type StandardPaths struct{ AccessToken, RefreshToken, ExpiresIn Path }

// Validation compares something of the response with what is expected (spec §3.8).
type Validation struct {
	Name             string
	Actual, Expected *Text
	// Pattern is a constant expectation as an expression that has to match the whole value; nil when it is none, or
	// is only known when rendered.
	Pattern *regexp.Regexp
	// Harmless tells that the actual value may be logged: a status, or a test's true or false.
	Harmless bool
	// AboutStatus tells that response.status is compared: the implicit rule of a 2xx status is dropped.
	AboutStatus bool
}

// ExpiryUnit is the unit of a lifetime.
type ExpiryUnit string

// The units.
const (
	Seconds      ExpiryUnit = "s"
	Milliseconds ExpiryUnit = "ms"
	Durations    ExpiryUnit = "duration"
	// EitherUnit is seconds, and milliseconds for what would be longer than eleven days: IMS tells the same life in one or the
	// other, by endpoint and age.
	EitherUnit ExpiryUnit = "s-or-ms"
)

// ExpiryOptions are options.expiry.
type ExpiryOptions struct {
	// Leeway is how long before the expiry to renew; 0 leaves that to the keeper.
	Leeway time.Duration
	// Default is the lifetime of tokens that don't tell theirs; 0 means it stays unknown.
	Default time.Duration
	Unit    ExpiryUnit
	// FromJWT reads `exp` of an access token that is a JWT.
	FromJWT bool
}

// Reuse says what a provider does with a refresh token that is presented a second time.
type Reuse string

// The ways (spec/token-keeping.md, "Crash recovery").
const (
	// ReuseGrace answers it again for a while: what most do that rotate, and the default.
	ReuseGrace Reuse = "grace"
	// ReuseNone refuses it.
	ReuseNone Reuse = "none"
	// ReuseRevokesFamily takes it for theft and ends all tokens of the grant.
	ReuseRevokesFamily Reuse = "revokes_family"
)

// defaultGrace is assumed of providers whose definition does not tell: Okta, Auth0, Hydra and Dex have no less.
const defaultGrace = 10 * time.Second

// RefreshOptions are options.refresh: what to do when the answer to a refresh is lost.
type RefreshOptions struct {
	// Grace is how long after the first time a refresh token may be presented again.
	Grace time.Duration
	Reuse Reuse
}

// ResponseFormat says how to read a body.
type ResponseFormat string

// The formats.
const (
	AutoFormat ResponseFormat = "auto"
	JSONFormat ResponseFormat = "json"
	FormFormat ResponseFormat = "form"
	TextFormat ResponseFormat = "text"
)

// Assertion is a signed JWT that requests can use as authData.assertion (RFC 7523).
type Assertion struct {
	Algorithm string
	// Key is a private key in PEM.
	Key    *Text
	KeyID  *Text // nil when there is none
	Header []Claim
	Claims []Claim
	// True are names of further claims, apart by blanks, that are each true; nil when there are none. Adobe IMS has its
	// metascopes so.
	True     *Text
	Lifetime time.Duration
}

// Claim is a member of the assertion's claims or header.
type Claim struct {
	Name  string
	Value any // *Text, pebble.Number, bool, nil (which leaves the member out), []any, []Claim
}

// Outputs gives the names of custom outputs that rounds may bring, those of the callback included.
func (p *Plan) Outputs() []string {
	var names []string
	for _, f := range p.fields {
		if f.Role == OutputRole {
			names = append(names, f.Name)
		}
	}
	for _, capture := range p.callback.Capture {
		names = append(names, capture.Name)
	}
	for _, r := range p.requests() {
		for _, f := range r.ResponseFields {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
