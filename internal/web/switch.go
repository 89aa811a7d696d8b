package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/registry"
)

// This file lets somebody who belongs to several organizations go from one to another. There the person is another account, with a
// role of its own; the proof that was given opened both.

// elseAccount is the person in another organization.
type elseAccount struct{ ID, Organization, Role string }

// others gives the accounts that a session can go over to, in the order of their organizations' names.
func (p *Pages) others(ctx context.Context, session registry.Session) []elseAccount {
	var all []elseAccount
	for _, id := range session.Others {
		if user, err := p.Users.Active(ctx, id); err == nil {
			all = append(all, elseAccount{ID: id, Organization: p.organizationName(ctx, user), Role: user.Role.Words()})
		}
	}
	slices.SortFunc(all, func(a, b elseAccount) int { return strings.Compare(a.Organization, b.Organization) })
	return all
}

func (p *Pages) switchRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{"POST /organization": (*visit).switchOrganization}
}

// switchOrganization goes over, or asks for what the other organization asks for beside the proof.
func (v *visit) switchOrganization() error {
	ctx, back := v.r.Context(), localPath(v.text("back"))
	to, err := v.Users.Active(ctx, v.value("to"))
	if err != nil {
		return err
	}
	in, err := v.Sessions.Across(v.session, to)
	if err != nil {
		return err
	}
	begun, err := v.Sessions.Begin(ctx, in)
	if need, ok := errors.AsType[*registry.NeedError](err); ok {
		ticket, err := v.Sessions.Ticket(ctx, in, choiceLife)
		if err != nil {
			return err
		}
		v.askMore(v.w, v.r, need.Need, ticket.Reveal(), back)
		return nil
	}
	if err != nil {
		return err
	}
	v.enter(v.w, v.r, begun)
	setCookie(v.w, v.r, cookie{sandboxCookie(v.r), "", "/", -1}) // the sandboxes are others
	redirectBack(v.w, v.r, back)
	return nil
}

// probe is what a page is written to that nobody sees: it tells how it would have been answered, and ends the work with that.
type probe struct {
	header http.Header
	status int
	end    context.CancelFunc
}

func (p *probe) Header() http.Header { return p.header }

// WriteHeader ends the work.
func (p *probe) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
		p.end()
	}
}

func (p *probe) Write(text []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return len(text), nil
}

// there tells whether the address that is not known here is one of the other account's.
func (v *visit) there(user registry.User) bool {
	ctx, end := context.WithCancel(v.r.Context())
	defer end()
	w := &probe{header: http.Header{}, end: end}
	r := v.r.Clone(ctx)
	other := &visit{Pages: v.Pages, w: w, r: r, caller: user.Caller(), user: user, session: registry.Session{Person: user.ID, Organization: user.Organization}, here: v.here}
	other.sandbox = v.sandboxOf(ctx, r, other.caller)
	return v.do(other) == nil && w.status < http.StatusBadRequest
}

// elsewhereView says that something is another organization's.
type elsewhereView struct {
	Title, Back, CSRF, List string
	// Sure tells that it is there; else that may be, and one more proof is asked for before it is told.
	Sure     bool
	Accounts []elseAccount
}

// elsewhere shows where a thing is that is not in this organization, when the person can go there; not ok for nowhere.
func (v *visit) elsewhere(title string) bool {
	if v.r.Method != http.MethodGet || v.do == nil || len(v.session.Others) == 0 {
		return false
	}
	view := elsewhereView{Title: title, Back: localPath(v.r.URL.RequestURI()), CSRF: v.csrf(), List: v.here}
	var unsure []elseAccount
	for _, one := range v.others(v.r.Context(), v.session) {
		user, err := v.Users.Active(v.r.Context(), one.ID)
		if err != nil {
			continue
		}
		// Of an organization that asks for more than was proved nothing is told before.
		if need, err := v.Factors.Needs(v.r.Context(), user, v.session.Proof); err != nil || need != registry.NeedNothing {
			unsure = append(unsure, one)
		} else if v.there(user) {
			view.Accounts = append(view.Accounts, one)
		}
	}
	if view.Sure = len(view.Accounts) > 0; view.Sure {
		view.Title = "This belongs to " + view.Accounts[0].Organization
	} else {
		view.Accounts = unsure
	}
	if len(view.Accounts) == 0 {
		return false
	}
	v.render(v.w, v.r, http.StatusNotFound, "elsewhere", page{Title: view.Title, Here: v.here, Sandbox: v.sandbox, Body: &view})
	return true
}
