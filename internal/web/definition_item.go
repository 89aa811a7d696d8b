package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/jsontree"
)

// definitionHead stands above each page of a definition.
type definitionHead struct {
	definitionLine
	Tabs tabs
	// May tells whether the person may write definitions; Role says which role that takes.
	May  bool
	Role string
	// Primary is the act that its state asks for: edit, publish or connect.
	Primary string
	// Connect is where an account is connected, "" where that can't be done, or not by this person.
	Connect string
}

func (v *visit) definitionHead(saved destination.Saved, here string) definitionHead {
	h := definitionHead{definitionLine: v.definitionLine(saved), May: v.may(access.DefinitionsWrite), Role: v.lacks(access.DefinitionsWrite, "write and publish definitions")}
	h.Tabs = tabs{Label: "Parts of the definition", Here: here}
	for _, t := range []tab{{"Overview", ""}, {"Explain", "/explain"}, {"Try it", "/try"}, {"Revisions", "/revisions"}} {
		h.Tabs.add(t.Name, h.Path+t.Path)
	}
	switch {
	case h.Problems > 0:
		h.Primary = "edit"
	case h.State() != destination.StatePublished && h.May:
		h.Primary = "publish"
	default:
		h.Primary = "connect"
	}
	if v.may(access.ConnectionsWrite) && (h.Published != 0 || h.Problems == 0) {
		h.Connect = placeConnections + "/new?definition=" + url.QueryEscape(saved.Definition.ID)
	}
	return h
}

// templateAt is a template of a document, with the page that tries it.
type templateAt struct{ Pointer, Text, Path string }

// templatesOf gives the texts of a document that are templates.
func templatesOf(def destination.Definition, document *destination.Document) []templateAt {
	root, err := jsontree.Parse(document.JSON())
	if err != nil {
		return nil
	}
	var out []templateAt
	root.Walk("", func(pointer string, n *jsontree.Node) {
		if n.Is(jsontree.String) && isTemplate(n.Text) {
			path := placeDefinitions + "/playground?definition=" + url.QueryEscape(def.ID) + "&at=" + url.QueryEscape(pointer)
			out = append(out, templateAt{pointer, n.Text, path})
		}
	})
	return out
}

func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "{#")
}

// asked is a configuration of a document, with what a customer enters.
type askedBy struct {
	Index   int
	Grant   string
	Prompts []destination.Prompt
}

func (v *visit) definitionItem() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	document := saved.Revision.Document
	view := struct {
		definitionHead
		Line      revisionLine
		Text      string
		Found     []placed
		Asks      []askedBy
		Templates []templateAt
		Facts     []fact
	}{definitionHead: v.definitionHead(saved, "Overview"), Line: v.revisionLine(saved.Definition, saved.Revision, v.people()), Text: indented(document)}
	view.Found = located(view.Text, saved.Problems)
	view.Templates = templatesOf(saved.Definition, document)
	for i := range document.Configurations() {
		plan, err := document.Compile(i)
		if err != nil {
			continue // its problems say why
		}
		authType, grant := document.Kind(i)
		view.Asks = append(view.Asks, askedBy{i, cmp.Or(grants[grant], loginWords[authType]), plan.Prompts()})
	}
	view.Facts = []fact{{"Definition id", saved.Definition.ID, true}, {"Instance id", saved.Definition.InstanceID, true}, {"Ways to log in", view.Grant, false}}
	if p := saved.Definition.Published; p != 0 {
		view.Facts = append(view.Facts, fact{"Published revision", fmt.Sprint(p), false})
	}
	for _, callback := range view.Callbacks {
		view.Facts = append(view.Facts, fact{"Callback URL to register", callback, true})
	}
	return v.show(http.StatusOK, "definition_item", saved.Definition.Name, &view)
}
