package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// schemes are what can stand in a content security policy as a scheme, and lead a browser to a program.
var schemes = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// unsafeSchemes name content, not a place.
var unsafeSchemes = map[string]bool{"javascript": true, "data": true, "blob": true, "about": true, "file": true, "filesystem": true, "view-source": true}

// allowFormTo lets the page's form end at a client. Browsers hold form-action against every redirect that follows a POST,
// those of the client's own server too; so it is the scheme that is allowed, and nothing of the address gets into the
// header.
func allowFormTo(header http.Header, redirect string) {
	u, err := url.Parse(redirect)
	if err != nil {
		return
	}
	scheme := strings.ToLower(u.Scheme)
	if !schemes.MatchString(scheme) || unsafeSchemes[scheme] {
		return
	}
	allowed := scheme + ":"
	if scheme == "http" { // a program on this machine may lead on to its own site
		allowed += " https:"
	}
	header.Set("Content-Security-Policy", policy("'self' "+allowed))
}

// destinationOf says in words where a redirect leads, and gives the place.
func destinationOf(redirect string) (words, place string) {
	u, err := url.Parse(redirect)
	if err != nil {
		return "to the application", ""
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "to an application on this device that opens", u.Scheme + ":"
	case host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1":
		return "to a program on this computer, at", u.Host
	}
	return "to", u.Host
}
