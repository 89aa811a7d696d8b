package destination

import "slices"

// Member is one that a document can have at a place: what editors offer there.
type Member struct {
	Name string `json:"name"`
	// Kind is string, boolean, number, object, array or template: a template string, {"templatingStrategy", "value"}.
	Kind string `json:"kind"`
	// Of is the shape of an object, or of an array's elements; "" where it has none of its own.
	Of string `json:"of,omitempty"`
	// Values are those that it can have, where only some are allowed.
	Values []string `json:"values,omitempty"`
	Says   string   `json:"says,omitempty"`
}

// Schema gives the members by the shape that they are of; a document's own is "document". docs/reference/definition.md says
// more of each.
func Schema() map[string][]Member {
	return map[string][]Member{
		"document": {
			text("name", "unique in the sandbox"), text("description", "for people"),
			{Name: "status", Kind: "string", Values: []string{"TEST", "PUBLISHED", "DELETED"}, Says: "kept; Latchkey has revisions"},
			object(wrapperMember, "entry", "one way to log in"), listOf(entriesMember, "entry", "the ways to log in, in place of authentication"),
		},
		"entry":   entrySchema(),
		"field":   fieldSchema(),
		"request": requestSchema(),
		"destination": {
			template("url", "where the request goes"),
		},
		"httpTemplate": {
			one("httpMethod", "of the request", httpMethods...), text("contentType", "of the body; what it is encoded as"), template("requestBody", "what is sent"),
			template("queryParameters", "what is added to the URL"), listOf("headers", "header", "further headers"),
		},
		"header":        {text("header", "its name"), template("value", "its value")},
		"template":      {one("templatingStrategy", "whether value is a template", strategyPebble, strategyNone), text("value", "the text")},
		"responseField": {text("name", "what it gives: accessToken, refreshToken, expiresIn, scope or a name of yours"), one("templatingStrategy", "whether value is a template", strategyPebble, strategyNone), text("value", "of response.body, response.status or response.headers")},
		"validation":    {text("name", "what is checked: names the failure"), text("description", "for people"), template("actualValue", "of the answer"), template("expectedValue", "what it must be, or a regular expression")},
		"options":       optionSchema(),
		"callback": {text("codeParam", "the callback's parameter with the code"), text("stateParam", "the one with the state"), text("errorParam", "the one with an error"),
			object("capture", "", "further parameters to keep, as {parameter: name}"), truth("decodeCode", "the code is encoded twice")},
		"step": {text("name", "of the step"), one("when", "it is sent", string(First), string(OnAcquire), string(OnRefresh), string(Always)), one("destinationServerType", "always this one", "URL_BASED"), object("urlBasedDestination", "destination", "where it goes"),
			object("httpTemplate", "httpTemplate", "the request"), listOf("responseFields", "responseField", "what to take out of the answer"), listOf("validations", "validation", "what the answer must be like")},
		"expiry": {number("leewaySeconds", "renew so long before"), number("defaultSeconds", "the life where the answer says none"),
			one("unit", "of expires_in", string(Seconds), string(Milliseconds), string(EitherUnit), string(Durations)), truth("fromJwt", "read the exp of a token that is a JWT")},
		"assertion": {one("alg", "how it is signed", assertionAlgorithms...), text("key", "the private key: a template of a secret field"), text("kid", "the key's id"), object("header", "", "further members of the header"),
			object("claims", "", "iss, sub, aud and others; templates iff they have delimiters"), text("trueClaims", "names of claims that are true, apart by blanks"), number("lifetimeSeconds", "how long it is good")},
		"response":       {one("format", "of answers", string(AutoFormat), string(JSONFormat), string(FormFormat), string(TextFormat))},
		"tokenPlacement": {text("header", "the header that takes the token"), text("prefix", "before the token"), text("query", "or the parameter that takes it")},
		"proxy": {text("baseUrl", "where the service is: calls through the proxy are put behind it"), object("headers", "", "headers of each call beside the token's, as {name: value}"),
			object("query", "", "parameters of each call, as {name: value}")},
		"refresh":     {number("grace_seconds", "how long a used refresh token is still taken"), one("reuse", "what using it twice does", string(ReuseNone), string(ReuseGrace), string(ReuseRevokesFamily))},
		"conditional": {text("field", "the other field"), one("operator", "how the two are compared", "EQUALS"), text("value", "that it must have")},
		"choice":      {text("name", "what people read"), text("value", "what is sent")},
	}
}

