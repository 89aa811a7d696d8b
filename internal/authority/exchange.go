package authority

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/project"
)

// exchange is one request on its way to its answer.
type exchange struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	route route
	debug string
	// client and grant are known once they are, for the decision log; so is who the client is, where there is one.
	client, grant string
	known         *project.Client
	sent          form
}

// maxBody bounds a request: an assertion of maxAssertion and room for the rest.
const maxBody = 128 << 10

// form is a request's parameters, wherever they came: in the query, in a form, in multipart parts (spec §6.4). Basic
// authentication counts as client_id and client_secret.
type form struct {
	values url.Values
	basic  bool
}

// get gives a parameter's value, "" when there is none.
func (f form) get(name string) string { return f.values.Get(name) }

// repeatable are the parameters that may come more than once (RFC 8707 §2, RFC 8693 §2.1).
var repeatable = map[string]bool{"resource": true, "audience": true}

// form reads the parameters.
func (x *exchange) form() (form, *fault) {
	f := form{values: url.Values{}}
	x.sent = f // as far as it was read
	if x.r.URL.RawQuery != "" {
		if fault := f.add(x.r.URL.Query()); fault != nil {
			return f, fault
		}
	}
	body, fault := x.body()
	if fault == nil {
		fault = f.add(body)
	}
	if fault != nil {
		return f, fault
	}
	if id, password, ok := x.r.BasicAuth(); ok {
		f.basic = true
		// RFC 6749 §2.3.1 has both encoded, and not everybody does: what is no encoding stands as it is.
		pair := url.Values{"client_id": {decoded(id)}, "client_secret": {decoded(password)}}
		if f.get("client_secret") != "" {
			return f, invalidRequest("The client authenticates in two ways; send one.")
		}
		if fault := f.add(pair); fault != nil {
			return f, fault
		}
	}
	return f, nil
}

func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// add takes parameters. One that comes twice is refused (RFC 6749 §3.1), but for the same value in query and body, which
// some clients send.
func (f *form) add(more url.Values) *fault {
	for name, values := range more {
		if len(values) > 1 && !repeatable[name] {
			return invalidRequest("The parameter " + shown(name) + " is there more than once.")
		}
		if slices.Contains(values, "") { // without a value it counts as left out (RFC 6749 §3.1)
			if values = slices.DeleteFunc(values, func(value string) bool { return value == "" }); len(values) == 0 {
				continue
			}
		}
		switch before, there := f.values[name]; {
		case !there:
			f.values[name] = values
		case repeatable[name]:
			f.values[name] = append(before, values...)
		case before[0] != values[0]:
			return invalidRequest("The parameter " + shown(name) + " is there more than once, with different values.")
		}
	}
	return nil
}

// body reads a form or multipart parts. Anything else has no parameters.
func (x *exchange) body() (url.Values, *fault) {
	if x.r.Body == nil || x.r.Method == http.MethodGet {
		return nil, nil
	}
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, maxBody)
	content := x.r.Header.Get("Content-Type")
	media, parameters := content, map[string]string(nil)
	if content != formType && content != "" {
		var err error
		if media, parameters, err = mime.ParseMediaType(content); err != nil {
			return nil, invalidRequest("The Content-Type can't be read.")
		}
	}
	switch {
	case media == "multipart/form-data":
		return parts(multipart.NewReader(x.r.Body, parameters["boundary"]))
	case media != "" && media != formType:
		return nil, nil // aio-lib-console and others send none of theirs here; what is missing is told by name
	}
	text, err := whole(x.r.Body, x.r.ContentLength)
	var values url.Values
	if err == nil {
		values, err = url.ParseQuery(string(text))
	}
	if err != nil {
		return nil, invalidRequest("The body is not a form that can be read, or is too large.")
	}
	return values, nil
}

const formType = "application/x-www-form-urlencoded"

// whole reads a body to its end; its length may be known.
func whole(body io.Reader, length int64) ([]byte, error) {
	if length < 0 || length > maxBody {
		return io.ReadAll(body)
	}
	text := make([]byte, length)
	_, err := io.ReadFull(body, text)
	return text, err
}

// parts reads the fields of multipart/form-data.
func parts(reader *multipart.Reader) (url.Values, *fault) {
	read, err := reader.ReadForm(maxBody)
	if err != nil {
		return nil, invalidRequest("The body is not multipart/form-data that can be read, or is too large.")
	}
	defer func() { _ = read.RemoveAll() }()
	if len(read.File) > 0 {
		return nil, invalidRequest("A file is uploaded; fields are expected.")
	}
	return read.Value, nil
}

// shown makes a stranger's name fit for an answer.
func shown(name string) string {
	if len(name) > 40 {
		name = name[:40] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '?'
		}
		return r
	}, name)
}

func newDebugID() string {
	var id [9]byte
	_, _ = rand.Read(id[:]) // never fails, crypto/rand
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// fault is why there is no token. Says is for the caller; why, for the organization's developers, is in the decision log alone.
type fault struct {
	status     int
	code, says string
	why        []any // as slog has it
}

func (f *fault) because(why ...any) *fault {
	f.why = append(f.why, why...)
	return f
}

func invalidRequest(says string) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid_request", says: says}
}

// fail answers with a fault: always JSON with both members, or the clients' own errors are useless (spec, "ten things").
func (x *exchange) fail(f *fault) {
	x.note(f)
	status := f.status
	switch {
	case f.code == "invalid_client" && x.triesBasic(): // RFC 6749 §5.2
		status = http.StatusUnauthorized
		x.w.Header().Set("WWW-Authenticate", `Basic realm="ims"`)
	case f.code == "invalid_token" && status == http.StatusUnauthorized: // RFC 6750 §3
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="ims", error="invalid_token"`)
	}
	x.json(status, map[string]string{"error": f.code, "error_description": plain(f.says)})
}

// triesBasic tells whether the client means to prove itself by the header Authorization, well or badly.
func (x *exchange) triesBasic() bool {
	scheme, _, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Basic")
}

// plain leaves of a text what RFC 6749 §5.2 allows in an error: printable ASCII but for quotes and backslashes.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, text)
}

// note counts a fault, and writes down why.
func (x *exchange) note(f *fault) {
	x.meters.refused(x.r.Context(), x.grant, f.code)
	x.decide(f)
}

// json answers.
func (x *exchange) json(status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"internal_error","error_description":"The answer could not be written."}`)
	}
	x.write(status, text)
}

// Header values that all answers share; nothing writes to them.
var (
	jsonContent = []string{"application/json;charset=UTF-8"}
	noStore     = []string{"no-store"}
	noCache     = []string{"no-cache"}
	noSniff     = []string{"nosniff"}
)

func (x *exchange) write(status int, text []byte) {
	x.w.Header()["Content-Type"] = jsonContent
	x.w.WriteHeader(status)
	_, _ = x.w.Write(text)
}

// from says where a request came from, for people: an address, and what the program there calls itself.
func (x *exchange) from() string {
	host, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		host = x.r.RemoteAddr
	}
	return strings.TrimSpace(host + " " + x.r.UserAgent())
}

// bearer takes the token of an Authorization header (RFC 6750 §2.1).
func (x *exchange) bearer() string {
	scheme, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// scopes splits a scope parameter at commas and white space (spec §6.4), without repeats.
func scopes(text string) []string {
	var out []string
	seen := map[string]bool{}
	for _, scope := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		if !seen[scope] {
			seen[scope] = true
			out = append(out, scope)
		}
	}
	return out
}
