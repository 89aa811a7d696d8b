package web

import (
	"errors"
	"net/http"

	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// invitation is the page that asks for a first or a new password. Who has its link may set one, once: that is why it was
// sent. The token stands in the address and in the form, and nowhere else.
type invitation struct {
	CSRF, Token         string
	Name, Email         string
	Organization, Words string
	// First tells that the person never signed in.
	First   bool
	Problem string
	// Provider names the OpenID provider, "" where there is none.
	Provider string
}

// getInvitation shows whose link it is.
func (p *Pages) getInvitation(w http.ResponseWriter, r *http.Request) {
	p.invitationPage(w, r, http.StatusOK, r.URL.Query().Get("token"), "")
}

func (p *Pages) invitationPage(w http.ResponseWriter, r *http.Request, status int, token, problem string) {
	user, err := p.People.Invited(r.Context(), secret.New(token))
	if err != nil {
		p.invitationError(w, r, err)
		return
	}
	view := invitation{
		CSRF: formToken(w, r), Token: token, Name: user.Name(), Email: user.Email, Organization: p.organizationName(r.Context(), user),
		Words: user.Role.Words(), First: user.LastSignInAt.IsZero(), Problem: problem, Provider: p.providerName(),
	}
	p.render(w, r, status, "invitation", page{Title: "Set a password", Body: view})
}

// postInvitation sets the password and signs in.
func (p *Pages) postInvitation(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	token, password := r.PostFormValue("token"), r.PostFormValue("password")
	switch {
	case !ownForm(r, formCookie(r)):
		p.invitationPage(w, r, http.StatusForbidden, token, problemStale)
		return
	case password != r.PostFormValue("again"):
		p.invitationPage(w, r, http.StatusUnprocessableEntity, token, "The two passwords differ. Enter the same one twice.")
		return
	}
	if wait := p.guesses.wait(r, ""); wait > 0 {
		p.invitationPage(w, r, http.StatusTooManyRequests, token, tooMany(w, wait))
		return
	}
	user, err := p.People.Accept(r.Context(), secret.New(token), secret.New(password))
	if invalid, ok := errors.AsType[*registry.InvalidError](err); ok {
		p.invitationPage(w, r, http.StatusUnprocessableEntity, token, sentence(invalid.Message)+" "+sentence(invalid.Fix))
		return
	}
	if err != nil {
		p.invitationError(w, r, err)
		return
	}
	p.begin(w, r, registry.Entry{User: user, Proof: registry.ByInvitation}, "/")
}

func (p *Pages) invitationError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, registry.ErrLink) {
		p.message(w, r, messageInvitation)
		return
	}
	p.broken(w, r, err)
}
