package ident

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// NameRule says what a name looks like.
const NameRule = "use small letters, digits, dots, hyphens and underscores, 63 at most, and begin with a letter or a digit"

// IsName tells whether something can be called so: see [NameRule].
func IsName(name string) bool { return nameForm.MatchString(name) }

// NameOf makes a name of a title; "" when nothing of it can be in one.
func NameOf(title string) string {
	name := strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_') {
			return r
		}
		return '-'
	}, title)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	name = strings.Trim(name, "-._")
	return strings.Trim(name[:min(len(name), 63)], "-._")
}
