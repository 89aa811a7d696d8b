package cli

import (
	"regexp"
	"strings"
)

// word is an argument of a command that is printed to be copied: a name with blanks, or with what a shell would run,
// stands in quotes.
type word string

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.:/@+][A-Za-z0-9_.:/@+-]*$`)

func (w word) String() string {
	if plainWord.MatchString(string(w)) {
		return string(w)
	}
	return "'" + strings.ReplaceAll(string(w), "'", `'\''`) + "'"
}
