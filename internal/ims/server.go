package ims

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"latchkey/internal/finding"
)

// DefaultServer is where Adobe's clients ask.
const DefaultServer = "https://ims-na1.adobelogin.com"

// readServer takes the authorization server as people paste it: a trailing slash goes, what more there is than scheme and
// host is named.
func readServer(text string, allowHTTP bool, problems *finding.Problems) string {
	const pointer = "/authorization_server"
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		problems.Wrong(pointer, "this is not the address of an authorization server", "write scheme and host alone, as "+DefaultServer)
		return ""
	}
	server := strings.ToLower(u.Scheme + "://" + u.Host)
	switch path := strings.TrimRight(u.Path, "/"); {
	case strings.HasPrefix(path, "/c/"):
		problems.Wrong(pointer, `this is the whole line "aud" of the payload, with the client id behind /c/; expected are scheme and host alone`, "write "+server)
		return ""
	case strings.HasPrefix(path, "/ims"):
		problems.Wrong(pointer, "this is the address of an endpoint; expected are scheme and host alone", "write "+server)
		return ""
	case path != "":
		problems.Wrong(pointer, "there is a path behind the host; expected are scheme and host alone", "write "+server)
		return ""
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && allowHTTP && loopback(u.Hostname())) {
		problems.Wrong(pointer, "the server is asked without TLS, which would show the secret on the way", "write https://"+strings.ToLower(u.Host))
		return ""
	}
	return server
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// hostOf gives host and port of an address.
func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return u.Host
}

// Vendors tells whether a server is Adobe's own.
func Vendors(server string) bool {
	host := hostOf(server)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return within(host, "adobelogin.com") || within(host, "adobe.com") || within(host, "adobe.io")
}

func within(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

// Retired says that the vendor has given up what a configuration does, and what to do; "" when it has not.
func (c *Configuration) Retired() string {
	if c.Type != JWT || !Vendors(c.Server) {
		return ""
	}
	return "Adobe retired Service Account (JWT) credentials: no new ones since 2024-06-03, no new certificates since 2025-06-30, none work " +
		"since 2026-03-01. The OAuth credential that took its place has the same API key: latchkey ims migrate " + c.Name
}

// Requires says which versions of the products can use such a configuration.
func (c *Configuration) Requires() []string {
	var out []string
	switch c.Solution {
	case Target:
		out = append(out, "AEM 6.5: it is the first with the Target Standard API, which IMS configurations are for")
	case Analytics:
		out = append(out, "AEM 6.5.12.0 (service pack 12): it is the first with the Analytics API 2.0, which IMS configurations are for")
	}
	if c.Type == OAuth {
		out = append(out, "OAuth server-to-server: AEM 6.5 service pack 21, or service packs 11 to 20 with ims-jwt-compatibility-package-6.5-1.0; AEM as a Cloud Service has it")
	}
	return out
}
