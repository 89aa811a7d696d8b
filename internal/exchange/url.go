package exchange

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"latchkey/internal/destination"
)

var hostValue = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// urlPart says where in a URL a text ends.
type urlPart uint8

const (
	partScheme urlPart = iota
	partHost
	partPath
	partQuery
	partFragment
)

// after gives the part that a text leads to from this one.
func (p urlPart) after(text string) urlPart {
	if p == partScheme {
		_, rest, ok := strings.Cut(text, "://")
		if !ok {
			return partScheme
		}
		p, text = partHost, rest
	}
	for i := range len(text) {
		switch {
		case text[i] == '#':
			return partFragment
		case text[i] == '?' && p < partQuery:
			p = partQuery
		case text[i] == '/' && p < partPath:
			p = partPath
		}
	}
	return p
}

// renderURL renders the URL with its query, each value fit for its place.
func (x *round) renderURL(ctx context.Context, request *destination.Request, vars map[string]any) (string, error) {
	address, err := x.urlText(ctx, request.URL, vars, partScheme)
	if err != nil {
		return "", err
	}
	if request.Query != nil {
		query, err := x.urlText(ctx, request.Query, vars, partQuery)
		if err != nil {
			return "", err
		}
		if request.Query.Calls("formUrlEncode") {
			if err := x.checkForm(request.Query, query); err != nil {
				return "", err
			}
		}
		address = addQuery(address, strings.TrimLeft(query, "?&"))
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", x.refuse(request.URL.Pointer(), "the URL is not one once its values are in it")
	}
	return address, nil
}

// addQuery puts more parameters behind those that the URL has.
func addQuery(address, query string) string {
	if query == "" {
		return address
	}
	address, fragment, hasFragment := strings.Cut(address, "#")
	switch {
	case !strings.Contains(address, "?"):
		address += "?"
	case !strings.HasSuffix(address, "?") && !strings.HasSuffix(address, "&"):
		address += "&"
	}
	address += query
	if hasFragment {
		address += "#" + fragment
	}
	return address
}

// urlText renders a text that begins in a part of a URL.
func (x *round) urlText(ctx context.Context, t *destination.Text, vars map[string]any, part urlPart) (string, error) {
	segments, err := t.Segments(ctx, vars)
	if err != nil {
		return "", x.templateFailure(t, err)
	}
	var b strings.Builder
	for i, s := range segments {
		text := s.Text
		if s.Print == nil {
			if i == 0 {
				text = strings.TrimLeft(text, " \t\r\n")
			}
			if i == len(segments)-1 {
				text = strings.TrimRight(text, " \t\r\n")
			}
			part = part.after(text)
			b.WriteString(text)
			continue
		}
		if text, err = x.urlValue(s, part); err != nil {
			return "", err
		}
		if s.Print.Encoded {
			part = part.after(text)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// urlValue makes a value fit for its part of a URL, or refuses it.
func (x *round) urlValue(s destination.Segment, part urlPart) (string, error) {
	text := s.Text
	switch {
	case strings.TrimSpace(text) == "":
		return "", x.emptyFailure(s.Print, "the URL")
	case part == partScheme:
		return "", x.unfit(s.Print, "stands where the URL's scheme and host should be written out")
	case part == partHost && !hostValue.MatchString(text):
		if x.masked && (strings.Contains(text, destination.Mask) || isPlaceholder(text)) {
			return text, nil
		}
		return "", x.unfit(s.Print, "is part of the URL's host, and has other characters than letters, digits, dots and hyphens")
	case part == partHost:
		return text, nil
	case s.Print.Encoded:
		if strings.ContainsFunc(text, func(r rune) bool { return isControl(r) || r == ' ' }) {
			return "", x.unfit(s.Print, "has blanks or control characters in it, and goes into the URL as it is")
		}
		return text, nil
	case part == partPath && (text == "." || text == ".."):
		return "", x.unfit(s.Print, "is a relative step in the URL's path")
	}
	return percentEncode(text), nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
