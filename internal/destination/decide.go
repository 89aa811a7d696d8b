package destination

import (
	"slices"

	"latchkey/internal/jsontree"
)

// decide settles which request runs when (spec §3.2).
func (c *compiler) decide() {
	p := c.plan
	p.authorization.URL = p.inputs.AuthorizationURL
	switch p.grant {
	case AuthorizationCode:
		c.decideCode()
	case Password:
		c.decideDirect(StandardPassword)
	case ClientCredentials:
		c.decideDirect(StandardCredentials)
	}
}

// standard is a request of RFC 6749 to a URL; nil when there is no URL.
func standard(kind RequestKind, url *Text) *Request {
	if url == nil {
		return nil
	}
	return &Request{Kind: kind, Pointer: url.pointer, URL: url, Method: "POST", ContentType: formContentType}
}

const formContentType = "application/x-www-form-urlencoded"

// decideCode: the code is exchanged by its own request, else by the standard one, else by accessTokenRequest.
func (c *compiler) decideCode() {
	p, request := c.plan, c.tokenRequest
	p.acquire = c.codeExchange
	if p.acquire == nil {
		p.acquire = standard(StandardCode, p.inputs.AccessTokenURL)
	}
	if p.acquire == nil && request != nil {
		p.acquire = request
	}
	if p.acquire != nil {
		c.exchanging = append(c.exchanging, p.acquire.Pointer)
	}
	onlyForCode := p.acquire == request && request != nil && request.Mentions("authData.code") && !request.UsesRefreshToken
	if request != nil && !onlyForCode {
		p.renewals = append(p.renewals, Renewal{request, request.UsesRefreshToken})
	}
	if r := standard(StandardRefresh, p.inputs.RefreshTokenURL); r != nil {
		p.renewals = append(p.renewals, Renewal{r, true})
	}
}

// decideDirect: password and client credentials have no browser, so that the first request can be repeated.
func (c *compiler) decideDirect(kind RequestKind) {
	p, request := c.plan, c.tokenRequest
	p.acquire = standard(kind, p.inputs.AccessTokenURL)
	if request != nil && (p.acquire == nil || !request.UsesRefreshToken) {
		p.acquire = request
	}
	if request != nil {
		p.renewals = append(p.renewals, Renewal{request, request.UsesRefreshToken && p.acquire != request})
	}
	if r := standard(StandardRefresh, p.inputs.RefreshTokenURL); r != nil && p.acquire != request {
		p.renewals = append(p.renewals, Renewal{r, true})
	} else if r != nil && request == nil {
		p.renewals = append(p.renewals, Renewal{r, true})
	}
	if p.acquire != nil && p.acquire != request {
		p.renewals = append(p.renewals, Renewal{Request: p.acquire})
	}
}

// required says what is missing for the plan to run (spec §1.4 after I4, I5; §6.4).
func (c *compiler) required() {
	p := c.plan
	c.checkHosts()
	if p.grant == NoGrant {
		return
	}
	if p.grant == AuthorizationCode && p.inputs.AuthorizationURL == nil && c.entry.Get("authorizationUrl").Absent() {
		c.unpublishable(jsontree.Child(c.pointer, "authorizationUrl"),
			"authorizationUrl is missing: there is nowhere to send the customer's browser", `add "authorizationUrl": "https://…"`)
	}
	declared := !c.entry.Get("accessTokenUrl").Absent() || !c.entry.Get("accessTokenRequest").Absent() ||
		!c.entry.At("options", "codeExchangeRequest").Absent()
	if p.acquire == nil && !declared {
		c.unpublishable(jsontree.Child(c.pointer, "accessTokenUrl"),
			"there is no way to get a first token: accessTokenUrl and accessTokenRequest are missing", `add "accessTokenUrl": "https://…"`)
	}
	if uses := c.clientIDUses(); len(uses) > 0 && p.inputs.ClientID == "" && !c.hasField("clientId") {
		c.requireClient("clientId", uses)
	}
	if uses := c.standardRequests(); len(uses) > 0 && p.auth.Method != NoAuth && p.inputs.ClientSecret.Empty() &&
		!c.entry.Get("clientSecret").Masked() && !c.hasField("clientSecret") {
		c.requireClient("clientSecret", uses)
	}
}

