package campaign

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// diffContext is how many lines around a change a diff shows.
const diffContext = 2

// Diff shows the edit as `diff -u` does. Of secrets it shows their form, and nothing else of them.
func (e *Edit) Diff() string {
	name := e.instance.files[0].name
	before, after := lines(redact(e.before)), lines(redact(e.after))
	var out strings.Builder
	steps := compare(before, after)
	for from := 0; from < len(steps); {
		first := slices.IndexFunc(steps[from:], func(s step) bool { return s.sign != ' ' })
		if first < 0 {
			break
		}
		start := max(from, from+first-diffContext)
		end, quiet := from+first, 0
		for ; end < len(steps) && quiet <= 2*diffContext; end++ {
			if quiet++; steps[end].sign != ' ' {
				quiet = 0
			}
		}
		end = max(end-max(quiet-diffContext, 0), start)
		if out.Len() == 0 {
			fmt.Fprintf(&out, "--- %s\n+++ %s\n", name, name)
		}
		writeHunk(&out, steps[start:end])
		from = end
	}
	return out.String()
}

// step is a line of a diff, with how many lines of either text come before it.
type step struct {
	sign        byte
	text        string
	old, recent int
}

func writeHunk(out *strings.Builder, steps []step) {
	before, after := 0, 0
	for _, s := range steps {
		if s.sign != '+' {
			before++
		}
		if s.sign != '-' {
			after++
		}
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", steps[0].old+1, before, steps[0].recent+1, after)
	for _, s := range steps {
		fmt.Fprintf(out, "%c%s\n", s.sign, s.text)
	}
}

// maxCompared bounds the lines between the first and the last difference that are compared each with each.
const maxCompared = 2000

// compare finds the lines that two texts have in common.
func compare(before, after []string) []step {
	same := 0
	for same < len(before) && same < len(after) && before[same] == after[same] {
		same++
	}
	tail := 0
	for tail < len(before)-same && tail < len(after)-same && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	var steps []step
	old, recent := 0, 0
	add := func(sign byte, text string) {
		steps = append(steps, step{sign, text, old, recent})
		if sign != '+' {
			old++
		}
		if sign != '-' {
			recent++
		}
	}
	for _, line := range before[:same] {
		add(' ', line)
	}
	a, b := before[same:len(before)-tail], after[same:len(after)-tail]
	longest := common(a, b)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			add(' ', a[i])
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || longest == nil || longest[i+1][j] >= longest[i][j+1]):
			add('-', a[i])
			i++
		default:
			add('+', b[j])
			j++
		}
	}
	for _, line := range before[len(before)-tail:] {
		add(' ', line)
	}
	return steps
}

// common gives the lengths of the longest common parts from every pair of lines on; nil when there are too many.
func common(a, b []string) [][]int {
	if len(a) > maxCompared || len(b) > maxCompared {
		return nil
	}
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	return longest
}

func lines(text []byte) []string {
	text = bytes.TrimSuffix(text, []byte("\n"))
	return strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// secretAttribute tells of the attributes that hold secrets, the vendor's others too.
var secretAttribute = regexp.MustCompile(`(?i)(secret|password|privatekey|code)$`)

// shownOfSealed is how much of a sealed value a diff shows: enough to see that it is another one.
const shownOfSealed = 24

// redact takes secrets out of a text.
func redact(src []byte) []byte {
	d, err := parse(src)
	if err != nil {
		return nil // it was parsed before
	}
	var cuts []attribute
	queue := []*element{d.root}
	for len(queue) > 0 {
		for _, a := range queue[0].attributes {
			if secretAttribute.MatchString(a.name) && a.text != "" {
				cuts = append(cuts, a)
			}
		}
		queue = append(queue[1:], queue[0].children...)
	}
	slices.SortFunc(cuts, func(a, b attribute) int { return b.at - a.at })
	for _, a := range cuts {
		shown := "[redacted]"
		if strings.HasPrefix(a.text, "@") {
			shown = a.text
			if len(shown) > shownOfSealed {
				shown = shown[:shownOfSealed] + "…"
			}
		}
		src = slices.Concat(src[:a.begin], []byte(shown), src[a.end:])
	}
	return src
}
