package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/destination"
)

// The pages of connect links: those that were made, a new one, and what customers see of the organization.

const placeLinks = "/connections/links"

// linkRow is a link as the list shows it.
type linkRow struct {
	connectlink.Link
	// For says what it leads to, Says how it stands.
	For, Says, Tone string
	ConnectionPath  string
	Revoke          *form
}

const linksListed = 50

func (v *visit) linkList() error {
	found, err := v.Links.List(v.r.Context(), v.caller, connectlink.Query{Sandbox: v.sandbox, Before: v.cursor(), Limit: linksListed + 1})
	if err != nil {
		return err
	}
	view := struct {
		Rows  []linkRow
		May   bool
		Role  string
		Pager pager
	}{May: v.may(access.ConnectionsWrite), Role: v.lacks(access.ConnectionsWrite, "send and withdraw connect links")}
	if len(found) > linksListed {
		found = found[:linksListed]
		view.Pager = v.pager(found[linksListed-1].ID)
	} else {
		view.Pager = v.pager("")
	}
	names := map[string]string{}
	for _, l := range found {
		row, err := v.linkRow(l, names)
		if err != nil {
			return err
		}
		view.Rows = append(view.Rows, row)
	}
	return v.show(http.StatusOK, "link_list", "Connect links", &view)
}

func (v *visit) linkRow(l connectlink.Link, names map[string]string) (linkRow, error) {
	row := linkRow{Link: l}
	if _, known := names[l.Definition]; !known {
		saved, err := v.Definitions.Get(v.r.Context(), v.caller, destination.Ref{Sandbox: l.Sandbox, Name: l.Definition})
		if err != nil && !errors.Is(err, destination.ErrNotFound) {
			return row, err
		}
		names[l.Definition] = saved.Definition.Name
	}
	row.For = names[l.Definition]
	if row.For == "" {
		row.For = "a definition that is gone"
	}
	now := v.Clock.Now()
	switch l.State(now) {
	case connectlink.Open:
		row.Says, row.Tone = "open until "+ago(l.ExpiresAt, now), "good"
		row.Revoke = v.form(placeLinks+"/"+l.ID+"/revoke", "Withdraw").orElse(placeLinks)
	case connectlink.Used:
		row.Says = "used " + ago(l.UsedAt, now)
	case connectlink.Revoked:
		row.Says, row.Tone = "withdrawn "+ago(l.RevokedAt, now), "warn"
	case connectlink.Expired:
		row.Says, row.Tone = "ended unused "+ago(l.ExpiresAt, now), "warn"
	}
	if l.Connection != "" {
		row.ConnectionPath = "/connections/" + l.Connection
	}
	return row, nil
}

// linkLives are how long a link may be good for.
var linkLives = []choiceOption{{Value: "1", Label: "1 day"}, {Value: "7", Label: "7 days"}, {Value: "30", Label: "30 days"}, {Value: "90", Label: "90 days"}}

func (v *visit) linkNew() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	name, again := v.r.FormValue("definition"), v.r.FormValue("connection")
	view := formView{Heading: "Send a connect link", Lead: "Your customer needs no account here: the link asks for what the definition needs, leads to the provider, and is good for one account. Fields that you fill in are not asked for."}
	var prompts []destination.Prompt
	switch {
	case again != "":
		c, err := v.Connections.Get(v.r.Context(), v.caller, connection.Ref{Sandbox: v.sandbox, Name: again})
		if err != nil {
			return err
		}
		view.Lead = "It leads to the same connection, " + v.standing(c).Name + ", which serves on until the new consent works."
		again = c.ID
	case name == "":
		return v.linkChoose()
	default:
		pinned, err := v.Connections.Connectable(v.r.Context(), v.caller, destination.Ref{Sandbox: v.sandbox, Name: name}, 0)
		if err != nil {
			return v.linkChoose()
		}
		view.Heading, name, prompts = "Send a connect link for "+pinned.Definition.Name, pinned.Definition.ID, pinned.Plan.Prompts()
	}
	inputs := append(linkInputs(again == ""), givenInputs(prompts)...)
	view.Form = v.form(placeLinks+"/new", "Make the link", inputs...).hide("definition", name).hide("connection", again).orElse(placeLinks)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(inputs)
	return v.linkMake(&view, prompts, connectlink.Ask{Definition: name, Connection: again})
}

func (v *visit) linkChoose() error {
	all, more, err := v.connectable(v.r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "link_choose", "Send a connect link", &struct {
		Definitions []destination.Definition
		Search      string
		More        bool
	}{all, v.r.URL.Query().Get("q"), more})
}

