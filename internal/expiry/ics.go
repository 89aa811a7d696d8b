package expiry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Feed is what a calendar is called and made by.
type Feed struct {
	// Name is what the calendar's reader sees.
	Name string
	// Host makes the events' ids the installation's own.
	Host string
	// Base is the public URL that links begin with; without it there are none.
	Base string
	// Made is when the calendar was written.
	Made time.Time
}

// instants are written in UTC (RFC 5545 §3.3.5, form 2).
const icsInstant = "20060102T150405Z"

// Calendar writes endings as an iCalendar object. An event's UID is that of the thing and its end: a reader that fetches
// the calendar again finds the same event, and a thing that was renewed has another. Events take no time, so that they
// block nobody's day, and remind a week and a day ahead.
func (f Feed) Calendar(endings []Ending) []byte {
	w := &icsWriter{}
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Latchkey//Calendar of endings//EN")
	w.line("CALSCALE", "GREGORIAN")
	w.line("METHOD", "PUBLISH")
	w.text("X-WR-CALNAME", f.Name)
	w.line("REFRESH-INTERVAL;VALUE=DURATION", "PT6H") // RFC 7986 §5.7
	w.line("X-PUBLISHED-TTL", "PT6H")
	for _, e := range endings {
		f.event(w, e)
	}
	w.line("END", "VCALENDAR")
	return []byte(w.out.String())
}

func (f Feed) event(w *icsWriter, e Ending) {
	w.line("BEGIN", "VEVENT")
	w.line("UID", f.uid(e))
	w.line("DTSTAMP", f.Made.UTC().Format(icsInstant))
	w.line("DTSTART", e.Ends.UTC().Format(icsInstant))
	w.text("SUMMARY", e.Kind.Words()+" ends: "+e.Name)
	w.text("DESCRIPTION", f.description(e))
	w.text("CATEGORIES", string(e.Kind))
	w.line("TRANSP", "TRANSPARENT")
	if f.Base != "" && e.Link != "" {
		w.line("URL", strings.TrimRight(f.Base, "/")+e.Link)
	}
	if !e.Renews {
		w.alarm("-P7D", e)
		w.alarm("-P1D", e)
	}
	w.line("END", "VEVENT")
}

func (w *icsWriter) alarm(trigger string, e Ending) {
	w.line("BEGIN", "VALARM")
	w.line("ACTION", "DISPLAY")
	w.line("TRIGGER", trigger)
	w.text("DESCRIPTION", e.Kind.Words()+" ends: "+e.Name)
	w.line("END", "VALARM")
}

// uid names the event: the thing and its end, to the second.
func (f Feed) uid(e Ending) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", e.Subject, e.Kind, e.Ends.Unix()))
	return hex.EncodeToString(sum[:16]) + "@" + f.Host
}

func (f Feed) description(e Ending) string {
	lines := []string{e.Action, "Id: " + e.Subject}
	if e.Renews {
		lines[0] = "Latchkey renews it by itself. If it does not: " + e.Action
	}
	if e.Sandbox != "" {
		lines = append(lines, "Sandbox: "+e.Sandbox)
	}
	return strings.Join(lines, "\n")
}

// Words says the kind as people do, at the beginning of a sentence.
func (k Kind) Words() string {
	switch k {
	case RefreshToken:
		return "Refresh token"
	case AccessToken:
		return "Token that cannot be renewed"
	case APIKey:
		return "API key"
	case Certificate:
		return "Certificate"
	case ClientSecret:
		return "Client secret"
	case WebhookSecret:
		return "Old webhook secret"
	case SigningKey:
		return "Signing key"
	case RootKey:
		return "Root key"
	}
	return string(k)
}

// icsWriter writes content lines (RFC 5545 §3.1).
type icsWriter struct{ out strings.Builder }

// escapeText is TEXT's (RFC 5545 §3.3.11).
var escapeText = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// text writes a value of type TEXT, without the control characters that the type has no place for.
func (w *icsWriter) text(name, value string) {
	value = escapeText.Replace(strings.ToValidUTF8(value, "\uFFFD"))
	w.line(name, strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, value))
}

// lineLimit is how many octets a line has at most, without its end; a fold's blank is one of them.
const lineLimit = 75

// line folds where a line is too long, never within a character.
func (w *icsWriter) line(name, value string) {
	rest, room := name+":"+value, lineLimit
	for len(rest) > room {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.out.WriteString(rest[:cut] + "\r\n ")
		rest, room = rest[cut:], lineLimit-1
	}
	w.out.WriteString(rest + "\r\n")
}
