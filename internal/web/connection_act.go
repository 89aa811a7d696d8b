package web

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
)

// connectionRefresh exchanges now, and shows layer by layer what happened.
func (v *visit) connectionRefresh() error {
	before, err := v.Connections.Get(v.r.Context(), v.caller, v.connectionRef())
	if err != nil {
		return err
	}
	ref := connection.Ref{Sandbox: before.Sandbox, Name: before.ID}
	c, err := v.Connections.Refresh(v.r.Context(), v.caller, ref)
	if err == nil {
		return v.connectionOutcome(c, justRenewed)
	}
	failed, isFailure := errors.AsType[*connection.ProviderError](err)
	_, dead := errors.AsType[*connection.NeedsReauthorizationError](err)
	if !isFailure && !dead {
		return err
	}
	if c, err = v.Connections.Get(v.r.Context(), v.caller, ref); err != nil {
		return err
	}
	view := connectionView{Said: "It has no new token; see the layers.", Mood: "warn"}
	if isFailure {
		view.Layers = v.layersOf(failed.Failure, c)
	} else {
		view.Said = "It can’t be renewed: its customer has to agree again."
	}
	return v.connectionShow(http.StatusOK, c, view)
}

// layersOf tells a failure layer by layer. The failure that is remembered has no words: the connection's has.
func (v *visit) layersOf(f *exchange.Failure, c connection.Connection) []finding.Layer {
	past := pastOfFailure(f, v.Clock.Now())
	if e := c.LastError; e != nil && e.Kind == f.Kind && e.Code == f.Code {
		past.Description, past.Endpoint, past.Status = cmp.Or(past.Description, e.Description), cmp.Or(past.Endpoint, e.Endpoint), cmp.Or(past.Status, e.Status)
	}
	return exchangeLayers(past, "")
}

// onwardView is the page between our form and a provider: a form's redirect may lead to no other site.
type onwardView struct {
	Heading, Text, Link, Path string
	Ends                      time.Time
}

func (v *visit) connectionReauthorize() error {
	c, err := v.Connections.Get(v.r.Context(), v.caller, v.connectionRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	row := v.standing(c)
	f := v.form(row.Path+"/reauthorize", "Authorize again").orElse(row.Path)
	view := formView{"Authorize " + row.Name + " again", "A new consent, or a new exchange of its fields, at the newest revision of the definition. The account that is there serves until the new one works.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	made, err := v.Connections.Reauthorize(v.r.Context(), v.caller, connection.Ref{Sandbox: c.Sandbox, Name: c.ID}, connection.Reauthorize{ReturnURL: connectionDonePath, BaseURL: v.publicBase()})
	if problems, ok := toldFields(err); ok {
		f.put(problems)
		return v.show(http.StatusUnprocessableEntity, "ims_form", view.Heading, &view)
	}
	if failed, ok := errors.AsType[*connection.ProviderError](err); ok {
		return v.connectionShow(http.StatusOK, c, connectionView{Said: "The new authorization did not work; what was there stays.", Mood: "warn", Layers: v.layersOf(failed.Failure, c)})
	}
	if err != nil {
		return err
	}
	return v.connectionMade(made, justAuthorized)
}

// connectionDonePath is where consents that begin here come back to.
const connectionDonePath = "/connections/done"

// publicBase is the public URL that this browser is at, "" when it is none of them.
func (v *visit) publicBase() string {
	scheme := "http://"
	if v.r.TLS != nil {
		scheme = "https://"
	}
	for _, base := range v.PublicURLs {
		if base == scheme+v.r.Host {
			return base
		}
	}
	return ""
}

// connectionMade goes on after a creation or an authorization: to the provider, or to the page.
func (v *visit) connectionMade(made connection.Created, just string) error {
	if made.AuthorizeURL == "" {
		return v.connectionOutcome(made.Connection, just)
	}
	row := v.standing(made.Connection)
	return v.show(http.StatusOK, "connection_onward", "On to "+row.DefinitionName, &onwardView{
		Heading: "On to " + row.DefinitionName, Link: made.AuthorizeURL, Path: row.Path, Ends: made.AuthorizeExpiresAt,
		Text: "The account’s owner agrees there, and the browser comes back here. The link is good for one browser, once, for ten minutes: open it here, or give it to whoever owns the account.",
	})
}

func (v *visit) connectionEnable() error {
	do, said := v.Connections.Enable, "It gives tokens again."
	if v.value("do") == "off" {
		do, said = v.Connections.Disable, "It was switched off: it gives no token until it is switched on again."
	}
	c, err := do(v.r.Context(), v.caller, v.connectionRef())
	if err != nil {
		return err
	}
	return v.done(connectionPath(&c), said)
}

func (v *visit) connectionEdit() error {
	c, err := v.Connections.Get(v.r.Context(), v.caller, v.connectionRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	ref := connection.Ref{Sandbox: c.Sandbox, Name: c.ID}
	prompts, err := v.Connections.Prompts(v.r.Context(), v.caller, ref)
	if err != nil {
		return err
	}
	row := v.standing(c)
	inputs := append([]*input{text("label", "Label", c.Label, "A name that is unique in the sandbox and can stand for the id.").maybe()}, fieldInputs(prompts, c.Fields)...)
	f := v.form(row.Path+"/edit", "Save", inputs...).orElse(row.Path)
	view := formView{"Change " + row.Name, "Changed fields are tried first: the account that is there serves until they have worked.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(inputs)
	patch := connection.Patch{BaseURL: v.publicBase()}
	if label := v.value("label"); label != c.Label {
		patch.Label = &label
	}
	fields, problems := v.fieldValues(prompts)
	if len(problems) == 0 {
		patch.Fields = changedFields(fields, prompts, c.Fields)
		var made connection.Created
		made, err = v.Connections.Patch(v.r.Context(), v.caller, ref, patch)
		if err == nil && made.AuthorizeURL == "" && len(patch.Fields) == 0 {
			return v.done(row.Path, "It was changed.")
		}
		if err == nil {
			return v.connectionMade(made, justChanged)
		}
		var ok bool
		if problems, ok = toldFields(err); !ok {
			problems, ok = refusedFields(err)
		}
		if !ok {
			return err
		}
	}
	f.put(problems)
	return v.show(http.StatusUnprocessableEntity, "ims_form", view.Heading, &view)
}

func (v *visit) connectionDelete() error {
	c, err := v.Connections.Get(v.r.Context(), v.caller, v.connectionRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	row := v.standing(c)
	if !v.confirmed(row.Name) {
		return v.confirm(confirmation{
			What: "the connection", Name: row.Name, Goes: "its token, its fields and its history. Where the definition says how a token is revoked, its grant is revoked at the provider, which is tried for three days.",
			Stays: "the definition; the audit record of what was done; and, where the definition does not say how to revoke, the grant at the provider until it ends there.",
		}, row.Path+"/delete", row.Path)
	}
	deleted, err := v.Connections.Delete(v.r.Context(), v.caller, connection.Ref{Sandbox: c.Sandbox, Name: c.ID})
	if err != nil {
		return err
	}
	said := "The connection " + row.Name + " was deleted. "
	if deleted.Revocation != "" {
		said += "Its grant is being revoked at the provider, as " + deleted.Revocation + "."
	} else {
		said += "Nothing was revoked at the provider: " + deleted.Why + "."
	}
	return v.done(placeConnections, said)
}
