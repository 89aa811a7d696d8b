package destination

import (
	"slices"
	"strings"

	"latchkey/internal/jsontree"
)

// TokenPlacement says where a service wants its token: in a header behind a prefix, or in a parameter of the query.
type TokenPlacement struct{ Header, Prefix, Query string }

// Service is how the calls of applications reach the service itself, through the proxy.
type Service struct {
	// BaseURL is what a call's path is put behind.
	BaseURL *Text
	// Headers and Query are added to each call, the token apart.
	Headers, Query []Param
	Token          TokenPlacement
}

// service reads options.proxy, behind tokenPlacement, which is a part of it.
func (c *compiler) service(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("baseUrl", "headers", "query"))
	s := &Service{BaseURL: c.url(n, at, "baseUrl"), Token: c.plan.Placement()}
	if s.BaseURL == nil {
		if n.Get("baseUrl").Absent() {
			c.unpublishable(jsontree.Child(at, "baseUrl"), "the proxy is not told where the service is", `add "baseUrl": "https://api.example.com/v1"`)
		}
		return
	}
	if strings.ContainsAny(s.BaseURL.constant, "?#") && s.BaseURL.Constant() {
		c.refuse(jsontree.Child(at, "baseUrl"), "a base URL has no query and no fragment", "put the parameters into query")
	}
	s.Headers = c.params(n.Get("headers"), jsontree.Child(at, "headers"), inHeader)
	s.Query = c.params(n.Get("query"), jsontree.Child(at, "query"), inBody)
	for _, h := range s.Headers {
		if here := jsontree.Child(jsontree.Child(at, "headers"), h.Name); !headerToken.MatchString(h.Name) {
			c.refuse(here, shown(h.Name)+" cannot be a header's name", "use letters, digits and hyphens")
		} else if slices.Contains(heldHeaders, strings.ToLower(h.Name)) {
			c.refuse(here, "the proxy itself writes the header "+h.Name, "take it out")
		}
	}
	c.plan.service = s
}

// heldHeaders are the business of the connection, or of the message's frame.
var heldHeaders = []string{
	"connection", "content-length", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
}

// params reads an object of names and strings, which are templates iff they have delimiters.
func (c *compiler) params(n *jsontree.Node, at string, where place) []Param {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return nil
	}
	var out []Param
	for _, m := range n.Members() {
		here := jsontree.Child(at, m.Name)
		if !m.Value.Scalar() || m.Value.Kind == jsontree.Null {
			c.refuse(here, "this must be a string, not "+m.Value.Kind.String(), "")
		} else if t := c.plainText(m.Value, here, where); t != nil {
			out = append(out, Param{m.Name, t})
		}
	}
	return out
}

// Service tells how calls reach the service; nil when the definition does not say.
func (p *Plan) Service() *Service { return p.service }

// Placement tells where callers put the token.
func (p *Plan) Placement() TokenPlacement {
	if p.placement == (TokenPlacement{}) {
		return TokenPlacement{Header: "Authorization", Prefix: "Bearer "}
	}
	return p.placement
}

// Origin tells where the service's token is sent to, as a fingerprint does of refresh tokens: the text of the base URL with the
// values that are known and no secrets. "" is that of a plan without a service.
func (s *Service) Origin(fields Fields) string {
	if s == nil {
		return ""
	}
	return strings.Join(s.BaseURL.address(fields), "\x00")
}
