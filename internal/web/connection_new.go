package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// connectionNew makes a connection: the definition first, then what it asks for.
func (v *visit) connectionNew() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	name := v.r.FormValue("definition")
	if name == "" {
		return v.connectionChoose(http.StatusOK)
	}
	configuration, _ := strconv.Atoi(v.r.FormValue("configuration")) // 0 is the first
	pinned, err := v.Connections.Connectable(v.r.Context(), v.caller, destination.Ref{Sandbox: v.sandbox, Name: name}, configuration)
	if problems, ok := errors.AsType[destination.Problems](err); ok {
		return v.show(http.StatusConflict, "message", "It can’t be connected to yet", message{
			Status: http.StatusConflict, Tone: "warn", Title: "It can’t be connected to yet", Text: []string{
				"The definition " + name + " was never published, and its draft has " + plural(len(problems), "thing") + " to mend.", "Mend and publish it, then connect."},
			Link: v.leads("/definitions/"+url.PathEscape(name), placeConnections), LinkText: "Go on", Here: placeConnections,
		})
	}
	if errors.Is(err, connection.ErrDefinitionNotFound) {
		return v.connectionChoose(http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	return v.connectionAsk(pinned, configuration)
}

// connectionChoose lets choose what to connect to.
func (v *visit) connectionChoose(status int) error {
	search := v.r.URL.Query().Get("q")
	all, more, err := v.connectable(search)
	if err != nil {
		return err
	}
	view := struct {
		Definitions   []destination.Definition
		Search        string
		Missing, More bool
		Sandbox       string
	}{all, search, status == http.StatusNotFound, more, v.sandbox}
	return v.show(status, "connection_choose", "Connect an account", &view)
}

// connectionAsk asks for the fields of a new connection, and makes it.
func (v *visit) connectionAsk(pinned destination.Pinned, configuration int) error {
	prompts := pinned.Plan.Prompts()
	inputs := append(fieldInputs(prompts, nil), text("label", "Label", "", "A name that is unique in the sandbox and can stand for the id: the customer’s, say.").maybe())
	f := v.form("/connections/new", "Connect", inputs...).hide("definition", pinned.Definition.ID).hide("configuration", strconv.Itoa(configuration)).orElse(placeConnections)
	view := formView{"Connect an account to " + pinned.Definition.Name, "The first token is asked for at once. When the provider refuses, nothing is stored.", f}
	if pinned.Plan.NeedsBrowser() {
		view.Lead = "The account’s owner agrees at the provider; the browser comes back here."
		f.Submit = "Go on to the provider"
	}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(inputs)
	fields, problems := v.fieldValues(prompts)
	if len(problems) == 0 {
		made, err := v.Connections.Create(v.r.Context(), v.caller, connection.Create{
			Sandbox: v.sandbox, Definition: pinned.Definition.ID, Configuration: configuration, Fields: fields, Label: v.value("label"),
			FirstReturnURL: connectionDonePath, BaseURL: v.publicBase(),
		})
		if err == nil {
			return v.connectionMade(made, justConnected)
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
