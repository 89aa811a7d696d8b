package simulator

import (
	"net"
	"strings"
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
	if !isHostname(host) {
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

// isHostname tells whether a lower-case text is a DNS name of letters, digits, hyphens and dots (RFC 1123 §2.1).
func isHostname(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, b := range []byte(label) {
			if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
				return false
			}
		}
	}
	return true
}
