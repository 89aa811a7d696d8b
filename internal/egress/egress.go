// Package egress is the one HTTP client to the outside.
//
// What it guarantees, whoever wrote the URL: the address that is dialled, after name resolution, is a public one or
// one that the operator allowed, so neither a definition nor a customer's field reaches the inside (SSRF); TLS 1.2
// or later with verified certificates; no redirect to another origin; a bounded reply in bounded time; a request
// goes out at most once, over HTTP/1.1. An [Error] says in plain words what happened and what to do, whether the request may have
// left ([Error.Sent]), and never holds a path's query, a header or a body.
//
// It trusts the operator's [Config]: the allow-list, the overrides that lead simulated hosts to a local address in
// dev, the corporate proxy. It knows nothing of OAuth; who calls decides what a status means and whether to retry.
package egress

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"time"

	"latchkey/internal/clock"
)

// Config says where requests may go and how long they may take. The zero value is ready for production.
type Config struct {
	// Allow lists what may be dialled although it is not public: CIDRs ("10.1.0.0/16"), addresses, hosts
	// ("idp.corp.example") or hosts with a port ("idp.corp.example:8443").
	Allow []string
	// AllowLoopback lets requests go to this machine, and there by plain http too.
	AllowLoopback bool
	// AllowHTTP lets requests go anywhere without TLS.
	AllowHTTP bool
	// Overrides lead hosts to another address.
	Overrides []Override
	// Proxy is the URL of the proxy that every request passes through (http or https, with user and password where
	// it wants them), by CONNECT; "" means none. The environment is not read. Hosts of Overrides and loopback hosts
	// are dialled directly.
	//
	// The proxy itself is the operator's choice and may be private. It is the proxy that resolves the target's
	// name, so the guard can only check beforehand: a target that is an address is checked as such; a name that
	// resolves here is checked by what it resolves to; a name that doesn't is left to the proxy.
	Proxy string
	// ExtraRoots holds certificates (PEM) that are trusted beside the system's.
	ExtraRoots []byte
	// Timeout bounds one request with its reply; 0 means 30 s.
	Timeout time.Duration
	// MaxBody bounds a reply's body, after decompression, in bytes; 0 means 1 MiB.
	MaxBody int64
	// MaxRequest bounds the body of a request, in bytes; 0 means 4 MiB.
	MaxRequest int64
	// UserAgent is sent unless the request names its own; "" means "latchkey".
	UserAgent string
	// Log gets one debug line a request, without anything secret; nil means none.
	Log *slog.Logger
	// Clock gives [Response.Received]; nil means the machine's.
	Clock clock.Clock
}

// Override leads requests for a host, or for any host below it, to a fixed address without the guard.
type Override struct {
	// Suffix is a host name: "moviestar.com" stands for itself and for every host that ends in ".moviestar.com".
	Suffix string
	// Address is the "host:port" that is dialled instead.
	Address string
	// Roots verifies the certificates of these hosts; nil means the client's own roots.
	Roots *x509.CertPool
}

// Response is a reply that was read to its end.
type Response struct {
	Status int
	Header http.Header
	// Body is the whole body, decompressed.
	Body []byte
	// Received is when the reply's first byte came: what an expires_in counts from, at the latest.
	Received time.Time
	Timing   Timing
}

// Timing is how long each part took; 0 for parts that did not happen, as on a connection that is used again.
type Timing struct {
	DNS, Connect, TLS, FirstByte, Total time.Duration
}

// LogValue gives the parts that happened.
func (t Timing) LogValue() slog.Value {
	var parts []slog.Attr
	for _, part := range []slog.Attr{
		slog.Duration("dns", t.DNS), slog.Duration("connect", t.Connect), slog.Duration("tls", t.TLS),
		slog.Duration("first_byte", t.FirstByte), slog.Duration("total", t.Total),
	} {
		if part.Value.Duration() > 0 {
			parts = append(parts, part)
		}
	}
	return slog.GroupValue(parts...)
}
