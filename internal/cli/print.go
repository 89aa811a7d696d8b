package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"latchkey/client"
)

// indentJSON lays JSON out for reading, with members in their order and numbers as they were written.
func indentJSON(raw []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(raw), "", "  "); err != nil {
		return string(raw)
	}
	return out.String()
}

// answerJSON prints an answer of the API when --json asks for it, and tells whether it did.
func (p *program) answerJSON(answer interface{ JSON() json.RawMessage }) bool {
	if p.json {
		p.say("%s", indentJSON(answer.JSON()))
	}
	return p.json
}

// doneJSON is answerJSON for calls that the API answers with nothing.
func (p *program) doneJSON() bool {
	if p.json {
		p.say("{}")
	}
	return p.json
}

// listJSON prints a whole list as one page of the API.
func listJSON[T interface{ JSON() json.RawMessage }](p *program, items []T) error {
	page := struct {
		Items []json.RawMessage `json:"items"`
	}{Items: []json.RawMessage{}}
	for _, item := range items {
		page.Items = append(page.Items, item.JSON())
	}
	text, err := json.Marshal(page)
	if err != nil {
		return fmt.Errorf("encoding the list: %w", err)
	}
	p.say("%s", indentJSON(text))
	return nil
}

// list prints a list of the API: as JSON, as a table with a row for each item, or with empty what to do next.
func list[T interface{ JSON() json.RawMessage }](
	p *program, items iter.Seq2[T, error], head []string, row func(T) []string, empty string,
) error {
	all, err := client.Collect(items)
	if err != nil {
		return err
	}
	if p.json {
		return listJSON(p, all)
	}
	if len(all) == 0 {
		p.tell("%s", empty)
		return nil
	}
	rows := [][]string{head}
	for _, item := range all {
		rows = append(rows, row(item))
	}
	p.table(rows)
	return nil
}

// table prints rows with their columns aligned; the first row is the head.
func (p *program) table(rows [][]string) {
	widths := columnWidths(rows)
	for i, row := range rows {
		var line strings.Builder
		for column, text := range row {
			pad := strings.Repeat(" ", widths[column]-utf8.RuneCountInString(text)+2)
			if i == 0 {
				text = p.paint(dim, text)
			}
			line.WriteString(p.paintState(text) + pad)
		}
		p.say("%s", strings.TrimRight(line.String(), " "))
	}
}

// details prints names and values, aligned; a value "" leaves its row out.
func (p *program) details(rows [][2]string) {
	width := 0
	for _, row := range rows {
		if row[1] != "" {
			width = max(width, len(row[0]))
		}
	}
	for _, row := range rows {
		if row[1] != "" {
			p.say("  %s  %s", p.paint(dim, fmt.Sprintf("%-*s", width, row[0])), p.paintState(row[1]))
		}
	}
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for column, text := range row {
			if column == len(widths) {
				widths = append(widths, 0)
			}
			widths[column] = max(widths[column], utf8.RuneCountInString(text))
		}
	}
	return widths
}

// orDash stands in a table for nothing.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
