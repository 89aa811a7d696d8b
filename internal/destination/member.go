package destination

// The members that the model knows. What else a document holds is kept and not looked at.

func set(names ...string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out
}

// The templating strategies (spec §1.7).
const (
	strategyPebble = "PEBBLE_V1"
	strategyNone   = "NONE"
)

var (
	// entryMembers are those of one way to log in (spec §1.3, §1.4).
	entryMembers = set("authType", "options", "grant", "authorizationUrl", "accessTokenUrl", "refreshTokenUrl",
		"clientId", "clientSecret", "scope", "scopes", "authenticationDataFields", "accessTokenRequest",
		"accessTokenResponsePath", "refreshTokenResponsePath", "expiresInResponsePath", "validations", "userProfileUrl")

	// optionMembers are those of `options` (spec §6.3).
	optionMembers = set("useBasicAuth", "authorizationParams", "scopeSeparator", "pkce", "callback",
		"codeExchangeRequest", "steps", "expiry", "clientAuth", "assertion", "basicAuthEncoding", "response",
		"revocationUrl", "revocationRequest", "tokenPlacement", "proxy", "refresh", "tls", "scopeEncoding")
)
