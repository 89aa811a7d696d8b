package destination

import (
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
)

// httpMethods are those that a request may use (spec §1.6).
var httpMethods = []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"}

// requestMembers are those of accessTokenRequest, and the draft ones that are kept and ignored.
var requestMembers = set("destinationServerType", "urlBasedDestination", "httpTemplate", "responseFields", "validations",
	"name", "when", "protocol", "requiresAggregation", "qos", "fileTemplate")

var templateMembers = set("httpMethod", "contentType", "requestBody", "queryParameters", "headers")

// request compiles an HTTP request (spec §1.6); nil when there is none.
func (c *compiler) request(n *jsontree.Node, at string) *Request {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return nil
	}
	c.misspelt(n, at, requestMembers)
	r := &Request{Kind: Templated, Pointer: at}
	if server := n.Get("destinationServerType"); server.Absent() {
		c.unpublishable(jsontree.Child(at, "destinationServerType"), "the destinationServerType is missing",
			`add "destinationServerType": "URL_BASED"`)
	} else {
		c.enum(server, jsontree.Child(at, "destinationServerType"), "the destinationServerType", "URL_BASED")
	}
	r.URL = c.templateString(n.At("urlBasedDestination", "url"), jsontree.Child(at, "urlBasedDestination", "url"), inURL)
	if n.At("urlBasedDestination", "url").Absent() {
		c.unpublishable(jsontree.Child(at, "urlBasedDestination", "url"), "the request has no URL",
			`add "urlBasedDestination": {"url": {"templatingStrategy": "PEBBLE_V1", "value": "https://…"}}`)
	}
	c.checkURL(r.URL)
	c.httpTemplate(r, n.Get("httpTemplate"), jsontree.Child(at, "httpTemplate"))
	r.ResponseFields = c.responseFields(n.Get("responseFields"), jsontree.Child(at, "responseFields"))
	r.Validations = c.validations(n.Get("validations"), jsontree.Child(at, "validations"))
	for _, t := range r.texts() {
		r.UsesRefreshToken = r.UsesRefreshToken || t.Mentions("authData.refreshToken")
	}
	return r
}

// texts gives all texts from which the request itself is rendered.
func (r *Request) texts() []*Text {
	all := []*Text{r.URL, r.Body, r.Query}
	for _, h := range r.Headers {
		all = append(all, h.Text)
	}
	return slices.DeleteFunc(all, func(t *Text) bool { return t == nil })
}

// Mentions tells whether any of the request's texts mentions the name.
func (r *Request) Mentions(name string) bool {
	return slices.ContainsFunc(r.texts(), func(t *Text) bool { return t.Mentions(name) })
}

func (c *compiler) httpTemplate(r *Request, n *jsontree.Node, at string) {
	if n.Absent() {
		c.unpublishable(at, "the request has no httpTemplate", `add "httpTemplate": {"httpMethod": "POST", …}`)
		return
	}
	if !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, templateMembers)
	if n.Get("httpMethod").Absent() {
		c.unpublishable(jsontree.Child(at, "httpMethod"), "the httpMethod is missing", `add "httpMethod": "POST"`)
	}
	r.Method, _ = c.enum(n.Get("httpMethod"), jsontree.Child(at, "httpMethod"), "the httpMethod", httpMethods...)
	r.ContentType = c.text(n, at, "contentType")
	c.noControls(r.ContentType, jsontree.Child(at, "contentType"))
	r.Body = c.templateString(n.Get("requestBody"), jsontree.Child(at, "requestBody"), inBody)
	r.Query = c.templateString(n.Get("queryParameters"), jsontree.Child(at, "queryParameters"), inURL)
	r.Headers = c.headers(n.Get("headers"), jsontree.Child(at, "headers"))
	if r.Body != nil && (r.Method == "GET" || r.Method == "HEAD") {
		c.warn(jsontree.Child(at, "requestBody"), "a "+r.Method+" request is sent without its body", "put the parameters into queryParameters")
	}
	c.checkJSONBody(r)
}

