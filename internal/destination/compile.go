package destination

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
	"latchkey/internal/suggest"
)

// compiler checks one entry and makes its plan of it. Whatever is wrong becomes a problem, and it goes on.
type compiler struct {
	problems Problems
	opts     LintOptions
	plan     *Plan
	entry    *jsontree.Node
	pointer  string
	// names holds what authData can have, by name → whether it is a secret.
	names map[string]bool
	// uses are the texts whose references are checked once all names are known.
	uses []use
	// advised tells that accessTokenRequest has been looked at.
	advised bool
	// hosts are the URLs with values in their host.
	hosts []hostUse
	// exchanging holds the pointers below which a code is known.
	exchanging []string
	// tokenRequest is accessTokenRequest; codeExchange is options.codeExchangeRequest; nil when there is none.
	tokenRequest, codeExchange *Request
}

// compile makes the plan of an entry that exists. The plan is only good when no problem is unpublishable.
func (d *Document) compile(index int, opts LintOptions) (*Plan, Problems) {
	e := d.entries()[index]
	c := &compiler{
		opts: opts, entry: e.node, pointer: e.pointer,
		plan: &Plan{configuration: index}, names: map[string]bool{},
	}
	if c.kind(e.node, e.pointer, jsontree.Object) {
		c.login()
	}
	return c.plan, c.problems
}

// login checks what kind of entry this is, and the rest accordingly.
func (c *compiler) login() {
	authType, grant := c.entry.Get("authType"), c.entry.Get("grant")
	at := jsontree.Child(c.pointer, "authType")
	switch {
	case authType.Absent() && grant.Absent():
		c.unpublishable(at, "the entry doesn't say how a customer logs in: authType and grant are missing",
			fmt.Sprintf(`add "authType": "OAUTH2" and "grant": %q (or %s, %s)`, AuthorizationCode, Password, ClientCredentials))
		c.plan.authType = OAuth2
	case authType.Absent():
		c.refuse(at, "authType is missing", `add "authType": "OAUTH2"`)
		c.plan.authType = OAuth2
	default:
		name, ok := c.enum(authType, at, "the authType", authTypes...)
		if !ok {
			return
		}
		c.plan.authType = AuthType(name)
	}
	switch c.plan.authType {
	case OAuth2:
		c.grant(!authType.Absent())
		c.oauth2()
	case Bearer, Basic:
		c.options()
	default:
		c.unpublishable(at, string(c.plan.authType)+
			" is stored, but no token can be had with it: Latchkey connects OAUTH2, BEARER and BASIC", "")
	}
}

// authTypes are those of spec §1.2.
var authTypes = []string{
	"OAUTH2", "BEARER", "BASIC", "S3", "AZURE_CONNECTION_STRING", "AZURE_SERVICE_PRINCIPAL",
	"SFTP_WITH_PASSWORD", "SFTP_WITH_SSH_KEY", "GOOGLE_CLOUD_STORAGE", "OAUTH1",
}

// grant reads the grant of an OAuth 2 entry (I17).
func (c *compiler) grant(typed bool) {
	n, at := c.entry.Get("grant"), jsontree.Child(c.pointer, "grant")
	if n.Absent() {
		if typed {
			c.refuse(at, "an OAUTH2 entry needs a grant",
				"add one of "+quoteList([]string{string(AuthorizationCode), string(Password), string(ClientCredentials)}))
		}
		return
	}
	name, ok := c.enum(n, at, "the grant", string(AuthorizationCode), string(Password), string(ClientCredentials))
	if ok {
		c.plan.grant = Grant(name)
	}
}

// oauth2 checks an OAuth 2 entry. Everything that gives names comes before what uses them.
func (c *compiler) oauth2() {
	c.misspelt(c.entry, c.pointer, entryMembers)
	c.standardNames()
	c.inputs()
	c.fields()
	c.tokenRequest = c.request(c.entry.Get("accessTokenRequest"), jsontree.Child(c.pointer, "accessTokenRequest"))
	c.options()
	c.plan.validations = c.validations(c.entry.Get("validations"), jsontree.Child(c.pointer, "validations"))
	c.decide()
	c.checkUses()
	c.required()
	c.advise()
}

// standardNames declares what authData always has (spec §2.1, §6.3).
func (c *compiler) standardNames() {
	for _, name := range []string{
		"scope", "authorizationUrl", "accessTokenUrl", "refreshTokenUrl", "tokenType", "expiresIn", "expiresAt",
		"refreshTokenExpiration", "refreshTokenExpiresIn", "refreshTokenExpiresAt",
	} {
		c.names[name] = false
	}
	c.names["accessToken"], c.names["refreshToken"] = true, true
	switch c.plan.grant {
	case Password:
		c.names["username"], c.names["password"] = false, true
	case AuthorizationCode:
		c.names["code"], c.names["redirectUri"], c.names["state"], c.names["codeVerifier"] = true, false, true, true
	}
}

// inputs reads the standard inputs of spec §1.4.
func (c *compiler) inputs() {
	in := &c.plan.inputs
	in.ScopeSeparator = " "
	in.ClientID = c.text(c.entry, c.pointer, "clientId")
	if in.ClientID != "" {
		c.names["clientId"] = false
	}
	if strings.Contains(in.ClientID, "{{") {
		c.warn(jsontree.Child(c.pointer, "clientId"), "the client id is no template: it is sent as it is, {{ and all",
			`leave it out and declare a field "clientId" with the source "CUSTOMER" instead`)
	}
	if n := c.entry.Get("clientSecret"); !n.Absent() && c.kind(n, jsontree.Child(c.pointer, "clientSecret"), jsontree.String) {
		in.ClientSecret = n.Sealed
		if n.Masked() {
			c.names["clientSecret"] = true
		}
	}
	in.AuthorizationURL = c.url(c.entry, c.pointer, "authorizationUrl")
	in.AccessTokenURL = c.url(c.entry, c.pointer, "accessTokenUrl")
	in.RefreshTokenURL = c.url(c.entry, c.pointer, "refreshTokenUrl")
	in.Scope = c.scope()
	paths := &c.plan.paths
	paths.AccessToken = c.path(c.entry, c.pointer, "accessTokenResponsePath")
	paths.RefreshToken = c.path(c.entry, c.pointer, "refreshTokenResponsePath")
	paths.ExpiresIn = c.path(c.entry, c.pointer, "expiresInResponsePath")
}

