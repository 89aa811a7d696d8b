package egress

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"code.dny.dev/ssrf"
)

// guard decides which addresses may be dialled.
type guard struct {
	guardian *ssrf.Guardian
	// hosts and endpoints hold allowed names: "idp.corp.example", "idp.corp.example:8443".
	hosts, endpoints map[string]bool
	addresses        map[netip.AddrPort]bool
}

// wireServer is Azure's metadata and DNS service: a public address that leads inside.
var wireServer = netip.MustParsePrefix("168.63.129.16/32")

func newGuard(allow []string, loopback bool) (*guard, error) {
	g := &guard{hosts: map[string]bool{}, endpoints: map[string]bool{}, addresses: map[netip.AddrPort]bool{}}
	var v4, v6 []netip.Prefix
	if loopback {
		v4 = append(v4, netip.MustParsePrefix("127.0.0.0/8"))
		v6 = append(v6, netip.MustParsePrefix("::1/128"))
	}
	for _, entry := range allow {
		prefix, err := g.add(entry)
		switch {
		case err != nil:
			return nil, err
		case prefix.Addr().Is4():
			v4 = append(v4, prefix)
		case prefix.Addr().Is6():
			v6 = append(v6, prefix)
		}
	}
	g.guardian = ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...),
		ssrf.WithDeniedV4Prefixes(wireServer))
	return g, nil
}

// add takes an entry of the allow-list in, or gives the prefix that it is.
func (g *guard) add(entry string) (netip.Prefix, error) {
	text := canonicalHost(strings.TrimSpace(entry))
	if prefix, err := netip.ParsePrefix(text); err == nil && !prefix.Addr().Is4In6() {
		return prefix.Masked(), nil
	}
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if endpoint, err := netip.ParseAddrPort(text); err == nil {
		g.addresses[unmapPort(endpoint)] = true
		return netip.Prefix{}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, ""
	}
	if checkHostName(host) != nil || port != "" && !validPort(port) {
		return netip.Prefix{}, fmt.Errorf("%q is not a CIDR, an address, a host or a host:port", entry)
	}
	if port == "" {
		g.hosts[host] = true
	} else {
		g.endpoints[net.JoinHostPort(host, port)] = true
	}
	return netip.Prefix{}, nil
}

// allows tells whether the operator named the host, wherever it leads.
func (g *guard) allows(host, port string) bool {
	return g.hosts[host] || g.endpoints[net.JoinHostPort(host, port)]
}

// check fails with a [*blockedError] when the address of host may not be dialled.
func (g *guard) check(host string, endpoint netip.AddrPort) error {
	addr := endpoint.Addr()
	if g.allows(host, strconv.Itoa(int(endpoint.Port()))) || g.addresses[unmapPort(endpoint)] {
		return nil
	}
	if err := g.guardian.SafeAddr(addr.WithZone("")); err != nil {
		return &blockedError{host: host, addr: addr}
	}
	return nil
}

// checkLiteral is check for a host that is written as an address, before anything is dialled: it sees the form, as
// "::ffff:10.0.0.5", that the dialler resolves.
func (g *guard) checkLiteral(host, port string) error {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	number, _ := strconv.ParseUint(port, 10, 16)
	return g.check(host, netip.AddrPortFrom(addr, uint16(number)))
}

func unmapPort(endpoint netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(endpoint.Addr().Unmap().WithZone(""), endpoint.Port())
}

// blockedError says which address the guard refused.
type blockedError struct {
	host string
	addr netip.Addr
}

func (e *blockedError) Error() string {
	of := ""
	if e.host != e.addr.String() {
		of = " of " + e.host
	}
	return fmt.Sprintf("the address %s%s is %s; allow it with egress.allow if that is meant", e.addr, of, describe(e.addr))
}

// describe says what kind of address it is that is not a public one.
func describe(addr netip.Addr) string {
	kinds := []struct {
		prefix string
		name   string
	}{
		{"169.254.169.254/32", "a cloud's metadata service"},
		{"168.63.129.16/32", "a cloud's metadata service"},
		{"100.100.100.200/32", "a cloud's metadata service"},
		{"192.0.0.192/32", "a cloud's metadata service"},
		{"fd00:ec2::254/128", "a cloud's metadata service"},
		{"0.0.0.0/8", "unspecified (this machine)"},
		{"::/128", "unspecified (this machine)"},
		{"100.64.0.0/10", "shared by a carrier's customers (RFC 6598)"},
		{"64:ff9b::/96", "an IPv4 address behind NAT64"},
		{"64:ff9b:1::/48", "an IPv4 address behind NAT64"},
		{"2002::/16", "an IPv4 address behind 6to4"},
		{"::ffff:0:0/96", "an IPv4 address written as IPv6"},
	}
	for _, kind := range kinds {
		if netip.MustParsePrefix(kind.prefix).Contains(addr.WithZone("")) {
			return kind.name
		}
	}
	switch {
	case addr.IsLoopback():
		return "this machine's own (loopback)"
	case addr.IsPrivate():
		return "private"
	case addr.IsLinkLocalUnicast():
		return "link-local"
	case addr.IsMulticast():
		return "multicast"
	}
	return "reserved, not public"
}

// isLoopbackHost tells whether the host is this machine by its very name.
func isLoopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// canonicalHost gives the spelling in which hosts are compared.
func canonicalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// override finds the override with the longest suffix of the host.
func findOverride(overrides []Override, host string) *Override {
	var found *Override
	for i, o := range overrides {
		suffix := canonicalHost(o.Suffix)
		if host != suffix && !strings.HasSuffix(host, "."+suffix) {
			continue
		}
		if found == nil || len(o.Suffix) > len(found.Suffix) {
			found = &overrides[i]
		}
	}
	return found
}

func validPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// checkHostName takes names of letters, digits, '-', '_' and '.', and addresses.
func checkHostName(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	if host == "" || len(host) > 253 || slices.Contains(strings.Split(host, "."), "") {
		return fmt.Errorf("%q is not a host name", host)
	}
	for _, c := range []byte(host) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return fmt.Errorf("%q is not a host name (a name in another script is written as xn--…)", host)
		}
	}
	return nil
}
