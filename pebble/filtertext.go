package pebble

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func filterAbbreviate(_ *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := asString(in)
	if err != nil {
		return in, err
	}
	if args[0].kind != kLong {
		return in, cannotCast(args[0], "the length")
	}
	length, size := args[0].n, utf16Length(s)
	switch {
	case length < 0:
		return in, raise(KindPebble, "Invalid argument to abbreviate filter; must be greater than zero")
	case int64(size) < length || size <= 3:
		return in, nil
	case length <= 3:
		return String(utf16Slice(s, 0, int(length))), nil
	}
	return String(utf16Slice(s, 0, int(length)-3) + "..."), nil
}

// mapText applies f to the string that filters such as capitalize demand.
func mapText(in Value, f func(string) string) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := asString(in)
	if err != nil {
		return in, err
	}
	return String(f(s)), nil
}

func filterCapitalize(r *run, in Value, _ []Value) (Value, error) {
	return mapText(in, func(s string) string {
		i := skipJavaSpace(s, 0)
		return s[:i] + titleFirst(s[i:])
	})
}

func titleFirst(s string) string {
	c, n := utf8.DecodeRuneInString(s)
	if n == 0 || c > 0xFFFF { // Java looks at UTF-16 units: half a pair has no case
		return s
	}
	return string(unicode.ToTitle(c)) + s[n:]
}

func filterTitle(r *run, in Value, _ []Value) (Value, error) {
	return mapText(in, func(s string) string {
		var b strings.Builder
		start := true
		for _, c := range s {
			space := isJavaSpace(c)
			if start && !space && c <= 0xFFFF {
				b.WriteRune(unicode.ToTitle(c))
			} else {
				b.WriteRune(c)
			}
			start = space
		}
		return b.String()
	})
}

func filterTrim(_ *run, in Value, _ []Value) (Value, error) {
	return mapText(in, func(s string) string {
		return strings.TrimFunc(s, func(c rune) bool { return c <= ' ' })
	})
}

func filterLower(r *run, in Value, args []Value) (Value, error) {
	return r.textOf(appendLower, in, args)
}

func filterUpper(r *run, in Value, args []Value) (Value, error) {
	return r.textOf(appendUpper, in, args)
}

func appendLower(r *run, b []byte, in Value, _ []Value) ([]byte, error) {
	s, err := r.text(in)
	return appendLowerText(b, s), err
}

func appendUpper(r *run, b []byte, in Value, _ []Value) ([]byte, error) {
	s, err := r.text(in)
	return appendUpperText(b, s), err
}

func filterNl2br(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	if in.kind != kString {
		return in, raise("IllegalArgumentException", "nl2br filters only supports String input.")
	}
	if strings.IndexByte(in.str(), '\n') < 0 && strings.IndexByte(in.str(), '\r') < 0 {
		return in, nil
	}
	if err := r.room(6 * len(in.str())); err != nil {
		return in, err
	}
	return String(strings.NewReplacer("\r\n", "<br />", "\r", "<br />", "\n", "<br />").Replace(in.str())), nil
}

// filterReplace replaces one pair after the other, in the order of the map. The
// size is checked before each pass: replacing the empty string, or one character
// by many, can multiply the text.
func filterReplace(r *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	pairs := args[0]
	if pairs.kind == kNull {
		return in, raise(KindPebble, "The argument 'replace_pairs' is required.")
	}
	if pairs.kind != kMap {
		return in, cannotCast(pairs, "a map of replacements")
	}
	s, err := r.text(in)
	if err != nil {
		return in, err
	}
	for k, v := range pairs.pairs {
		if k.kind == kNull || v.kind == kNull {
			return in, raise("NullPointerException", "a replacement is null")
		}
		if s, err = r.replace(s, k, v); err != nil {
			return in, err
		}
	}
	return String(s), nil
}

func (r *run) replace(s string, k, v Value) (string, error) {
	old, err := r.text(k)
	if err != nil {
		return s, err
	}
	text, err := r.text(v)
	if err != nil {
		return s, err
	}
	if err := r.tick(len(s)>>5 + 1); err != nil {
		return s, err
	}
	n := strings.Count(s, old)
	if len(text) > 0 && n > r.limits.StringBytes/len(text) {
		return s, r.limit("StringBytes")
	}
	if err := r.room(len(s) + n*(len(text)-len(old))); err != nil {
		return s, err
	}
	return strings.Replace(s, old, text, n), nil
}

func filterURLEncode(r *run, in Value, args []Value) (Value, error) {
	return r.textOf(appendURLEncode, in, args)
}

func appendURLEncode(_ *run, b []byte, in Value, _ []Value) ([]byte, error) {
	if in.kind == kNull {
		return b, nil
	}
	s, err := asString(in)
	return appendForm(b, s), err
}
