package proxy

import (
	"net/url"
	"strings"
)

// cleanPath reads the path of a call, escaped as it came, and gives it decoded, and escaped where that is another text. A
// path that a service could take for one outside the base URL is refused, however it is escaped.
func cleanPath(escaped string) (path, raw string, err error) {
	path = escaped
	if strings.IndexByte(escaped, '%') >= 0 {
		if path, err = url.PathUnescape(escaped); err != nil {
			return "", "", ErrPath
		}
		raw = escaped
	}
	for i := range len(path) {
		if c := path[i]; c < ' ' || c == 0x7f || c == '\\' {
			return "", "", ErrPath
		}
	}
	if !strings.ContainsAny(path, ".%") {
		return path, raw, nil
	}
	for text := path; ; {
		for segment := range strings.SplitSeq(text, "/") {
			if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." { // "..;x" is "..", to some servers
				return "", "", ErrPath
			}
		}
		again, err := url.PathUnescape(text) // escaped twice
		if err != nil || again == text {
			return path, raw, nil
		}
		text = again
	}
}
