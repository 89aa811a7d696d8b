package web

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/finding"
)

// The page that applications link their customers to. Who has the link is nobody here: the page has the organization's brand, and
// tells nothing of what is kept here but whether the account of this link is connected.

// linkCookie remembers the link of a browser that goes to a provider, so that it can be begun again when it comes back.
func linkCookie(r *http.Request) string { return cookieName(r, "latchkey-link") }

const linkCookieLife = time.Hour

// brandView is an organization as its customers see it.
type brandView struct {
	Name, Lead, Accent, Logo, Support, SupportLink string
}

// connectPage is what a customer is shown.
type connectPage struct {
	Brand brandView
	Title string
	Text  []string
	// Tone is good, warn or bad; "" for a question.
	Tone string
	Form *form
	// Onward is where the browser goes by itself, Link where it can go, with the words on it; Other is a second.
	Onward, Link, LinkText, Other, OtherText string
	Facts                                    []fact
}

func (p *Pages) brandView(r *http.Request, organization string, b connectlink.Brand) brandView {
	view := brandView{Name: b.Name, Lead: b.Lead, Support: b.Support, SupportLink: b.SupportLink()}
	if b.Accent != "" {
		view.Accent = "/connect/accent/" + strings.TrimPrefix(b.Accent, "#") + ".css"
	}
	if b.Logo != "" {
		view.Logo = "/connect/logo/" + b.Logo + ".png"
	}
	if view.Name == "" && organization != "" {
		reader := access.Caller{ID: "connect", Organization: organization, Scopes: access.Scopes{access.RegistryRead}}
		if found, err := p.Directory.Organization(r.Context(), reader, organization); err == nil {
			view.Name = found.Name
		}
	}
	view.Name = cmp.Or(view.Name, "The application")
	return view
}

// connectShow writes the page.
func (p *Pages) connectShow(w http.ResponseWriter, r *http.Request, status int, view connectPage) {
	withOpener(w.Header())
	p.render(w, r, status, "connect_page", page{Title: view.Title, Body: &view})
}

// linkWords say why a link leads nowhere any more.
var linkWords = []struct {
	err    error
	status int
	title  string
	text   string
}{
	{connectlink.ErrUnknown, http.StatusNotFound, "This link is not known", "It may have been cut off when it was copied. Nothing was stored."},
	{connectlink.ErrUsed, http.StatusGone, "This link has been used", "An account was connected with it: a link is good for one. If that was you, there is nothing to do."},
	{connectlink.ErrExpired, http.StatusGone, "This link is too old", "Nothing was stored."},
	{connectlink.ErrRevoked, http.StatusGone, "This link was withdrawn", "Whoever sent it took it back. Nothing was stored."},
	{connectlink.ErrGone, http.StatusGone, "What this link was for is gone", "The service that it connects to was taken away meanwhile. Nothing was stored."},
	{connectlink.ErrBusy, http.StatusConflict, "Somebody connects with this link now", "It may be another window of yours. Wait a little, and load this page again."},
}

// connectRefused answers for a link that leads nowhere; not ok for other errors.
func (p *Pages) connectRefused(w http.ResponseWriter, r *http.Request, opened connectlink.Opened, err error) bool {
	for _, row := range linkWords {
		if !errors.Is(err, row.err) {
			continue
		}
		view := connectPage{Brand: p.brandView(r, opened.Link.Organization, opened.Brand), Title: row.title, Tone: "warn", Text: []string{row.text}}
		if row.status != http.StatusConflict {
			view.Text = append(view.Text, "To connect an account, ask "+whoSent(view.Brand)+" for a new link.")
		}
		if row.status != http.StatusNotFound {
			view.back(opened)
		}
		p.connectShow(w, r, row.status, view)
		return true
	}
	return false
}

func whoSent(b brandView) string {
	if b.Name == "The application" {
		return "whoever sent it"
	}
	return b.Name
}

