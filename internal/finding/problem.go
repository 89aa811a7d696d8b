package finding

import "strings"

// Severity says what a problem keeps from happening.
type Severity string

// The severities.
const (
	// Wrong values are not kept.
	Wrong Severity = "error"
	// Doubtful ones are kept, and are likely to be refused later.
	Doubtful Severity = "warning"
	// Noted says what was made of a value.
	Noted Severity = "note"
)

// Problem is one thing about the values that were given. It repeats of them what is no secret.
type Problem struct {
	Severity Severity
	// Pointer is the value's place, as the API names it: "/payload".
	Pointer string
	// Message says what is there and what was expected, Fix what to do.
	Message, Fix string
	// Line and Column count from 1 in a text that can't be read; 0 otherwise.
	Line, Column int
}

// Problems are the things that are wrong, or worth knowing. As an error they are those that are wrong.
type Problems []Problem

func (p Problems) Error() string {
	var texts []string
	for _, one := range p {
		texts = append(texts, strings.TrimPrefix(one.Pointer, "/")+": "+one.Message)
	}
	return strings.Join(texts, "; ")
}

// Add notes one.
func (p *Problems) Add(s Severity, pointer, message, fix string) {
	*p = append(*p, Problem{Severity: s, Pointer: pointer, Message: message, Fix: fix})
}

// Wrong notes a value that can't be kept.
func (p *Problems) Wrong(pointer, message, fix string) { p.Add(Wrong, pointer, message, fix) }

// Errors gives those that are wrong, as an error; nil without any.
func (p Problems) Errors() error {
	var wrong Problems
	for _, one := range p {
		if one.Severity == Wrong {
			wrong = append(wrong, one)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}
