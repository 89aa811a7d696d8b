package project

import (
	"fmt"
	"net/url"
	"regexp/syntax"
	"slices"
	"strings"
)

// The bounds are those of spec/ims-and-console.md §2.3.
const (
	maxDefaultRedirect = 256
	maxPatterns        = 512
)

// checkRedirect takes where a browser may come back to. A browser that can be led anywhere hands its code to anybody, so
// a pattern has to begin with a whole origin in plain text.
func checkRedirect(kind Kind, r Redirect, loopback bool) (Redirect, error) {
	if !kind.Redirects() {
		if r.Default != "" || len(r.Patterns) > 0 {
			return r, &InvalidError{Pointer: "/redirect", Message: fmt.Sprintf("a credential of the kind %s has no redirect URI", kind), Fix: "leave it out"}
		}
		return Redirect{}, nil
	}
	if r.Default == "" {
		return r, &InvalidError{Pointer: "/redirect/default", Message: "the default redirect URI is missing", Fix: "give the address that browsers come back to after the sign-in"}
	}
	if len(r.Default) > maxDefaultRedirect {
		return r, &InvalidError{Pointer: "/redirect/default", Message: fmt.Sprintf("the default redirect URI has more than %d characters", maxDefaultRedirect), Fix: "shorten it"}
	}
	if err := checkRedirectURI("/redirect/default", kind, r.Default, loopback); err != nil {
		return r, err
	}
	r.Patterns = slices.Clone(r.Patterns)
	if len(strings.Join(r.Patterns, ",")) > maxPatterns {
		return r, &InvalidError{Pointer: "/redirect/patterns", Message: fmt.Sprintf("the patterns have more than %d characters together", maxPatterns), Fix: "shorten them"}
	}
	for i, pattern := range r.Patterns {
		pointer := fmt.Sprintf("/redirect/patterns/%d", i)
		// The console's form has dots escaped by two backslashes; no URI has one.
		pattern = strings.ReplaceAll(strings.TrimSpace(pattern), `\\`, `\`)
		prefix, whole, err := plainBeginning(pattern)
		if err != nil {
			return r, &InvalidError{Pointer: pointer, Message: "this is no regular expression", Fix: `write it as https://www\.example\.com/.*`}
		}
		if !whole && !endsOrigin(prefix) {
			return r, &InvalidError{
				Pointer: pointer, Message: "the pattern leaves the host open",
				Fix: `begin it with a whole address in plain text, dots escaped and a slash behind the host: https://www\.example\.com/.*`,
			}
		}
		if err := checkRedirectURI(pointer, kind, prefix, loopback); err != nil {
			return r, err
		}
		r.Patterns[i] = pattern
	}
	return r, nil
}

// plainBeginning gives the text that everything that matches begins with, and whether that is the whole.
func plainBeginning(pattern string) (prefix string, whole bool, err error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false, err
	}
	parsed = parsed.Simplify()
	switch {
	case parsed.Op == syntax.OpLiteral && parsed.Flags&syntax.FoldCase == 0:
		return string(parsed.Rune), true, nil
	case parsed.Op == syntax.OpConcat && parsed.Sub[0].Op == syntax.OpLiteral && parsed.Sub[0].Flags&syntax.FoldCase == 0:
		return string(parsed.Sub[0].Rune), false, nil
	}
	return "", false, nil
}

// endsOrigin tells whether scheme and host are over in a text: a slash comes behind them.
func endsOrigin(prefix string) bool {
	_, rest, ok := strings.Cut(prefix, "://")
	return ok && strings.Contains(rest, "/")
}

func checkRedirectURI(pointer string, kind Kind, uri string, loopback bool) error {
	invalid := func(message, fix string) error {
		return &InvalidError{Pointer: pointer, Message: message, Fix: fix}
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || !u.IsAbs() || u.Opaque != "":
		return invalid("this is no absolute URI", "write it whole: https://www.example.com/callback")
	case u.User != nil:
		return invalid("a name and password stand before the host", "leave them out")
	case u.Fragment != "" || strings.Contains(uri, "#"):
		return invalid("a redirect URI has no fragment (RFC 6749 §3.1.2)", "leave out # and what follows")
	case strings.Contains(uri, "*"):
		return invalid("a redirect URI has no wildcards", "list each, or write a pattern")
	case slices.Contains([]string{"javascript", "data", "vbscript", "file", "about", "blob"}, strings.ToLower(u.Scheme)):
		return invalid(fmt.Sprintf("a browser would run or open %s: itself", u.Scheme), "use an address of your application")
	}
	host := u.Hostname()
	local := isLoopback(host)
	switch {
	case u.Scheme == "https" && host != "":
	case u.Scheme == "http" && local && (loopback || kind == OAuthNativeApp):
	case u.Scheme != "http" && u.Scheme != "https" && kind == OAuthNativeApp:
	case u.Scheme == "https":
		return invalid("the host is missing", "write it whole: https://www.example.com/callback")
	default:
		return invalid("a redirect URI of this kind needs https", "use https://; a native app may use a scheme of its own, or http on the person's own machine")
	}
	return nil
}