func entrySchema() []Member {
	return []Member{
		one("authType", "the kind of login", string(OAuth2), string(Bearer), string(Basic)),
		one("grant", "the OAuth 2 grant", string(AuthorizationCode), string(ClientCredentials), string(Password)),
		text("authorizationUrl", "where the customer's browser is sent"), text("accessTokenUrl", "gives tokens"), text("refreshTokenUrl", "gives new tokens for a refresh token"),
		text("clientId", "what the service gave you"), text("clientSecret", "kept sealed, never a template"), {Name: "scope", Kind: "array", Says: "what is asked for"},
		listOf("authenticationDataFields", "field", "what customers enter, constants, and what answers bring"),
		object("accessTokenRequest", "request", "the token request, written out"),
		text("accessTokenResponsePath", "where the access token is in the answer"), text("refreshTokenResponsePath", "where the refresh token is"), text("expiresInResponsePath", "where the life is"),
		listOf("validations", "validation", "what the answer must be like"), object("options", "options", "what Latchkey adds"), text("userProfileUrl", "kept, not read"),
	}
}

func fieldSchema() []Member {
	return []Member{
		text("name", "its name in authData"), text("title", "what the customer reads"), text("description", "more of it"),
		one("type", "of the value", string(StringType), string(BooleanType), string(IntegerType), string(ObjectType)), truth("isRequired", "it must be given"),
		one("format", "sealed, and hidden while it is typed", "password"), one("source", "who gives the value", "CUSTOMER", "PARTNER"),
		text("value", "a constant"), text("authenticationResponsePath", "where the answer has it"), {Name: "enum", Kind: "array", Says: "the only values"},
		listOf("namedEnum", "choice", "the only values, with labels"), text("default", "when nothing is entered"), text("pattern", "a regular expression of the whole value"),
		truth("hidden", "not shown in forms"), truth("readOnly", "shown, not changed"), object("conditional", "conditional", "asked for when another field has a value"),
		truth("unique", "kept, not read"), {Name: "properties", Kind: "array", Says: "kept, not read"}, object("dynamicEnum", "", "kept, not read"),
	}
}

func requestSchema() []Member {
	return []Member{
		one("destinationServerType", "always this one", "URL_BASED"), object("urlBasedDestination", "destination", "where it goes"), object("httpTemplate", "httpTemplate", "the request"),
		listOf("responseFields", "responseField", "what to take out of the answer"), listOf("validations", "validation", "what the answer must be like"),
	}
}

func optionSchema() []Member {
	return []Member{
		truth("useBasicAuth", "the client goes into the header"), one("clientAuth", "how the client shows itself", "post", "basic", "none"),
		one("basicAuthEncoding", "of id and secret in that header", "raw", "form"), one("pkce", "for authorization code", "S256", "plain", "none"),
		text("scopeSeparator", "between scopes"), object("authorizationParams", "", "further parameters of authorizationUrl"), object("callback", "callback", "what the redirect brings"),
		object("codeExchangeRequest", "request", "exchanges the code"), listOf("steps", "step", "requests before and after the token's"), object("expiry", "expiry", "how a life is told"),
		object("assertion", "assertion", "a signed JWT in place of a secret"), object("response", "response", "how answers are read"), text("revocationUrl", "ends a grant (RFC 7009)"),
		object("revocationRequest", "request", "ends a grant, written out"), object("tokenPlacement", "tokenPlacement", "where the service wants the token"),
		object("proxy", "proxy", "where the service is, for calls through the proxy"), object("refresh", "refresh", "how the service treats a used refresh token"),
		text("scopeEncoding", "kept, not read"), object("tls", "", "client certificates: not supported yet, and refused on publish"),
	}
}

func text(name, says string) Member  { return Member{Name: name, Kind: "string", Says: says} }
func truth(name, says string) Member { return Member{Name: name, Kind: "boolean", Says: says} }
func number(name, says string) Member {
	return Member{Name: name, Kind: "number", Says: says}
}

func one(name, says string, values ...string) Member {
	return Member{Name: name, Kind: "string", Says: says, Values: slices.Clone(values)}
}

func object(name, of, says string) Member {
	return Member{Name: name, Kind: "object", Of: of, Says: says}
}
func listOf(name, of, says string) Member {
	return Member{Name: name, Kind: "array", Of: of, Says: says}
}

func template(name, says string) Member {
	return Member{Name: name, Kind: "template", Of: "template", Says: says}
}
