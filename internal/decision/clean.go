package decision

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The bounds of what one decision says.
const (
	maxText    = 300
	maxReasons = 16
	// shortestSecret is from what length on a text that a client sent as a secret is looked for: shorter ones are in words.
	shortestSecret = 6
)

// leftOut stands in the place of what may be a secret.
const leftOut = "(left out)"

// secretForms are what no decision repeats, wherever a client has put it: tokens and assertions, and our own client secrets
// and keys.
var secretForms = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9_.\-]*|p8e-[A-Za-z0-9_-]{8,}|lk_[A-Za-z0-9_-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*`)

// Reasons reads pairs of a name and a value, as slog has them.
func Reasons(pairs []any) []Reason {
	var out []Reason
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Reason{fmt.Sprint(pairs[i]), words(pairs[i+1])})
	}
	return out
}

// words writes a value for people.
func words(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []string:
		return cmp.Or(strings.Join(v, ", "), "none")
	case []any:
		all := make([]string, len(v))
		for i, one := range v {
			all[i] = words(one)
		}
		return cmp.Or(strings.Join(all, ", "), "none")
	case fmt.Stringer:
		return v.String()
	}
	text := fmt.Sprint(value)
	if strings.ContainsAny(text, "{[(") { // a type that nobody has thought of here
		if encoded, err := json.Marshal(value); err == nil {
			return string(encoded)
		}
	}
	return text
}

// clean takes out of a decision what may be a secret, and what does not fit on a line.
func (d *Decision) clean() {
	for _, text := range []*string{&d.ClientID, &d.Grant, &d.Path, &d.Code, &d.Says, &d.Place, &d.Agent} {
		*text = d.plain(*text)
	}
	if len(d.Reasons) > maxReasons {
		d.Reasons = d.Reasons[:maxReasons]
	}
	reasons := make([]Reason, len(d.Reasons))
	for i, r := range d.Reasons {
		reasons[i] = Reason{d.plain(r.Name), d.plain(r.Value)}
	}
	d.Reasons, d.Hide = reasons, nil
}

// plain makes a text of a stranger's fit to be kept. Secrets go before it is cut, or a part of one would stay.
func (d *Decision) plain(text string) string {
	for _, hidden := range d.Hide {
		if len(hidden) >= shortestSecret {
			text = strings.ReplaceAll(text, hidden, leftOut)
		}
	}
	text = text[:min(len(text), 8*maxText)]
	text = secretForms.ReplaceAllString(text, leftOut)
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// compare orders rows by credential and id.
func compare(a, b *Decision) int {
	return cmp.Or(strings.Compare(a.Credential, b.Credential), strings.Compare(a.ID, b.ID))
}
