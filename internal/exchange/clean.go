package exchange

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"latchkey/internal/destination"
)

// The bounds of what a failure repeats, in characters.
const (
	maxDescription = 200
	maxCode        = 80
	maxEndpoint    = 200
)

// clean makes a stranger's text fit to be shown: without any secret of the round in any form in which it may have been
// sent, printable, and not too long.
func (x *round) clean(text string, limit int) string {
	text = x.cut(strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit-1]) + "…"
	}
	return text
}

// cut replaces every secret of the round.
func (x *round) cut(text string) string {
	var forms []string
	for _, hidden := range x.hidden {
		forms = append(forms, formsOf(hidden)...)
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range forms {
		text = replace(text, form)
	}
	for _, hidden := range x.hidden {
		text = cutBeginning(text, hidden)
	}
	return text
}

// replace puts the mask where hidden stands. What is so short that it is part of common words is looked for as a word
// only: nobody could read a message without its every "s", and hiding them would hide nothing.
func replace(text, hidden string) string {
	const short = 4
	if len(hidden) >= short {
		return strings.ReplaceAll(text, hidden, destination.Mask)
	}
	var b strings.Builder
	last := byte(' ')
	for i := 0; i < len(text); {
		after := i + len(hidden)
		if strings.HasPrefix(text[i:], hidden) && !isWord(last) && (after == len(text) || !isWord(text[after])) {
			b.WriteString(destination.Mask)
			last, i = '*', after
			continue
		}
		last = text[i]
		b.WriteByte(last)
		i++
	}
	return b.String()
}

func isWord(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// formsOf gives the ways in which a secret may come back.
func formsOf(hidden string) []string {
	quoted, _ := json.Marshal(hidden)
	forms := []string{
		hidden, strings.TrimSpace(hidden), formEncode(hidden), percentEncode(hidden), url.QueryEscape(hidden), url.PathEscape(hidden),
		string(quoted[1 : len(quoted)-1]),
		base64.StdEncoding.EncodeToString([]byte(hidden)), base64.RawURLEncoding.EncodeToString([]byte(hidden)),
	}
	slices.Sort(forms)
	return slices.DeleteFunc(slices.Compact(forms), func(s string) bool { return s == "" })
}

// cutBeginning replaces beginnings of a long secret: providers like to quote the first characters of a token.
func cutBeginning(text, hidden string) string {
	const least = 8
	if len(hidden) < 2*least || strings.HasPrefix(hidden, "-----BEGIN ") { // every key begins so
		return text
	}
	for from := 0; ; {
		at := strings.Index(text[from:], hidden[:least])
		if at < 0 {
			return text
		}
		at += from
		n := least
		for n < len(hidden) && at+n < len(text) && text[at+n] == hidden[n] {
			n++
		}
		text = text[:at] + destination.Mask + text[at+n:]
		from = at + len(destination.Mask)
	}
}
