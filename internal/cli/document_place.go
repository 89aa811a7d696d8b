package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"latchkey/client"
)

// at gives the place of a problem in the file, "file:line:column", by its pointer; the file alone without one. Where
// the pointer names a member that is missing, it is the place of what should hold it.
func (d *document) at(problem client.Problem) string {
	if problem.Pointer == "" {
		return d.source
	}
	line, column := place(d.body, offsetOf(d.body, problem.Pointer))
	return d.in(line, column)
}

// in gives a place of the sent document as it is in the file.
func (d *document) in(line, column int) string {
	if line == d.line && column >= d.column+d.shift {
		column -= d.shift
	}
	return fmt.Sprintf("%s:%d:%d", d.source, line, column)
}

// explain puts places in the file into an error of the server about the document.
func (d *document) explain(err error) error {
	problem, ok := errors.AsType[*client.Error](err)
	if d == nil || !ok || problem.Line == 0 && len(problem.Errors) == 0 {
		return err
	}
	text := problem.Summary()
	if problem.Line > 0 {
		text = d.in(problem.Line, problem.Column) + ": " + text
	}
	var lines []string
	for _, fault := range problem.Errors {
		line := problemText(fault)
		if !strings.HasPrefix(fault.Pointer, "/fields/") { // those are not the document's
			line = d.at(fault) + ": " + line
		}
		lines = append(lines, line)
	}
	if len(problem.Errors) != 1 || problem.Errors[0].Message != problem.Detail {
		lines = append([]string{text}, lines...)
	}
	return &documentError{strings.Join(lines, "\n"), err}
}

// documentError is an error of the server, said with places in a file.
type documentError struct {
	text string
	err  error
}

func (e *documentError) Error() string { return e.text }

func (e *documentError) Unwrap() error { return e.err }

// place gives the line and the column, in bytes from 1, of an offset.
func place(text []byte, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// offsetOf gives where the value begins that a JSON pointer (RFC 6901) leads to, or where the pointer's way ends.
func offsetOf(text []byte, pointer string) int {
	at := skipTo(text, 0)
	for _, segment := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		next, ok := child(text, at, segment)
		if !ok {
			break
		}
		at = next
	}
	return at
}

// child gives where the member or the item begins that the value at an offset holds under a name.
func child(text []byte, at int, name string) (int, bool) {
	decoder := json.NewDecoder(bytes.NewReader(text[at:]))
	open, err := decoder.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return 0, false
	}
	for index := 0; decoder.More(); index++ {
		found := name == strconv.Itoa(index)
		if open == json.Delim('{') {
			key, err := decoder.Token()
			if err != nil {
				return 0, false
			}
			found = key == name
		}
		begin := skipTo(text, at+int(decoder.InputOffset()))
		if found {
			return begin, true
		}
		var skipped json.RawMessage
		if decoder.Decode(&skipped) != nil {
			return 0, false
		}
	}
	return 0, false
}

// skipTo passes over what stands between values.
func skipTo(text []byte, at int) int {
	for at < len(text) && strings.IndexByte(" \t\r\n,:", text[at]) >= 0 {
		at++
	}
	return at
}
