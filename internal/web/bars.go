package web

import (
	"fmt"
	"strings"
)

// bars is a bar chart, drawn on the server as SVG: no script, no style, and its colours are those of the console. Beside it MUST
// stand a table with the same numbers, for those who don't see it.
type bars struct {
	// Label says what it shows.
	Label         string
	Width, Height int
	// Plot is the height of the bars' part; Left is where they begin.
	Plot, Left int
	Bars       []barShape
	// Lines are the values at the side, Marks the words below.
	Lines []barLine
	Marks []barMark
}

type barShape struct {
	X, Y, W, H int
	Title      string
}

type barLine struct {
	Y    int
	Text string
}

type barMark struct {
	X    int
	Text string
}

// bar is a value. Mark is a word below it, "" for none.
type bar struct {
	Value float64
	Title string
	Mark  string
}

// The size of a chart in units of its own; it scales with the page.
const (
	barsWidth, barsHeight = 960, 220
	barsLeft, barsBelow   = 56, 24
	barsAbove             = 8
)

// drawBars draws values that are not below 0.
func drawBars(label string, all []bar) *bars {
	out := &bars{Label: label, Width: barsWidth, Height: barsHeight, Plot: barsHeight - barsBelow, Left: barsLeft}
	most := 0.0
	for _, b := range all {
		most = max(most, b.Value)
	}
	top := niceTop(most)
	span := float64(out.Plot - barsAbove)
	at := func(value float64) int { return out.Plot - int(value/top*span+0.5) }
	for _, part := range []float64{0, 0.5, 1} {
		out.Lines = append(out.Lines, barLine{at(top * part), shortNumber(top * part)})
	}
	if len(all) == 0 {
		return out
	}
	step := float64(barsWidth-barsLeft) / float64(len(all))
	for i, b := range all {
		x, next := barsLeft+int(float64(i)*step), barsLeft+int(float64(i+1)*step)
		gap := 0
		if next-x > 3 {
			gap = 1 + (next-x)/8
		}
		y := at(b.Value)
		if b.Value > 0 && y >= out.Plot {
			y = out.Plot - 1 // something is not nothing
		}
		out.Bars = append(out.Bars, barShape{x, y, max(1, next-x-gap), out.Plot - y, b.Title})
		if b.Mark != "" {
			out.Marks = append(out.Marks, barMark{x, b.Mark})
		}
	}
	return out
}

// niceTop is the least of 1, 2, 5, 10, 20, … that is not below a value.
func niceTop(most float64) float64 {
	top := 1.0
	for {
		for _, step := range []float64{1, 2, 5} {
			if top*step >= most {
				return top * step
			}
		}
		top *= 10
	}
}

// shortNumber writes a number short: 1.5k, 20M.
func shortNumber(n float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", n/unit.size), ".0") + unit.name
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

// bytesWords writes a size.
func bytesWords(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/float64(unit.size)), ".0") + " " + unit.name
		}
	}
	return plural(int(n), "byte")
}
