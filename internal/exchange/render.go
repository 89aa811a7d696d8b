package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/ident"
	"latchkey/pebble"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"

	codeTime = "canceled" // the code of a template that was given up
)

// wire is a request as it goes out.
type wire struct {
	method      string
	url         string
	headers     []Header
	contentType string
	body        string
	// fixed tells that the URL is a constant of the definition: nothing in it is secret, whatever it looks like.
	fixed bool
	// computed names parts that a secret is in, though not as it is.
	computed []string
}

// endpoint is where a request goes, without what may be secret.
func (x *round) endpoint(w *wire) string {
	u, err := url.Parse(w.url)
	if err != nil {
		return ""
	}
	where := u.Host + u.EscapedPath()
	if w.fixed && len(where) <= maxEndpoint {
		return where
	}
	return x.clean(where, maxEndpoint)
}

// render makes the request to send. It fails with a [*Failure] that names what is missing.
func (x *round) render(ctx context.Context, request *destination.Request) (*wire, error) {
	if err := x.sign(ctx, request); err != nil {
		return nil, err
	}
	now := x.clock.Now()
	scratch := map[string]any{
		"id": x.requestID(), "epoch": integer(now.Unix()), "epochMs": integer(now.UnixMilli()),
	}
	vars := x.vars(scratch)
	address, err := x.renderURL(ctx, request, vars)
	if err != nil {
		return nil, err
	}
	if request.Kind != destination.Templated {
		return x.standard(request, address)
	}
	w := &wire{method: request.Method, url: address}
	if err := x.renderBody(ctx, request, vars, w); err != nil {
		return nil, err
	}
	scratch["body"] = w.body
	return w, x.renderHeaders(ctx, request, vars, w)
}

func (x *round) requestID() string {
	if x.masked {
		return "00000000-0000-4000-8000-000000000000"
	}
	return ident.UUID()
}

func integer(n int64) pebble.Number { return pebble.Number(fmt.Sprint(n)) }

// renderBody renders the body, and says what it is (U20, U21).
func (x *round) renderBody(ctx context.Context, request *destination.Request, vars map[string]any, w *wire) error {
	w.contentType = request.ContentType
	if request.Body == nil || w.method == http.MethodGet || w.method == http.MethodHead {
		w.contentType = ""
		return nil
	}
	body, err := x.text(ctx, request.Body, vars)
	if err != nil {
		return err
	}
	w.body = body
	w.note(x, "the body", request.Body, body)
	form := request.Body.Calls("formUrlEncode")
	if form {
		if err := x.checkForm(request.Body, body); err != nil {
			return err
		}
	}
	switch {
	case w.contentType != "":
	case form:
		w.contentType = formType
	case json.Valid([]byte(body)):
		w.contentType = jsonType
	default:
		w.contentType = textType
	}
	return nil
}

// renderHeaders renders the headers over the usual ones.
func (x *round) renderHeaders(ctx context.Context, request *destination.Request, vars map[string]any, w *wire) error {
	for _, h := range request.Headers {
		value, err := x.headerValue(ctx, h, vars)
		if err != nil {
			return err
		}
		if sealed := h.Text.Sealed(); !sealed.Empty() {
			x.hide(sealed.Reveal())
			if x.masked {
				value = destination.Mask
			}
		}
		w.note(x, "the header "+h.Name, h.Text, value)
		if strings.EqualFold(h.Name, "Content-Type") {
			w.contentType = value
			continue
		}
		w.headers = append(w.headers, Header{h.Name, value})
	}
	w.usual()
	return nil
}

// usual adds the headers that every request has, unless it has its own.
func (w *wire) usual() {
	if !slices.ContainsFunc(w.headers, func(h Header) bool { return strings.EqualFold(h.Name, "Accept") }) {
		w.headers = append([]Header{{"Accept", jsonType}}, w.headers...)
	}
}

