package pebble

import (
	"strings"
	"time"
)

const isoPattern = "yyyy-MM-dd'T'HH:mm:ssZ"

// filterDate formats a time in a pattern of Java's SimpleDateFormat: a number of
// milliseconds since 1970, or a string read in another pattern.
func filterDate(r *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	var texts [3]string
	for i, a := range args {
		if a.kind == kNull {
			continue
		}
		s, err := asString(a)
		if err != nil {
			return in, err
		}
		if len(s) > maxPattern {
			return in, raise("IllegalArgumentException", "pattern of date is too long")
		}
		texts[i] = s
	}
	if err := r.tick(50); err != nil {
		return in, err
	}
	zone := time.UTC
	if args[2].kind != kNull {
		if err := r.tick(2000); err != nil { // zones are read from files
			return in, err
		}
		zone = zoneOf(texts[2])
	}
	existing := texts[1]
	if args[1].kind == kNull {
		existing = isoPattern
	}
	t, err := dateOf(in, existing, zone)
	if err != nil {
		return in, err
	}
	pattern := texts[0]
	if args[0].kind == kNull {
		pattern = isoPattern
	}
	s, ok := formatDate(t, pattern)
	if !ok {
		return in, raiseData("IllegalArgumentException", "Illegal pattern of date: "+clip(pattern))
	}
	return Safe(s), r.room(len(s))
}

func dateOf(in Value, existing string, zone *time.Location) (time.Time, error) {
	switch {
	case in.isNumber():
		return time.UnixMilli(in.long()).In(zone), nil
	case in.kind == kString:
		t, ok := parseDate(in.str(), existing, zone)
		if !ok {
			return t, raiseData(KindPebble, "Could not parse the string '"+clip(in.str())+"' into a date, with formatting: "+clip(existing))
		}
		return t.In(zone), nil
	}
	return time.Time{}, raise("IllegalArgumentException", "Unsupported argument type: "+in.javaClass())
}

// zoneOf finds a time zone by name; an unknown one is GMT, as in Java.
func zoneOf(name string) *time.Location {
	if strings.HasPrefix(name, "GMT") && len(name) > 3 {
		if offset, ok := zoneOffset(name[3:]); ok {
			return time.FixedZone(name, offset)
		}
		return time.UTC
	}
	if name == "" || name == "Local" {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// zoneOffset reads +hh, +hhmm or +hh:mm, in seconds.
func zoneOffset(s string) (int, bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	digits := strings.Replace(s[1:], ":", "", 1)
	if skipDigits(digits, 0) != len(digits) || len(digits) == 0 || len(digits) > 4 {
		return 0, false
	}
	n := bounded(digits)
	hours, minutes := n, 0
	if len(digits) > 2 {
		hours, minutes = n/100, n%100
	}
	if hours > 23 || minutes > 59 {
		return 0, false
	}
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// datePart is a letter of a pattern with its count, or literal text.
type datePart struct {
	letter byte
	count  int
	text   string
}

// dateParts cuts a pattern. Quotes enclose text, a doubled quote is one.
func dateParts(p string) ([]datePart, bool) {
	var parts []datePart
	text := func(s string) {
		if n := len(parts); n > 0 && parts[n-1].letter == 0 {
			parts[n-1].text += s
		} else {
			parts = append(parts, datePart{text: s})
		}
	}
	for i := 0; i < len(p); {
		c := p[i]
		switch {
		case c == '\'':
			n, s, ok := quotedText(p[i:])
			if !ok {
				return nil, false
			}
			text(s)
			i += n
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			n := 1
			for i+n < len(p) && p[i+n] == c {
				n++
			}
			if strings.IndexByte("GyYMLwWDdFEuaHkKhmsSzZX", c) < 0 || c == 'X' && n > 3 {
				return nil, false
			}
			parts = append(parts, datePart{letter: c, count: n})
			i += n
		default:
			text(p[i : i+1])
			i++
		}
	}
	return parts, true
}

// quotedText reads text in quotes and returns how many bytes it took.
func quotedText(p string) (n int, text string, ok bool) {
	if strings.HasPrefix(p, "''") {
		return 2, "'", true
	}
	var b strings.Builder
	for i := 1; i < len(p); i++ {
		if p[i] != '\'' {
			b.WriteByte(p[i])
			continue
		}
		if i+1 < len(p) && p[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return i + 1, b.String(), true
	}
	return 0, "", false
}
