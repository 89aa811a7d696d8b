package simulator

import (
	"net"
	"strings"

	"latchkey/internal/devca"
)

const (
	moviestarSuffix = "moviestar.com"
	tenantSuffix    = "yourdestination.com"
)

// Hosts lists the domains whose every subdomain is simulated, for the overrides of an egress client.
func Hosts() []string { return []string{moviestarSuffix, tenantSuffix} }

// realm is one of the two kinds of simulated host.
type realm int

const (
	moviestar  realm = 1 << iota // www.moviestar.com, api.moviestar.com
	tenantHost                   // {tenant}.yourdestination.com
)

// place is a simulated host.
type place struct {
	realm  realm
	host   string
	tenant string // the label before yourdestination.com; "" on moviestar.com
}

// locate recognizes a simulated host by the value of a Host header.
func locate(hostport string) (place, bool) {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !devca.IsHostname(host) {
		return place{}, false
	}
	if _, ok := strings.CutSuffix(host, "."+moviestarSuffix); ok {
		return place{realm: moviestar, host: host}, true
	}
	if label, ok := strings.CutSuffix(host, "."+tenantSuffix); ok {
		return place{realm: tenantHost, host: host, tenant: label}, true
	}
	return place{}, false
}