func linkInputs(isNew bool) []*input {
	inputs := []*input{
		text("reference", "Your reference", "", "Your own name for the customer. It comes back to you with the connection, and the customer never sees it.").maybe(),
		text("return_url", "Return URL", "", "Where the browser goes in the end, with connection= and status=. A page of this server, or an origin that the operator allows.").maybe(),
		options("days", "Good for", "", "7", linkLives...),
	}
	if isNew {
		inputs = append([]*input{text("label", "Label of the connection", "", "A name that is unique in the sandbox and can stand for the id.").maybe()}, inputs...)
	}
	return inputs
}

// givenInputs are the inputs of what the customer is not asked for when it is given.
func givenInputs(prompts []destination.Prompt) []*input {
	all := fieldInputs(prompts, nil)
	for _, i := range all {
		i.Label, i.Required, i.Optional = "Given: "+i.Label, false, true
		if i.Kind == checkInput {
			i.Kind, i.Value, i.Options = selectInput, "", []choiceOption{{Label: "Let the customer choose", Chosen: true}, {Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
		}
		if i.Kind != selectInput {
			i.Value = "" // a default is the customer's to change
		}
	}
	return all
}

func (v *visit) linkMake(view *formView, prompts []destination.Prompt, ask connectlink.Ask) error {
	days, _ := strconv.Atoi(v.value("days")) // 0 means the usual
	fields, problems := v.fieldValues(prompts)
	for _, p := range prompts {
		if p.Type == destination.BooleanType && v.r.PostFormValue("fields/"+p.Name) == "" {
			delete(fields, p.Name)
		}
	}
	var made connectlink.Made
	if len(problems) == 0 {
		ask.Sandbox, ask.Label, ask.Reference, ask.ReturnURL, ask.Fields = v.sandbox, v.value("label"), v.value("reference"), v.value("return_url"), fields
		ask.Life, ask.BaseURL = time.Duration(days)*24*time.Hour, v.publicBase()
		var err error
		made, err = v.Links.Create(v.r.Context(), v.caller, ask)
		var ok bool
		if problems, ok = toldFields(err); err != nil && !ok {
			return err
		}
	}
	if len(problems) > 0 {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "ims_form", view.Heading, view)
	}
	return v.show(http.StatusOK, "link_made", "The connect link", &made)
}

func (v *visit) linkRevoke() error {
	if err := v.Links.Revoke(v.r.Context(), v.caller, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.done(placeLinks, "The link was withdrawn: it leads nowhere any more.")
}

// brandEdit changes what customers see.
func (v *visit) brandEdit() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	now, err := v.Links.Brand(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	inputs := []*input{
		text("name", "Name", now.Name, "What your customers know you by; the organization’s own when it is empty.").maybe(),
		text("lead", "Words above the form", now.Lead, "Plain text.").of(areaInput).maybe(),
		text("accent", "Colour", now.Accent, "Of the button, as #rrggbb. It has to stand out from a white page by 3 to 1; the words on it are black or white, whichever is easier to read.").maybe(),
		text("support", "Where to ask", now.Support, "A web address, or one of mail.").maybe(),
		text("logo", "Logo", "", "A PNG of at most 200 KiB and 1200 × 1200 pixels. It is written anew, so that nothing but pixels is kept.").of(fileInput).maybe(),
	}
	if now.Logo != "" {
		inputs = append(inputs, check("remove_logo", "Take the logo away", "", false))
	}
	f := v.form("/connections/brand", "Save", inputs...).orElse(placeLinks)
	f.Upload = true
	view := struct {
		Form  *form
		Brand brandView
	}{f, v.brandView(v.r, v.caller.Organization, now)}
	if v.r.Method == http.MethodPost {
		v.refill(inputs)
		edit := connectlink.BrandEdit{Name: v.value("name"), Lead: v.value("lead"), Accent: v.value("accent"), Support: v.value("support"), RemoveLogo: v.r.PostForm.Has("remove_logo")}
		if file, _, err := v.r.FormFile("logo"); err == nil {
			edit.Logo, err = io.ReadAll(file) // bounded by the form
			_ = file.Close()
			if err != nil {
				return err
			}
		}
		_, err := v.Links.SaveBrand(v.r.Context(), v.caller, edit)
		if err == nil {
			return v.done("/connections/brand", "Your customers see it from now on.")
		}
		problems, ok := told(err)
		if !ok {
			return err
		}
		f.put(problems)
		return v.show(http.StatusUnprocessableEntity, "link_brand", "What your customers see", &view)
	}
	return v.show(http.StatusOK, "link_brand", "What your customers see", &view)
}
