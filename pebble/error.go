package pebble

import (
	"strconv"
	"strings"
)

// Kinds of an [Error] that callers commonly ask for. The other kinds are the
// simple names of the Java exceptions that the Java engine would throw.
const (
	KindParser        = "ParserException"
	KindPebble        = "PebbleException"
	KindAttribute     = "AttributeNotFoundException"
	KindRootAttribute = "RootAttributeNotFoundException"
	KindLoader        = "LoaderException"
	KindClassCast     = "ClassCastException"
	KindLimit         = "LimitException"
	KindCanceled      = "CanceledException"
)

// Error is every failure of this package: of parsing, of rendering, of a limit.
//
// Line and Column say where the failing piece of source begins. Error() shows
// the line that the Java engine would show, which for an expression that spans
// lines is the line on which it ends.
type Error struct {
	// Kind is the simple class name that the Java engine would use, or
	// [KindLimit] for a breached limit.
	Kind string
	// Message is the text without the position.
	Message string
	// Template is the name of the template that failed, "" if unknown.
	Template string
	// Line and Column count from 1; 0 means unknown. Column counts characters.
	Line, Column int
	// Excerpt is the source line that failed.
	Excerpt string
	// Op names what failed, in words that never hold data: `filter "date"`.
	Op string
	// FromData reports that Message may hold values of the render. It must not
	// be logged; see SafeMessage.
	FromData bool
	// Limit names the field of [Limits] that was breached, if one was.
	Limit string

	shown  int  // line that Error() prints
	placed bool // whether the position is known
	silent bool // whether Error() keeps it to itself, as the Java engine does
	cause  error
}

// Error returns the message and the position in the Java engine's form,
// "message (template:line)".
func (e *Error) Error() string {
	if !e.placed || e.silent {
		return e.Message + " (?:?)"
	}
	return e.Message + " (" + e.Template + ":" + strconv.Itoa(e.shown) + ")"
}

// Unwrap returns the error that caused this one, if any.
func (e *Error) Unwrap() error { return e.cause }

// SafeMessage says what kind of thing failed and where. It never holds data of
// the render and may be logged.
func (e *Error) SafeMessage() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(" failed: ")
	}
	b.WriteString(e.Kind)
	if e.Limit != "" {
		b.WriteString(" (")
		b.WriteString(e.Limit)
		b.WriteString(")")
	}
	if e.Line > 0 {
		b.WriteString(" at ")
		b.WriteString(e.Template)
		b.WriteString(":")
		b.WriteString(strconv.Itoa(e.Line))
		b.WriteString(":")
		b.WriteString(strconv.Itoa(e.Column))
	}
	return b.String()
}

// Detail returns the message over several lines, with the line of source that
// failed and a caret under the place.
func (e *Error) Detail() string {
	if e.Line == 0 {
		return e.Kind + ": " + e.Error()
	}
	line := strconv.Itoa(e.Line)
	var b strings.Builder
	b.WriteString(e.Kind + ": " + e.Message + "\n")
	b.WriteString(strings.Repeat(" ", len(line)) + "--> " + e.Template + ":" + line + ":" + strconv.Itoa(e.Column) + "\n")
	b.WriteString(line + " | " + e.Excerpt + "\n")
	b.WriteString(strings.Repeat(" ", len(line)) + " | " + caretPad(e.Excerpt, e.Column) + "^")
	return b.String()
}

// caretPad repeats the tabs of the source so that the caret stands under its
// column whatever the width of a tab.
func caretPad(excerpt string, column int) string {
	var b strings.Builder
	for _, c := range excerpt {
		column--
		if column <= 0 {
			return b.String()
		}
		if c == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	for ; column > 1; column-- {
		b.WriteByte(' ')
	}
	return b.String()
}

// place fills in the position: at is the offset of the failing piece, shown the
// offset whose line the Java engine prints (-1: it prints 0).
func (e *Error) place(name, src string, at, shown int) *Error {
	e.Template, e.placed = name, true
	e.Line, e.Column, e.Excerpt = locate(src, at)
	e.shown = 0
	if shown >= 0 {
		e.shown, _, _ = locate(src, shown)
	}
	return e
}

// maxExcerpt bounds an error's excerpt, in bytes.
const maxExcerpt = 300

// locate returns the line, the column and the text of the line at offset at.
func locate(src string, at int) (line, column int, excerpt string) {
	at = min(max(at, 0), len(src))
	line = 1
	start := 0
	for i := 0; i < at; {
		n := lineBreakAt(src, i)
		if n == 0 {
			i++
			continue
		}
		if i+n > at {
			break
		}
		i += n
		line++
		start = i
	}
	end := start
	for end < len(src) && lineBreakAt(src, end) == 0 {
		end++
	}
	column = 1
	for range src[start:at] {
		column++
	}
	if end-start > maxExcerpt {
		end = start + maxExcerpt
	}
	return line, column, strings.ToValidUTF8(src[start:end], "")
}

// lineBreakAt returns the length of the line break at offset i, 0 for none.
func lineBreakAt(src string, i int) int {
	switch src[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(src) && src[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if strings.HasPrefix(src[i:], "\u0085") {
			return 2
		}
	case 0xE2:
		if strings.HasPrefix(src[i:], "\u2028") || strings.HasPrefix(src[i:], "\u2029") {
			return 3
		}
	}
	return 0
}
