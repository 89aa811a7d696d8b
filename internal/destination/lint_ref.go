package destination

import (
	"maps"
	"slices"
	"strings"

	"latchkey/internal/suggest"
)

// userNames, responseNames and requestNames are the names below the other roots (spec §2.1, §6.3).
var (
	userNames     = []string{"sandboxName", "sandboxId", "imsOrgId", "client"}
	responseNames = []string{"body", "status", "headers"}
	requestNames  = []string{"id", "epoch", "epochMs", "body"}
	codeNames     = []string{"code", "redirectUri", "state", "codeVerifier"}
)

// checkUses checks what every template mentions.
func (c *compiler) checkUses() {
	for _, u := range c.uses {
		said := map[string]bool{}
		for _, ref := range u.text.refs {
			parts := strings.SplitN(ref, ".", 3)
			name := parts[0]
			if len(parts) > 1 {
				name += "." + parts[1]
			}
			if !said[name] {
				said[name] = true
				c.checkRef(u, parts[0], strings.TrimPrefix(strings.TrimPrefix(name, parts[0]), "."))
			}
		}
	}
}

// checkRef checks one name, like authData.clientId; name is "" where the root stands alone.
func (c *compiler) checkRef(u use, root, name string) {
	at := u.text.pointer
	switch root {
	case "authData":
		c.checkAuthData(u, name)
	case "userContext":
		c.checkName(at, root, name, userNames)
	case "response":
		c.checkName(at, root, name, responseNames)
		if u.place != inResponse && u.place != inValidation {
			c.unpublishable(at, "there is no response yet when this is rendered", "")
		}
	case "request":
		c.checkName(at, root, name, requestNames)
		if name == "body" && u.place != inHeader {
			c.unpublishable(at, "request.body is known in header values only", "")
		}
	case "customerData":
		c.warn(at, "customerData is empty while a customer logs in",
			"declare the value in authenticationDataFields and use authData")
	default:
		roots := []string{"authData", "response", "userContext", "request"}
		fix := "the names begin with authData, response, userContext or request"
		if meant, ok := suggest.Closest(root, roots); ok {
			fix = "did you mean " + meant + "?"
		}
		c.unpublishable(at, "the template uses "+shown(root)+", which nothing gives", fix)
	}
}

func (c *compiler) checkName(at, root, name string, known []string) {
	if name == "" || slices.Contains(known, name) {
		return
	}
	fix := root + " has " + quoteList(known)
	if meant, ok := suggest.Closest(name, known); ok {
		fix = "did you mean " + root + "." + meant + "?"
	}
	c.unpublishable(at, "there is no "+root+"."+name, fix)
}

func (c *compiler) checkAuthData(u use, name string) {
	at := u.text.pointer
	switch {
	case name == "":
		c.warn(at, "the template uses authData as a whole, with every secret in it", "name the members")
		return
	case slices.Contains(codeNames, name) && c.plan.grant == AuthorizationCode:
		if !c.knowsCode(at) {
			c.unpublishable(at, "authData."+name+" is known only while a code is exchanged", "")
		}
		return
	}
	hidden, known := c.names[name]
	if !known {
		c.undeclared(at, name)
		return
	}
	if hidden && u.place == inURL {
		c.warn(at, "a secret, authData."+name+", becomes part of a URL, and URLs are written to logs on their way", "")
	}
}

// knowsCode tells whether the text at pointer is rendered while a code is exchanged.
func (c *compiler) knowsCode(pointer string) bool {
	return slices.ContainsFunc(c.exchanging, func(prefix string) bool { return strings.HasPrefix(pointer, prefix+"/") })
}

// maxGuesses bounds the problems for which a better word is looked for.
const maxGuesses = 100

// undeclared says how to declare a name.
func (c *compiler) undeclared(at, name string) {
	field := fieldExample(name)
	fix := "add " + field + " to authenticationDataFields"
	if name == "clientId" || name == "clientSecret" {
		fix = `add "` + name + `": "…" to the entry, or ` + field + " to authenticationDataFields"
	}
	if len(c.problems) < maxGuesses {
		if meant, ok := suggest.Closest(name, slices.Sorted(maps.Keys(c.names))); ok {
			fix = "did you mean authData." + meant + "? Or " + fix
		}
	}
	c.unpublishable(at, "the template uses authData."+name+", and nothing declares it", fix)
}

// fieldExample writes a field that asks the customer for a name.
func fieldExample(name string) string {
	format := ""
	if secretName(name) {
		format = `, "format": "password"`
	}
	return `{"name": "` + name + `", "title": "` + titleOf(name) + `", "type": "string", "isRequired": true` + format +
		`, "source": "CUSTOMER"}`
}

// titleOf makes a label of a name: "customerId" gives "Customer ID".
func titleOf(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e }) {
		return name
	}
	var words []string
	start := 0
	for i := 1; i <= len(name); i++ {
		if i == len(name) || name[i] >= 'A' && name[i] <= 'Z' && (name[i-1] < 'A' || name[i-1] > 'Z') {
			words = append(words, name[start:i])
			start = i
		}
	}
	for i, word := range words {
		switch lower := strings.ToLower(word); {
		case lower == "id" || lower == "url":
			words[i] = strings.ToUpper(word)
		case i == 0:
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		default:
			words[i] = lower
		}
	}
	return strings.Join(words, " ")
}
