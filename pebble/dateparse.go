package pebble

import (
	"strings"
	"time"
)

// dateReader reads a string in a pattern, leniently as SimpleDateFormat does:
// fields out of range carry over, text after the last one is ignored.
type dateReader struct {
	s                              string
	year, month, day, yearDay      int
	hour, half, minute, second, ms int
	pm, bc, hasHalf, hasDay        bool
	zone                           *time.Location
}

func parseDate(s, pattern string, zone *time.Location) (time.Time, bool) {
	parts, ok := dateParts(pattern)
	if !ok {
		return time.Time{}, false
	}
	r := dateReader{s: s, year: 1970, month: 1, day: 1, zone: zone}
	for i, p := range parts {
		if p.letter == 0 {
			if r.s, ok = strings.CutPrefix(r.s, p.text); !ok {
				return time.Time{}, false
			}
			continue
		}
		// Numbers that follow one another directly have their exact widths.
		width := 0
		if i+1 < len(parts) && parts[i+1].numeric() && p.numeric() {
			width = p.count
		}
		if !r.read(p, width) {
			return time.Time{}, false
		}
	}
	return r.time(), true
}

func (p datePart) numeric() bool {
	switch p.letter {
	case 0, 'G', 'E', 'a', 'z', 'Z', 'X':
		return false
	case 'M', 'L':
		return p.count < 3
	}
	return true
}

func (r *dateReader) read(p datePart, width int) bool {
	if p.numeric() {
		r.s = strings.TrimLeft(r.s, " \t")
		n, digits, ok := r.number(width)
		if ok {
			r.set(p, n, digits)
		}
		return ok
	}
	switch p.letter {
	case 'M', 'L':
		for m := time.January; m <= time.December; m++ {
			if r.name(m.String()) {
				r.month = int(m)
				return true
			}
		}
		return false
	case 'E':
		for d := time.Sunday; d <= time.Saturday; d++ {
			if r.name(d.String()) {
				return true
			}
		}
		return false
	case 'a':
		r.pm = r.word("PM")
		return r.pm || r.word("AM")
	case 'G':
		r.bc = r.word("BC")
		return r.bc || r.word("AD")
	}
	return r.readZone()
}

// word reads a word whatever its case.
func (r *dateReader) word(w string) bool {
	if len(r.s) < len(w) || !strings.EqualFold(r.s[:len(w)], w) {
		return false
	}
	r.s = r.s[len(w):]
	return true
}

// name reads a name in full or its first three letters.
func (r *dateReader) name(full string) bool { return r.word(full) || r.word(full[:3]) }

func (r *dateReader) number(width int) (n, digits int, ok bool) {
	s := r.s
	negative := strings.HasPrefix(s, "-") && width == 0
	if negative {
		s = s[1:]
	}
	i := skipDigits(s, 0)
	if width > 0 {
		i = min(i, width)
	}
	if i == 0 || i > 9 {
		return 0, 0, false
	}
	n = bounded(s[:i])
	if negative {
		n = -n
	}
	r.s = s[i:]
	return n, i, true
}

func (r *dateReader) set(p datePart, n, digits int) {
	switch p.letter {
	case 'y', 'Y':
		if p.count <= 2 && digits == 2 && n >= 0 {
			n = pivotYear(n)
		}
		r.year = n
	case 'M', 'L':
		r.month = n
	case 'd':
		r.day, r.hasDay = n, true
	case 'D':
		r.yearDay = n
	case 'H':
		r.hour = n
	case 'k':
		r.hour = n % 24
	case 'K':
		r.half, r.hasHalf = n, true
	case 'h':
		r.half, r.hasHalf = n%12, true
	case 'm':
		r.minute = n
	case 's':
		r.second = n
	case 'S':
		r.ms = n
	}
}

// pivotYear puts a year of two digits within 80 years before and 20 after now.
func pivotYear(n int) int {
	start := time.Now().Year() - 80
	year := start/100*100 + n
	if year < start {
		year += 100
	}
	return year
}

func (r *dateReader) readZone() bool {
	for _, z := range []string{"UTC", "GMT", "Z"} {
		if rest, ok := strings.CutPrefix(r.s, z); ok && (z == "Z" || rest == "" || rest[0] != '+' && rest[0] != '-') {
			r.s, r.zone = rest, time.UTC
			return true
		}
	}
	s := strings.TrimPrefix(strings.TrimPrefix(r.s, "UTC"), "GMT")
	for n := min(len(s), 6); n >= 2; n-- {
		if offset, ok := zoneOffset(s[:n]); ok {
			r.s, r.zone = s[n:], time.FixedZone("", offset)
			return true
		}
	}
	return false
}

func (r *dateReader) time() time.Time {
	hour := r.hour
	if r.hasHalf {
		hour = r.half
		if r.pm {
			hour += 12
		}
	} else if r.pm && hour < 12 {
		hour += 12
	}
	if r.bc {
		r.year = 1 - r.year
	}
	if r.yearDay > 0 && !r.hasDay {
		r.month, r.day = 1, r.yearDay
	}
	return time.Date(r.year, time.Month(r.month), r.day, hour, r.minute, r.second, r.ms*1e6, r.zone)
}
