package sidecar

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"latchkey/internal/secret"
)

// RequestHeader is what a request has to have that shows no key: any value will do. A program that is made to fetch an address
// cannot be made to send it.
const RequestHeader = "Latchkey-Request"

// machineNames are hosts by which clients of the vendors' metadata servers mean this machine.
var machineNames = []string{"localhost", "metadata", "metadata.google.internal"}

// guarded keeps out what browsers send for a page, what came through a proxy, and names that lead here and are not ours.
func (s *server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		site := r.Header.Get("Sec-Fetch-Site")
		switch {
		case r.Header.Get("Origin") != "" || site != "" && site != "none":
			tell(w, http.StatusForbidden, problem{Kind: "cross_origin", Title: "The request comes from a page", Detail: "a sidecar answers programs, not pages in a browser"})
		case r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "":
			tell(w, http.StatusForbidden, problem{Kind: "cross_origin", Title: "The request came through a proxy", Detail: "a sidecar answers programs of its own machine; leave its address out of the proxy's: NO_PROXY=127.0.0.1,localhost"})
		case !here(r):
			tell(w, http.StatusForbidden, problem{Kind: "cross_origin", Title: "The host is not this machine", Detail: "a sidecar is called by 127.0.0.1, ::1 or localhost; the request's Host is another one"})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// here tells whether the request was sent to a name of this machine. On a Unix socket every name is.
func here(r *http.Request) bool {
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && at.Network() == "unix" {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(strings.ToLower(strings.TrimSuffix(host, ".")), "[]")
	for _, name := range machineNames {
		if host == name {
			return true
		}
	}
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLoopback() || address.IsLinkLocalUnicast()) // 169.254.169.254, led here
}

// ownShape wants the key, or where there is none, any Authorization or the header that stands for it.
func (s *server) ownShape(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case !s.Key.Empty() && (!bearer || !s.Key.Equal(secret.New(given))):
			tell(w, http.StatusUnauthorized, problem{Kind: "unauthenticated", Title: "No valid key", Detail: "this sidecar wants its own key: send Authorization: Bearer and what it was started with"})
		case s.Key.Empty() && r.Header.Get("Authorization") == "" && r.Header.Get(RequestHeader) == "":
			tell(w, http.StatusUnauthorized, problem{Kind: "unauthenticated", Title: "A header is missing", Detail: "send " + RequestHeader + ": true with the request"})
		case !s.serves(r.PathValue("ref")) && r.PathValue("ref") != "":
			tell(w, http.StatusNotFound, problem{Kind: "not_found", Title: "There is no such thing",
				Detail: "this sidecar was not started for that connection, but for " + strings.Join(s.Connections, ", ")})
		default:
			next.ServeHTTP(w, r)
		}
	})
}
