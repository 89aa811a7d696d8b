// Package suggest finds what somebody probably meant.
//
// Every place that refuses an unknown name (a setting, a field, an option) asks it for the closest known one, so that
// the error can end in "did you mean …?".
package suggest

import "strings"

// Closest gives the candidate that is nearest to name, ignoring case; false when none is near enough to be meant:
// more than a third of the longer word would have to change.
func Closest(name string, candidates []string) (string, bool) {
	best, least := "", -1
	folded := strings.ToLower(name)
	for _, candidate := range candidates {
		d := distance(folded, strings.ToLower(candidate))
		if 3*d <= max(len(name), len(candidate)) && (least < 0 || d < least) {
			best, least = candidate, d
		}
	}
	return best, least >= 0
}

// distance counts the edits between two words; two neighbours that changed places count as one (optimal string
// alignment).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