// back lets the customer return to the application.
func (c *connectPage) back(opened connectlink.Opened) {
	if opened.Link.ReturnURL != "" {
		c.Other, c.OtherText = opened.Link.ReturnURL, "Back to "+c.Brand.Name
	}
}

// getConnectTo shows what the link is for. It uses nothing up: mail programs look at links too.
func (p *Pages) getConnectTo(w http.ResponseWriter, r *http.Request) {
	opened, err := p.Links.Open(r.Context(), r.PathValue("token"))
	if err != nil {
		p.connectFailed(w, r, opened, err)
		return
	}
	p.connectAsk(w, r, http.StatusOK, opened, nil)
}

func (p *Pages) connectFailed(w http.ResponseWriter, r *http.Request, opened connectlink.Opened, err error) {
	if p.connectRefused(w, r, opened, err) {
		return
	}
	p.Log.ErrorContext(r.Context(), "a connect link failed for a reason that nobody planned for", slog.Any("error", err))
	p.message(w, r, messageBroken)
}

// connectAsk shows the form.
func (p *Pages) connectAsk(w http.ResponseWriter, r *http.Request, status int, opened connectlink.Opened, problems finding.Problems) {
	view := connectPage{Brand: p.brandView(r, opened.Link.Organization, opened.Brand)}
	inputs := fieldInputs(opened.Prompts, nil)
	view.Form = &form{Action: connectlink.Path + r.PathValue("token"), Submit: "Connect", Inputs: inputs, CSRF: formToken(w, r)}
	view.Title = "Connect " + opened.Service
	if opened.Again {
		view.Title = "Connect " + opened.Service + " again"
	}
	view.Text = []string{view.Brand.Name + " asks you to connect your account at " + opened.Service + "."}
	if opened.Browser {
		view.Form.Submit = "Go on to " + opened.Service
		view.Text = append(view.Text, "You sign in there, and see what is asked for; your password stays there.")
	} else {
		view.Text = append(view.Text, "What you enter is tried at once, and kept sealed.")
	}
	if r.Method == http.MethodPost {
		(&visit{Pages: p, r: r}).refill(inputs)
	}
	view.Form.put(problems)
	view.back(opened)
	p.connectShow(w, r, status, view)
}

// postConnectTo connects, or leads on to the provider.
func (p *Pages) postConnectTo(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxConsoleForm)
	token := r.PathValue("token")
	opened, err := p.Links.Open(r.Context(), token)
	if err != nil {
		p.connectFailed(w, r, opened, err)
		return
	}
	if !ownForm(r, formCookie(r)) {
		p.connectAsk(w, r, http.StatusForbidden, opened, finding.Problems{{Severity: finding.Wrong, Message: problemStale}})
		return
	}
	fields, problems := readFields(r, opened.Prompts)
	if len(problems) > 0 {
		p.connectAsk(w, r, http.StatusUnprocessableEntity, opened, problems)
		return
	}
	made, err := p.Links.Connect(r.Context(), token, fields, (&visit{Pages: p, r: r}).publicBase())
	if err != nil {
		p.connectMended(w, r, opened, err)
		return
	}
	view := connectPage{Brand: p.brandView(r, opened.Link.Organization, opened.Brand), Title: "Connected", Tone: "good"}
	switch {
	case made.AuthorizeURL != "":
		setCookie(w, r, cookie{linkCookie(r), token, "/", linkCookieLife})
		view.Title, view.Tone, view.Text = "On to "+opened.Service, "", []string{"The browser goes on by itself."}
		view.Onward, view.Link, view.LinkText = made.AuthorizeURL, made.AuthorizeURL, "Go on"
	case made.ReturnURL != "":
		view.Text = []string{"Your account is connected. The browser goes back to " + view.Brand.Name + " by itself."}
		view.Onward, view.Link, view.LinkText = made.ReturnURL, made.ReturnURL, "Back to "+view.Brand.Name
	default:
		view.Text = []string{"Your account at " + opened.Service + " is connected.", "You can close this window."}
	}
	p.connectShow(w, r, http.StatusOK, view)
}

