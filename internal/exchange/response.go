package exchange

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/pebble"
)

// answer is a provider's answer, read.
type answer struct {
	status int
	header http.Header
	body   any // as pebble.FromJSON gives it, a *pebble.Map of strings for a form, or the text
	// asked is when the request began: what the answer says of lives is counted from there.
	asked    time.Time
	endpoint string
	// byRefreshToken tells that the request presented a refresh token, and kind what it was.
	byRefreshToken bool
	kind           destination.RequestKind
	// html tells that the body is a web page; title is what it calls itself.
	html  bool
	title string
}

// read reads the body by what it says it is (spec §3.7).
func (x *round) read(w *wire, request *destination.Request, reply *egress.Response) (*answer, error) {
	a := &answer{
		status: reply.Status, header: reply.Header, asked: x.asked,
		endpoint: x.endpoint(w), kind: request.Kind,
		byRefreshToken: x.presents(request),
	}
	body := bytes.TrimPrefix(reply.Body, []byte("\ufeff"))
	a.html, a.title = readHTML(reply.Header, body)
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	if a.html {
		a.body = string(body)
		return a, nil
	}
	var ok bool
	a.body, ok = parseBody(x.plan.Format(), reply.Header.Get("Content-Type"), body)
	if !ok && success(a.status) {
		f := x.failure(a, BadResponse)
		f.Code, f.Description = "bad_json", "the answer says that it is JSON, and it is not"
		return nil, f
	}
	x.hideIssued(a)
	return a, nil
}

// hideIssued remembers the tokens of an answer before anything is said about it.
func (x *round) hideIssued(a *answer) {
	paths := x.plan.Paths()
	issued := []any{paths.AccessToken.Lookup(a.body, a.header.Values), paths.RefreshToken.Lookup(a.body, a.header.Values)}
	for _, f := range x.plan.Fields() {
		if f.Secret || f.Name == nameAccessToken || f.Name == nameRefreshToken {
			issued = append(issued, f.Path.Lookup(a.body, a.header.Values))
		}
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		issued = append(issued, a.member(name))
	}
	for _, value := range issued {
		if fits(nameAccessToken, value) {
			x.hide(reveal(value))
		}
	}
}

func success(status int) bool { return status >= 200 && status < 300 }

// parseBody reads a body; ok is false when it is JSON by its own account and cannot be read as such. It is then text.
func parseBody(format destination.ResponseFormat, contentType string, body []byte) (value any, ok bool) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = strings.TrimSpace(strings.ToLower(strings.SplitN(contentType, ";", 2)[0]))
	}
	text := strings.TrimSpace(string(body))
	if text == "" {
		return nil, true
	}
	saysJSON := format == destination.JSONFormat || format == destination.AutoFormat &&
		(strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json"))
	looksJSON := format == destination.AutoFormat && strings.IndexByte(`{["`, text[0]) >= 0
	if saysJSON || looksJSON {
		if value, err := pebble.FromJSON([]byte(text)); err == nil {
			return value, true
		}
		if saysJSON {
			return text, false
		}
	}
	saysForm := format == destination.FormFormat ||
		format == destination.AutoFormat && (media == formType || media == "text/plain")
	if saysForm {
		if form, ok := parseForm(text); ok {
			return form, true
		}
	}
	return text, true
}

// parseForm reads a query string into a map that keeps its order.
func parseForm(text string) (*pebble.Map, bool) {
	if !strings.Contains(text, "=") || strings.ContainsAny(text, " \n<>") {
		return nil, false
	}
	out := pebble.NewMap()
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		value, bad := url.QueryUnescape(value)
		if err != nil || bad != nil {
			return nil, false
		}
		if name != "" {
			out.Set(name, value)
		}
	}
	return out, out.Len() > 0
}

var (
	htmlStart = regexp.MustCompile(`(?i)^\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b`)
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
)

// readHTML tells whether a body is a web page, and its title.
func readHTML(header http.Header, body []byte) (bool, string) {
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	start := body[:min(len(body), 64<<10)]
	if media != "text/html" && media != "application/xhtml+xml" && !htmlStart.Match(start) {
		return false, ""
	}
	trimmed := bytes.TrimSpace(start)
	if len(trimmed) > 0 && trimmed[0] != '<' { // some servers say text/html of everything
		return false, ""
	}
	if title := htmlTitle.FindSubmatch(start); title != nil {
		return true, strings.Join(strings.Fields(string(title[1])), " ")
	}
	return true, ""
}

// member reads a top-level text of the body.
func (a *answer) member(name string) string {
	m, ok := a.body.(*pebble.Map)
	if !ok {
		return ""
	}
	value, _ := m.Get(name)
	text, _ := value.(string)
	return text
}
