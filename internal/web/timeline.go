package web

import (
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/expiry"
)

// timeline draws what ends when: a line from today on, a dot and a name each. Where it can't be read, on narrow screens, the
// page shows it as a list.
type timeline struct {
	Rows  []endingRow
	Marks []mark
	Ticks []tick
	// High is how high the picture is, Base where its line lies.
	High, Base int
	Says       string
	// More says that there is more than is shown.
	More bool
}

// From is where the ticks of the line begin, Words where their names stand.
func (t *timeline) From() int  { return t.Base - 4 }
func (t *timeline) Words() int { return t.Base + 22 }

// mark is a dot with its name above.
type mark struct {
	X            int
	Tone, Anchor string
	Name, What   string
	TextX        int
	NameY, WhatY int
	// Stem is where the line from the dot to its name ends, 0 for none.
	Stem int
}

type tick struct {
	X      int
	Label  string
	Anchor string
}

const (
	timelineWide = 1080
	timelineEdge = 10
	timelineMost = 12
	// A name is no longer than this, and takes so much room a letter; a label has two lines of this height.
	timelineName   = 24
	timelineLetter = 7
	timelineLabel  = 42
	timelineRows   = 4
)

func newTimeline(rows []endingRow, now time.Time, span time.Duration) *timeline {
	t := &timeline{Rows: rows}
	if len(t.Rows) > timelineMost {
		t.Rows, t.More = t.Rows[:timelineMost], true
	}
	place := func(at time.Time) int {
		share := float64(at.Sub(now)) / float64(span)
		return timelineEdge + int(min(max(share, 0), 1)*(timelineWide-2*timelineEdge))
	}
	var said []string
	free := make([]int, 0, timelineRows) // where each row of labels is free from
	levels := make([]int, len(t.Rows))
	for i, row := range t.Rows {
		m := newMark(row, place(row.Ends))
		levels[i] = level(&free, m.left(), m.right())
		t.Marks = append(t.Marks, m)
		said = append(said, row.KindWords+" "+row.Name+" "+row.When)
	}
	t.Base = 16 + timelineLabel*max(len(free), 1)
	t.High = t.Base + 26
	for i := range t.Marks {
		m := &t.Marks[i]
		m.NameY = t.Base - timelineLabel*(levels[i]+1) + 6
		m.WhatY = m.NameY + 16
		if levels[i] > 0 {
			m.Stem = m.WhatY + 5
		}
	}
	for days := 0; days <= int(span/expiry.Day); days += 30 {
		at := now.Add(time.Duration(days) * expiry.Day)
		k := tick{X: place(at), Label: at.UTC().Format("2 Jan"), Anchor: "middle"}
		switch {
		case days == 0:
			k.Label, k.Anchor = "today", "start"
		case days == int(span/expiry.Day):
			k.Anchor = "end"
		}
		t.Ticks = append(t.Ticks, k)
	}
	t.Says = "What ends in the next 90 days: " + strings.Join(said, ", ") + "."
	return t
}

func newMark(row endingRow, x int) mark {
	m := mark{X: x, TextX: x, Tone: row.Tone, Anchor: "middle", Name: clip(row.Name, timelineName), What: row.KindWords + " · " + strings.TrimPrefix(row.When, "in ")}
	if m.left() < timelineEdge {
		m.Anchor, m.TextX = "start", max(x-6, timelineEdge)
	} else if m.right() > timelineWide-timelineEdge {
		m.Anchor, m.TextX = "end", min(x+6, timelineWide-timelineEdge)
	}
	return m
}

func (m *mark) width() int {
	return timelineLetter * max(utf8.RuneCountInString(m.Name), utf8.RuneCountInString(m.What))
}

func (m *mark) left() int {
	switch m.Anchor {
	case "start":
		return m.TextX
	case "end":
		return m.TextX - m.width()
	}
	return m.TextX - m.width()/2
}

func (m *mark) right() int { return m.left() + m.width() }

// level finds the lowest row of labels that is free, and takes it; the last row takes what fits in none.
func level(free *[]int, left, right int) int {
	const gap = 12
	for i, from := range *free {
		if left >= from {
			(*free)[i] = right + gap
			return i
		}
	}
	if len(*free) < timelineRows {
		*free = append(*free, right+gap)
		return len(*free) - 1
	}
	last := len(*free) - 1
	(*free)[last] = right + gap
	return last
}

// clip shortens a name.
func clip(name string, most int) string {
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most-1]) + "…"
}
