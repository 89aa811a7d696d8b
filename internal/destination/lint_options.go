package destination

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/jsontree"
)

// options reads `options`: Adobe's useBasicAuth, and what Latchkey adds (spec §6.3). Nobody knows the other members,
// and they are kept.
func (c *compiler) options() {
	n, at := c.entry.Get("options"), jsontree.Child(c.pointer, "options")
	c.plan.inputs.ScopeSeparator = " "
	c.plan.auth.Method, c.plan.format = PostAuth, AutoFormat
	c.plan.callback = CallbackOptions{CodeParam: "code", StateParam: "state", ErrorParam: "error"}
	c.plan.authorization.PKCE, c.plan.expiry.Unit = NoPKCE, Seconds
	c.plan.refresh = RefreshOptions{Grace: defaultGrace, Reuse: ReuseGrace}
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, optionMembers)
	c.tokenPlacement(n.Get("tokenPlacement"), jsontree.Child(at, "tokenPlacement"))
	c.service(n.Get("proxy"), jsontree.Child(at, "proxy"))
	if c.plan.authType != OAuth2 {
		return
	}
	c.callback(n.Get("callback"), jsontree.Child(at, "callback"))
	c.clientAuth(n, at)
	if sep := n.Get("scopeSeparator"); !sep.Absent() && c.kind(sep, jsontree.Child(at, "scopeSeparator"), jsontree.String) {
		c.plan.inputs.ScopeSeparator = sep.Text
	}
	if pkce, ok := c.enum(n.Get("pkce"), jsontree.Child(at, "pkce"), "the pkce method", "S256", "plain", "none"); ok {
		c.plan.authorization.PKCE = PKCEMethod(pkce)
	}
	c.assertion(n.Get("assertion"), jsontree.Child(at, "assertion"))
	c.codeExchange = c.request(n.Get("codeExchangeRequest"), jsontree.Child(at, "codeExchangeRequest"))
	c.steps(n.Get("steps"), jsontree.Child(at, "steps"))
	c.authorizationParams(n.Get("authorizationParams"), jsontree.Child(at, "authorizationParams"))
	c.expiry(n.Get("expiry"), jsontree.Child(at, "expiry"))
	c.response(n.Get("response"), jsontree.Child(at, "response"))
	c.revocation(n, at)
	c.refresh(n.Get("refresh"), jsontree.Child(at, "refresh"))
	c.unsupported(n, at)
}

// revocation reads how a grant is ended at the provider: by RFC 7009, or by a request of the provider's own.
func (c *compiler) revocation(n *jsontree.Node, at string) {
	c.plan.revocation = standard(StandardRevocation, c.url(n, at, "revocationUrl"))
	own := c.request(n.Get("revocationRequest"), jsontree.Child(at, "revocationRequest"))
	if own == nil {
		return
	}
	if c.plan.revocation != nil {
		c.refuse(jsontree.Child(at, "revocationRequest"), "there is a revocationUrl too, and a grant is revoked in one way",
			"take out revocationUrl, unless the provider speaks RFC 7009 there")
	}
	if !own.Mentions("authData.accessToken") && !own.UsesRefreshToken {
		c.warn(own.Pointer, "no part of the request mentions authData.refreshToken or authData.accessToken: how will the provider know what to revoke?", "")
	}
	c.plan.revocation = own
}

// unsupported says which known options this release doesn't run.
func (c *compiler) unsupported(n *jsontree.Node, at string) {
	if !n.Get("tls").Absent() {
		c.unpublishable(jsontree.Child(at, "tls"), "client certificates are not supported yet, and the provider would refuse the connection", "")
	}
	if !n.Get("scopeEncoding").Absent() {
		c.warn(jsontree.Child(at, "scopeEncoding"), "scopeEncoding is kept, and nothing reads it yet", "")
	}
	if c.plan.grant == AuthorizationCode {
		return
	}
	for _, name := range []string{"authorizationParams", "pkce", "callback", "codeExchangeRequest"} {
		if !n.Get(name).Absent() {
			c.warn(jsontree.Child(at, name), name+" belongs to the authorization code grant; nothing reads it here", "")
		}
	}
}

