package simulator

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// mount is where a simulated host appears to the browser: at the root of its own host, or under a prefix of another.
type mount struct {
	prefix string // "/sim"; "" at the host itself
	base   string // "/sim/www.moviestar.com"; "" at the host itself
	host   string // the Host that the browser asked for
}

type mountKey struct{}

func mountOf(r *http.Request) mount {
	if m, ok := r.Context().Value(mountKey{}).(mount); ok {
		return m
	}
	return mount{host: r.Host}
}

// rewrite turns the URL of a simulated host into one that the browser can follow.
func (m mount) rewrite(location string) string {
	u, err := url.Parse(location)
	if m.prefix == "" || err != nil || u.Host == "" {
		return location
	}
	where, ok := locate(u.Host)
	if !ok {
		return location
	}
	here := url.URL{Path: m.prefix + "/" + where.host + u.Path, RawQuery: u.RawQuery, Fragment: u.Fragment}
	return here.String()
}

// original gives the request with the host that the browser asked for, which is what its Origin is compared with.
func (m mount) original(r *http.Request) *http.Request {
	out := *r
	out.Host = m.host
	return &out
}

// Browser serves the simulated hosts at {prefix}/{host}/…, for a browser that can reach no other host than
// Latchkey's; {prefix}/ is a page about the simulator, and {prefix}/_/… its control API.
func (s *Simulator) Browser(prefix string) http.Handler {
	prefix = strings.TrimSuffix(prefix, "/")
	control := s.control(prefix)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, prefix)
		host, path, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		switch {
		case !ok || rest != "" && rest[0] != '/':
			http.NotFound(w, r)
		case rest == "":
			http.Redirect(w, r, prefix+"/", http.StatusPermanentRedirect)
		case host == "":
			s.index(w, r, prefix)
		case host == "_":
			control.ServeHTTP(w, r)
		default:
			m := mount{prefix: prefix, base: prefix + "/" + host, host: r.Host}
			under := r.Clone(context.WithValue(r.Context(), mountKey{}, m))
			under.Host, under.URL.Path, under.URL.RawPath = host, "/"+path, ""
			s.serve(w, under)
		}
	})
}

const indexRequests = 20

// index is the page about the simulator.
func (s *Simulator) index(w http.ResponseWriter, r *http.Request, prefix string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET")
		http.Error(w, "The page is only to be read.", http.StatusMethodNotAllowed)
		return
	}
	requests := s.Requests()
	requests = requests[max(0, len(requests)-indexRequests):]
	slices.Reverse(requests)
	example := url.URL{Path: prefix + "/www.moviestar.com/dialog/OAuth", RawQuery: url.Values{
		"response_type": {"code"}, "client_id": {SampleClientID}, "scope": {"read write"}, "state": {"example"},
		"redirect_uri": {"https://www." + moviestarSuffix + callbackPath},
	}.Encode()}
	a := s.page(http.StatusOK, "index.html", map[string]any{
		"Style": prefix + "/www." + moviestarSuffix + stylePath, "Prefix": prefix, "Endpoints": s.endpoints,
		"Faults": Faults(), "Rules": s.Rules(), "Requests": requests, "Example": example.String(),
		"ClientID": SampleClientID, "Secret": SampleClientSecret, "Secret1": SampleSecretOfEx1,
		"User": SampleUser, "Password": SamplePassword, "Special": SpecialRefreshToken,
	})
	s.deliver(w, &call{request: r, mount: mount{host: r.Host}}, a)
}
