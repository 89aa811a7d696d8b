package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"

	"latchkey/internal/egress"
	"latchkey/internal/registry"
)

// What can be wrong with a sign-in by the provider, in words: for the person, and for the operator whom he or she shows the page.

// openIDProblem is a kind of it.
type openIDProblem string

const (
	problemUnreachable openIDProblem = "unreachable"
	problemDiscovery   openIDProblem = "discovery"
	problemIssuer      openIDProblem = "issuer"
	problemClient      openIDProblem = "client"
	problemGrant       openIDProblem = "grant"
	problemAnswer      openIDProblem = "answer"
	problemToken       openIDProblem = "token"
	problemClock       openIDProblem = "clock"
	problemState       openIDProblem = "state"
	problemRefused     openIDProblem = "refused"
	problemStaleProof  openIDProblem = "proof"
)

// openIDError says what is wrong. Its code and description are the provider's own.
type openIDError struct {
	problem           openIDProblem
	code, description string
	err               error
}

func (e *openIDError) Error() string {
	text := "signing in by the provider: " + string(e.problem)
	if e.code != "" {
		text += fmt.Sprintf(": %.80q", e.code)
	}
	if e.err != nil {
		text += ": " + e.err.Error()
	}
	return text
}

func (e *openIDError) Unwrap() error { return e.err }

// discoveryProblem tells a provider that is away from one that is not what the operator thinks.
func discoveryProblem(err error) openIDProblem {
	if _, ok := errors.AsType[*oidc.IssuerMismatchError](err); ok {
		return problemIssuer
	}
	if _, ok := errors.AsType[*egress.Error](err); ok {
		return problemUnreachable
	}
	return problemDiscovery
}

// openIDRefused writes the page of what is wrong.
func (p *Pages) openIDRefused(w http.ResponseWriter, r *http.Request, err error, who registry.Claimed, e errand) {
	m, ok := p.openIDMessage(err, who, e)
	if !ok {
		p.broken(w, r, err)
		return
	}
	p.meters.signIn(r.Context(), outcomeRefused)
	p.Log.InfoContext(r.Context(), "a sign-in by the provider was refused", slog.Any("error", err))
	p.message(w, r, m)
}

func (p *Pages) openIDMessage(err error, who registry.Claimed, e errand) (message, bool) {
	m := message{Tone: "warn", Status: http.StatusForbidden, Link: signInPath(e.Back), LinkText: "Back to the sign-in"}
	if e.Session != "" {
		m.Link, m.LinkText = localPath(e.Back), "Back"
	}
	name, address := p.openID.Name, "“"+shown(who.Email)+"”"
	const admin = " Ask an administrator of your organization."
	switch {
	case errors.Is(err, registry.ErrUnverified) && who.Email == "":
		m.Title, m.Text = name+" did not say who you are", []string{"It gave no e-mail address, by which your account would be found. The operator lets it send the claim email with the scope email, and email_verified with it."}
	case errors.Is(err, registry.ErrUnverified):
		m.Title, m.Text = "Your e-mail address is not verified", []string{name + " does not say that " + address + " is verified (the claim email_verified), so anybody could have written it there. Confirm the address at the provider, and sign in again; or ask the operator to let the provider send the claim."}
	case errors.Is(err, registry.ErrNobody):
		m.Title, m.Text = "Nobody here has this e-mail address", []string{name + " says that you are " + address + ". No account of that address was made or invited." + admin + " An invitation is enough: you need no password."}
	case errors.Is(err, registry.ErrInactive):
		m.Title, m.Text = "Your account is not active", []string{"An administrator has disabled it." + admin}
	case errors.Is(err, registry.ErrOtherIdentity):
		m.Title, m.Text = "This account belongs to another identity", []string{"The account of " + address + " is that of somebody else at " + name + ": addresses are given to other people sometimes. If it is yours, an administrator takes the old link away with “latchkey user reset-factors”; then sign in again."}
	case errors.Is(err, registry.ErrNotThePerson):
		m.Title, m.Text = "Somebody else signed in", []string{"It was asked for a proof of yours, and another person signed in at " + name + ". Nothing was changed."}
	default:
		failed, ok := errors.AsType[*openIDError](err)
		if !ok {
			return message{}, false
		}
		p.openIDFault(&m, failed, e)
	}
	return m, true
}

