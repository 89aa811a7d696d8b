package ims

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/jsontree"
)

var (
	organizationID   = regexp.MustCompile(`^[0-9A-Za-z]{1,64}@AdobeOrg$`)
	technicalAccount = regexp.MustCompile(`^[0-9A-Za-z.-]{1,64}@techacct\.adobe\.com$`)
	scopeName        = regexp.MustCompile(`^[\x21\x23-\x2B\x2D-\x5B\x5D-\x7E]{1,128}$`) // RFC 6749 §3.3, without the comma
)

// payload is what the pasted claims of a JWT say.
type payload struct {
	organization, account string
	// server and client are those of aud.
	server, client string
	metascopes     []string
	// misnamed says that a claim looks like a metascope and is none, which has been said.
	misnamed bool
}

const atPayload = "/payload"

// readPayload reads the claims as the console's tab "Generate JWT" shows them. exp is ignored: a fresh one is signed.
func readPayload(text string, now time.Time, problems *finding.Problems) (payload, bool) {
	tree, err := jsontree.Parse([]byte(text))
	if failure, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
		*problems = append(*problems, finding.Problem{
			Severity: finding.Wrong, Pointer: atPayload, Line: failure.Line, Column: failure.Column,
			Message: "the payload is not JSON: at line " + strconv.Itoa(failure.Line) + ", column " + strconv.Itoa(failure.Column) + ": " + failure.Msg,
			Fix:     "paste the whole text of the console's tab Generate JWT, from { to }",
		})
		return payload{}, false
	}
	if err != nil || !tree.Is(jsontree.Object) {
		problems.Wrong(atPayload, "the payload is JSON, but not an object of claims", "paste the whole text of the console's tab Generate JWT, from { to }")
		return payload{}, false
	}
	var p payload
	p.organization = p.text(tree, "iss", organizationID, `the id of the organization, as 6096892F54B5819E0A4C98A2@AdobeOrg`, problems)
	p.account = p.text(tree, "sub", technicalAccount, `the id of the technical account, as D8E157165FC0EAE10A495E8C@techacct.adobe.com`, problems)
	p.audience(tree.Get("aud"), problems)
	p.scopes(tree, problems)
	remarkExp(tree.Get("exp"), now, problems)
	return p, true
}

// text reads a claim that is a text of a form.
func (p *payload) text(tree *jsontree.Node, claim string, form *regexp.Regexp, expected string, problems *finding.Problems) string {
	n := tree.Get(claim)
	switch {
	case n.Absent():
		problems.Wrong(atPayload, `the claim "`+claim+`" is missing; expected is `+expected, "paste the payload whole")
		return ""
	case !n.Is(jsontree.String) || !form.MatchString(n.Text):
		problems.Wrong(atPayload, `the claim "`+claim+`" is not `+expected, `copy it from the credential's details in the console`)
		return ""
	}
	return n.Text
}

// audience reads `aud`: the server, /c/ and the client id.
func (p *payload) audience(n *jsontree.Node, problems *finding.Problems) {
	const expected = `expected is the authorization server, /c/ and the API key: "` + DefaultServer + `/c/<API key>"`
	if n.Absent() {
		problems.Wrong(atPayload, `the claim "aud" is missing; `+expected, "paste the payload whole")
		return
	}
	u, err := url.Parse(n.Str())
	client, found := "", false
	if err == nil {
		client, found = strings.CutPrefix(u.Path, "/c/")
	}
	if !found || client == "" || strings.Contains(client, "/") || u.Host == "" {
		problems.Wrong(atPayload, `the claim "aud" names no client; `+expected, "copy it from the console's tab Generate JWT")
		return
	}
	p.server, p.client = strings.ToLower(u.Scheme+"://"+u.Host), client
}

// scopes reads the metascopes: claims whose name is a URL with /s/ in its path, and whose value is true.
func (p *payload) scopes(tree *jsontree.Node, problems *finding.Problems) {
	for _, m := range tree.Members() {
		u, err := url.Parse(m.Name)
		if err != nil || u.Host == "" {
			continue
		}
		name, found := strings.CutPrefix(u.Path, "/s/")
		p.misnamed = p.misnamed || !found || !m.Value.Truth()
		switch {
		case !found || !scopeName.MatchString(name):
			problems.Wrong(atPayload, "the claim "+strconv.Quote(m.Name)+` is not that of a metascope; expected is "`+DefaultServer+`/s/<metascope>": true`, "copy it from the console's tab Generate JWT")
		case !m.Value.Truth():
			problems.Wrong(atPayload, "the metascope "+name+" is not true", `write "…/s/`+name+`": true`)
		case !slices.Contains(p.metascopes, name):
			p.metascopes = append(p.metascopes, name)
		}
	}
}

// remarkExp says what is particular about an expiry that is not used.
func remarkExp(n *jsontree.Node, now time.Time, problems *finding.Problems) {
	const ignored = "; it is ignored: each token request is signed with a fresh one, 5 minutes ahead"
	if n.Absent() {
		return
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(n.Text), 64)
	what := ""
	switch {
	case n.Is(jsontree.String):
		what = `the claim "exp" is a text, where a number of seconds was expected`
	case !n.Is(jsontree.Number) || err != nil:
		what = `the claim "exp" is no number of seconds`
	case seconds > 1e11:
		what = `the claim "exp" is in milliseconds, where seconds were expected`
	case seconds < float64(now.Unix()):
		what = `the claim "exp" has passed`
	}
	if what != "" {
		problems.Add(finding.Noted, atPayload, what+ignored, "")
	}
}
