package simulator

import (
	"slices"
	"strings"
)

func joinScope(scope []string) string { return strings.Join(scope, " ") }

// within tells whether every scope asked for was granted.
func within(asked, granted []string) bool {
	return !slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(granted, s) })
}

// parseScope splits a scope and checks its characters (RFC 6749 §3.3). What begins with "wrong" is refused.
func parseScope(text string) ([]string, *oauthError) {
	scope := strings.Fields(text)
	if len(text) > 2048 {
		return nil, invalidScope("The scope is too long.")
	}
	for _, s := range scope {
		if strings.HasPrefix(s, "wrong") {
			return nil, invalidScope("The scope is unknown.")
		}
		for _, b := range []byte(s) {
			if b <= ' ' || b == '"' || b == '\\' || b >= 0x7f {
				return nil, invalidScope("The scope has a character that RFC 6749 section 3.3 forbids.")
			}
		}
	}
	if len(scope) == 0 {
		return []string{"read"}, nil
	}
	return slices.Compact(scope), nil
}
