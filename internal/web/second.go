package web

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"

	"latchkey/internal/authority"
	"latchkey/internal/limit"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// This file asks for what a sign-in takes beside the first proof. What was proved already stands in a ticket, which is good
// for five minutes and for this browser's forms.

// secondForm is the page that asks for a code.
type secondForm struct {
	CSRF, Ticket, Back, Email, Problem string
	// App and Recovery tell what there is to ask for.
	App      bool
	Recovery int
	// Passkey asks the device for one of the person's, Elsewhere says where those work.
	Passkey   *passkeyAsk
	Elsewhere string
}

const (
	problemCode    = "This code is not right, or it was used before. An app shows another every half minute; when none is taken, the clock of the device is wrong. A recovery code works once."
	problemTooLate = "That took longer than five minutes. Sign in once more."
)

// askMore writes the page that asks for what is needed.
func (p *Pages) askMore(w http.ResponseWriter, r *http.Request, need registry.Need, ticket, back string) {
	if authority.Owns(pathOf(back)) {
		withOpener(w.Header())
	}
	if need == registry.NeedEnrolment {
		p.enrolPage(w, r, http.StatusOK, enrolForm{Ticket: ticket, Back: back})
		return
	}
	p.secondPage(w, r, http.StatusOK, secondForm{Ticket: ticket, Back: back})
}

// holder gives the person whose ticket it is; without one it has written the page that begins anew.
func (p *Pages) holder(w http.ResponseWriter, r *http.Request, ticket, back string) (registry.User, bool) {
	_, user, err := p.Sessions.Holder(r.Context(), secret.New(ticket))
	switch {
	case errors.Is(err, registry.ErrLink):
		p.signInPage(w, r, http.StatusForbidden, signInForm{Back: back, Problem: problemTooLate})
	case err != nil:
		p.broken(w, r, err)
	}
	return user, err == nil
}

func (p *Pages) secondPage(w http.ResponseWriter, r *http.Request, status int, form secondForm) {
	user, ok := p.holder(w, r, form.Ticket, form.Back)
	if !ok {
		return
	}
	state, err := p.Factors.Have(r.Context(), user)
	if err != nil {
		p.broken(w, r, err)
		return
	}
	form.CSRF, form.Email, form.App, form.Recovery = formToken(w, r), user.Email, !state.Since.IsZero(), state.Recovery
	form.Passkey, form.Elsewhere = p.passkeyFor(r, user, state.Passkeys, form.Ticket)
	p.render(w, r, status, "second", page{Title: "One more proof", Here: "/sign-in", Body: form})
}

// postSecond takes a code.
func (p *Pages) postSecond(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form := secondForm{Ticket: r.PostFormValue("ticket"), Back: localPath(r.PostFormValue("back"))}
	if !ownForm(r, formCookie(r)) {
		p.signInPage(w, r, http.StatusForbidden, signInForm{Back: form.Back, Problem: problemStale})
		return
	}
	user, ok := p.holder(w, r, form.Ticket, form.Back)
	if !ok {
		return
	}
	if wait := p.guesses.wait(r, "code of "+user.ID); wait > 0 {
		form.Problem = tooMany(w, wait)
		p.secondPage(w, r, http.StatusTooManyRequests, form)
		return
	}
	second, err := p.Factors.Check(r.Context(), user, r.PostFormValue("code"))
	if errors.Is(err, registry.ErrSecond) {
		p.Log.InfoContext(r.Context(), "a second proof was refused", slog.String("address", limit.Address(r.RemoteAddr)), slog.String("user", user.ID))
		p.meters.signIn(r.Context(), outcomeRefused)
		form.Problem = problemCode
		p.secondPage(w, r, http.StatusForbidden, form)
		return
	}
	if err != nil {
		p.broken(w, r, err)
		return
	}
	p.complete(w, r, form.Ticket, form.Back, second)
}

// complete spends the ticket with the second proof.
func (p *Pages) complete(w http.ResponseWriter, r *http.Request, ticket, back string, second registry.Second) {
	begun, err := p.Sessions.Redeem(r.Context(), secret.New(ticket), second, browserOf(r))
	switch {
	case errors.Is(err, registry.ErrLink):
		p.signInPage(w, r, http.StatusForbidden, signInForm{Back: back, Problem: problemTooLate})
	case err != nil:
		p.broken(w, r, err)
	default:
		p.goOn(w, r, begun, back)
	}
}

// enrolForm is the page on which a person adds the app that the organization asks for.
type enrolForm struct {
	CSRF, Ticket, Back, Email, Problem string
	Picture                            template.HTML
	Secret                             string
}

// issuer is what an app calls its codes by: the organization's name, with ours.
func (p *Pages) issuer(ctx context.Context, user registry.User) string {
	return p.organizationName(ctx, user) + " (Latchkey)"
}

func (p *Pages) enrolPage(w http.ResponseWriter, r *http.Request, status int, form enrolForm) {
	user, ok := p.holder(w, r, form.Ticket, form.Back)
	if !ok {
		return
	}
	issuer := p.issuer(r.Context(), user)
	enrolment, err := p.Factors.Enrolling(r.Context(), user, issuer)
	if errors.Is(err, registry.ErrNotFound) {
		enrolment, err = p.Factors.Enrol(r.Context(), user, issuer)
	}
	if err == nil {
		form.Picture, err = qrPicture(enrolment.URI)
	}
	if err != nil {
		p.broken(w, r, err)
		return
	}
	form.CSRF, form.Email, form.Secret = formToken(w, r), user.Email, inGroups(enrolment.Secret.Reveal())
	p.render(w, r, status, "enrol", page{Title: "Add a second factor", Here: "/sign-in", Body: form})
}

// postEnrol takes the first code of the app, and signs in.
func (p *Pages) postEnrol(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form := enrolForm{Ticket: r.PostFormValue("ticket"), Back: localPath(r.PostFormValue("back"))}
	if !ownForm(r, formCookie(r)) {
		p.signInPage(w, r, http.StatusForbidden, signInForm{Back: form.Back, Problem: problemStale})
		return
	}
	user, ok := p.holder(w, r, form.Ticket, form.Back)
	if !ok {
		return
	}
	if wait := p.guesses.wait(r, "code of "+user.ID); wait > 0 {
		form.Problem = tooMany(w, wait)
		p.enrolPage(w, r, http.StatusTooManyRequests, form)
		return
	}
	codes, second, err := p.Factors.Confirm(r.Context(), user, r.PostFormValue("code"))
	if errors.Is(err, registry.ErrSecond) {
		form.Problem = problemCode
		p.enrolPage(w, r, http.StatusForbidden, form)
		return
	}
	if err != nil {
		p.broken(w, r, err)
		return
	}
	begun, err := p.Sessions.Redeem(r.Context(), secret.New(form.Ticket), second, browserOf(r))
	if err != nil {
		p.broken(w, r, err)
		return
	}
	p.enter(w, r, begun)
	p.render(w, r, http.StatusOK, "recovery", page{Title: "Recovery codes", Here: "/sign-in", Body: recoveryView{Codes: revealed(codes), Onward: form.Back}})
}

// recoveryView is the page that shows recovery codes, this once.
type recoveryView struct {
	Codes  []string
	Onward string
}

func revealed(codes []secret.String) []string {
	out := make([]string, 0, len(codes))
	for _, code := range codes {
		out = append(out, code.Reveal())
	}
	return out
}
