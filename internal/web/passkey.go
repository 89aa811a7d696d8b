package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"latchkey/internal/limit"
	"latchkey/internal/registry"
)

// This file signs people in by passkeys. The page holds what the browser is asked, and a form sends what it answered: nothing is
// fetched, so the policy of the pages stays as it is.

// passkeyAsk is a button that asks the device for a passkey.
type passkeyAsk struct {
	// Act is show or make, Options what the browser is asked, Submit the button's words.
	Act, Options, Submit string
}

// relyingParty gives the host name that a browser has passkeys for; where there is none it says why. The name that the browser
// asked for counts when it is one of ours alone: of the public URLs, or localhost where those are of this machine.
func (p *Pages) relyingParty(r *http.Request) (at registry.RelyingParty, why string) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	asked := url.URL{Scheme: scheme, Host: strings.ToLower(r.Host)}
	host := asked.Hostname()
	known := false
	for _, public := range p.PublicURLs {
		u, err := url.Parse(public)
		known = known || err == nil && (u.Host != "" && strings.EqualFold(u.Host, asked.Host) || host == "localhost" && loopback(u.Hostname()) && u.Port() == asked.Port())
	}
	switch _, err := netip.ParseAddr(host); {
	case err == nil && loopback(host):
		local := asked
		local.Host = "localhost"
		if port := asked.Port(); port != "" {
			local.Host = net.JoinHostPort("localhost", port)
		}
		return at, "Passkeys belong to a host name, and " + host + " is a bare IP address, for which browsers make none. Open " + local.String() + " instead."
	case err == nil:
		return at, "Passkeys belong to a host name, and " + host + " is a bare IP address, for which browsers make none. Open this server by its name; the operator sets it as public_url."
	case !known:
		return at, "Passkeys belong to the host name of this server, and " + host + " is not one that it knows. Open " + p.PublicURLs[0] + " instead; the operator sets it as public_url."
	case scheme != "https" && host != "localhost":
		return at, "Browsers use passkeys over https alone, and at localhost. Open this server by its https address."
	}
	return registry.RelyingParty{Host: host, Origin: asked.Scheme + "://" + asked.Host}, ""
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// passkeyWords say what was wrong with a passkey's answer; "" for what is no fault of the person's.
func passkeyWords(err error) string {
	switch {
	case errors.Is(err, registry.ErrPasskeyStale):
		return "This page was open for more than an hour, or the browser keeps no cookies. Press the button once more."
	case errors.Is(err, registry.ErrPasskeyUsed):
		return "This answer of the passkey was used before. Press the button once more."
	case errors.Is(err, registry.ErrPasskeyUnknown):
		return "This passkey is not known here: it was removed, or its account is not active. Sign in another way; you can delete it on your device."
	case errors.Is(err, registry.ErrPasskeyDoubted):
		return "This passkey was not taken: its counter has not gone on since it was used last, as it happens when somebody has a copy. Sign in another way, remove it on the page of your account, and tell an administrator if you did not copy it yourself."
	case errors.Is(err, registry.ErrPasskeyWrong):
		return "The passkey's answer is not right for this server. Press the button once more; when this comes again, open the server by the address under which the passkey was made."
	}
	return ""
}

// noScript is what somebody is told whose browser sent the form of a passkey without asking for one.
const noScript = "The browser did not ask for a passkey: scripts are off, or it is too old. Allow scripts for this site, or sign in another way."

// offerPasskey gives the button of the sign-in page; nil where passkeys can't work.
func (p *Pages) offerPasskey(r *http.Request, binding string) *passkeyAsk {
	at, why := p.relyingParty(r)
	if why != "" {
		return nil
	}
	options, err := p.Passkeys.Request(r.Context(), at, "", binding)
	if err != nil {
		p.Log.ErrorContext(r.Context(), "no passkey can be asked for", slog.Any("error", err))
		return nil
	}
	return &passkeyAsk{"show", options, "Sign in with a passkey"}
}

// postPasskey takes a passkey instead of address and password.
func (p *Pages) postPasskey(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form := signInForm{Back: localPath(r.PostFormValue("back"))}
	if !ownForm(r, formCookie(r)) {
		form.Problem = problemStale
		p.signInPage(w, r, http.StatusForbidden, form)
		return
	}
	user, _, status, problem := p.shownPasskey(w, r, "", r.PostFormValue("csrf"))
	switch {
	case status == http.StatusInternalServerError:
	case problem != "":
		form.Problem = problem
		p.signInPage(w, r, status, form)
	default:
		p.begin(w, r, registry.Entry{User: user, Proof: registry.ByPasskey}, form.Back)
	}
}

// shownPasskey checks the answer in a form. It gives a problem in words with the status of the page, or has written the page of a
// fault of our own, with that status.
func (p *Pages) shownPasskey(w http.ResponseWriter, r *http.Request, person, binding string) (user registry.User, second registry.Second, status int, problem string) {
	if wait := p.guesses.wait(r, person); wait > 0 {
		return user, second, http.StatusTooManyRequests, tooMany(w, wait)
	}
	at, why := p.relyingParty(r)
	answer := r.PostFormValue("answer")
	switch {
	case why != "":
		return user, second, http.StatusForbidden, why
	case answer == "":
		return user, second, http.StatusForbidden, noScript
	}
	user, second, err := p.Passkeys.Check(r.Context(), at, person, binding, answer)
	if err == nil {
		return user, second, http.StatusOK, ""
	}
	if problem = passkeyWords(err); problem == "" {
		p.broken(w, r, err)
		return user, second, http.StatusInternalServerError, ""
	}
	p.meters.signIn(r.Context(), outcomeRefused)
	p.Log.InfoContext(r.Context(), "a passkey was refused", slog.String("address", limit.Address(r.RemoteAddr)), slog.Any("error", err))
	return user, second, http.StatusForbidden, problem
}

// postSecondPasskey takes a passkey after a password.
func (p *Pages) postSecondPasskey(w http.ResponseWriter, r *http.Request) {
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
	_, second, status, problem := p.shownPasskey(w, r, user.ID, form.Ticket)
	switch {
	case status == http.StatusInternalServerError:
	case problem != "":
		form.Problem = problem
		p.secondPage(w, r, status, form)
	default:
		p.complete(w, r, form.Ticket, form.Back, second)
	}
}

// passkeyFor gives the button by which somebody shows one of his or her own, or says where those work.
func (p *Pages) passkeyFor(r *http.Request, user registry.User, has []registry.Passkey, ticket string) (ask *passkeyAsk, elsewhere string) {
	if len(has) == 0 {
		return nil, ""
	}
	at, why := p.relyingParty(r)
	if why == "" {
		options, err := p.Passkeys.Request(r.Context(), at, user.ID, ticket)
		if err == nil {
			return &passkeyAsk{"show", options, "Use a passkey"}, ""
		}
	}
	hosts := map[string]bool{}
	var names []string
	for _, one := range has {
		if !hosts[one.Host] {
			names, hosts[one.Host] = append(names, one.Host), true
		}
	}
	return nil, "Your passkeys work at " + strings.Join(names, " and ") + ". " + why
}
