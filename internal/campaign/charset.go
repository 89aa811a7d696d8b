package campaign

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// charset is how a file's bytes are characters. All that are read here write markup as ASCII does, so that an edit
// works on bytes and leaves every other one alone.
type charset struct {
	utf8 bool
	// high gives the characters of the bytes from 0x80, where they are no UTF-8.
	high *[128]rune
}

const byteOrderMark = "\xef\xbb\xbf"

var utf8Text = charset{utf8: true}

// charsetOf knows the encodings that these files come in, by the names of the XML declaration.
func charsetOf(name string) (charset, bool) {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return utf8Text, true
	case "iso-8859-1", "latin1", "iso8859-1":
		return charset{high: latin1(nil)}, true
	case "iso-8859-15", "latin9":
		return charset{high: latin1(map[byte]rune{0xa4: '€', 0xa6: 'Š', 0xa8: 'š', 0xb4: 'Ž', 0xb8: 'ž', 0xbc: 'Œ', 0xbd: 'œ', 0xbe: 'Ÿ'})}, true
	case "windows-1252", "cp1252":
		high := latin1(nil)
		for i, r := range []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ") {
			high[i] = r
		}
		return charset{high: high}, true
	}
	return charset{}, false
}

// latin1 gives ISO 8859-1 with some characters replaced.
func latin1(others map[byte]rune) *[128]rune {
	var high [128]rune
	for i := range high {
		high[i] = rune(i + 128)
	}
	for b, r := range others {
		high[b-128] = r
	}
	return &high
}

func (c charset) decode(raw []byte) string {
	if c.utf8 {
		return string(raw)
	}
	var out strings.Builder
	for _, b := range raw {
		if b < utf8.RuneSelf {
			out.WriteByte(b)
		} else {
			out.WriteRune(c.high[b-128])
		}
	}
	return out.String()
}

// wide tells of a text in UTF-16 or UTF-32, by how those begin (XML 1.0 appendix F).
func wide(src []byte) bool {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00<", "<\x00", "\x00\x00"} {
		if bytes.HasPrefix(src, []byte(mark)) {
			return true
		}
	}
	return false
}
