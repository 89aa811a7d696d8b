package project

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The lengths are those of the published JSON Schema of the workspace file (spec/ims-and-console.md §3.3).
const (
	maxName                 = 20
	maxTitle                = 45
	maxDescription          = 1000
	maxWorkspaceDescription = 500
	maxCredentialName       = 45
)

// checkName takes a project's or workspace's name: letters, also accented ones, and digits.
func checkName(pointer, name string) error {
	n := 0
	for _, r := range name {
		n++
		if !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'À' && r <= 'ÿ') {
			return &InvalidError{
				Pointer: pointer, Message: fmt.Sprintf("%.40q can't be a name: it has %q in it", name, r),
				Fix: "use letters and digits alone; blanks and marks can stand in the title",
			}
		}
	}
	if n == 0 || n > maxName {
		return &InvalidError{
			Pointer: pointer, Message: fmt.Sprintf("a name has 1 to %d characters, not %d", maxName, n),
			Fix: "shorten it; what people read can stand in the title",
		}
	}
	return nil
}

// checkText takes a text that people read, of at most limit characters, on one line.
func checkText(pointer, text, fallback string, limit int) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		text = fallback
	}
	switch {
	case utf8.RuneCountInString(text) > limit:
		return "", &InvalidError{
			Pointer: pointer, Message: fmt.Sprintf("this has %d characters, of at most %d", utf8.RuneCountInString(text), limit), Fix: "shorten it",
		}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return isControl(r) && r != '\n' }):
		return "", &InvalidError{Pointer: pointer, Message: "this holds a control character", Fix: "write it without"}
	}
	return text, nil
}

// checkLabel takes a name that people give a credential, a profile or a service.
func checkLabel(pointer, text string, limit int) (string, error) {
	text, err := checkText(pointer, text, "", limit)
	switch {
	case err != nil:
		return "", err
	case text == "":
		return "", &InvalidError{Pointer: pointer, Message: "the name is missing", Fix: "name it for what will use it"}
	case strings.Contains(text, "\n"):
		return "", &InvalidError{Pointer: pointer, Message: "the name has a line break in it", Fix: "write it on one line"}
	}
	return text, nil
}