// scope reads the list of scopes under either of its names (I3).
func (c *compiler) scope() []string {
	one, many := c.entry.Get("scope"), c.entry.Get("scopes")
	scope, scopes := c.list(one, jsontree.Child(c.pointer, "scope")), c.list(many, jsontree.Child(c.pointer, "scopes"))
	if !one.Absent() && !many.Absent() && !slices.Equal(scope, scopes) {
		c.refuse(jsontree.Child(c.pointer, "scopes"), "scope and scopes say different things", `keep "scope" alone`)
	}
	if one.Absent() {
		return scopes
	}
	return scope
}

// list reads a list of strings.
func (c *compiler) list(n *jsontree.Node, at string) []string {
	if n.Absent() {
		return nil
	}
	if n.Is(jsontree.String) {
		words := strings.FieldsFunc(n.Text, func(r rune) bool { return r == ' ' || r == ',' })
		c.refuse(at, "this must be a list of strings, not one string",
			"write ["+strings.ReplaceAll(quoteList(words), " or ", ", ")+"]")
		return nil
	}
	var out []string
	for i, item := range c.items(n, at) {
		if c.kind(item, jsontree.Element(at, i), jsontree.String) && item.Text != "" {
			out = append(out, item.Text)
		}
	}
	return out
}

// path reads a response path.
func (c *compiler) path(parent *jsontree.Node, pointer, name string) Path {
	text := c.text(parent, pointer, name)
	if text == "" {
		return Path{}
	}
	path, err := parsePath(text)
	if err != nil {
		c.warn(jsontree.Child(pointer, name), shown(text)+" is read as one top-level key: "+err.Error(), "")
	}
	return path
}

// The severities as verbs.

func (c *compiler) refuse(pointer, message, fix string) { c.add(Refused, pointer, message, fix) }
func (c *compiler) unpublishable(pointer, message, fix string) {
	c.add(Unpublishable, pointer, message, fix)
}
func (c *compiler) warn(pointer, message, fix string) { c.add(Warning, pointer, message, fix) }

func (c *compiler) add(severity Severity, pointer, message, fix string) {
	c.problems = append(c.problems, Problem{Pointer: pointer, Message: message, Fix: fix, Severity: severity})
}

// kind checks that a node is of a kind. An absent one is not, and that is no problem here.
func (c *compiler) kind(n *jsontree.Node, pointer string, want jsontree.Kind) bool {
	if n == nil || n.Kind == want {
		return n != nil
	}
	c.refuse(pointer, "this must be "+want.String()+", not "+n.Kind.String(), "")
	return false
}

// maxItems bounds every list of a definition.
const maxItems = 500

// items gives the elements of an array, none when it is absent, of another kind, or longer than anybody needs.
func (c *compiler) items(n *jsontree.Node, pointer string) []*jsontree.Node {
	if n.Absent() || !c.kind(n, pointer, jsontree.Array) {
		return nil
	}
	if len(n.Items()) > maxItems {
		c.refuse(pointer, fmt.Sprintf("there are %d, and %d are allowed", len(n.Items()), maxItems), "")
		return nil
	}
	return n.Items()
}

// text reads a string member, "" when it is absent.
func (c *compiler) text(parent *jsontree.Node, pointer, name string) string {
	n := parent.Get(name)
	if n.Absent() || !c.kind(n, jsontree.Child(pointer, name), jsontree.String) {
		return ""
	}
	return n.Text
}

// truth reads a boolean member, false when it is absent.
func (c *compiler) truth(parent *jsontree.Node, pointer, name string) bool {
	n := parent.Get(name)
	return !n.Absent() && c.kind(n, jsontree.Child(pointer, name), jsontree.Bool) && n.Truth()
}

// enum reads one of a set of words.
func (c *compiler) enum(n *jsontree.Node, pointer, what string, allowed ...string) (string, bool) {
	if n.Absent() || !c.kind(n, pointer, jsontree.String) {
		return "", false
	}
	if slices.Contains(allowed, n.Text) {
		return n.Text, true
	}
	fix := "use one of " + quoteList(allowed)
	if meant, ok := suggest.Closest(n.Text, allowed); ok {
		fix = "write " + shown(meant)
		if !strings.EqualFold(meant, n.Text) {
			fix = "did you mean " + shown(meant) + "? " + "Use one of " + quoteList(allowed)
		}
	}
	c.refuse(pointer, what+" "+shown(n.Text)+" is unknown", fix)
	return "", false
}

// misspelt warns of members that look like one of ours and are not: they are kept and ignored.
func (c *compiler) misspelt(n *jsontree.Node, pointer string, known map[string]bool) {
	names := slices.Sorted(maps.Keys(known))
	for _, m := range n.Members() {
		if known[m.Name] {
			continue
		}
		if len(c.problems) >= maxGuesses {
			return
		}
		if meant, ok := suggest.Closest(m.Name, names); ok && n.Get(meant) == nil {
			c.warn(jsontree.Child(pointer, m.Name), "nothing reads "+shown(m.Name), "did you mean "+shown(meant)+"?")
		}
	}
}
