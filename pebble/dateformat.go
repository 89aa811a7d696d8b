package pebble

import (
	"strconv"
	"strings"
	"time"
)

// calendar is a time as GregorianCalendar has it, which is on the Julian calendar
// before 15 October 1582.
type calendar struct {
	time.Time
	year, month, day int // year 0 and below are BC
	yearDay          int
	julian           bool
}

// cutover is 15 October 1582, in seconds since 1970.
const cutover = -12219292800

func calendarOf(t time.Time) calendar {
	_, offset := t.Zone()
	if t.Unix()+int64(offset) >= cutover {
		y, m, d := t.Date()
		return calendar{Time: t, year: y, month: int(m), day: d, yearDay: t.YearDay()}
	}
	days := (t.Unix() + int64(offset)) / 86400
	if (t.Unix()+int64(offset))%86400 < 0 {
		days--
	}
	return julianCalendar(t, days)
}

// julianCalendar converts days since 1970 by the usual algorithm for Julian day
// numbers.
func julianCalendar(t time.Time, days int64) calendar {
	c := days + 2440588 + 32082
	d := floorDiv(4*c+3, 1461)
	e := c - floorDiv(1461*d, 4)
	m := floorDiv(5*e+2, 153)
	k := calendar{Time: t, julian: true}
	k.day = int(e - floorDiv(153*m+2, 5) + 1)
	k.month = int(m + 3 - 12*floorDiv(m, 10))
	k.year = int(d - 4800 + floorDiv(m, 10))
	k.yearDay = k.day
	for i := 1; i < k.month; i++ {
		switch i {
		case 2:
			k.yearDay += 28
			if k.year%4 == 0 {
				k.yearDay++
			}
		case 4, 6, 9, 11:
			k.yearDay += 30
		default:
			k.yearDay += 31
		}
	}
	return k
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// formatDate writes t in the pattern, with English names and weeks from Sunday.
func formatDate(t time.Time, pattern string) (string, bool) {
	parts, ok := dateParts(pattern)
	if !ok {
		return "", false
	}
	c := calendarOf(t)
	var b []byte
	for _, p := range parts {
		if p.letter == 0 {
			b = append(b, p.text...)
		} else {
			b = c.append(b, p)
		}
	}
	return string(b), true
}

func (c calendar) append(b []byte, p datePart) []byte {
	switch p.letter {
	case 'y', 'Y':
		return c.appendYear(b, p)
	case 'G':
		if c.year <= 0 {
			return append(b, "BC"...)
		}
		return append(b, "AD"...)
	case 'M', 'L':
		if p.count >= 3 {
			return appendName(b, time.Month(c.month).String(), p.count)
		}
		return appendPadded(b, c.month, p.count)
	case 'E':
		return appendName(b, c.Weekday().String(), p.count)
	case 'a':
		if c.Hour() < 12 {
			return append(b, "AM"...)
		}
		return append(b, "PM"...)
	case 'z', 'Z', 'X':
		return c.appendZone(b, p)
	}
	return appendPadded(b, c.field(p.letter), p.count)
}

func (c calendar) field(letter byte) int {
	switch letter {
	case 'd':
		return c.day
	case 'D':
		return c.yearDay
	case 'F':
		return (c.day-1)/7 + 1
	case 'u':
		return (int(c.Weekday())+6)%7 + 1
	case 'w':
		week, _ := c.week()
		return week
	case 'W':
		first := (int(c.Weekday()) - (c.day - 1)) % 7
		return (c.day-1+(first+7)%7)/7 + 1
	case 'H':
		return c.Hour()
	case 'k':
		return (c.Hour()+23)%24 + 1
	case 'K':
		return c.Hour() % 12
	case 'h':
		return (c.Hour()+11)%12 + 1
	case 'm':
		return c.Minute()
	case 's':
		return c.Second()
	}
	return c.Nanosecond() / 1e6
}

// week is the week of the year and the year it counts for: week 1 is the one
// that holds 1 January, and weeks begin on Sunday.
func (c calendar) week() (week, year int) {
	first := ((int(c.Weekday())-(c.yearDay-1))%7 + 7) % 7 // weekday of 1 January
	week = (c.yearDay-1+first)/7 + 1
	length := 365
	if c.year%4 == 0 && (c.julian || c.year%100 != 0 || c.year%400 == 0) {
		length = 366
	}
	if c.yearDay+6-int(c.Weekday()) > length {
		return 1, c.year + 1
	}
	return week, c.year
}

func (c calendar) appendYear(b []byte, p datePart) []byte {
	year := c.year
	if p.letter == 'Y' {
		_, year = c.week()
	}
	if year <= 0 {
		year = 1 - year
	}
	if p.count == 2 {
		return appendPadded(b, year%100, 2)
	}
	return appendPadded(b, year, p.count)
}

func appendPadded(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	return append(append(b, strings.Repeat("0", max(width-len(s), 0))...), s...)
}

func appendName(b []byte, name string, count int) []byte {
	if count < 4 {
		name = name[:3]
	}
	return append(b, name...)
}

func (c calendar) appendZone(b []byte, p datePart) []byte {
	name, offset := c.Zone()
	switch {
	case p.letter == 'z':
		if p.count >= 4 && offset == 0 && name == "UTC" {
			name = "Coordinated Universal Time"
		}
		return append(b, name...)
	case p.letter == 'X' && offset == 0:
		return append(b, 'Z')
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	b = appendPadded(append(b, sign), offset/3600, 2)
	if p.letter == 'X' && p.count == 1 {
		return b
	}
	if p.letter == 'X' && p.count == 3 {
		b = append(b, ':')
	}
	return appendPadded(b, offset/60%60, 2)
}
