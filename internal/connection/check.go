package connection

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/destination"
)

const (
	maxLabel     = 100
	maxReturnURL = 2048
)

// checkLabel refuses labels that can't stand in a URL's path or look like an id.
func checkLabel(label string) destination.Problems {
	refuse := func(message, fix string) destination.Problems {
		return destination.Problems{{Pointer: "/label", Message: message, Fix: fix, Severity: destination.Refused}}
	}
	switch {
	case label == "":
		return nil
	case isID(label):
		return refuse(`a label can't begin like an id, with "conn_"`, "choose another label")
	case utf8.RuneCountInString(label) > maxLabel:
		return refuse(fmt.Sprintf("the label has more than %d characters", maxLabel), "shorten it")
	case label == "." || label == ".." || strings.TrimSpace(label) != label:
		return refuse("the label can't stand in a URL", "begin and end it with a letter or a digit")
	}
	for _, r := range label {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ._-:@+", r) {
			return refuse(fmt.Sprintf("the label has the character %q", r), "use letters, digits, blanks and . _ - : @ +")
		}
	}
	return nil
}

// checkReturnURL allows paths of our own and the origins that the operator lists: an open redirect would let anyone
// send a customer anywhere from here.
func (c *Connector) checkReturnURL(text string) destination.Problems {
	if text == "" || c.returnAllowed(text) {
		return nil
	}
	return destination.Problems{{
		Pointer: "/return_url", Severity: destination.Refused,
		Message: "the browser can't be sent back there: the origin is not on the allow-list",
		Fix:     `use a path such as "/done", or ask the operator to add the origin to return_urls`,
	}}
}

func (c *Connector) returnAllowed(text string) bool {
	if len(text) > maxReturnURL || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.User != nil || u.Opaque != "":
		return false
	case u.Scheme == "" && u.Host == "":
		return strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//")
	case c.config.AllowLoopbackReturn && u.Scheme == "http" && loopback(u.Hostname()):
		return true
	}
	origin := originOf(u)
	same := func(base string) bool {
		allowed, err := url.Parse(base)
		return err == nil && originOf(allowed) == origin
	}
	return slices.ContainsFunc(c.config.ReturnOrigins, same) || slices.ContainsFunc(c.config.PublicURLs, same)
}

// originOf gives scheme, host and port (RFC 6454 §4), "" of what is no web address.
func originOf(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if scheme != "https" && scheme != "http" {
		return ""
	}
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// checkBaseURL allows the configured public URLs.
func (c *Connector) checkBaseURL(base string) destination.Problems {
	if base == "" || slices.Contains(c.config.PublicURLs, strings.TrimRight(base, "/")) {
		return nil
	}
	return destination.Problems{{
		Pointer: "/base_url", Severity: destination.Refused,
		Message: "this is none of the public URLs under which browsers reach this server",
		Fix:     "use one of " + strings.Join(c.config.PublicURLs, ", "),
	}}
}

// baseURL gives the public URL to begin at.
func (c *Connector) baseURL(asked string) string {
	if asked == "" {
		return c.config.PublicURLs[0]
	}
	return strings.TrimRight(asked, "/")
}
