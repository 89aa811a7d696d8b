package destination

import (
	"strconv"
	"strings"
)

// prefixLetters is how much of a candidate has to be there for its beginning to count as near.
const prefixLetters = 4

// nearest gives the candidate that word was most likely meant to be, "" when none is near. A difference in case alone
// is always near; else a third of the letters may differ.
func nearest(word string, candidates []string) string {
	best, found := 1+max(1, len(word)/3), ""
	for _, candidate := range candidates {
		if candidate == word {
			continue
		}
		if strings.EqualFold(candidate, word) {
			return candidate
		}
		if best > 1 && len(word) >= prefixLetters && strings.HasPrefix(strings.ToLower(candidate), strings.ToLower(word)) {
			best, found = 1, candidate
		}
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d < best {
			best, found = d, candidate
		}
	}
	return found
}

// maxCompared bounds the words that are compared: what is longer is no slip of the fingers.
const maxCompared = 64

// distance counts the letters to add, drop, change or swap with their neighbour to make b of a.
func distance(a, b string) int {
	if len(a) > maxCompared || len(b) > maxCompared {
		return maxCompared
	}
	var before, previous [maxCompared + 1]int
	for j := range len(b) + 1 {
		previous[j] = j
	}
	for i := range len(a) {
		var row [maxCompared + 1]int
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(previous[j+1]+1, row[j]+1, previous[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, row
	}
	return previous[len(b)]
}

// quoteList writes words as `"a", "b" or "c"`.
func quoteList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	return joinWords(quoted, " or ")
}

// joinWords writes phrases as "a, b and c", or with another last joint.
func joinWords(words []string, joint string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + joint + words[len(words)-1]
}

// shown bounds what a message repeats of a document.
func shown(text string) string {
	const most = 80
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strconv.Quote(text)
}
