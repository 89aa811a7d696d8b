package web

import (
	"net/http"
	"net/url"

	"latchkey/internal/finding"
	"latchkey/internal/registry"
)

// Who has no password proves by the provider, once more, that an act is his or her own. What came of that is kept by the browser,
// for as long as a sign-in counts as fresh, and for this session alone.

const provePath = placeAccount + "/prove"

func (p *Pages) proveRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{"GET " + provePath: (*visit).prove}
}

// proved is the proof that the browser keeps.
type provedAt struct {
	Session string `json:"session"`
	At      int64  `json:"at"`
}

const provedPurpose = "proof by the provider"

func provedCookie(r *http.Request) string { return cookieName(r, "latchkey-proof") }

// prove sends the browser to the provider.
func (v *visit) prove() error {
	v.toProvider(v.w, v.r, localPath(v.r.URL.Query().Get("back")), v.session.ID)
	return nil
}

// proveBy takes what the provider said.
func (p *Pages) proveBy(w http.ResponseWriter, r *http.Request, who registry.Claimed, e errand) {
	session, user, ok := p.signed(r)
	if !ok || session.ID != e.Session { // signed out, or somebody else signed in, meanwhile
		p.openIDRefused(w, r, &openIDError{problem: problemState}, who, e)
		return
	}
	if err := p.openID.Identities.Prove(r.Context(), who, user); err != nil {
		p.openIDRefused(w, r, err, who, e)
		return
	}
	kept := p.openID.sealed(provedPurpose, provedAt{session.ID, p.Clock.Now().UnixMicro()})
	setCookie(w, r, cookie{provedCookie(r), kept, "/", freshLife})
	redirectBack(w, r, e.Back)
}

// provedByProvider tells whether the browser keeps such a proof of this session.
func (v *visit) provedByProvider() bool {
	if v.openID == nil {
		return false
	}
	var kept provedAt
	if !v.openID.opened(provedPurpose, cookieValue(v.r, provedCookie(v.r)), &kept) || kept.Session != v.session.ID {
		return false
	}
	age := v.Clock.Now().UnixMicro() - kept.At
	return age >= 0 && age < freshLife.Microseconds()
}

// byProvider tells whether the person proves by the provider: there is no password to ask for.
func (v *visit) byProvider() bool { return v.openID != nil && v.user.Password == "" }

// providerInput leads to the provider, and back to this page.
func (v *visit) providerInput() *input {
	i := text("proof", "Confirm with "+v.openID.Name, "", "So that nobody else does this at a browser that you left open. You come back to this page.").of(linkInput)
	back := v.r.URL.RequestURI()
	if v.r.URL.Path == placeAccount+"/passkeys" { // a form alone
		back += "/new"
	}
	i.Value = provePath + "?back=" + url.QueryEscape(localPath(back))
	return i
}

// unproved is what a form without that proof is told.
func (v *visit) unproved() (finding.Problems, int, error) {
	var problems finding.Problems
	problems.Wrong("/proof", "it is not confirmed yet that it is you", "follow the link first; what it confirms counts for ten minutes")
	return problems, http.StatusUnprocessableEntity, nil
}
