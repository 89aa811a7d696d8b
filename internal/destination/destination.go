// Package destination holds the model of how a service authenticates: Adobe Destination SDK's
// customerAuthenticationConfigurations, with Latchkey's additions under `options` (spec/destination-sdk.md §1, §6).
//
// It owns three things. A [Document] is the JSON as its author wrote it: unknown members, key spelling, number text
// and order survive, and secrets are taken out of it ([Mask] stands in their place). Lint says what is wrong with a
// document, where, and how to mend it; drafts are tolerant, publishing is strict (§6.4). Compile turns one entry into
// an immutable [Plan]: templates parsed, references known, and which request runs when decided (§3.2). A [Catalogue]
// keeps definitions in numbered revisions and checks the caller of each use case.
//
// It trusts nobody: documents come from strangers and are bounded in size and depth; it does no network I/O, and no
// problem, error or masked document holds a secret. What runs a plan is package exchange.
package destination

import "latchkey/internal/jsontree"

// Mask stands where a secret was. A document or a set of fields that carries it keeps the value stored before.
const Mask = jsontree.Mask

// AuthType says by which kind of login an entry authenticates (spec §1.2).
type AuthType string

// The authTypes that can run. The others of Destination SDK are stored and refused on publish.
const (
	OAuth2 AuthType = "OAUTH2"
	Bearer AuthType = "BEARER"
	Basic  AuthType = "BASIC"
)

// Grant is the OAuth 2 grant of an entry (spec §1.4).
type Grant string

// The three grants.
const (
	AuthorizationCode Grant = "OAUTH2_AUTHORIZATION_CODE"
	Password          Grant = "OAUTH2_PASSWORD"
	ClientCredentials Grant = "OAUTH2_CLIENT_CREDENTIALS"
)

// NoGrant is the grant of an authType that has none.
const NoGrant Grant = ""
