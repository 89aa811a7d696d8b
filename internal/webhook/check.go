package webhook

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey/internal/event"
	"latchkey/internal/suggest"
)

const (
	maxURL         = 2048
	maxDescription = 500
)

// checkURL refuses an address that nothing could be sent to. Where it leads is judged when it is dialled.
func checkURL(address string, allowHTTP bool) error {
	bad := func(message, fix string) error { return &InvalidError{Pointer: "/url", Message: message, Fix: fix} }
	const example = "Write it as https://example.com/hooks/latchkey."
	u, err := url.Parse(address)
	switch {
	case address == "":
		return bad("the address is missing", example)
	case len(address) > maxURL:
		return bad(fmt.Sprintf("the address is longer than %d characters", maxURL), "Use a shorter one.")
	case err != nil || u.Host == "" || u.Opaque != "":
		return bad("the address is not a URL with a host", example)
	case u.User != nil:
		return bad("the address holds a user or a password", "Leave them out: the signature proves who sends.")
	case u.Fragment != "":
		return bad("the address has a fragment, which is never sent", "Leave out what follows the #.")
	case u.Scheme == "https", u.Scheme == "http" && allowHTTP && loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return bad("plain http would show the events on the way", "Use https.")
	}
	return bad("the address does not begin with https://", example)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() && net.ParseIP(host) != nil
}

func checkDescription(text string) error {
	if utf8.RuneCountInString(text) > maxDescription {
		return &InvalidError{Pointer: "/description", Message: fmt.Sprintf("it is longer than %d characters", maxDescription), Fix: "Shorten it."}
	}
	return nil
}

// ParseTypes checks the names of types, and drops repeats.
func ParseTypes(names []string) ([]event.Type, error) {
	known := typeNames()
	var types []event.Type
	for i, name := range names {
		t := event.Type(name)
		if !t.Known() {
			fix := "The types are " + strings.Join(known, ", ") + "."
			if near, ok := suggest.Closest(name, known); ok {
				fix = fmt.Sprintf("Did you mean %s?", near)
			}
			return nil, &InvalidError{Pointer: fmt.Sprintf("/types/%d", i), Message: "there is no such type of event", Fix: fix}
		}
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types, nil
}

func typeNames() []string {
	var names []string
	for _, d := range event.Descriptions() {
		names = append(names, string(d.Type))
	}
	return names
}