func (c *compiler) requireClient(name string, uses []string) {
	fix := `add "` + name + `": "…" to the entry, or ` + fieldExample(name) + " to authenticationDataFields"
	if name == "clientSecret" {
		fix += `; a public client has none: write "options": {"clientAuth": "none"}`
	}
	c.unpublishable(jsontree.Child(c.pointer, name), name+" is missing, and needed by "+joinWords(uses, " and "), fix)
}

// clientIDUses names what sends client_id by itself.
func (c *compiler) clientIDUses() []string {
	var uses []string
	replaced := slices.ContainsFunc(c.plan.authorization.Params, func(p Param) bool { return p.Name == "client_id" })
	if c.plan.grant == AuthorizationCode && !replaced {
		uses = append(uses, "the redirect to authorizationUrl")
	}
	if c.plan.auth.Method != NoAuth {
		uses = append(uses, c.standardRequests()...)
	}
	return uses
}

// standardRequests names the standard requests that the plan may send.
func (c *compiler) standardRequests() []string {
	var uses []string
	if a := c.plan.acquire; a != nil && a.Kind != Templated {
		uses = append(uses, "the request to accessTokenUrl")
	}
	for _, r := range c.plan.renewals {
		if r.Request.Kind == StandardRefresh {
			uses = append(uses, "the request to refreshTokenUrl")
		}
	}
	return uses
}

// advise gives the warnings that need the whole entry.
func (c *compiler) advise() {
	p := c.plan
	if p.grant == AuthorizationCode && len(p.renewals) == 0 {
		c.warn(c.pointer, "nothing renews the token: when it expires, the customer has to log in again",
			`add "refreshTokenUrl" or "accessTokenRequest"`)
	}
	if p.grant == AuthorizationCode && p.acquire != nil && p.acquire.Kind == Templated &&
		p.acquire == c.tokenRequest && !p.acquire.Mentions("authData.code") {
		c.warn(p.acquire.Pointer, "this request exchanges the code, and doesn't mention authData.code", "")
	}
	if r := p.acquire; r != nil && r.gives("accessToken") && !r.gives("expiresIn", "expiresAt") &&
		!c.hasOutput("expiresIn", "expiresAt") && p.paths.ExpiresIn.Empty() && p.expiry.Default == 0 && !p.expiry.FromJWT {
		c.warn(r.Pointer, "no output says how long the token lives; it will be renewed on demand only, or when expires_in tells",
			`add a response field "expiresIn", a constant field {"name": "expiresIn", "value": 3600}, `+
				`or "options": {"expiry": {"defaultSeconds": 3600}}`)
	}
	c.adviseTwice(p.acquire)
	c.adviseTwice(c.tokenRequest)
}

// gives tells whether the request's response fields have one of the names.
func (r *Request) gives(names ...string) bool {
	return slices.ContainsFunc(r.ResponseFields, func(f ResponseField) bool { return slices.Contains(names, f.Name) })
}

// adviseTwice warns of outputs that are described in two ways (U19).
func (c *compiler) adviseTwice(r *Request) {
	if r == nil || r == c.tokenRequest && c.advised {
		return
	}
	c.advised = c.advised || r == c.tokenRequest
	for i, f := range r.ResponseFields {
		twice := slices.ContainsFunc(c.plan.fields, func(o Field) bool { return o.Name == f.Name && o.Role == OutputRole }) ||
			f.Name == "accessToken" && !c.plan.paths.AccessToken.Empty() ||
			f.Name == "refreshToken" && !c.plan.paths.RefreshToken.Empty() ||
			f.Name == "expiresIn" && !c.plan.paths.ExpiresIn.Empty()
		if twice {
			c.warn(jsontree.Child(jsontree.Element(jsontree.Child(r.Pointer, "responseFields"), i), "name"),
				"the output "+shown(f.Name)+" is described by a response path too; this response field comes first", "keep one of them")
		}
	}
}
