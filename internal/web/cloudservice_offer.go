package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// Offers that were pushed to Target from here.

func (p *Pages) offerRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + serviceOne + "/offers":         (*visit).offerList,
		"GET " + serviceOne + "/offers/push":    (*visit).offerPush,
		"POST " + serviceOne + "/offers/push":   (*visit).offerPush,
		"GET " + serviceOne + "/offers/delete":  (*visit).offerDelete,
		"POST " + serviceOne + "/offers/delete": (*visit).offerDelete,
	}
}

// offerRow is an offer as the list shows it.
type offerRow struct {
	cloudservice.Offer
	WorkspaceName, Push, Delete string
}

func (v *visit) offerList() error {
	head, err := v.serviceHead(cloudservice.Target, partOffers, "push offers")
	if err != nil {
		return err
	}
	all, err := v.CloudServices.Offers(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	view := struct {
		serviceHead
		Rows   []offerRow
		All    int
		Search string
		Pager  pager
	}{serviceHead: head, All: len(all), Search: v.r.URL.Query().Get("q")}
	const perPage = 50
	for _, o := range all {
		if o.Name <= v.cursor() && v.cursor() != "" || !contains(view.Search, o.Name) {
			continue
		}
		if len(view.Rows) == perPage {
			view.Pager = v.pager(view.Rows[perPage-1].Name)
			break
		}
		at := "?offer=" + url.QueryEscape(o.Name)
		view.Rows = append(view.Rows, offerRow{o, head.WorkspaceName(o.Workspace), head.Path + "/offers/push" + at, head.Path + "/offers/delete" + at})
	}
	if view.Pager.Next == "" {
		view.Pager = v.pager("")
	}
	return v.show(http.StatusOK, "service_offers", "Offers of "+head.Title, &view)
}

// offer finds one that was pushed, by the address's query.
func (v *visit) offer(name string) (cloudservice.Offer, error) {
	all, err := v.CloudServices.Offers(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return cloudservice.Offer{}, err
	}
	for _, o := range all {
		if o.Name == name {
			return o, nil
		}
	}
	return cloudservice.Offer{}, cloudservice.ErrNoOffer
}

// offerPush makes an offer, or brings one up to date.
func (v *visit) offerPush() error {
	head, err := v.serviceHead(cloudservice.Target, partOffers, "")
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	view := formView{Heading: "Push an offer to Target", Lead: "It is made there under its name, or brought up to date when it was pushed before."}
	name, here := v.r.URL.Query().Get("offer"), head.Path+"/offers/push"
	kind, workspace := cloudservice.HTML, head.Target.Workspace
	if name != "" {
		o, err := v.offer(name)
		if err != nil {
			return err
		}
		kind, workspace, here = o.Kind, o.Workspace, here+"?offer="+url.QueryEscape(name)
		view.Heading, view.Lead = "Push "+name+" anew", "What Target has is replaced. What was pushed before is kept nowhere here, so that the field is empty."
	}
	view.Form = v.form(here, "Push", offerInputs(&head, name, kind, workspace)...).orElse(head.Path + "/offers")
	view.Form.Upload = true
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_form", view.Heading, &serviceFormView{Heading: view.Heading, Lead: view.Lead, Form: view.Form})
	}
	v.refill(view.Form.Inputs)
	ask := cloudservice.Push{Name: v.value("name"), Kind: cloudservice.OfferKind(v.value("kind")), Content: v.text("content"), Workspace: v.given("workspace")}
	_, content, problems := v.fileText("file")
	if content != "" {
		ask.Content = content
	} else if ask.Content == "" {
		problems.Wrong("/content", "there is nothing to push", "write the content, or choose a file")
	}
	var pushed cloudservice.Pushed
	if err = problems.Errors(); err == nil {
		pushed, err = v.CloudServices.PushOffer(v.r.Context(), v.caller, v.serviceRef(), ask)
	}
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "service_form", view.Heading, &serviceFormView{Heading: view.Heading, Lead: view.Lead, Form: view.Form})
	}
	if err != nil {
		return err
	}
	said := "The offer " + pushed.Offer.Name + " was brought up to date in Target."
	switch {
	case pushed.Created:
		said = "The offer " + pushed.Offer.Name + " was made in Target."
	case pushed.Found:
		said = "The offer " + pushed.Offer.Name + " was found in Target: an earlier push had made it, whose answer was lost. It was brought up to date."
	}
	return v.done(head.Path+"/offers", said)
}

