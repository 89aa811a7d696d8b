// Package suggest finds what somebody probably meant.
//
// Every place that refuses an unknown name (a setting, a field, an option, a command) asks it for the closest known
// one, so that the error can end in "did you mean …?". What counts as near is said once, here. It trusts no length:
// whatever a caller is sent may be compared.
package suggest

import "strings"

const (
	// prefixLetters is how much of a candidate has to be there for its beginning to count as near.
	prefixLetters = 3
	// maxCompared bounds the words whose letters are compared, in bytes: what is longer is no slip of the fingers.
	maxCompared = 128
)

// Closest gives the candidate that name was most likely meant to be, false when none is near.
//
// A difference in case alone is always near. A candidate's beginning is as near as one wrong letter. Else a third of
// name's letters may be wrong, and one of two. Of candidates that are equally near, the one of the most similar
// length is meant, and of those the first.
func Closest(name string, candidates []string) (string, bool) {
	folded := strings.ToLower(name)
	letters := len([]rune(folded))
	most := letters / 3
	if letters == 2 {
		most = 1
	}
	best, least, apart := "", most+1, 0
	for _, candidate := range candidates {
		other := strings.ToLower(candidate)
		d := distance(folded, other, most)
		if d > 1 && letters >= prefixLetters && strings.HasPrefix(other, folded) {
			d = 1
		}
		if off := max(len(other)-len(folded), len(folded)-len(other)); d < least || d == least && d <= most && off < apart {
			best, least, apart = candidate, d, off
		}
	}
	return best, least <= most
}

// distance counts the letters to add, drop, change or swap with their neighbour to make b of a (optimal string
// alignment); more than most is most+1.
func distance(a, b string, most int) int {
	switch {
	case a == b:
		return 0
	case most == 0 || len(a) > maxCompared || len(b) > maxCompared:
		return most + 1
	}
	s, t := []rune(a), []rune(b)
	if max(len(s)-len(t), len(t)-len(s)) > most {
		return most + 1
	}
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most { // it only grows from row to row
			return most + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(t)], most+1)
}
