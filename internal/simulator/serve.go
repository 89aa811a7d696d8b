package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A request goes through four steps: read (call), decide which faults it suffers, respond (an answer in memory),
// deliver. The journal and the state file are written before delivery: whoever has an answer finds its request in the
// one, and what it tells survives in the other.

const (
	bodyLimit  = 64 << 10
	writeGrace = 30 * time.Second // to write an answer, after a fault's delay
)

// call is a request being answered.
type call struct {
	request  *http.Request
	place    place
	mount    mount
	query    url.Values
	body     url.Values  // the fields of a form or of a JSON object
	problem  *oauthError // why the body could not be read
	params   url.Values  // where the endpoint takes its parameters from: body, or with the fault get also query
	faults   faults
	faultSet []string // their names
	clientID string   // once known, for the journal
}

// grant is what the request says it asks for; the journal and the rules go by it.
func (c *call) grant() string {
	for _, values := range []url.Values{c.body, c.query} {
		if grant := values.Get("grant_type"); grant != "" {
			return grant
		}
	}
	return ""
}

// Endpoint is a URL of the simulated hosts.
type Endpoint struct {
	Methods string // "GET", "POST" or "GET, POST"
	Host    string // *.moviestar.com, *.yourdestination.com or * for both
	Path    string
	Does    string

	realm realm
	token bool // a token endpoint: the fault get opens it to GET
	serve func(*Simulator, *call) answer
}

// Endpoints lists every URL of the simulated hosts.
func Endpoints() []Endpoint {
	const star, tenant, both = "*." + moviestarSuffix, "*." + tenantSuffix, "*"
	const all = moviestar | tenantHost
	return []Endpoint{
		{"GET, POST", star, "/dialog/OAuth", "authorization page", moviestar, false, (*Simulator).authorize},
		{"GET, POST", star, "/OAuth/authorization", "authorization page", moviestar, false, (*Simulator).authorize},
		{"POST", star, "/OAuth/access_token", "token endpoint", moviestar, true, (*Simulator).token},
		{"POST", star, "/OAuth/refresh_token", "token endpoint, meant for refreshing", moviestar, true, (*Simulator).token},
		{"POST", star, "/OAuth/accessToken", "token endpoint, meant for refreshing", moviestar, true, (*Simulator).token},
		{"POST", tenant, "/identity/oauth/token", "token endpoint of one tenant", tenantHost, true, (*Simulator).token},
		{"GET", both, "/me", "whose token is this? Takes Authorization: Bearer, or BhRestToken", all, false, (*Simulator).me},
		{"GET, POST", both, "/session", "logs in with an access token, gives a BhRestToken", all, false, (*Simulator).session},
		{"POST", both, "/OAuth/revoke", "revocation (RFC 7009)", all, false, (*Simulator).revocation},
		{"POST", both, "/OAuth/introspect", "introspection (RFC 7662)", all, false, (*Simulator).introspection},
		{"GET", star, callbackPath, "a callback to try the authorization page with", moviestar, false, (*Simulator).callback},
		{"GET", both, "/.well-known/jwks.json", "the key of the fault jwt", all, false, (*Simulator).jwks},
	}
}

func (s *Simulator) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "moviestar")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	where, ok := locate(r.Host)
	if !ok {
		http.Error(w, "The simulator has no such host. It serves *."+strings.Join(Hosts(), " and *.")+".", http.StatusNotFound)
		return
	}
	if r.URL.Path == stylePath { // no endpoint: it neither suffers faults, nor uses up their times, nor fills the journal
		s.deliver(w, &call{request: r}, s.style())
		return
	}
	c := readCall(r, where)
	a := s.respond(c)
	s.settleState()
	s.record(c, a)
	s.deliver(w, c, a)
}

func readCall(r *http.Request, where place) *call {
	c := &call{request: r, place: where, mount: mountOf(r), query: r.URL.Query()}
	if r.Method == http.MethodPost {
		c.body, c.problem = readBody(r)
	}
	c.params = c.body
	return c
}

