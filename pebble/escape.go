package pebble

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// strategy is a way to escape.
type strategy uint8

const (
	escapeNone strategy = iota
	escapeHTML
	escapeJS
	escapeCSS
	escapeURLParam
	escapeJSON
	escapeUnknown
)

func strategyOf(name string) strategy {
	switch name {
	case "html":
		return escapeHTML
	case "js":
		return escapeJS
	case "css":
		return escapeCSS
	case "url_param":
		return escapeURLParam
	case "json":
		return escapeJSON
	}
	return escapeUnknown
}

const upperHex = "0123456789ABCDEF"

// appendEscaped appends s, escaped.
func appendEscaped(b []byte, s string, how strategy) []byte {
	switch how {
	case escapeHTML:
		return appendHTML(b, s)
	case escapeJS:
		return appendJS(b, s, false)
	case escapeJSON:
		return appendJS(b, s, true)
	case escapeCSS:
		return appendCSS(b, s)
	case escapeURLParam:
		return appendPercent(b, s, urlParamBytes, false)
	}
	return append(b, s...)
}

// appendJS escapes for a string of JavaScript or of JSON. A slash is escaped only
// after <, where it could end a script element.
func appendJS(b []byte, s string, json bool) []byte {
	n := 0
	for n < len(s) && plainJS[s[n]] {
		n++
	}
	b = append(b, s[:n]...)
	prev := rune(0)
	for _, c := range s[n:] {
		switch {
		case c == '"' || c == '\\' || c == '\'' && !json || c == '/' && prev == '<':
			b = append(b, '\\', byte(c))
		case c >= '\b' && c <= '\r' && c != '\v':
			b = append(b, '\\', "btn\x00fr"[c-'\b'])
		case c == 0 && !json:
			b = append(b, '\\', '0')
		case c == '&' || c < ' ' || c >= 0x7F:
			b = appendUnit(b, c, json)
		default:
			b = append(b, byte(c))
		}
		prev = c
	}
	return b
}

// plainJS are the bytes that never need an escape in JavaScript or JSON. Nothing
// writes to it.
var plainJS = alphanumericAnd(" !#$%()*+,-.:;=?@[]^_`{|}~")

func appendUnit(b []byte, c rune, json bool) []byte {
	if c < 0x100 && !json {
		return append(b, '\\', 'x', upperHex[c>>4], upperHex[c&15])
	}
	if c > 0xFFFF {
		hi, lo := utf16.EncodeRune(c)
		return appendUnit(appendUnit(b, hi, json), lo, json)
	}
	return append(b, '\\', 'u', upperHex[c>>12&15], upperHex[c>>8&15], upperHex[c>>4&15], upperHex[c&15])
}

// appendCSS escapes for an identifier of CSS.
func appendCSS(b []byte, s string) []byte {
	for i, c := range s {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z' && c < 0x80:
			b = append(b, byte(c))
		case i > 0 && (c >= '0' && c <= '9' || c == '_'):
			b = append(b, byte(c))
		case c == '-' && (i > 0 || len(s) == 1 || s[1] != '-' && !isDigit(s[1])):
			b = append(b, '-')
		case c > ' ' && c < 0x7F && c != ':' && !isDigit(byte(c)), c == ' ':
			b = append(b, '\\', byte(c))
		default:
			b = appendCSSHex(b, c, s[i+utf8.RuneLen(c):])
		}
	}
	return b
}

// appendCSSHex appends an escape by code point, ended by a blank where the next
// character could be read as part of it.
func appendCSSHex(b []byte, c rune, rest string) []byte {
	b = append(b, '\\')
	started := false
	for shift := 20; shift >= 0; shift -= 4 {
		if d := c >> shift & 15; d != 0 || started || shift == 0 {
			b = append(b, upperHex[d])
			started = true
		}
	}
	if rest != "" && (isDigit(rest[0]) || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'f') {
		b = append(b, ' ')
	}
	return b
}

// byteSet says of each byte whether it is in the set.
type byteSet [256]bool

// alphanumericAnd is the set of the ASCII letters and digits and of more.
func alphanumericAnd(more string) *byteSet {
	s := new(byteSet)
	for c := range s {
		b := byte(c)
		s[c] = isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || strings.IndexByte(more, b) >= 0
	}
	return s
}

// What stays as it is in a form and in a parameter of a URL. Nothing writes to
// them.
var (
	formBytes     = alphanumericAnd(".-*_")
	urlParamBytes = alphanumericAnd("-._~!$'()*,;:@/?")
)

// appendPercent percent-encodes what is not in keep.
func appendPercent(b []byte, s string, keep *byteSet, plus bool) []byte {
	for s != "" {
		n := 0
		for n < len(s) && keep[s[n]] {
			n++
		}
		b = append(b, s[:n]...)
		if n == len(s) {
			return b
		}
		if c := s[n]; c == ' ' && plus {
			b = append(b, '+')
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
		s = s[n+1:]
	}
	return b
}

// appendForm encodes as Java's URLEncoder does.
func appendForm(b []byte, s string) []byte { return appendPercent(b, s, formBytes, true) }
