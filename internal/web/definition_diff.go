package web

import "strings"

// diffLine is a line of two texts side by side.
type diffLine struct {
	// Sign is "+" for a line that is new, "-" for one that is gone, " " for one of both, "…" for many of both that are left out.
	Sign string
	// Was and Is are its numbers, 0 where it is not there.
	Was, Is int
	Text    string
}

// Class is how it is coloured.
func (l diffLine) Class() string {
	return map[string]string{"+": "new", "-": "gone", "…": "cut"}[l.Sign]
}

// Unseen says to those who don't see the colour what the line is.
func (l diffLine) Unseen() string {
	return map[string]string{"+": "added: ", "-": "removed: "}[l.Sign]
}

// maxDiff bounds the table of a comparison, in cells; past it the parts that differ are shown whole.
const maxDiff = 4 << 20

// lineDiff compares two texts line by line: the longest common subsequence of what is left between their common beginning and
// their common end.
func lineDiff(before, after string) []diffLine {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []diffLine
	for i := range head {
		out = append(out, diffLine{" ", i + 1, i + 1, a[i]})
	}
	out = middle(out, a[head:len(a)-tail], b[head:len(b)-tail], head)
	for i := range tail {
		was, is := len(a)-tail+i, len(b)-tail+i
		out = append(out, diffLine{" ", was + 1, is + 1, a[was]})
	}
	return out
}

// middle compares what lies between; from is how many lines stand before it in both.
func middle(out []diffLine, a, b []string, from int) []diffLine {
	common := subsequence(a, b)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case common != nil && i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, diffLine{" ", from + i + 1, from + j + 1, a[i]})
			i, j = i+1, j+1
		case j >= len(b) || i < len(a) && (common == nil || common[i+1][j] >= common[i][j+1]):
			out = append(out, diffLine{"-", from + i + 1, 0, a[i]})
			i++
		default:
			out = append(out, diffLine{"+", 0, from + j + 1, b[j]})
			j++
		}
	}
	return out
}

// subsequence gives how long the longest common subsequence is from each pair of places on; nil when that is too much.
func subsequence(a, b []string) [][]int32 {
	if (len(a)+1)*(len(b)+1) > maxDiff {
		return nil
	}
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

// hunks leaves out what is the same in both, but for some lines around what is not.
func hunks(all []diffLine) []diffLine {
	const around = 3
	keep := make([]bool, len(all))
	for i, l := range all {
		if l.Sign == " " {
			continue
		}
		for n := max(0, i-around); n <= min(len(all)-1, i+around); n++ {
			keep[n] = true
		}
	}
	var out []diffLine
	for i, l := range all {
		switch {
		case keep[i]:
			out = append(out, l)
		case i == 0 || keep[i-1]:
			out = append(out, diffLine{Sign: "…"})
		}
	}
	return out
}