// openIDFault says what is wrong between the two servers, or with the browser.
func (p *Pages) openIDFault(m *message, failed *openIDError, e errand) {
	name, detail := p.openID.Name, ""
	if failed.err != nil {
		detail = shown(failed.err.Error())
	}
	operator := true
	m.Status = http.StatusBadGateway
	switch failed.problem {
	case problemUnreachable:
		m.Title, m.Text = name+" can’t be reached", []string{sentence(detail), "Try again in a minute. When it stays, the operator looks whether this server may reach it: egress.allow, egress.proxy, egress.ca_files."}
	case problemIssuer:
		mismatch, _ := errors.AsType[*oidc.IssuerMismatchError](failed.err)
		m.Title, m.Text = "The issuer is another one", []string{"The provider calls itself “" + shown(mismatch.Discovered) + "”, and oidc.issuer is “" + shown(mismatch.Provided) + "”. They must be the same, letter by letter, with a slash at the end or without: the operator sets oidc.issuer to what the provider says."}
	case problemDiscovery:
		m.Title, m.Text = "This is no OpenID provider", []string{"Its discovery document, at oidc.issuer with /.well-known/openid-configuration behind it, can’t be used. The operator compares oidc.issuer with the provider’s own page.", detail}
	case problemClient:
		m.Title, m.Text = name+" does not know this server", []string{"It refuses the client id or the client secret. The operator compares oidc.client_id and oidc.client_secret with what is registered there; a secret may have ended."}
	case problemGrant:
		m.Title, m.Text = name+" took its answer back", []string{"The code that it gave was used before, was too old, or is for another redirect URI. Sign in again. When it stays, the operator registers the redirect URI below there, exactly so."}
	case problemClock:
		m.Title, m.Text = "The clocks differ", []string{sentence(detail), "A minute is allowed for. The operator sets both clocks by the network (NTP)."}
	case problemToken:
		m.Title, m.Text = name+" gave an answer that can’t be believed", []string{"It is not for this server and this sign-in, or it is not signed with the provider’s keys. Nobody was signed in; sign in again.", detail}
	case problemState:
		operator, m.Status = false, http.StatusBadRequest
		m.Title, m.Text = "This sign-in was not begun here", []string{"It took longer than ten minutes, was finished before, was begun in another browser or overtaken by another one in this browser; or the browser keeps no cookies. Nobody was signed in. Begin again."}
	case problemRefused:
		m.Status = http.StatusForbidden
		m.Title, m.Text = name+" did not sign you in", []string{"It says why below. Sign in again; when it stays, show this page to whoever runs the provider."}
		if failed.code == "access_denied" {
			m.Text[0] = "You did not agree, or you may not use this server: that is decided there."
		}
	case problemStaleProof:
		operator, m.Status = false, http.StatusForbidden
		m.Title, m.Text = name+" did not ask you again", []string{"It was asked to let you sign in anew (prompt=login, max_age=0), and does not say that it has (the claim auth_time). Nothing was changed. The operator looks whether it can."}
	default:
		m.Title, m.Text = name+" gave an answer that can’t be used", []string{"Sign in again. When it stays, show this page to the operator.", sentence(detail)}
	}
	if operator {
		m.Facts = append(m.Facts, fact{"Issuer", p.openID.Issuer, true}, fact{"Redirect URI", cmp.Or(e.Redirect, p.base()+openIDCallback), true})
	}
	if failed.code != "" {
		m.Facts = append(m.Facts, fact{"Error", shown(failed.code), true})
	}
	if failed.description != "" {
		m.Facts = append(m.Facts, fact{"The provider says", shown(failed.description), false})
	}
}

// shown is what a stranger sent, shortened, without what steers a terminal or a page.
func shown(text string) string {
	text = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, ""))
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return text
}
