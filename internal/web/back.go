package web

import (
	"net/http"
	"net/url"
	"strings"
)

// maxBack bounds an address to go back to: a request for authorization with a long state.
const maxBack = 8 << 10

// localPath gives an address of this server as it was asked to lead back to, or "/" for anything that a browser could
// take for an address elsewhere.
func localPath(text string) string {
	if len(text) > maxBack || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") {
		return "/"
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || c == '\\' {
			return "/"
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return "/"
	}
	return text
}

// redirectBack leads to an address of this server.
func redirectBack(w http.ResponseWriter, r *http.Request, back string) {
	http.Redirect(w, r, localPath(back), http.StatusSeeOther) //nolint:gosec // localPath lets no other place through
}

// hintOf gives the address that a request for authorization expects to sign in (OpenID Connect Core §3.1.2.1).
func hintOf(back string) string {
	u, err := url.Parse(back)
	if err != nil {
		return ""
	}
	if hint := u.Query().Get("login_hint"); len(hint) <= maxEmail {
		return hint
	}
	return ""
}

// signInPath is the sign-in page that leads back there.
func signInPath(back string) string { return "/sign-in?back=" + url.QueryEscape(back) }