func (c *compiler) callback(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("codeParam", "stateParam", "errorParam", "capture", "decodeCode"))
	o := &c.plan.callback
	for name, to := range map[string]*string{"codeParam": &o.CodeParam, "stateParam": &o.StateParam, "errorParam": &o.ErrorParam} {
		if text := c.text(n, at, name); text != "" {
			*to = text
		}
	}
	o.DecodeCode = c.truth(n, at, "decodeCode")
	capture := n.Get("capture")
	if capture.Absent() || !c.kind(capture, jsontree.Child(at, "capture"), jsontree.Object) {
		return
	}
	for _, m := range capture.Members() {
		here := jsontree.Child(at, "capture", m.Name)
		if !c.kind(m.Value, here, jsontree.String) {
			continue
		}
		if m.Value.Text == "" {
			c.refuse(here, "this must name a parameter of the callback", "")
			continue
		}
		if reserved(m.Name) {
			c.refuse(here, m.Name+" is not the callback's to say: a browser could put another value in its place",
				"capture it under a name of its own")
			continue
		}
		o.Capture = append(o.Capture, Capture{m.Name, m.Value.Text})
		c.names[m.Name] = c.names[m.Name] || secretName(m.Name)
	}
}

// reserved tells whether a name in authData decides who authenticates or with what: no parameter of a callback, which
// comes through a browser, may stand in for it.
func reserved(name string) bool {
	switch name {
	case "clientId", "clientSecret", "username", "password", "token", "accessToken", "refreshToken", "tokenType", "scope",
		"authorizationUrl", "accessTokenUrl", "refreshTokenUrl", "code", "state", "redirectUri", "codeVerifier", "assertion":
		return true
	}
	return false
}

func (c *compiler) clientAuth(n *jsontree.Node, at string) {
	auth := &c.plan.auth
	if c.truth(n, at, "useBasicAuth") {
		auth.Method = BasicAuth
	}
	method, ok := c.enum(n.Get("clientAuth"), jsontree.Child(at, "clientAuth"), "the clientAuth", "post", "basic", "none")
	if ok {
		if auth.Method == BasicAuth && method != string(BasicAuth) {
			c.refuse(jsontree.Child(at, "clientAuth"), "useBasicAuth and clientAuth say different things", "keep one of them")
		}
		auth.Method = ClientAuthMethod(method)
	}
	encoding, _ := c.enum(n.Get("basicAuthEncoding"), jsontree.Child(at, "basicAuthEncoding"), "the basicAuthEncoding", "raw", "form")
	auth.FormEncoded = encoding == "form"
}

// authorizationParams reads a map of name → string (a template iff it has delimiters) or null, which removes one.
func (c *compiler) authorizationParams(n *jsontree.Node, at string) {
	c.exchanging = append(c.exchanging, at)
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	for _, m := range n.Members() {
		here := jsontree.Child(at, m.Name)
		switch {
		case m.Value.Kind == jsontree.Null:
			c.plan.authorization.Params = append(c.plan.authorization.Params, Param{Name: m.Name})
		case !m.Value.Scalar():
			c.refuse(here, "this must be a string, or null to leave the parameter out, not "+m.Value.Kind.String(), "")
		default:
			if t := c.plainText(m.Value, here, inBody); t != nil {
				c.plan.authorization.Params = append(c.plan.authorization.Params, Param{m.Name, t})
			}
		}
	}
}

// steps reads the requests around the main one.
func (c *compiler) steps(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Array) {
		return
	}
	const most = 10
	if len(n.Items()) > most {
		c.refuse(at, fmt.Sprintf("there are %d steps, and %d are allowed", len(n.Items()), most), "")
		return
	}
	seen := map[string]bool{}
	for i, item := range n.Items() {
		here := jsontree.Element(at, i)
		r := c.request(item, here)
		if r == nil {
			continue
		}
		name := c.text(item, here, "name")
		if name == "" {
			name = "step " + strconv.Itoa(i+1)
			c.warn(jsontree.Child(here, "name"), "the step has no name", `add "name": "…"`)
		}
		if seen[name] {
			c.refuse(jsontree.Child(here, "name"), "there are two steps "+shown(name), "keep one of them")
		}
		seen[name] = true
		when := string(Always)
		if !item.Get("when").Absent() {
			when, _ = c.enum(item.Get("when"), jsontree.Child(here, "when"), "the time of a step",
				string(OnAcquire), string(OnRefresh), string(Always), string(First))
		}
		if when == string(OnAcquire) || when == string(Always) || when == string(First) {
			c.exchanging = append(c.exchanging, here)
		}
		c.plan.steps = append(c.plan.steps, Step{Name: name, When: When(when), Request: r})
	}
}

