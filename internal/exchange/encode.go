package exchange

import "strings"

const upperHex = "0123456789ABCDEF"

// percentEncode encodes all but RFC 3986's unreserved characters and "*", which keeps the mask readable.
func percentEncode(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if isUnreserved(c) || c == '~' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

// formEncode encodes as Java's URLEncoder, and so Pebble's formUrlEncode, does.
func formEncode(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case isUnreserved(c):
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("*-._", c) >= 0
}
