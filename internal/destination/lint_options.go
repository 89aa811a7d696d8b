package destination

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// options reads `options`: Adobe's useBasicAuth, and what Latchkey adds (spec §6.3). Nobody knows the other members,
// and they are kept.
func (c *compiler) options() {
	n, at := c.entry.get("options"), child(c.pointer, "options")
	c.plan.inputs.ScopeSeparator = " "
	c.plan.auth.Method, c.plan.format = PostAuth, AutoFormat
	c.plan.callback = CallbackOptions{CodeParam: "code", StateParam: "state", ErrorParam: "error"}
	c.plan.authorization.PKCE, c.plan.expiry.Unit = NoPKCE, Seconds
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	c.misspelt(n, at, optionMembers)
	if c.plan.authType != OAuth2 {
		c.tokenPlacement(n.get("tokenPlacement"), child(at, "tokenPlacement"))
		return
	}
	c.callback(n.get("callback"), child(at, "callback"))
	c.clientAuth(n, at)
	if sep := n.get("scopeSeparator"); !sep.absent() && c.kind(sep, child(at, "scopeSeparator"), stringNode) {
		c.plan.inputs.ScopeSeparator = sep.text
	}
	if pkce, ok := c.enum(n.get("pkce"), child(at, "pkce"), "the pkce method", "S256", "plain", "none"); ok {
		c.plan.authorization.PKCE = PKCEMethod(pkce)
	}
	c.assertion(n.get("assertion"), child(at, "assertion"))
	c.codeExchange = c.request(n.get("codeExchangeRequest"), child(at, "codeExchangeRequest"))
	c.steps(n.get("steps"), child(at, "steps"))
	c.authorizationParams(n.get("authorizationParams"), child(at, "authorizationParams"))
	c.expiry(n.get("expiry"), child(at, "expiry"))
	c.response(n.get("response"), child(at, "response"))
	c.plan.revocation = c.url(n, at, "revocationUrl")
	c.tokenPlacement(n.get("tokenPlacement"), child(at, "tokenPlacement"))
	c.refresh(n.get("refresh"), child(at, "refresh"))
	c.unsupported(n, at)
}

// unsupported says which known options this release doesn't run.
func (c *compiler) unsupported(n *node, at string) {
	if !n.get("tls").absent() {
		c.unpublishable(child(at, "tls"), "client certificates are not supported yet, and the provider would refuse the connection", "")
	}
	if !n.get("scopeEncoding").absent() {
		c.warn(child(at, "scopeEncoding"), "scopeEncoding is kept, and nothing reads it yet", "")
	}
	if c.plan.grant == AuthorizationCode {
		return
	}
	for _, name := range []string{"authorizationParams", "pkce", "callback", "codeExchangeRequest"} {
		if !n.get(name).absent() {
			c.warn(child(at, name), name+" belongs to the authorization code grant; nothing reads it here", "")
		}
	}
}