// connectMended shows the form again, with what is to be mended; else a page that says why not.
func (p *Pages) connectMended(w http.ResponseWriter, r *http.Request, opened connectlink.Opened, err error) {
	problems, ok := toldFields(err)
	if failed, isFailure := errors.AsType[*connection.ProviderError](err); isFailure && !ok {
		problems, ok = customerRefused(failed), true
	}
	if !ok {
		p.connectFailed(w, r, opened, err)
		return
	}
	for i := range problems { // the label is not the customer's
		if problems[i].Pointer == "/label" {
			problems[i] = finding.Problem{Severity: finding.Wrong, Message: "the link can’t be used as it is: another account has its name", Fix: "ask who sent it for a new one"}
		}
	}
	p.connectAsk(w, r, http.StatusUnprocessableEntity, opened, problems)
}

// customerRefused says what the provider said, for somebody who can change what they entered and nothing else.
func customerRefused(e *connection.ProviderError) finding.Problems {
	var out finding.Problems
	m := failures[e.Failure.Kind]
	if e.Failure.Field != "" {
		out.Wrong("/fields/"+e.Failure.Field, "with this value the service can’t be asked", "check it")
		return out
	}
	text := m.Title
	if e.Failure.Code != "" {
		text += " (" + e.Failure.Code + ")"
	}
	out.Wrong("", text, "check what you entered, and try again; when it stays, ask who sent you the link")
	return out
}

// linkEnded shows the end of a consent that began with a connect link. Not ok for one that did not.
func (p *Pages) linkEnded(w http.ResponseWriter, r *http.Request, result connection.CallbackResult) bool {
	token := cookieValue(r, linkCookie(r))
	if token == "" || p.Links == nil {
		return false
	}
	opened, err := p.Links.Ended(r.Context(), token, result.Connection.ID)
	if err != nil {
		return false
	}
	view := connectPage{Brand: p.brandView(r, opened.Link.Organization, opened.Brand), Title: "Connected", Tone: "good"}
	if result.Failure == nil {
		setCookie(w, r, cookie{linkCookie(r), "", "/", -1})
		view.Text = []string{"Your account at " + result.Connection.DefinitionName + " is connected.", "You can close this window."}
		p.connectShow(w, r, http.StatusOK, view)
		return true
	}
	m := failure(result.Failure, result.ReturnURL)
	view.Title, view.Tone, view.Text = m.Title, m.Tone, m.Text[:1]
	view.Link, view.LinkText = connectlink.Path+token, "Try again"
	if m.Link != "" {
		view.Other, view.OtherText = m.Link, "Back to "+view.Brand.Name
	}
	if result.Failure.Code != "" {
		view.Facts = []fact{{"Error", result.Failure.Code, true}}
	}
	p.connectShow(w, r, m.Status, view)
	return true
}

// accentFile is the name of a style sheet that has one colour. Any colour has one: it tells nothing of who uses it.
var accentFile = regexp.MustCompile(`^([0-9a-f]{6})\.css$`)

// connectAccent gives the style sheet of a colour. The words on it have the one of black and white that stands out more.
func (p *Pages) connectAccent(w http.ResponseWriter, r *http.Request) {
	found := accentFile.FindStringSubmatch(r.PathValue("file"))
	if found == nil {
		p.message(w, r, messageMissing)
		return
	}
	accent := "#" + found[1]
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write([]byte(".branded .primary, .branded .primary:hover { background: " + accent + "; color: " + connectlink.Ink(accent) + "; border-color: currentColor; }\n" +
		".branded .panel { border-top: 3px solid " + accent + "; }\n"))
}

// connectLogo gives a logo. Its address is the hash of its pixels.
func (p *Pages) connectLogo(w http.ResponseWriter, r *http.Request) {
	hash, ok := strings.CutSuffix(r.PathValue("file"), ".png")
	logo, err := p.Links.Logo(r.Context(), hash)
	if !ok || err != nil {
		p.message(w, r, messageMissing)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(logo)
}
