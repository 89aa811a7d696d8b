package destination

import (
	"strconv"
	"strings"
)

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