func offerInputs(head *serviceHead, name string, kind cloudservice.OfferKind, workspace string) []*input {
	named := text("name", "Name", name, "One line. Target shows the offer by it.").needed()
	kinds := (&input{Name: "kind", Label: "Content", Kind: radioInput, Options: []choiceOption{
		{Value: string(cloudservice.HTML), Label: "HTML"}, {Value: string(cloudservice.JSON), Label: "JSON"},
	}}).choose(string(kind))
	if name != "" {
		named.Kind = readonlyInput
		for i := range kinds.Options {
			if kinds.Options[i].Value != string(kind) {
				kinds.Options[i].Barred = "the kind of an offer that is there can’t be changed"
			}
		}
	}
	workspaces := []choiceOption{{Value: "", Label: "Default Workspace"}}
	if head.State != nil && head.State.Target != nil {
		for _, w := range head.State.Target.Workspaces {
			if !w.Default {
				workspaces = append(workspaces, choiceOption{Value: w.ID, Label: w.Name})
			}
		}
	}
	return []*input{
		named, kinds, text("content", "Content to push", "", "512 KiB at most. Media does not belong into an offer: refer to it.").of(codeInput),
		text("file", "Or a file", "", "What is in it is pushed in place of the field above.").of(fileInput).maybe(),
		options("workspace", "Workspace", "", workspace, workspaces...),
	}
}

// maxUpload bounds a file that comes with a form; the rooms say what they take of it.
const maxUpload = 1 << 20

// fileText reads a text that was uploaded; "" when no file was chosen.
func (v *visit) fileText(name string) (file, content string, problems finding.Problems) {
	opened, header, err := v.r.FormFile(name)
	if err != nil {
		return "", "", nil
	}
	defer func() { _ = opened.Close() }()
	read, err := io.ReadAll(io.LimitReader(opened, maxUpload))
	if err != nil {
		problems.Wrong("/"+name, "the file can't be read", "choose it anew")
	}
	return header.Filename, string(read), problems
}

// offerDelete removes one from Target. One that activities show is removed when that is ticked.
func (v *visit) offerDelete() error {
	head, err := v.serviceHead(cloudservice.Target, partOffers, "")
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	o, err := v.offer(v.r.URL.Query().Get("offer"))
	if err != nil {
		return err
	}
	var problems finding.Problems
	var inputs []*input
	if v.confirmed(o.Name) {
		withdrawn, err := v.CloudServices.DeleteOffer(v.r.Context(), v.caller, v.serviceRef(), o.Name, v.r.PostForm.Has("anyway"))
		if err == nil {
			said := "The offer " + o.Name + " was deleted in Target."
			for _, w := range withdrawn.Warnings {
				said += " " + sentence(w)
			}
			return v.done(head.Path+"/offers", said)
		}
		if used, ok := errors.AsType[*cloudservice.OfferInUseError](err); ok {
			problems.Wrong("", used.Error(), "take it out of them in Target first, or tick the box")
			inputs = append(inputs, check("anyway", "Delete it all the same", "", v.r.PostForm.Has("anyway")))
		} else if problems, ok = told(err); !ok {
			return err
		}
	} else if v.r.Method == http.MethodPost {
		problems.Wrong("/confirm", "this is not its name, and nothing was deleted", "type "+o.Name)
	}
	c := confirmation{What: "the offer", Name: o.Name, Goes: "the offer in Target. Activities that show it show their default content.", Stays: "what is on your pages."}
	name := text("confirm", "Type "+o.Name+" to delete it", v.value("confirm"), "").needed()
	c.Form = v.form(head.Path+"/offers/delete?offer="+url.QueryEscape(o.Name), "Delete "+o.Name, append([]*input{name}, inputs...)...).orElse(head.Path + "/offers")
	c.Form.Danger = true
	c.Form.put(problems)
	status := http.StatusOK
	if v.r.Method == http.MethodPost {
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "confirm", "Delete "+o.Name, c)
}
