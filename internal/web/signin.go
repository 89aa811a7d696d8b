package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/authority"
	"latchkey/internal/limit"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// People are who can sign in. It is [registry.Users].
type People interface {
	SignIn(ctx context.Context, email string, password secret.String) ([]registry.User, error)
	SignedIn(ctx context.Context, user registry.User) error
	Invited(ctx context.Context, token secret.String) (registry.User, error)
	Accept(ctx context.Context, token, password secret.String) (registry.User, error)
}

// maxEmail is how long an address can be (RFC 5321 §4.5.3.1).
const maxEmail = 320

// signInForm is the page that asks for e-mail and password.
type signInForm struct {
	CSRF, Back, Email string
	// Problem says what was wrong with the last try, "" for nothing.
	Problem string
	// Here is the name of who is signed in at the browser already.
	Here string
	// Asked tells that an application sent the person here.
	Asked bool
	// Passkey asks the device for one; nil where that can't be.
	Passkey *passkeyAsk
	// Provider names the OpenID provider, "" where there is none.
	Provider string
}

const (
	problemWrong = "This e-mail address and password do not belong together, or the account is not active. Try again, or ask an administrator of your organization for a link to set a new password."
	problemStale = "This page was open for too long, or the browser keeps no cookies. Enter both once more; when this comes again, allow cookies for this site."
)

// getSignIn redeems a ticket, or shows the form.
func (p *Pages) getSignIn(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !query.Has("ticket") {
		p.signInPage(w, r, http.StatusOK, signInForm{Back: localPath(query.Get("back"))})
		return
	}
	if r.Method != http.MethodGet {
		return // a preview's HEAD must not use the ticket up
	}
	p.redeem(w, r, query.Get("ticket"), localPath(query.Get("back")))
}

// redeem signs the browser in by a ticket. A reload, by a browser that it has signed in, is no error.
func (p *Pages) redeem(w http.ResponseWriter, r *http.Request, ticket, back string) {
	begun, err := p.Sessions.Redeem(r.Context(), secret.New(ticket), registry.Second{}, browserOf(r))
	if need, ok := errors.AsType[*registry.NeedError](err); ok {
		p.askMore(w, r, need.Need, ticket, back)
		return
	}
	if err == nil {
		p.enter(w, r, begun)
		redirectBack(w, r, back)
		return
	}
	if !errors.Is(err, registry.ErrLink) {
		p.broken(w, r, err)
		return
	}
	if _, _, ok := p.signed(r); ok {
		redirectBack(w, r, back)
		return
	}
	p.message(w, r, messageTicket)
}

func (p *Pages) signInPage(w http.ResponseWriter, r *http.Request, status int, form signInForm) {
	form.CSRF = formToken(w, r)
	form.Email = cmp.Or(form.Email, hintOf(form.Back))
	if form.Asked = authority.Owns(pathOf(form.Back)); form.Asked {
		withOpener(w.Header())
	}
	if _, user, ok := p.signed(r); ok {
		form.Here = user.Name()
	}
	form.Passkey, form.Provider = p.offerPasskey(r, form.CSRF), p.providerName()
	p.render(w, r, status, "signin", page{Title: "Sign in", Here: "/sign-in", Body: form})
}

// postSignIn takes e-mail and password.
func (p *Pages) postSignIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form := signInForm{Back: localPath(r.PostFormValue("back")), Email: strings.TrimSpace(r.PostFormValue("email"))}
	if !ownForm(r, formCookie(r)) {
		form.Problem = problemStale
		p.signInPage(w, r, http.StatusForbidden, form)
		return
	}
	if len(form.Email) > maxEmail {
		form.Email = ""
	}
	if wait := p.guesses.wait(r, form.Email); wait > 0 {
		form.Problem = tooMany(w, wait)
		p.meters.signIn(r.Context(), outcomeLimited)
		p.Log.DebugContext(r.Context(), "passwords are tried too often", slog.String("address", limit.Address(r.RemoteAddr)))
		p.signInPage(w, r, http.StatusTooManyRequests, form)
		return
	}
	users, err := p.People.SignIn(r.Context(), form.Email, secret.New(r.PostFormValue("password")))
	switch {
	case errors.Is(err, registry.ErrSignIn):
		p.Log.InfoContext(r.Context(), "a sign-in was refused", slog.String("address", limit.Address(r.RemoteAddr)))
		form.Problem = problemWrong
		p.meters.signIn(r.Context(), outcomeRefused)
		p.signInPage(w, r, http.StatusForbidden, form)
	case err != nil:
		p.broken(w, r, err)
	case len(users) > 1:
		p.choose(w, r, users, registry.ByPassword, form.Back)
	default:
		p.begin(w, r, registry.Entry{User: users[0], Proof: registry.ByPassword}, form.Back)
	}
}

