package destination

import (
	"slices"
	"time"

	"latchkey/internal/jsontree"
	"latchkey/pebble"
)

// assertionAlgorithms are the signatures that an assertion can have.
var assertionAlgorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

// assertion reads options.assertion (RFC 7523).
func (c *compiler) assertion(n *jsontree.Node, at string) {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return
	}
	c.misspelt(n, at, set("alg", "key", "kid", "header", "claims", "trueClaims", "lifetimeSeconds"))
	a := &Assertion{Lifetime: 5 * time.Minute}
	if n.Get("alg").Absent() {
		c.unpublishable(jsontree.Child(at, "alg"), "the assertion's algorithm is missing", `add "alg": "RS256"`)
	}
	a.Algorithm, _ = c.enum(n.Get("alg"), jsontree.Child(at, "alg"), "the algorithm", assertionAlgorithms...)
	if n.Get("key").Absent() {
		c.unpublishable(jsontree.Child(at, "key"), "the assertion's private key is missing", `add "key": "{{ authData.privateKey }}"`)
	} else if c.kind(n.Get("key"), jsontree.Child(at, "key"), jsontree.String) {
		a.Key = c.plainText(n.Get("key"), jsontree.Child(at, "key"), inBody)
	}
	if kid := n.Get("kid"); !kid.Absent() && c.kind(kid, jsontree.Child(at, "kid"), jsontree.String) {
		a.KeyID = c.plainText(kid, jsontree.Child(at, "kid"), inBody)
	}
	if d := c.seconds(n.Get("lifetimeSeconds"), jsontree.Child(at, "lifetimeSeconds"), 1); d > 0 {
		a.Lifetime = d
	}
	if a.Lifetime > 24*time.Hour {
		c.refuse(jsontree.Child(at, "lifetimeSeconds"), "an assertion may live for a day at most", "")
	}
	a.Header = c.claims(n.Get("header"), jsontree.Child(at, "header"))
	a.Claims = c.claims(n.Get("claims"), jsontree.Child(at, "claims"))
	if names := n.Get("trueClaims"); !names.Absent() && c.kind(names, jsontree.Child(at, "trueClaims"), jsontree.String) {
		a.True = c.plainText(names, jsontree.Child(at, "trueClaims"), inBody)
	}
	for _, m := range a.Header {
		if slices.Contains([]string{"alg", "kid", "crit", "b64"}, m.Name) {
			c.refuse(jsontree.Child(at, "header", m.Name), "the header "+m.Name+" is not set here", `use "alg" and "kid" beside "header"`)
		}
	}
	c.plan.assertion = a
	c.names["assertion"] = true
}

// claims reads an object whose strings are templates iff they have delimiters.
func (c *compiler) claims(n *jsontree.Node, at string) []Claim {
	if n.Absent() || !c.kind(n, at, jsontree.Object) {
		return nil
	}
	out := []Claim{}
	for _, m := range n.Members() {
		out = append(out, Claim{m.Name, c.claim(m.Value, jsontree.Child(at, m.Name))})
	}
	return out
}

func (c *compiler) claim(n *jsontree.Node, at string) any {
	switch n.Kind {
	case jsontree.Object:
		return c.claims(n, at)
	case jsontree.Array:
		out := []any{}
		for i, item := range n.Items() {
			out = append(out, c.claim(item, jsontree.Element(at, i)))
		}
		return out
	case jsontree.String:
		return c.plainText(n, at, inBody)
	case jsontree.Number:
		return pebble.Number(n.Text)
	case jsontree.Bool:
		return n.Truth()
	}
	return nil
}
