package pebble

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// directive is one conversion of a format string: %[index$][flags][width][.precision]c.
type directive struct {
	index      int // of an argument counted from 1; 0: the next one, -1: the last one again
	flags      string
	width      int
	precision  int // -1: none
	conversion byte
}

// filterFormat is Java's String.format.
func filterFormat(r *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := r.text(in)
	if err != nil {
		return in, err
	}
	var b []byte
	next, last := 0, -1
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			b = append(b, s...)
			return String(string(b)), r.room(len(b))
		}
		b = append(b, s[:i]...)
		d, rest, ok := parseDirective(s[i+1:])
		if !ok {
			return in, raise("UnknownFormatConversionException", "format string is not valid")
		}
		s = rest
		if err := r.room(len(b) + max(d.width, d.precision, 0)); err != nil {
			return in, err
		}
		if d.conversion == '%' || d.conversion == 'n' {
			text := "%"
			if d.conversion == 'n' {
				text = "\n"
			}
			b = append(b, d.pad(text)...)
			continue
		}
		switch {
		case d.index > 0:
			last = d.index - 1
		case d.index == 0:
			last = next
			next++
		}
		if last < 0 || last >= len(args) {
			return in, raise("MissingFormatArgumentException", "Format specifier '%"+string(d.conversion)+"'")
		}
		text, err := d.apply(r, args[last])
		if err != nil {
			return in, err
		}
		b = append(b, d.pad(text)...)
		if err := r.room(len(b)); err != nil {
			return in, err
		}
	}
}

// parseDirective reads what follows a percent sign.
func parseDirective(s string) (d directive, rest string, ok bool) {
	d.precision = -1
	i := skipDigits(s, 0)
	if i > 0 && i < len(s) && s[i] == '$' && s[0] != '0' {
		d.index = bounded(s[:i])
		s = s[i+1:]
	} else if strings.HasPrefix(s, "<") {
		d.index = -1
		s = s[1:]
	}
	i = 0
	for i < len(s) && strings.IndexByte("-#+ 0,(", s[i]) >= 0 {
		if strings.IndexByte(d.flags, s[i]) >= 0 {
			return d, s, false
		}
		d.flags = s[:i+1]
		i++
	}
	s = s[i:]
	if i = skipDigits(s, 0); i > 0 {
		d.width = bounded(s[:i])
		s = s[i:]
	}
	if strings.HasPrefix(s, ".") {
		if i = skipDigits(s, 1); i == 1 {
			return d, s, false
		}
		d.precision = bounded(s[1:i])
		s = s[i:]
	}
	if s == "" || strings.IndexByte("bBhHsScCdoxXeEfgG%n", s[0]) < 0 {
		return d, s, false
	}
	d.conversion = s[0]
	return d, s[1:], true
}

// bounded reads digits; what does not fit is too large for any limit.
func bounded(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n > math.MaxInt32 {
		return math.MaxInt32
	}
	return n
}

func (d directive) flag(c byte) bool { return strings.IndexByte(d.flags, c) >= 0 }

func (d directive) pad(s string) string {
	n := d.width - utf8.RuneCountInString(s)
	if n <= 0 {
		return s
	}
	if d.flag('-') {
		return s + strings.Repeat(" ", n)
	}
	return strings.Repeat(" ", n) + s
}

// apply formats one argument.
func (d directive) apply(r *run, v Value) (string, error) {
	s, err := "", error(nil)
	switch d.conversion | 0x20 {
	case 'b':
		s = d.cut(strconv.FormatBool(v.kind != kNull && (v.kind != kBool || v.n != 0)))
	case 's':
		if s, err = r.text(nullText(v)); err == nil {
			s = d.cut(s)
		}
	case 'h':
		s = "null"
		if v.kind != kNull {
			s = d.cut(strconv.FormatUint(uint64(uint32(javaHash(v, 0))), 16))
		}
	case 'c':
		s, err = d.character(v)
	case 'd', 'o', 'x':
		s, err = d.integer(v)
	default:
		s, err = d.float(v)
	}
	if d.conversion >= 'A' && d.conversion <= 'Z' {
		s = string(javaUpper(nil, s))
	}
	return s, err
}

func (d directive) cut(s string) string {
	if d.precision < 0 || d.precision >= utf8.RuneCountInString(s) {
		return s
	}
	return string([]rune(s)[:d.precision])
}

func (d directive) mismatch(v Value) error {
	return raise("IllegalFormatConversionException", string(d.conversion)+" != "+v.javaClass())
}

func (d directive) character(v Value) (string, error) {
	switch v.kind {
	case kNull:
		return "null", nil
	case kChar:
		return charText(v.n), nil
	case kInt:
		return string(rune(v.n)), nil
	}
	return "", d.mismatch(v)
}
