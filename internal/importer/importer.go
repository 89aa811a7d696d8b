// Package importer reads what other products keep of accounts and credentials, so that it can be made here: exports of Nango,
// Campaign's instance files, dotenv files.
//
// It owns the reading alone. What is wrong is told with its place, and repeats no secret. What is made of it goes through the
// public API, as everything else. The files are trusted as far as the person who hands them over.
package importer

import (
	"fmt"
	"strings"

	"latchkey/internal/jsontree"
)

// Problem is something that is not imported, and why.
type Problem struct {
	// File, Line and Column are its place; Line 0 is unknown.
	File         string
	Line, Column int
	// About names what it is about, Message says what is wrong, and Fix what to do.
	About, Message, Fix string
}

// String gives the problem in one line.
func (p Problem) String() string {
	text := p.Message
	if p.About != "" {
		text = p.About + ": " + text
	}
	if p.Fix != "" {
		text += " (" + p.Fix + ")"
	}
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, text)
	}
	return p.File + ": " + text
}

// Problems are all that there are.
type Problems []Problem

func (p Problems) Error() string {
	var lines []string
	for _, one := range p {
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

// err gives the problems as an error; nil when there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// document is JSON with the places of what is in it.
type document struct {
	file   string
	text   []byte
	places map[string]jsontree.Place
}

func (d *document) problem(pointer, about, message, fix string) Problem {
	at, ok := d.places[pointer]
	for !ok && pointer != "" {
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
		at, ok = d.places[pointer]
	}
	line, column := jsontree.LineColumn(d.text, at.From)
	return Problem{d.file, line, column, about, message, fix}
}
