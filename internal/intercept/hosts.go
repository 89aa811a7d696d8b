package intercept

import (
	"slices"
	"strings"
)

// Host is a host that is answered for, and what it has.
type Host struct {
	// Name is a DNS name; one * in its first label stands for letters, digits and hyphens.
	Name string
	// Paths are the prefixes of the paths that are answered.
	Paths []string
}

// healthPath is answered on every host: it tells a script that it is here, and not at the vendor.
const healthPath = "/healthz"

// Vendor lists the hosts that SDKs have built in (spec of the authority §2.1 and §3.2, of the authoring API §1).
func Vendor() []Host {
	ims := []string{"/ims/", "/.well-known/", "/sign-in", "/assets/"} // the last two are what a person sees on the way
	console := []string{"/console/"}
	platform := []string{"/data/core/activation/"}
	return []Host{
		{"ims-na1.adobelogin.com", ims},
		{"ims-na1-stg1.adobelogin.com", ims},
		{"adobeid-na1.services.adobe.com", ims},
		{"adobeid-na1-stg1.services.adobe.com", ims},
		{"static.adobelogin.com", []string{"/keys/"}},
		{"developers.adobe.io", console},
		{"developers-stage.adobe.io", console},
		{"api.adobe.io", console},
		{"developer.adobe.com", []string{"/console/api/"}}, // what the console's pages ask, and one call of aio-lib-console
		{"developer-stage.adobe.com", []string{"/console/api/"}},
		{"platform.adobe.io", platform},
		{"platform-*.adobe.io", platform},
		// Products: their paths begin with a tenant's name, or are the product's own to refuse.
		{"mc.adobe.io", []string{"/"}},
		{"analytics.adobe.io", []string{"/"}},
	}
}

// Names lists the hosts' names.
func Names(hosts []Host) []string {
	names := make([]string, 0, len(hosts))
	for _, host := range hosts {
		names = append(names, host.Name)
	}
	return names
}

func find(hosts []Host, name string) (Host, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	i := slices.IndexFunc(hosts, func(h Host) bool { return h.is(name) })
	if i < 0 {
		return Host{}, false
	}
	return hosts[i], true
}

func (h Host) is(name string) bool {
	before, after, pattern := strings.Cut(h.Name, "*")
	if !pattern {
		return h.Name == name
	}
	middle, ok := strings.CutPrefix(name, before)
	if !ok {
		return false
	}
	middle, ok = strings.CutSuffix(middle, after)
	return ok && middle != "" && !strings.ContainsFunc(middle, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// has tells whether a path is one of the host's. Clients that join a base with a slash and a path with one send two.
func (h Host) has(path string) bool {
	path = "/" + strings.TrimLeft(path, "/")
	return path == healthPath || slices.ContainsFunc(h.Paths, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}
