package pebble

import (
	"encoding/binary"
	"slices"
)

// htmlSpecial has the bits of the characters that HTML escaping replaces.
const htmlSpecial = uint64(1<<'&' | 1<<'<' | 1<<'>' | 1<<'"' | 1<<'\'')

// indexHTML returns where from i on there is a character to escape, len(b) if
// there is none. It looks at eight bytes at a time, the last eight perhaps at
// bytes before i again.
func indexHTML(b []byte, i int) int {
	tail := b[i:]
	for len(tail) >= 8 {
		if mayNeedHTML(binary.LittleEndian.Uint64(tail)) {
			return indexHTMLByte(b, len(b)-len(tail))
		}
		tail = tail[8:]
	}
	if len(tail) > 0 && (len(b) < 8 || mayNeedHTML(binary.LittleEndian.Uint64(b[len(b)-8:]))) {
		return indexHTMLByte(b, len(b)-len(tail))
	}
	return len(b)
}

// mayNeedHTML reports whether among eight bytes there may be one to escape. With
// the bits 0 and 2 set, the characters ", & and ' become ', and so does #; with
// bit 1 set, < and > become >.
func mayNeedHTML(w uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	q := (w | 5*ones) ^ '\''*ones
	a := (w | 2*ones) ^ '>'*ones
	return ((q-ones)&^q|(a-ones)&^a)&high != 0
}

func indexHTMLByte(b []byte, i int) int {
	for ; i < len(b); i++ {
		if c := b[i]; c < 64 && htmlSpecial>>c&1 != 0 {
			break
		}
	}
	return i
}

func appendHTML(b []byte, s string) []byte {
	start := len(b)
	b = append(b, s...)
	if i := indexHTML(b, start); i < len(b) {
		return escapeHTMLFrom(b, i)
	}
	return b
}

// escapeHTMLFrom escapes what b holds from i on in place, moving the rest up from
// its end.
func escapeHTMLFrom(b []byte, i int) []byte {
	more := 0
	for _, c := range b[i:] {
		if c < 64 && htmlSpecial>>c&1 != 0 {
			more += len(htmlEntity(c)) - 1
		}
	}
	from := len(b)
	b = slices.Grow(b, more)[:len(b)+more]
	for to := len(b); from < to; {
		from--
		c := b[from]
		if c < 64 && htmlSpecial>>c&1 != 0 {
			e := htmlEntity(c)
			to -= len(e)
			copy(b[to:], e)
		} else {
			to--
			b[to] = c
		}
	}
	return b
}

func htmlEntity(c byte) string {
	switch c {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\'':
		return "&#39;"
	}
	return "&amp;"
}
