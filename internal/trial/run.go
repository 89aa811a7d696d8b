package trial

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
	"latchkey/internal/simulator"
)

// Step is one part of a trial, with what it means.
type Step struct {
	Title string
	// OK tells that it went well; Says is what happened, and Means what a connection would do then.
	OK          bool
	Says, Means string
	Exchanges   []Exchange
}

// run is a trial under way.
type run struct {
	ask    Ask
	plan   *destination.Plan
	clock  clock.Clock
	stage  *stage
	runner *exchange.Runner
	in     exchange.Input
	steps  []Step
	hidden []string
}

// strike puts the fault in force for one part, and takes away that of the part before.
func (r *run) strike(at When, also string) {
	r.stage.sim.ClearFaults(simulator.Rule{})
	faults := also
	if r.ask.When == at && r.ask.Fault != "" {
		if faults != "" {
			faults += ","
		}
		faults += r.ask.Fault
	}
	if faults != "" {
		_ = r.stage.sim.SetFault(simulator.Rule{Fault: faults}) // Run has tried it
	}
}

func (r *run) add(s Step) {
	s.Exchanges = r.stage.take()
	r.steps = append(r.steps, s)
}

func (r *run) fail(title string, err error) {
	says, means := words(err)
	r.add(Step{Title: title, Says: says, Means: means})
}

// consent sends a browser to the provider, who consents at once.
func (r *run) consent(ctx context.Context) bool {
	const title = "The consent"
	r.strike(AtConsent, "consent=allow")
	state, verifier := secret.New(rand.Text()), secret.New(rand.Text()+rand.Text())
	r.hide(state, verifier)
	address, err := r.runner.AuthorizeURL(ctx, r.plan, r.in, exchange.Attempt{State: state, RedirectURI: r.ask.Callback, CodeVerifier: verifier})
	if err != nil {
		r.fail(title, err)
		return false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		r.fail(title, err)
		return false
	}
	shown := &page{header: http.Header{}}
	func() {
		defer func() { _ = recover() }() // the provider hung up, and the status says so
		r.stage.ServeHTTP(shown, request)
	}()
	back, err := url.Parse(shown.header.Get("Location"))
	query := url.Values{}
	if err == nil {
		query = back.Query()
	}
	code := secret.New(query.Get("code"))
	r.hide(code)
	switch {
	case query.Get("error") != "":
		r.add(Step{Title: title, Says: "The provider led the browser back with the error " + query.Get("error") + ".", Means: "No connection is made. The customer is told, and can begin anew."})
		return false
	case code.Empty():
		r.add(Step{Title: title, Says: "The browser was not led back with a code.", Means: "The customer stays at the provider, and the attempt ends unfinished."})
		return false
	}
	r.in.Code = &exchange.CodeGrant{Code: code, RedirectURI: r.ask.Callback, State: state.Reveal(), CodeVerifier: verifier}
	if r.plan.Authorization().PKCE == destination.NoPKCE || r.plan.Authorization().PKCE == "" {
		r.in.Code.CodeVerifier = secret.String{}
	}
	r.add(Step{Title: title, OK: true, Says: "The customer allowed it, and the browser came back with a code."})
	return true
}

// first gets the first token.
func (r *run) first(ctx context.Context) bool {
	r.strike(AtFirst, "")
	set, err := r.runner.Acquire(ctx, r.plan, r.in)
	if err != nil {
		r.fail("The first token", err)
		return false
	}
	r.hide(set.AccessToken, set.RefreshToken)
	r.in.Tokens = set
	r.add(Step{Title: "The first token", OK: true, Says: r.got(set), Means: "The connection works, and gives this token to those who ask for it."})
	return true
}

// renewal gets a new one, as before the first ends.
func (r *run) renewal(ctx context.Context) {
	const title = "The renewal"
	if !exchange.Renewable(r.plan, r.in.Tokens) {
		r.add(Step{Title: title, OK: true, Says: "Nothing renews this token without its customer.", Means: "When it ends, the connection needs somebody to consent or to enter something again."})
		return
	}
	r.strike(AtRenewal, "")
	before := r.in.Tokens
	set, err := r.runner.Renew(ctx, r.plan, r.in)
	if failure, ok := errors.AsType[*exchange.Failure](err); ok {
		if failure.Left != nil {
			r.hide(failure.Left.RefreshToken)
		}
		r.fail(title, failure)
		return
	}
	if err != nil {
		r.fail(title, err)
		return
	}
	r.hide(set.AccessToken, set.RefreshToken)
	says := r.got(set)
	if !set.RefreshToken.Empty() && !set.RefreshToken.Equal(before.RefreshToken) {
		says += " The refresh token is another one: the provider rotates them, and the new one is kept before anything else is done."
	}
	r.add(Step{Title: title, OK: true, Says: says, Means: "The connection goes on, and nobody notices."})
}

// got says what came.
func (r *run) got(set *exchange.TokenSet) string {
	says := "A token of type " + set.TokenType
	switch {
	case set.ExpiresAt.IsZero():
		says += " came, and nothing tells how long it lives"
	default:
		says += " came, good for " + set.ExpiresAt.Sub(set.IssuedAt).Round(time.Second).String()
		if set.ExpirySource != "" {
			says += " (" + set.ExpirySource + ")"
		}
	}
	if set.Scope != "" {
		says += ", for " + set.Scope
	}
	if set.RefreshToken.Empty() {
		return says + ", without a refresh token."
	}
	return says + ", with a refresh token."
}
