package adobesim

import (
	"net"
	"slices"
	"strings"
)

// product is what answers at a host.
type product func(*Sim, *call) answer

// The hosts.
const (
	TargetHost        = "mc.adobe.io"
	AnalyticsHost     = "analytics.adobe.io"
	ClassicHost       = "testandtarget.omniture.com"
	ClassicAdminHost  = "admin.testandtarget.omniture.com"
	ClassicAdmin1Host = "admin1.testandtarget.omniture.com" // where the discovery of endpoints leads
	LegacyHost        = "api.omniture.com"
	// AuthorityHost names no host: rules for it change how the authority behaves.
	AuthorityHost = "ims"
)

// legacyHosts are the data centers of Analytics 1.4: the one that routes, Dallas, London, Singapore, Oregon.
var legacyHosts = []string{LegacyHost, "api2.omniture.com", "api3.omniture.com", "api4.omniture.com", "api5.omniture.com"}

func products() map[string]product {
	hosts := map[string]product{
		TargetHost: (*Sim).target, AnalyticsHost: (*Sim).analytics,
		ClassicHost: (*Sim).classic, ClassicAdminHost: (*Sim).classicAdmin, ClassicAdmin1Host: (*Sim).classicAdmin,
	}
	for _, host := range legacyHosts {
		hosts[host] = (*Sim).legacy
	}
	return hosts
}

// Hosts lists the hosts, for the overrides of an egress client.
func Hosts() []string {
	var names []string
	for name := range products() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Serves tells whether a Host header names one of the hosts.
func Serves(host string) bool { return slices.Contains(Hosts(), hostOnly(host)) }

func hostOnly(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	return strings.ToLower(strings.TrimSuffix(address, "."))
}