// headerValue renders a header. None of its values may be empty, and nothing may end the line.
func (x *round) headerValue(ctx context.Context, h destination.Param, vars map[string]any) (string, error) {
	segments, err := h.Text.Segments(ctx, vars)
	if err != nil {
		return "", x.templateFailure(h.Text, err)
	}
	var b strings.Builder
	for _, s := range segments {
		if s.Print != nil && s.Text == "" {
			return "", x.emptyFailure(s.Print, "the header "+h.Name)
		}
		if strings.ContainsFunc(s.Text, isControl) && s.Print != nil {
			return "", x.unfit(s.Print, "has a line break or a control character in it, and cannot stand in the header "+h.Name)
		}
		b.WriteString(s.Text)
	}
	return strings.TrimSpace(b.String()), nil
}

// text renders a template whose values may be empty.
func (x *round) text(ctx context.Context, t *destination.Text, vars map[string]any) (string, error) {
	text, err := t.Render(ctx, vars)
	if err != nil {
		return "", x.templateFailure(t, err)
	}
	return text, nil
}

// strictParams are the form parameters that must not be empty, and what they are usually made of (spec §2.7).
var strictParams = map[string]string{
	"client_id": "clientId", "client_secret": "clientSecret", "code": "code", "refresh_token": nameRefreshToken,
}

// checkForm refuses a form whose credentials are empty.
func (x *round) checkForm(t *destination.Text, body string) error {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil // what else the template says is the author's business
	}
	for _, param := range []string{"client_id", "client_secret", "code", "refresh_token"} {
		given := values[param]
		if len(given) == 0 || strings.TrimSpace(strings.Join(given, "")) != "" {
			continue
		}
		name := "authData." + strictParams[param]
		if !t.Mentions(name) {
			name = strings.Join(x.empties(t.Refs()), ", ")
		}
		return x.refuse(t.Pointer(), fmt.Sprintf("%s is empty, and %s needs it", orValue(name), param))
	}
	return nil
}

func orValue(name string) string {
	if name == "" {
		return "a value"
	}
	return name
}

// empties gives those names that have no value.
func (x *round) empties(refs []string) []string {
	var out []string
	for _, ref := range refs {
		name, ok := strings.CutPrefix(ref, "authData.")
		first, _, _ := strings.Cut(name, ".")
		if ok && x.data[first] == nil {
			out = append(out, "authData."+first)
		}
	}
	return out
}

func (x *round) emptyFailure(p *destination.Print, where string) error {
	names := x.empties(p.Refs)
	if len(names) == 0 {
		names = p.Refs
	}
	failure := x.refuse("", orValue(strings.Join(names, ", "))+" is empty, and "+where+" needs it")
	failure.Field = fieldOf(names)
	return failure
}

func (x *round) unfit(p *destination.Print, why string) error {
	failure := x.refuse("", orValue(strings.Join(p.Refs, ", "))+" "+why)
	failure.Field = fieldOf(p.Refs)
	return failure
}

// fieldOf gives the name in authData when the references are to one alone.
func fieldOf(refs []string) string {
	if len(refs) != 1 {
		return ""
	}
	name, ok := strings.CutPrefix(refs[0], "authData.")
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(name, ".")
	return first
}

// refuse is the failure of a request that cannot be sent as it is. It may be sent once the fields or the definition
// are mended.
func (x *round) refuse(pointer, why string) *Failure {
	if pointer != "" {
		why += " (" + pointer + ")"
	}
	return &Failure{Kind: Denied, Code: CannotSend, Description: x.clean(why, maxDescription), Sent: x.sent}
}

// templateFailure says which template failed, without what it was given.
func (x *round) templateFailure(t *destination.Text, err error) error {
	failure := x.refuse(t.Pointer(), "a template could not be rendered: "+safeMessage(err))
	if outOfTime(err) {
		failure.Kind, failure.Code = ProviderDown, codeTime
	}
	return failure
}

// outOfTime tells that nothing is wrong with a template: the caller gave up, or the machine is too busy. It may go
// better next time.
func outOfTime(err error) bool {
	e, ok := errors.AsType[*pebble.Error](err)
	return ok && (e.Kind == pebble.KindCanceled || e.Limit == "Time")
}

// safeMessage says what is wrong with a template without what it was given.
func safeMessage(err error) string {
	if e, ok := errors.AsType[*pebble.Error](err); ok {
		return e.SafeMessage()
	}
	return "it failed"
}
