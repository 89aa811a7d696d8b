package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// Explained is a request that a plan would send, with every secret masked.
type Explained struct {
	// Purpose is "authorize", "acquire", "renew", "revoke" or "step:NAME".
	Purpose string
	// When says in words when it is sent.
	When        string
	Method, URL string
	Headers     []Header
	ContentType string
	Body        string
	// Notes say what the masks hide, and what only the real round knows.
	Notes []string
}

// Header is a header of a request.
type Header struct{ Name, Value string }

// Explain gives the requests that would be sent, in their order: the redirect of the browser, the first token with the
// steps around it, each way to renew, what ends the grant. It sends nothing. Every secret is rendered as [destination.Mask], so that
// nothing that is computed from it can tell it; what the consent or the provider will bring stands as <name>. An error
// is a [*Failure].
func (r *Runner) Explain(ctx context.Context, plan *destination.Plan, in Input) ([]Explained, error) {
	if plan.AuthType() != destination.OAuth2 {
		return []Explained{}, nil
	}
	in.Tokens = nil
	out := []Explained{}
	if plan.NeedsBrowser() {
		e, err := r.explainRedirect(ctx, plan, in)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	first, err := r.explainRound(ctx, plan, in, shown{plan.Acquire(), destination.OnAcquire, "acquire", whenAcquired(plan)})
	if err != nil {
		return nil, err
	}
	out = append(out, first...)
	for i, way := range plan.Renewals() {
		renewal, err := r.explainRound(ctx, plan, in, shown{way.Request, destination.OnRefresh, "renew", whenRenewed(plan, way, i)})
		if err != nil {
			return nil, err
		}
		out = append(out, renewal...)
	}
	ended, err := r.explainRevocation(ctx, plan, in)
	if err != nil {
		return nil, err
	}
	return append(out, ended...), nil
}

func whenAcquired(plan *destination.Plan) string {
	if plan.NeedsBrowser() {
		return "once, when the browser comes back with a code"
	}
	return "once, when an account is connected"
}

func whenRenewed(plan *destination.Plan, way destination.Renewal, i int) string {
	when := "when the token is about to expire"
	if i > 0 {
		when += ", where the way before cannot be gone"
	}
	if way.NeedsRefreshToken {
		when += ", while a refresh token is held"
		if !plan.NeedsBrowser() {
			when += "; when that is refused, the first request is sent again"
		}
	}
	return when
}

// explainRedirect shows where the customer's browser goes.
func (r *Runner) explainRedirect(ctx context.Context, plan *destination.Plan, in Input) (Explained, error) {
	x := r.gather(plan, in, true)
	x.expectFields()
	attempt := Attempt{RedirectURI: placeholder("redirect_uri")}
	if in.Code != nil && in.Code.RedirectURI != "" {
		attempt.RedirectURI = in.Code.RedirectURI
	}
	x.data["state"] = placeholder("state")
	pkce := plan.Authorization().PKCE != destination.NoPKCE && plan.Authorization().PKCE != ""
	if pkce {
		attempt.CodeVerifier = secret.New(destination.Mask)
	}
	address, err := x.authorize(ctx, attempt)
	if err != nil {
		return Explained{}, err
	}
	e := Explained{
		Purpose: "authorize", When: "when an account is connected, in the customer's browser", Method: "GET",
		URL: readable(address), Headers: []Header{},
		Notes: []string{"state is made for each attempt, and good once"},
	}
	if pkce {
		e.Notes = append(e.Notes, "code_challenge is computed from a verifier that is made for each attempt")
	}
	return e, nil
}

// explainRevocation shows what is sent when a connection is deleted: nothing where the definition does not say how a grant is revoked.
func (r *Runner) explainRevocation(ctx context.Context, plan *destination.Plan, in Input) ([]Explained, error) {
	request := plan.Revocation()
	if request == nil {
		return nil, nil
	}
	when := map[string]string{
		"": "when the connection is deleted", nameRefreshToken: "when the connection is deleted, for the refresh token",
		nameAccessToken: "when the connection is deleted, for the access token",
	}
	names := []string{""}
	if request.Kind != destination.Templated {
		names = []string{nameAccessToken}
		if slices.ContainsFunc(plan.Renewals(), func(way destination.Renewal) bool { return way.NeedsRefreshToken }) {
			names = []string{nameRefreshToken, nameAccessToken}
		}
	}
	var out []Explained
	for _, name := range names {
		x := r.gather(plan, in, true)
		x.revokes = name
		x.expectFields()
		x.expectOutputs(destination.OnRefresh)
		e, err := x.explain(ctx, request)
		if err != nil {
			return nil, err
		}
		e.Purpose, e.When = "revoke", when[name]
		e.Notes = append(e.Notes, "tried again for three days until the provider takes it")
		out = append(out, e)
	}
	return out, nil
}

// shown is the main request of a round that is explained.
type shown struct {
	request       *destination.Request
	when          destination.When
	purpose, said string
}

// explainRound shows a main request with the steps around it.
func (r *Runner) explainRound(ctx context.Context, plan *destination.Plan, in Input, main shown) ([]Explained, error) {
	x := r.gather(plan, in, true)
	x.expectFields()
	x.expectOutputs(main.when)
	var out []Explained
	show := func(request *destination.Request, purpose, words string) error {
		e, err := x.explain(ctx, request)
		if err != nil {
			return err
		}
		e.Purpose, e.When = purpose, words
		out = append(out, e)
		return nil
	}
	for _, step := range plan.Steps() {
		if step.When != destination.First {
			continue
		}
		if err := show(step.Request, "step:"+step.Name, "before the next request"); err != nil {
			return nil, err
		}
	}
	if err := show(main.request, main.purpose, main.said); err != nil {
		return nil, err
	}
	for _, step := range plan.Steps() {
		if step.When != main.when && step.When != destination.Always {
			continue
		}
		if err := show(step.Request, "step:"+step.Name, "after the request before"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expectOutputs puts placeholders where only the consent or an answer knows the value.
func (x *round) expectOutputs(when destination.When) {
	expect := func(name, value string) {
		if _, known := x.data[name]; !known {
			x.data[name] = value
		}
	}
	if when == destination.OnAcquire && x.plan.NeedsBrowser() {
		expect("code", destination.Mask)
		expect("redirectUri", placeholder("redirect_uri"))
		expect("state", placeholder("state"))
		if pkce := x.plan.Authorization().PKCE; pkce != destination.NoPKCE && pkce != "" {
			expect("codeVerifier", destination.Mask)
		}
	}
	expect(nameAccessToken, destination.Mask)
	expect(nameRefreshToken, destination.Mask)
	for _, name := range x.plan.Outputs() {
		if x.secretOutputs[name] {
			expect(name, destination.Mask)
		} else {
			expect(name, placeholder(name))
		}
	}
}

// expectFields puts placeholders where the customer has to enter something and has not yet.
func (x *round) expectFields() {
	for _, p := range x.plan.Prompts() {
		if _, entered := x.data[p.Name]; !entered && p.Required {
			x.data[p.Name] = placeholder(p.Name)
		}
	}
}

func placeholder(name string) string { return "<" + name + ">" }

func isPlaceholder(text string) bool {
	return strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">")
}

// readable undoes the encoding of placeholders.
func readable(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "%3C", "<"), "%3E", ">")
}

func (x *round) explain(ctx context.Context, request *destination.Request) (Explained, error) {
	w, err := x.render(ctx, request)
	if err != nil {
		return Explained{}, err
	}
	e := Explained{
		Method: w.method, URL: readable(w.url), Headers: w.headers, ContentType: w.contentType, Body: readable(w.body),
	}
	for _, part := range w.computed {
		e.Notes = append(e.Notes, part+" is computed from a masked value; what is sent differs")
	}
	if a := x.plan.Assertion(); a != nil && request.Mentions("authData.assertion") {
		e.Notes = append(e.Notes, fmt.Sprintf("authData.assertion is signed with %s for each request", a.Algorithm))
	}
	return e, nil
}

// note remembers a part that mentions a secret and doesn't show the mask: it is computed from it.
func (w *wire) note(x *round, part string, t *destination.Text, rendered string) {
	if !x.masked || strings.Contains(rendered, destination.Mask) {
		return
	}
	secrets := slices.Collect(maps.Keys(x.data))
	if slices.ContainsFunc(secrets, func(name string) bool {
		return x.data[name] == destination.Mask && t.Mentions("authData."+name)
	}) {
		w.noteComputed(x, part)
	}
}

func (w *wire) noteComputed(x *round, part string) {
	if x.masked {
		w.computed = append(w.computed, part)
	}
}