func (c *compiler) expiry(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("leewaySeconds", "defaultSeconds", "unit", "fromJwt"))
	o := &c.plan.expiry
	o.Leeway = c.seconds(n.Get("leewaySeconds"), jsontree.Child(at, "leewaySeconds"), 0)
	o.Default = c.seconds(n.Get("defaultSeconds"), jsontree.Child(at, "defaultSeconds"), 1)
	unit, ok := c.enum(n.Get("unit"), jsontree.Child(at, "unit"), "the unit", string(Seconds), string(Milliseconds), string(EitherUnit), string(Durations))
	if ok {
		o.Unit = ExpiryUnit(unit)
	}
	o.FromJWT = c.truth(n, at, "fromJwt")
}

// maxSeconds bounds lifetimes to ten years (spec §3.6).
const maxSeconds = 10 * 365 * 24 * 3600

// seconds reads a whole number of seconds, 0 when it is absent.
func (c *compiler) seconds(n *jsontree.Node, at string, least int) time.Duration {
	if n.Absent() || !c.kind(n, at, jsontree.Number) {
		return 0
	}
	v, err := strconv.ParseFloat(n.Text, 64)
	if err != nil || v != math.Trunc(v) || v < float64(least) || v > maxSeconds {
		c.refuse(at, fmt.Sprintf("this must be a whole number of seconds from %d to %d", least, maxSeconds), "")
		return 0
	}
	return time.Duration(v) * time.Second
}

func (c *compiler) response(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("format"))
	if n.Get("format").Str() == "xml" {
		c.unpublishable(jsontree.Child(at, "format"), "answers in XML cannot be read yet", `use "text" and take the token out with a template`)
		return
	}
	if format, ok := c.enum(n.Get("format"), jsontree.Child(at, "format"), "the format",
		string(AutoFormat), string(JSONFormat), string(FormFormat), string(TextFormat)); ok {
		c.plan.format = ResponseFormat(format)
	}
}

// tokenPlacement reads where the service wants its token: {"header", "prefix"} or {"query"}.
func (c *compiler) tokenPlacement(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("header", "prefix", "query"))
	header, query, prefix := c.text(n, at, "header"), c.text(n, at, "query"), c.text(n, at, "prefix")
	c.noControls(prefix, jsontree.Child(at, "prefix"))
	c.plan.placement = TokenPlacement{header, prefix, query}
	switch {
	case (header == "") == (query == ""):
		c.refuse(at, "the token goes into a header or into the query",
			`write {"header": "Authorization", "prefix": "Bearer "} or {"query": "access_token"}`)
	case header != "" && !headerToken.MatchString(header):
		c.refuse(jsontree.Child(at, "header"), shown(header)+" cannot be a header's name", "use letters, digits and hyphens")
	}
}

// refresh reads how the provider treats a refresh token that is presented twice.
func (c *compiler) refresh(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("grace_seconds", "reuse"))
	o := &c.plan.refresh
	if grace := n.Get("grace_seconds"); !grace.Absent() {
		o.Grace = c.seconds(grace, jsontree.Child(at, "grace_seconds"), 0)
	}
	if reuse, ok := c.enum(n.Get("reuse"), jsontree.Child(at, "reuse"), "the reuse",
		string(ReuseNone), string(ReuseGrace), string(ReuseRevokesFamily)); ok {
		o.Reuse = Reuse(reuse)
	}
}

// hasField tells whether the customer or a constant gives a name.
func (c *compiler) hasField(name string) bool {
	return slices.ContainsFunc(c.plan.fields, func(f Field) bool { return f.Name == name && f.Role != OutputRole })
}

func (c *compiler) hasOutput(names ...string) bool {
	for _, f := range c.plan.fields {
		if slices.Contains(names, f.Name) {
			return true
		}
	}
	return false
}