// begin signs the browser in and leads it on, or asks for what the sign-in takes beside the proof.
func (p *Pages) begin(w http.ResponseWriter, r *http.Request, in registry.Entry, back string) {
	in.Browser = browserOf(r)
	begun, err := p.Sessions.Begin(r.Context(), in)
	need, more := errors.AsType[*registry.NeedError](err)
	if more {
		ticket, err := p.Sessions.Ticket(r.Context(), in, choiceLife)
		if err != nil {
			p.broken(w, r, err)
			return
		}
		p.askMore(w, r, need.Need, ticket.Reveal(), back)
		return
	}
	if err != nil {
		p.broken(w, r, err)
		return
	}
	p.goOn(w, r, begun, back)
}

// goOn leads the browser on after a form. Where the authority may redirect it to a client the chain is broken by a page:
// browsers hold what a form may lead to against every redirect that follows, and the sign-in form may lead here alone.
func (p *Pages) goOn(w http.ResponseWriter, r *http.Request, begun registry.Begun, back string) {
	p.enter(w, r, begun)
	if !authority.Owns(pathOf(back)) {
		redirectBack(w, r, back)
		return
	}
	withOpener(w.Header())
	p.render(w, r, http.StatusOK, "onward", page{Title: "You are signed in", Body: back})
}

func pathOf(back string) string {
	path, _, _ := strings.Cut(back, "?")
	return path
}

// choice is the page that asks which organization a person with several means.
type choice struct {
	CSRF, Back, Email string
	Options           []option
}

type option struct{ Ticket, Organization, ID, Role string }

// choose asks for the organization. The proof that was given stands in a ticket for each, for a short time.
func (p *Pages) choose(w http.ResponseWriter, r *http.Request, users []registry.User, proof registry.Proof, back string) {
	view := choice{CSRF: formToken(w, r), Back: back, Email: users[0].Email}
	for _, user := range users {
		ticket, err := p.Sessions.Ticket(r.Context(), registry.Entry{User: user, Proof: proof, Others: idsOf(users, user.ID)}, choiceLife)
		if err != nil {
			p.broken(w, r, err)
			return
		}
		view.Options = append(view.Options, option{ticket.Reveal(), p.organizationName(r.Context(), user), user.Organization, user.Role.Words()})
	}
	if authority.Owns(pathOf(back)) {
		withOpener(w.Header())
	}
	slices.SortFunc(view.Options, func(a, b option) int { return strings.Compare(a.Organization, b.Organization) })
	p.render(w, r, http.StatusOK, "choose", page{Title: "Choose an organization", Here: "/sign-in", Body: view})
}

// idsOf gives the ids of all but one.
func idsOf(users []registry.User, but string) []string {
	var ids []string
	for _, user := range users {
		if user.ID != but {
			ids = append(ids, user.ID)
		}
	}
	return ids
}

// postChoice takes the organization.
func (p *Pages) postChoice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form := signInForm{Back: localPath(r.PostFormValue("back"))}
	if !ownForm(r, formCookie(r)) {
		form.Problem = problemStale
		p.signInPage(w, r, http.StatusForbidden, form)
		return
	}
	begun, err := p.Sessions.Redeem(r.Context(), secret.New(r.PostFormValue("ticket")), registry.Second{}, browserOf(r))
	need, more := errors.AsType[*registry.NeedError](err)
	switch {
	case more:
		p.askMore(w, r, need.Need, r.PostFormValue("ticket"), form.Back)
	case errors.Is(err, registry.ErrLink):
		form.Problem = "Choosing took longer than five minutes. Enter both once more."
		p.signInPage(w, r, http.StatusForbidden, form)
	case err != nil:
		p.broken(w, r, err)
	default:
		p.goOn(w, r, begun, form.Back)
	}
}

// organizationName names a person's organization, by its id when there is no more to say.
func (p *Pages) organizationName(ctx context.Context, user registry.User) string {
	found, err := p.Directory.Organization(ctx, user.Caller(), user.Organization)
	if err != nil {
		p.Log.WarnContext(ctx, "an organization can't be named", slog.String("organization", user.Organization), slog.Any("error", err))
		return user.Organization
	}
	return found.Name
}

// broken answers for a fault of our own.
func (p *Pages) broken(w http.ResponseWriter, r *http.Request, err error) {
	p.Log.ErrorContext(r.Context(), "a page could not do its work", slog.String("path", r.URL.Path), slog.Any("error", err))
	p.message(w, r, messageBroken)
}