// headers reads an array of {header, value}, the value being a string or a templateString (I9).
func (c *compiler) headers(n *jsontree.Node, at string) []Param {
	var out []Param
	for i, item := range c.items(n, at) {
		here := jsontree.Element(at, i)
		if !c.kind(item, here, jsontree.Object) {
			continue
		}
		name := c.text(item, here, "header")
		if !c.headerName(name, jsontree.Child(here, "header")) {
			continue
		}
		value := c.headerValue(item.Get("value"), jsontree.Child(here, "value"))
		if item.Get("value").Absent() {
			c.unpublishable(jsontree.Child(here, "value"), "the header has no value", "")
		}
		if value != nil {
			out = append(out, Param{name, value})
		}
	}
	return out
}

// headerValue compiles a header's value. A bare string is how Adobe's other templates write it, and is not warned of.
func (c *compiler) headerValue(n *jsontree.Node, at string) *Text {
	if n.Is(jsontree.String) {
		return c.plainText(n, at, inHeader)
	}
	return c.templateString(n, at, inHeader)
}

var headerToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// connectionHeaders are set by whoever speaks HTTP.
var connectionHeaders = set("connection", "content-length", "host", "transfer-encoding", "upgrade", "trailer", "te")

// headerName checks a header's name (RFC 9110 §5.1). Some headers belong to the connection.
func (c *compiler) headerName(name, at string) bool {
	switch {
	case name == "":
		c.refuse(at, "the header has no name", `add "header": "…"`)
	case !headerToken.MatchString(name):
		c.refuse(at, shown(name)+" cannot be a header's name", "use letters, digits and hyphens")
	case connectionHeaders[strings.ToLower(name)]:
		c.refuse(at, "the header "+name+" is set by the connection itself", "leave it out")
	default:
		return true
	}
	return false
}

// responseFields reads an array of {name, templatingStrategy, value} (I10).
func (c *compiler) responseFields(n *jsontree.Node, at string) []ResponseField {
	var out []ResponseField
	seen := map[string]bool{}
	for i, item := range c.items(n, at) {
		here := jsontree.Element(at, i)
		if !c.kind(item, here, jsontree.Object) {
			continue
		}
		name := c.text(item, here, "name")
		switch {
		case name == "":
			c.refuse(jsontree.Child(here, "name"), "the response field has no name", `add "name": "accessToken", or another`)
			continue
		case seen[name]:
			c.refuse(jsontree.Child(here, "name"), "there are two response fields "+shown(name), "keep one of them")
			continue
		}
		seen[name] = true
		text := c.strategic(item.Get("value"), item.Get("templatingStrategy"), true, here, inResponse)
		if text != nil {
			hidden := secretName(name)
			out = append(out, ResponseField{name, text, hidden})
			c.names[name] = c.names[name] || hidden
		}
	}
	return out
}

// checkJSONBody warns of values that stand inside a JSON string: a quote in them would end it.
func (c *compiler) checkJSONBody(r *Request) {
	if r.Body.Constant() {
		return
	}
	all := pieces(r.Body.constant)
	first := strings.TrimLeft(all[0].text, " \t\r\n")
	if !strings.Contains(r.ContentType, "json") && (all[0].kind != literalPiece || !strings.HasPrefix(first, "{")) {
		return
	}
	inString := false
	for _, p := range all {
		switch {
		case p.kind == literalPiece:
			inString = quotedAfter(p.text, inString)
		case p.kind == printPiece && inString && strings.Contains(p.text, "authData"):
			c.warn(r.Body.pointer, "a value stands inside a JSON string, and a quote or a backslash in it would break the body",
				`leave the quotes out and write {{ … | toJson | raw }}`)
			return
		}
	}
}

// quotedAfter tells whether a JSON string is open after the text.
func quotedAfter(text string, open bool) bool {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && open:
			i++
		case text[i] == '"':
			open = !open
		}
	}
	return open
}