// readBody takes a form or a flat JSON object (spec/destination-sdk.md §5.2, quirk 20).
func readBody(r *http.Request) (url.Values, *oauthError) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyLimit))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &oauthError{status: http.StatusRequestEntityTooLarge, code: "invalid_request", description: "The body is too long."}
	}
	if err != nil {
		return nil, invalidRequest("The body could not be read.")
	}
	if len(text) == 0 {
		return url.Values{}, nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, invalidRequest("The body is not a form.")
		}
		return form, nil
	case "application/json":
		return readObject(text)
	}
	return nil, invalidRequest("The Content-Type must be application/x-www-form-urlencoded or application/json.")
}

func readObject(text []byte) (url.Values, *oauthError) {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return nil, invalidRequest("The body is not a JSON object.")
	}
	out := url.Values{}
	for name, raw := range object {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw) // a number or a boolean stands for its spelling
		}
		out.Set(name, value)
	}
	return out, nil
}

func (s *Simulator) respond(c *call) answer {
	if problem := s.settle(c); problem != nil {
		return problem.answer()
	}
	if c.faults.slowBefore > 0 && !wait(c.request.Context(), c.faults.slowBefore) {
		return answer{dropped: true}
	}
	if c.faults.dropBefore {
		return answer{dropped: true}
	}
	if a, ok := c.faults.instead(c.request.Method); ok {
		return a
	}
	a := c.faults.alter(s.route(c))
	a.dropped = c.faults.drop
	return a
}

// settle finds the faults that a request suffers: rules first, then its query, then its header; the last wins.
func (s *Simulator) settle(c *call) *oauthError {
	settings := s.rules.take(c.place.host, c.request.URL.Path, c.grant())
	for _, text := range slices.Concat(c.query["fault"], c.request.Header.Values("X-Sim-Fault")) {
		more, err := parseFaults(text)
		if err != nil {
			return invalidRequest(err.Error())
		}
		settings = append(settings, more...)
	}
	c.faults = combine(settings)
	for _, set := range settings {
		c.faultSet = append(c.faultSet, set.fault.Name)
	}
	return nil
}

// route finds the endpoint. The path is compared as it is: providers differ in case and trailing slashes.
func (s *Simulator) route(c *call) answer {
	method := c.request.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, e := range s.endpoints {
		if e.Path != c.request.URL.Path || e.realm&c.place.realm == 0 {
			continue
		}
		if e.token && c.faults.get {
			return e.serve(s, c.withQuery())
		}
		if !strings.Contains(e.Methods, method) {
			problem := &oauthError{status: http.StatusMethodNotAllowed, code: "invalid_request", description: "The method is not allowed here."}
			return problem.answer().with("Allow", e.Methods)
		}
		return e.serve(s, c)
	}
	problem := &oauthError{status: http.StatusNotFound, code: "not_found", description: "The simulated host has no such path."}
	return problem.answer()
}

// withQuery lets parameters stand in the query, as some providers do.
func (c *call) withQuery() *call {
	c.params = url.Values{}
	for _, values := range []url.Values{c.query, c.body} {
		for name, value := range values {
			c.params[name] = value
		}
	}
	delete(c.params, "fault")
	return c
}

func (s *Simulator) deliver(w http.ResponseWriter, c *call, a answer) {
	if c.faults.slow > 0 {
		late := time.Now().Add(c.faults.slow + writeGrace)
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(late) // best effort: a server without deadlines has none to move
		_ = control.SetReadDeadline(late)
		wait(c.request.Context(), c.faults.slow)
	}
	if a.dropped {
		panic(http.ErrAbortHandler) // net/http's own way to close a connection without a reply
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	for name, values := range a.header {
		header[name] = values
	}
	if location := header.Get("Location"); location != "" {
		header.Set("Location", c.mount.rewrite(location))
	}
	w.WriteHeader(a.status)
	if c.request.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the caller may have gone
	}
}

// wait sleeps, and tells whether the context lasted.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
