package access

import (
	"slices"
	"strings"
)

// Calls bounds what a key may do through the proxy. The zero value allows everything.
type Calls struct {
	// Methods are those of HTTP, in capitals; none means all.
	Methods []string `json:"methods,omitempty"`
	// Paths are patterns: in each, * stands for one segment, and ** at the end for all that follow; none means all.
	Paths []string `json:"paths,omitempty"`
}

// Bounded tells whether there is anything that it does not allow.
func (c Calls) Bounded() bool { return len(c.Methods) > 0 || len(c.Paths) > 0 }

// Allow tells whether a call may be made. A path that was escaped so that a slash is hidden in it is allowed where every path
// is, for nobody knows how the service reads it.
func (c Calls) Allow(method, path, escaped string) bool {
	if len(c.Methods) > 0 && !slices.Contains(c.Methods, method) {
		return false
	}
	if len(c.Paths) == 0 {
		return true
	}
	if strings.Contains(strings.ToLower(escaped), "%2f") || strings.Contains(path, "//") {
		return false
	}
	return slices.ContainsFunc(c.Paths, func(pattern string) bool { return matches(pattern, path) })
}

func matches(pattern, path string) bool {
	want, have := strings.Split(strings.TrimPrefix(pattern, "/"), "/"), strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range want {
		switch {
		case segment == "**" && i == len(want)-1:
			return true
		case i >= len(have) || segment == "*" && have[i] == "" || segment != "*" && segment != have[i]:
			return false
		}
	}
	return len(want) == len(have)
}
