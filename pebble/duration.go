package pebble

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// filterToSeconds reads a duration: a number of seconds, a Go duration such as
// 1h30m, with d and w besides, or an ISO 8601 one such as PT1H30M.
func filterToSeconds(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kNull || in.isNumber() {
		return in, nil
	}
	s, err := asString(in)
	if err != nil {
		return in, err
	}
	seconds, ok := durationSeconds(strings.ToLower(strings.TrimSpace(s)))
	if !ok {
		return in, raiseData(KindPebble, `cannot read "`+clip(s)+`" as a duration`)
	}
	if seconds == math.Trunc(seconds) && math.Abs(seconds) < 1<<53 {
		return Int(int64(seconds)), nil
	}
	return Float(seconds), nil
}

func durationSeconds(s string) (float64, bool) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d.Seconds(), true
	}
	iso := strings.HasPrefix(s, "p")
	inTime := !iso
	total, parts := 0.0, 0
	for s = strings.TrimPrefix(s, "p"); s != ""; {
		if iso && s[0] == 't' {
			inTime, s = true, s[1:]
			continue
		}
		n := 0
		for n < len(s) && (isDigit(s[n]) || s[n] == '.') {
			n++
		}
		f, err := strconv.ParseFloat(s[:n], 64)
		if err != nil || n == len(s) {
			return 0, false
		}
		unit := unitSeconds(s[n], inTime)
		if unit == 0 {
			return 0, false
		}
		total += f * unit
		parts++
		s = strings.TrimLeft(s[n+1:], " ")
	}
	return total, parts > 0
}

// unitSeconds is the length of a unit, 0 for one that has no fixed length.
func unitSeconds(unit byte, inTime bool) float64 {
	switch {
	case unit == 's' && inTime:
		return 1
	case unit == 'm' && inTime:
		return 60
	case unit == 'h' && inTime:
		return 3600
	case unit == 'd':
		return 86400
	case unit == 'w':
		return 7 * 86400
	}
	return 0
}
