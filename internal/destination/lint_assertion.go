package destination

import (
	"slices"
	"time"

	"latchkey/pebble"
)

// assertionAlgorithms are the signatures that an assertion can have.
var assertionAlgorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

// assertion reads options.assertion (RFC 7523).
func (c *compiler) assertion(n *node, at string) {
	if n.absent() || !c.kind(n, at, objectNode) {
		return
	}
	c.misspelt(n, at, set("alg", "key", "kid", "header", "claims", "lifetimeSeconds"))
	a := &Assertion{Lifetime: 5 * time.Minute}
	if n.get("alg").absent() {
		c.unpublishable(child(at, "alg"), "the assertion's algorithm is missing", `add "alg": "RS256"`)
	}
	a.Algorithm, _ = c.enum(n.get("alg"), child(at, "alg"), "the algorithm", assertionAlgorithms...)
	if n.get("key").absent() {
		c.unpublishable(child(at, "key"), "the assertion's private key is missing", `add "key": "{{ authData.privateKey }}"`)
	} else if c.kind(n.get("key"), child(at, "key"), stringNode) {
		a.Key = c.plainText(n.get("key"), child(at, "key"), inBody)
	}
	if kid := n.get("kid"); !kid.absent() && c.kind(kid, child(at, "kid"), stringNode) {
		a.KeyID = c.plainText(kid, child(at, "kid"), inBody)
	}
	if d := c.seconds(n.get("lifetimeSeconds"), child(at, "lifetimeSeconds"), 1); d > 0 {
		a.Lifetime = d
	}
	if a.Lifetime > 24*time.Hour {
		c.refuse(child(at, "lifetimeSeconds"), "an assertion may live for a day at most", "")
	}
	a.Header = c.claims(n.get("header"), child(at, "header"))
	a.Claims = c.claims(n.get("claims"), child(at, "claims"))
	for _, m := range a.Header {
		if slices.Contains([]string{"alg", "kid", "crit", "b64"}, m.Name) {
			c.refuse(child(at, "header", m.Name), "the header "+m.Name+" is not set here", `use "alg" and "kid" beside "header"`)
		}
	}
	c.plan.assertion = a
	c.names["assertion"] = true
}

// claims reads an object whose strings are templates iff they have delimiters.
func (c *compiler) claims(n *node, at string) []Claim {
	if n.absent() || !c.kind(n, at, objectNode) {
		return nil
	}
	out := []Claim{}
	for _, m := range n.members {
		out = append(out, Claim{m.name, c.claim(m.value, child(at, m.name))})
	}
	return out
}

func (c *compiler) claim(n *node, at string) any {
	switch n.kind {
	case objectNode:
		return c.claims(n, at)
	case arrayNode:
		out := []any{}
		for i, item := range n.items {
			out = append(out, c.claim(item, element(at, i)))
		}
		return out
	case stringNode:
		return c.plainText(n, at, inBody)
	case numberNode:
		return pebble.Number(n.text)
	case boolNode:
		return n.truth()
	}
	return nil
}
