package web

import (
	"context"
	"fmt"
	"net/http"

	"latchkey/internal/authority"
	"latchkey/internal/registry"
)

// getProvider sends the browser to the provider.
func (p *Pages) getProvider(w http.ResponseWriter, r *http.Request) {
	p.toProvider(w, r, localPath(r.URL.Query().Get("back")), "")
}

// toProvider begins a sign-in there; with a session it is asked to prove anew whose that is.
func (p *Pages) toProvider(w http.ResponseWriter, r *http.Request, back, session string) {
	if p.openID == nil {
		p.message(w, r, messageMissing)
		return
	}
	if r.Method != http.MethodGet {
		return // a preview's HEAD
	}
	e := p.openID.newErrand(back, p.openIDRedirect(r), session)
	if wait := p.guesses.wait(r, ""); wait > 0 {
		p.signInPage(w, r, http.StatusTooManyRequests, signInForm{Back: back, Problem: tooMany(w, wait)})
		return
	}
	found, err := p.openID.provider(r.Context())
	var at string
	if err == nil {
		at, err = p.openID.authorizeAt(found, e)
	}
	if err != nil {
		p.openIDRefused(w, r, err, registry.Claimed{}, e)
		return
	}
	if authority.Owns(pathOf(back)) {
		withOpener(w.Header())
	}
	p.openID.keep(w, r, e)
	http.Redirect(w, r, at, http.StatusSeeOther)
}

// getProviderCallback takes the provider's answer.
func (p *Pages) getProviderCallback(w http.ResponseWriter, r *http.Request) {
	if p.openID == nil {
		p.message(w, r, messageMissing)
		return
	}
	if r.Method != http.MethodGet {
		return
	}
	e, ok := p.openID.take(w, r)
	if !ok {
		p.openIDRefused(w, r, &openIDError{problem: problemState}, registry.Claimed{}, errand{Back: "/"})
		return
	}
	if wait := p.guesses.wait(r, ""); wait > 0 {
		p.signInPage(w, r, http.StatusTooManyRequests, signInForm{Back: e.Back, Problem: tooMany(w, wait)})
		return
	}
	who, err := p.answered(r.Context(), r, e)
	if err != nil {
		p.openIDRefused(w, r, err, who, e)
		return
	}
	if e.Session != "" {
		p.proveBy(w, r, who, e)
		return
	}
	users, err := p.openID.Identities.SignIn(r.Context(), who)
	if err != nil {
		p.openIDRefused(w, r, err, who, e)
		return
	}
	if authority.Owns(pathOf(e.Back)) {
		withOpener(w.Header())
	}
	if len(users) > 1 {
		p.choose(w, r, users, registry.ByProvider, e.Back)
		return
	}
	p.begin(w, r, registry.Entry{User: users[0], Proof: registry.ByProvider}, e.Back)
}

// answered reads the answer, and tells who signed in.
func (p *Pages) answered(ctx context.Context, r *http.Request, e errand) (registry.Claimed, error) {
	query := r.URL.Query()
	found, err := p.openID.provider(ctx)
	if err != nil {
		return registry.Claimed{}, err
	}
	if iss := query.Get("iss"); iss != "" && iss != p.openID.Issuer || iss == "" && found.Iss { // RFC 9207 §2.4
		return registry.Claimed{}, &openIDError{problem: problemToken, err: fmt.Errorf("the answer is of the issuer %q", shown(iss))}
	}
	if code := query.Get("error"); code != "" {
		return registry.Claimed{}, &openIDError{problem: problemRefused, code: code, description: query.Get("error_description")}
	}
	answer, err := p.openID.redeem(ctx, found, query.Get("code"), e)
	if err != nil {
		return registry.Claimed{}, err
	}
	return p.openID.claimed(ctx, found, answer, e)
}
