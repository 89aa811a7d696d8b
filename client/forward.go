package client

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// callersOwn are headers that say who calls. A call that is handed on has this client's instead.
var callersOwn = []string{"Authorization", "Cookie", "X-Sandbox-Name", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

// Forward gives a handler that hands a request on to the server, at the same path below its URL, with the client's key and
// sandbox in place of the caller's: for calls through the proxy, /api/v1/proxy/…, by programs that have no key. Bodies and
// answers flow as they come, WebSockets too. refused answers when the server does not. Who may ask, and for what, is for the
// handler before it to say.
func (c *Client) Forward(refused func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return &httputil.ReverseProxy{
		Transport:     c.http.Transport,
		FlushInterval: -1, // a stream goes on as it comes
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: c.base.Path})
			for _, name := range callersOwn {
				p.Out.Header.Del(name)
			}
			p.Out.Header.Set("Authorization", "Bearer "+c.config.Key)
			if c.config.Sandbox != "" {
				p.Out.Header.Set("X-Sandbox-Name", c.config.Sandbox)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			refused(w, r, c.unreachable(r.Context(), err))
		},
	}
}
