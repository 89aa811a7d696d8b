// Package start holds definitions to begin with: one for each way to log in that the model knows, of services that do what is
// usual. Each is complete but for what only its author can know, and says where that goes.
//
// They can be published as they are, so that whoever fills in the places has nothing else to mend.
package start

import (
	"embed"
	"strings"
)

//go:embed points
var points embed.FS

// Point is a definition to begin with.
type Point struct {
	// Key names it in addresses; Title is what people call it; For says when it is the right one.
	Key, Title, For string
	// Fill are the places that have to be filled in.
	Fill []Place
	// Text is the document, indented.
	Text string
}

// Place is a value that only the author knows.
type Place struct {
	// Pointer is where it stands, as a JSON pointer; Words say what belongs there.
	Pointer, Words string
}

// Points gives all, the most used first.
func Points() []Point {
	all := []Point{
		{Key: "authorization-code", Title: "A person consents in a browser", For: "The service has a page where its customer logs in and allows access (OAuth 2 authorization code). Most services with user accounts are of this kind.",
			Fill: append([]Place{name, {auth + "authorizationUrl", "the page that the customer's browser is sent to"}}, endpoints...)},
		{Key: "authorization-code-pkce", Title: "A person consents, without a client secret", For: "The same for a public client: the service gives you a client id, no secret, and asks for PKCE.",
			Fill: []Place{name, {auth + "authorizationUrl", "the page that the customer's browser is sent to"}, tokenURL, {auth + "refreshTokenUrl", "where tokens are renewed; often the same"}, clientID, scope}},
		{Key: "client-credentials", Title: "One system to another", For: "The service gives you a client id and a secret, and nobody is there to consent (OAuth 2 client credentials). One client for all customers.",
			Fill: []Place{name, tokenURL, clientID, clientSecret, scope}},
		{Key: "client-credentials-each", Title: "One system to another, each customer with an own client", For: "Client credentials where each customer brings the client id, the secret and the own host.",
			Fill: []Place{name, {auth + "accessTokenUrl", "the address that gives tokens, with the domain written out"}}},
		{Key: "password", Title: "User name and password", For: "The service exchanges the customer's user name and password for a token (OAuth 2 password grant).",
			Fill: []Place{name, tokenURL, clientID, clientSecret, scope}},
		{Key: "service-account-jwt", Title: "A signed assertion", For: "A service account with a private key signs a JWT, and gets a token for it (RFC 7523). Google and others work so.",
			Fill: []Place{name, {auth + "accessTokenRequest/urlBasedDestination/url/value", "the address that gives tokens"}, {auth + "options/assertion/claims/aud", "whom the assertion is for; often the same address"}}},
		{Key: "adobe-ims", Title: "Adobe IMS, OAuth server-to-server", For: "An Adobe API with a credential of the developer console, which each customer brings.",
			Fill: []Place{name}},
		{Key: "own-request", Title: "A request of its own", For: "The service wants JSON, or answers with the token somewhere deep: the request is written out.",
			Fill: []Place{name, {auth + "accessTokenRequest/urlBasedDestination/url/value", "the address that gives tokens"}, {auth + "accessTokenRequest/httpTemplate/requestBody/value", "what it wants to be sent"}, {auth + "accessTokenRequest/responseFields/0/value", "where its answer has the token"}}},
		{Key: "api-key", Title: "An API key or a token that people paste", For: "The service's own pages give a key that does not change; it is sent with each call.",
			Fill: []Place{name}},
		{Key: "basic", Title: "User and password with each call", For: "The service takes HTTP Basic authentication, and has no tokens.",
			Fill: []Place{name}},
	}
	for i := range all {
		all[i].Text = read(all[i].Key)
	}
	return all
}

const auth = "/authentication/"

var (
	name         = Place{"/name", "what you call the service; unique in the sandbox"}
	tokenURL     = Place{auth + "accessTokenUrl", "the address that gives tokens"}
	clientID     = Place{auth + "clientId", "what the service gave you when you registered"}
	clientSecret = Place{auth + "clientSecret", "the secret of it; kept sealed, and shown to nobody again"}
	scope        = Place{auth + "scope", "what you ask for, in the service's words"}
	endpoints    = []Place{tokenURL, {auth + "refreshTokenUrl", "where tokens are renewed; often the same"}, clientID, clientSecret, scope}
)

// Find gives the one of that key.
func Find(key string) (Point, bool) {
	for _, p := range Points() {
		if p.Key == key {
			return p, true
		}
	}
	return Point{}, false
}

func read(key string) string {
	text, err := points.ReadFile("points/" + key + ".json")
	if err != nil {
		panic("start: the embedded files are gone: " + err.Error())
	}
	return strings.TrimRight(string(text), "\n")
}
