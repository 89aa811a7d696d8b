// Package ims keeps Adobe IMS configurations, as AEM knows them: who asks which authorization server for a token, with which
// key or secret, for which product.
//
// A configuration is a front door that ends in a connection to a built-in definition (DESIGN §1): [Definition] writes the two
// there are, [Configurations] fills in their fields from what people paste out of a console, and no token request is sent
// from here. What is pasted is checked before anything goes out, each mismatch named with its place, what was expected and
// the fix; a configuration that has only its certificate yet is a draft that is kept. [Certificates] are key pairs by alias,
// in versions, so that one can stand beside another until the console has both.
//
// [Configurations.Check] looks at a configuration in layers (key and certificate, token, profile, product call), says which
// one refused, and what to change where: [Explain] knows the refusals by their texts. Facts about the vendor's side are those
// of spec/aem-target-analytics.md §1 and spec/ims-and-console.md §1.
//
// It trusts the caller's rights as package access has them, the store to seal secrets and private keys, and the connections
// to decide when a token is asked for. It trusts no pasted text, and no answer of a server. Private keys and secrets leave
// only in an export that asks for them, which takes an administrator and is recorded.
package ims

import (
	"errors"
	"time"

	"latchkey/internal/secret"
)

// Type is how a configuration proves itself.
type Type string

// The types. JWT is Adobe's Service Account; OAuth is OAuth server-to-server.
const (
	JWT   Type = "jwt"
	OAuth Type = "oauth"
)

// Configuration is an IMS configuration. A value that is not known yet is empty.
type Configuration struct {
	// ID is `ims_` and a ULID; Name is unique in the sandbox.
	ID, Organization, Sandbox string
	Name, Title               string
	Solution                  Solution
	Type                      Type
	// Server is the authorization server, scheme and host: "https://ims-na1.adobelogin.com".
	Server string
	// ClientID is what AEM calls the API key.
	ClientID string
	Secret   secret.String
	// IMSOrganization is the claim iss, TechnicalAccount the claim sub.
	IMSOrganization, TechnicalAccount string
	// Metascopes are those of a JWT, Scopes those of OAuth.
	Metascopes, Scopes []string
	// Alias names the key that signs.
	Alias string
	// Connection is the id of the connection that holds its token; "" before the first.
	Connection string
	// Migration is the way from JWT to OAuth while it is not at its end; nil without one.
	Migration            *Migration
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// Migration is what takes the place of a configuration's key when the first token has come of it.
type Migration struct {
	// Secret is the client secret of the OAuth credential; the client id stays.
	Secret secret.String
	Scopes []string
	Since  time.Time
}

// State says how far a configuration has come.
type State string

// The states.
const (
	// Draft lacks values: see [Configuration.Missing].
	Draft State = "draft"
	// Ready has all values; no token has been asked for.
	Ready State = "ready"
	// Connected has had a token.
	Connected State = "connected"
)

// State gives the state.
func (c *Configuration) State() State {
	switch {
	case len(c.Missing()) > 0:
		return Draft
	case c.Connection == "":
		return Ready
	}
	return Connected
}

// Missing names the values that a token request needs and that are not there, by the names of the API.
func (c *Configuration) Missing() []string {
	type value struct {
		name  string
		there bool
	}
	values := []value{{"authorization_server", c.Server != ""}, {"api_key", c.ClientID != ""}, {"client_secret", !c.Secret.Empty()}}
	if c.Type == OAuth {
		values = append(values, value{"scopes", len(c.Scopes) > 0}, value{"organization_id", c.IMSOrganization != ""})
	} else {
		values = append(values, value{"organization_id", c.IMSOrganization != ""}, value{"technical_account", c.TechnicalAccount != ""},
			value{"metascopes", len(c.Metascopes) > 0}, value{"key_alias", c.Alias != ""})
	}
	var missing []string
	for _, v := range values {
		if !v.there {
			missing = append(missing, v.name)
		}
	}
	return missing
}

// The errors of this room, beside [Problems], [*access.DeniedError] and those of the connections.
var (
	// ErrNotFound is given for what does not exist, or not for this caller.
	ErrNotFound = errors.New("no such IMS configuration or certificate")
	// ErrNameTaken is given for a name that another configuration, or an alias that another key, of the sandbox has.
	ErrNameTaken = errors.New("the name is taken")
	// ErrConflict is given when somebody else changed it meanwhile.
	ErrConflict = errors.New("it was changed by somebody else meanwhile")
	// ErrInUse is given for a key that a configuration signs with.
	ErrInUse = errors.New("a configuration signs with it")
	// ErrServes is given for a configuration that a cloud service names.
	ErrServes = errors.New("a cloud service uses it")
	// ErrState is given for an act that does not fit the configuration's state.
	ErrState = errors.New("that does not fit the configuration's state")
)