func (c *compiler) callback(n *node, at string) {
	if n.absent() || !c.kind(n, at, objectNode) {
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
	capture := n.get("capture")
	if capture.absent() || !c.kind(capture, child(at, "capture"), objectNode) {
		return
	}
	for _, m := range capture.members {
		here := child(at, "capture", m.name)
		if !c.kind(m.value, here, stringNode) {
			continue
		}
		if m.value.text == "" {
			c.refuse(here, "this must name a parameter of the callback", "")
			continue
		}
		o.Capture = append(o.Capture, Capture{m.name, m.value.text})
		c.names[m.name] = c.names[m.name] || secretName(m.name)
	}
}

func (c *compiler) clientAuth(n *node, at string) {
	auth := &c.plan.auth
	if c.truth(n, at, "useBasicAuth") {
		auth.Method = BasicAuth
	}
	method, ok := c.enum(n.get("clientAuth"), child(at, "clientAuth"), "the clientAuth", "post", "basic", "none")
	if ok {
		if auth.Method == BasicAuth && method != string(BasicAuth) {
			c.refuse(child(at, "clientAuth"), "useBasicAuth and clientAuth say different things", "keep one of them")
		}
		auth.Method = ClientAuthMethod(method)
	}
	encoding, _ := c.enum(n.get("basicAuthEncoding"), child(at, "basicAuthEncoding"), "the basicAuthEncoding", "raw", "form")
	auth.FormEncoded = encoding == "form"
}

// authorizationParams reads a map of name → string (a template iff it has delimiters) or null, which removes one.
func (c *compiler) authorizationParams(n *node, at string) {
	c.exchanging = append(c.exchanging, at)
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	for _, m := range n.members {
		here := child(at, m.name)
		switch {
		case m.value.kind == nullNode:
			c.plan.authorization.Params = append(c.plan.authorization.Params, Param{Name: m.name})
		case !m.value.scalar():
			c.refuse(here, "this must be a string, or null to leave the parameter out, not "+m.value.kind.String(), "")
		default:
			if t := c.plainText(m.value, here, inBody); t != nil {
				c.plan.authorization.Params = append(c.plan.authorization.Params, Param{m.name, t})
			}
		}
	}
}

// steps reads the requests around the main one.
func (c *compiler) steps(n *node, at string) {
	if n.absent() || !c.kind(n, at, arrayNode) {
		return
	}
	const most = 10
	if len(n.items) > most {
		c.refuse(at, fmt.Sprintf("there are %d steps, and %d are allowed", len(n.items), most), "")
		return
	}
	seen := map[string]bool{}
	for i, item := range n.items {
		here := element(at, i)
		r := c.request(item, here)
		if r == nil {
			continue
		}
		name := c.text(item, here, "name")
		if name == "" {
			name = "step " + strconv.Itoa(i+1)
			c.warn(child(here, "name"), "the step has no name", `add "name": "…"`)
		}
		if seen[name] {
			c.refuse(child(here, "name"), "there are two steps "+shown(name), "keep one of them")
		}
		seen[name] = true
		when := string(Always)
		if !item.get("when").absent() {
			when, _ = c.enum(item.get("when"), child(here, "when"), "the time of a step",
				string(OnAcquire), string(OnRefresh), string(Always), string(First))
		}
		if when == string(OnAcquire) || when == string(Always) || when == string(First) {
			c.exchanging = append(c.exchanging, here)
		}
		c.plan.steps = append(c.plan.steps, Step{Name: name, When: When(when), Request: r})
	}
}

func (c *compiler) expiry(n *node, at string) {
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	c.misspelt(n, at, set("leewaySeconds", "defaultSeconds", "unit", "fromJwt"))
	o := &c.plan.expiry
	o.Leeway = c.seconds(n.get("leewaySeconds"), child(at, "leewaySeconds"), 0)
	o.Default = c.seconds(n.get("defaultSeconds"), child(at, "defaultSeconds"), 1)
	unit, ok := c.enum(n.get("unit"), child(at, "unit"), "the unit", string(Seconds), string(Milliseconds), string(Durations))
	if ok {
		o.Unit = ExpiryUnit(unit)
	}
	o.FromJWT = c.truth(n, at, "fromJwt")
}

// maxSeconds bounds lifetimes to ten years (spec §3.6).
const maxSeconds = 10 * 365 * 24 * 3600

// seconds reads a whole number of seconds, 0 when it is absent.
func (c *compiler) seconds(n *node, at string, least int) time.Duration {
	if n.absent() || !c.kind(n, at, numberNode) {
		return 0
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if err != nil || v != math.Trunc(v) || v < float64(least) || v > maxSeconds {
		c.refuse(at, fmt.Sprintf("this must be a whole number of seconds from %d to %d", least, maxSeconds), "")
		return 0
	}
	return time.Duration(v) * time.Second
}

func (c *compiler) response(n *node, at string) {
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	c.misspelt(n, at, set("format"))
	if n.get("format").str() == "xml" {
		c.unpublishable(child(at, "format"), "answers in XML cannot be read yet", `use "text" and take the token out with a template`)
		return
	}
	if format, ok := c.enum(n.get("format"), child(at, "format"), "the format",
		string(AutoFormat), string(JSONFormat), string(FormFormat), string(TextFormat)); ok {
		c.plan.format = ResponseFormat(format)
	}
}

// tokenPlacement is kept for whoever calls the provider: {"header", "prefix"} or {"query"}.
func (c *compiler) tokenPlacement(n *node, at string) {
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	c.misspelt(n, at, set("header", "prefix", "query"))
	header, query := c.text(n, at, "header"), c.text(n, at, "query")
	c.noControls(c.text(n, at, "prefix"), child(at, "prefix"))
	switch {
	case (header == "") == (query == ""):
		c.refuse(at, "the token goes into a header or into the query",
			`write {"header": "Authorization", "prefix": "Bearer "} or {"query": "access_token"}`)
	case header != "" && !headerToken.MatchString(header):
		c.refuse(child(at, "header"), shown(header)+" cannot be a header's name", "use letters, digits and hyphens")
	}
}

// refresh is kept for the keeper: how the provider treats a refresh token that is presented twice.
func (c *compiler) refresh(n *node, at string) {
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	c.misspelt(n, at, set("grace_seconds", "reuse"))
	c.seconds(n.get("grace_seconds"), child(at, "grace_seconds"), 0)
	if !n.get("reuse").absent() {
		c.enum(n.get("reuse"), child(at, "reuse"), "the reuse", "none", "grace", "revokes_family")
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
