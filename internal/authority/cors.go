package authority

import (
	"net/http"
	"slices"

	"latchkey/internal/project"
)

// published are the paths that say the same to everybody: any script may read them.
var published = []string{"/ims/keys", "/ims/.well-known/openid-configuration", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}

// preflight answers a browser that asks whether a script may call. It may: the answer itself is kept from scripts of other
// origins than the client's ([exchange.share]), and nothing here goes by cookies but what people see.
func (x *exchange) preflight() {
	header := x.w.Header()
	if origin := x.r.Header.Get("Origin"); origin != "" {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Add("Vary", "Origin")
		header.Set("Access-Control-Allow-Methods", "GET, POST")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-IMS-ClientId")
		header.Set("Access-Control-Max-Age", "600")
	}
	x.w.WriteHeader(http.StatusNoContent)
}

// share lets scripts of a public client's own origins read the answer.
func (x *exchange) share(client *project.Client) {
	origin := x.r.Header.Get("Origin")
	if origin == "" || client.Kind.Confidential() {
		return
	}
	x.w.Header().Add("Vary", "Origin")
	if client.Redirect.AllowsOrigin(origin) {
		x.w.Header().Set("Access-Control-Allow-Origin", origin)
		x.w.Header().Set("Access-Control-Expose-Headers", "X-Debug-Id")
	}
}

// publish lets every script read an answer that is everybody's.
func (x *exchange) publish(path string) {
	if slices.Contains(published, path) {
		x.w.Header().Set("Access-Control-Allow-Origin", "*")
	}
}
