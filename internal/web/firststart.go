package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// setUpPath is the page on which an installation without organizations is set up. Its link is what keeps others out: the
// token stands in the address and in the form, and nowhere else.
const setUpPath = "/set-up"

var (
	messageWaiting = message{
		Status: http.StatusServiceUnavailable, Tone: "warn", Title: "This Latchkey is not set up yet",
		Text: []string{"Nobody has made its first organization and administrator. The link to the page that does was printed where the server was started: in the terminal of latchkey serve, or in what the service manager or the container keeps of its output, of any node.",
			"Nothing else is here until then."},
	}
	messageSetUpLink = message{
		Status: http.StatusForbidden, Tone: "warn", Title: "This link does not set it up",
		Text: []string{"The page opens by the whole link that the server printed when it was started. This one was cut off when it was copied, is of another installation, or was replaced by a newer one.", "Nothing was changed. Look for the last link in the output of latchkey serve."},
	}
	messageSetUpOver = message{
		Status: http.StatusGone, Tone: "warn", Title: "This link is too old",
		Text: []string{"It was the right one, and is good for a day. Start the server again, any node: it prints a new one.", "Nothing was changed."},
	}
	messageSetUp = message{
		Status: http.StatusGone, Tone: "good", Title: "This Latchkey is set up",
		Text: []string{"The link was good for once, and has been used, or somebody ran latchkey setup. If you did not expect that, ask whoever runs the server: the audit record of the organization says when, and by whom.", "People get in by the accounts that an administrator makes."},
		Link: "/sign-in", LinkText: "Sign in",
	}
)

// waiting tells whether the installation waits to be set up, and has written the page that says so then.
func (p *Pages) waiting(w http.ResponseWriter, r *http.Request) bool {
	if p.FirstStart == nil || r.URL.Path == setUpPath || r.URL.Path == "/favicon.ico" || strings.HasPrefix(r.URL.Path, "/assets/") {
		return false
	}
	waits, err := p.FirstStart.Waiting(r.Context())
	if err != nil { // the page itself says what is broken
		p.Log.WarnContext(r.Context(), "it can't be told whether there is an organization", slog.Any("error", err))
	}
	if waits {
		p.message(w, r, messageWaiting)
	}
	return waits
}

// setUpView is the page that asks for the first organization and its administrator.
type setUpView struct{ Form *form }

// getSetUp shows it to whoever has the link.
func (p *Pages) getSetUp(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if !p.maySetUp(w, r, token) {
		return
	}
	p.setUpPage(w, r, http.StatusOK, setUpForm(token, registry.NewFirst{Organization: p.FirstStart.Proposed()}))
}

// maySetUp tells whether the link is right, and has written the page that says why not.
func (p *Pages) maySetUp(w http.ResponseWriter, r *http.Request, token string) bool {
	err := registry.ErrSetUp
	if p.FirstStart != nil {
		err = p.FirstStart.Check(r.Context(), secret.New(token))
	}
	if err != nil {
		p.setUpRefused(w, r, err)
	}
	return err == nil
}

func (p *Pages) setUpRefused(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, registry.ErrSetUp):
		p.message(w, r, messageSetUp)
	case errors.Is(err, registry.ErrLinkOver):
		p.message(w, r, messageSetUpOver)
	case errors.Is(err, registry.ErrLink):
		p.message(w, r, messageSetUpLink)
	default:
		p.broken(w, r, err)
	}
}

func setUpForm(token string, of registry.NewFirst) *form {
	organization := text("organization", "Name of the organization", of.Organization, "As people know it: it stands at the top of every page.").needed()
	organization.Focus = true
	f := &form{Action: setUpPath, Submit: "Set up and sign in", Inputs: []*input{
		organization,
		text("first_name", "First name", of.FirstName, "").maybe(),
		text("last_name", "Last name", of.LastName, "").maybe(),
		text("email", "E-mail address", of.Email, "You sign in with it, as System Administrator.").of(emailInput).needed(),
		text("password", "Password", "", "12 characters or more. A few words that nobody would guess are better than marks and digits.").of(secretInput).needed(),
		text("again", "The same password again", "", "").of(secretInput).needed(),
	}}
	return f.hide("token", token)
}

func (p *Pages) setUpPage(w http.ResponseWriter, r *http.Request, status int, f *form) {
	f.CSRF = formToken(w, r)
	p.render(w, r, status, "setup", page{Title: "Set up", Body: setUpView{f}})
}

// postSetUp makes both, and signs in.
func (p *Pages) postSetUp(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	token := r.PostFormValue("token")
	if !p.maySetUp(w, r, token) {
		return
	}
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	ask := registry.NewFirst{
		Organization: value("organization"), Email: value("email"), FirstName: value("first_name"), LastName: value("last_name"),
		Password: secret.New(r.PostFormValue("password")),
	}
	f, status := setUpForm(token, ask), http.StatusUnprocessableEntity
	var problems finding.Problems
	switch wait := p.guesses.wait(r, ""); {
	case !ownForm(r, formCookie(r)):
		status = http.StatusForbidden
		problems.Wrong("", "this page was open for too long, or the browser keeps no cookies", "enter the passwords once more; when this comes again, allow cookies for this site")
	case wait > 0:
		status = http.StatusTooManyRequests
		problems.Wrong("", tooMany(w, wait), "")
	case r.PostFormValue("password") != r.PostFormValue("again"):
		problems.Wrong("/again", "the two passwords differ", "enter the same one twice")
	}
	if problems == nil {
		user, err := p.FirstStart.SetUp(r.Context(), secret.New(token), ask)
		if err == nil {
			p.begin(w, r, registry.Entry{User: user, Proof: registry.ByInvitation}, "/")
			return
		}
		if invalid, ok := errors.AsType[*registry.InvalidError](err); ok {
			problems.Wrong(invalid.Pointer, invalid.Message, invalid.Fix)
		} else {
			p.setUpLost(w, r, err)
			return
		}
	}
	f.put(problems)
	p.setUpPage(w, r, status, f)
}

// setUpLost says to whoever was second that somebody else was quicker: the link was right a moment before.
func (p *Pages) setUpLost(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, registry.ErrLink) {
		err = registry.ErrSetUp
	}
	p.setUpRefused(w, r, err)
}

// SetUpPath is the page of the first start, without scheme and host, for whoever has the token.
func SetUpPath(token secret.String) string {
	return setUpPath + "?token=" + url.QueryEscape(token.Reveal())
}
