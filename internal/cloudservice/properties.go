package cloudservice

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ReadProperties reads a file in the form of Java's Properties: a key and a value on each line, between them =, : or a blank;
// lines that go on behind a backslash, comments behind # or !, and the escapes \t, \n, \r, \f, \uXXXX. A key that comes twice
// has both values, as in a form. An error names the line, and repeats nothing of it.
func ReadProperties(text string) (url.Values, error) {
	out := url.Values{}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff")), "\n")
	for n := 0; n < len(lines); n++ {
		first := n + 1
		line := strings.TrimLeft(lines[n], " \t\f")
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for goesOn(line) && n+1 < len(lines) {
			n++
			line = line[:len(line)-1] + strings.TrimLeft(lines[n], " \t\f")
		}
		key, value := splitProperty(strings.TrimSuffix(line, "\\"))
		plain, err := unescape(key)
		if err == nil {
			value, err = unescape(value)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", first, err)
		}
		out.Add(plain, value)
	}
	return out, nil
}

// goesOn tells whether a line ends in a backslash that nothing escapes.
func goesOn(line string) bool {
	slashes := len(line) - len(strings.TrimRight(line, `\`))
	return slashes%2 == 1
}

func splitProperty(line string) (key, value string) {
	end := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			continue
		}
		if strings.IndexByte("=: \t\f", line[i]) >= 0 {
			end = i
			break
		}
	}
	value = strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return line[:end], value
}

func unescape(text string) (string, error) {
	if !strings.Contains(text, `\`) {
		return text, nil
	}
	var out strings.Builder
	var high rune // the first half of a pair of surrogates
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch text[i] {
		case 't':
			out.WriteByte('\t')
		case 'n':
			out.WriteByte('\n')
		case 'r':
			out.WriteByte('\r')
		case 'f':
			out.WriteByte('\f')
		case 'u':
			if i+4 >= len(text) {
				return "", fmt.Errorf(`\u has to be followed by four hexadecimal digits`)
			}
			code, err := strconv.ParseUint(text[i+1:i+5], 16, 16)
			if err != nil {
				return "", fmt.Errorf(`\u has to be followed by four hexadecimal digits`)
			}
			i += 4
			if r := rune(code); utf16.IsSurrogate(r) && high == 0 {
				high = r
				continue
			} else if high != 0 {
				out.WriteRune(utf16.DecodeRune(high, r))
			} else {
				out.WriteRune(r)
			}
		default:
			out.WriteByte(text[i])
		}
		high = 0
	}
	return out.String(), nil
}
