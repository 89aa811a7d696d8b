package authority

import (
	"net/http"
	"net/url"
	"regexp"

	"latchkey/internal/project"
)

// callbackName is what a script's function may be called (JSONP).
var callbackName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$.]{0,63}$`)

// logout ends the browser's session, and leads the browser to the client where that may be (spec §2.1). With a client's
// secret, or a callback, it is a call that wants no redirect.
func (s *Server) logout(x *exchange) {
	f, refused := x.form()
	if refused != nil {
		x.refuse(refused)
		return
	}
	var client *project.Client
	if f.get("client_id") != "" {
		if client, refused = x.identify(f); refused != nil {
			x.refuse(refused)
			return
		}
	}
	switch {
	case f.authenticates():
		x.logoutByClient(f)
		return
	case f.get("access_token") != "" && client != nil:
		if token, err := x.check(f.get("access_token")); err == nil && token.ClientID == client.ClientID && token.Family != "" {
			if refused := x.endFamily(token.Family, client.ClientID, EndRevoked); refused != nil {
				x.refuse(refused)
				return
			}
		}
	}
	s.browser.SignOut(x.w, x.r)
	target := f.get("redirect_uri")
	if target == "" {
		target = f.get("post_logout_redirect_uri") // OpenID Connect RP-Initiated Logout
	}
	switch name := f.get("callback"); {
	case name != "" && callbackName.MatchString(name):
		x.w.Header().Set("Content-Type", "text/javascript;charset=UTF-8")
		x.w.WriteHeader(http.StatusOK)
		_, _ = x.w.Write([]byte("/**/" + name + `({"loggedOut":true});`))
	case name != "":
		x.refuse(invalidRequest("The callback is no name of a function."))
	case client != nil && target != "" && client.Redirect.Allows(target):
		if state := f.get("state"); state != "" {
			target = withQuery(target, url.Values{"state": {state}})
		}
		x.redirect(target)
	default:
		s.browser.SignedOut(x.w, x.r)
	}
}

// logoutByClient is the back channel: a client ends the tokens that it was given, 200 and nothing.
func (x *exchange) logoutByClient(f form) {
	client, _, refused := x.authenticate(f)
	if refused != nil {
		x.fail(refused)
		return
	}
	text := f.get("access_token")
	if text == "" {
		text = x.bearer()
	}
	x.end(text, client.ClientID, true)
}

// logoutToken is /ims/logout/v1/token: the token says who, and ends.
func (s *Server) logoutToken(x *exchange) {
	f, refused := x.form()
	if refused != nil {
		x.fail(refused)
		return
	}
	text := f.get("access_token")
	if text == "" {
		text = x.bearer()
	}
	token, err := x.check(text)
	if err != nil { // it has ended, which is what was wanted
		x.w.WriteHeader(http.StatusOK)
		return
	}
	if id := f.get("client_id"); id != "" && id != token.ClientID {
		x.fail(&fault{status: http.StatusBadRequest, code: "invalid_client", says: "The access token was given to another client."})
		return
	}
	x.client = token.ClientID
	x.end(text, token.ClientID, true)
}
