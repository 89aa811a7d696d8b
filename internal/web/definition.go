package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/destination/start"
)

// The pages of definitions: the list, definitions to begin with. One definition is in definition_item.go, its editor in
// definition_edit.go, its revisions in definition_revision.go.

const (
	placeDefinitions = "/definitions"
	// oneDefinition is a definition by its id, its instance id or its name.
	oneDefinition = placeDefinitions + "/{definition}"
	oneRevision   = oneDefinition + "/revisions/{revision}"
)

func (p *Pages) definitionRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + placeDefinitions:                  (*visit).definitionList,
		"GET " + placeDefinitions + "/start":       (*visit).definitionStart,
		"GET " + placeDefinitions + "/new":         (*visit).definitionNew,
		"POST " + placeDefinitions + "/new":        (*visit).definitionNew,
		"GET " + placeDefinitions + "/schema.json": (*visit).definitionSchema,
		"POST " + placeDefinitions + "/check":      (*visit).definitionCheck,
		"GET " + placeDefinitions + "/playground":  (*visit).definitionPlayground,
		"POST " + placeDefinitions + "/playground": (*visit).definitionPlayground,
		"GET " + oneDefinition + "/try":            (*visit).definitionTry,
		"POST " + oneDefinition + "/try":           (*visit).definitionTry,
		"GET " + oneDefinition + "/explain":        (*visit).definitionExplain,
		"POST " + oneDefinition + "/explain":       (*visit).definitionExplain,
		"GET " + oneDefinition:                     (*visit).definitionItem,
		"GET " + oneDefinition + "/edit":           (*visit).definitionEdit,
		"POST " + oneDefinition + "/edit":          (*visit).definitionEdit,
		"GET " + oneDefinition + "/publish":        (*visit).definitionPublish,
		"POST " + oneDefinition + "/publish":       (*visit).definitionPublish,
		"GET " + oneDefinition + "/revisions":      (*visit).definitionRevisions,
		"GET " + oneDefinition + "/changes":        (*visit).definitionChanges,
		"GET " + oneRevision:                       (*visit).definitionRevision,
		"POST " + oneRevision + "/restore":         (*visit).definitionRestore,
		"GET " + oneDefinition + "/delete":         (*visit).definitionDelete,
		"POST " + oneDefinition + "/delete":        (*visit).definitionDelete,
	}
}

func definitionPath(id string) string { return placeDefinitions + "/" + url.PathEscape(id) }

func (v *visit) definitionRef() destination.Ref {
	return destination.Ref{Sandbox: v.sandbox, Name: v.r.PathValue("definition")}
}

// definitionLine is a definition as the list shows it.
type definitionLine struct {
	destination.Definition
	Path, Grant, Says, Tone string
	// Problems is how many things keep the newest revision from being published.
	Problems  int
	Callbacks []string
}

// definitionStates say each state in words, with its colour.
var definitionStates = map[string]struct{ word, tone string }{
	destination.StateDraft:     {"draft", ""},
	destination.StatePublished: {"published", "good"},
	destination.StateChanged:   {"published, draft changed", "warn"},
}

func (v *visit) definitionLine(saved destination.Saved) definitionLine {
	document, state := saved.Revision.Document, definitionStates[saved.Definition.State()]
	line := definitionLine{
		Definition: saved.Definition, Path: definitionPath(saved.Definition.ID), Grant: grantsOf(document), Says: state.word, Tone: state.tone,
		Problems: len(saved.Problems.AtLeast(destination.Unpublishable)),
	}
	if consents(document) {
		line.Callbacks = v.Connections.CallbackURLs()
	}
	return line
}

// grantsOf says how each configuration of a document logs in.
func grantsOf(document *destination.Document) string {
	var all []string
	for i := range document.Configurations() {
		authType, grant := document.Kind(i)
		if words := cmp.Or(grants[grant], loginWords[authType], strings.ToLower(string(authType))); !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return cmp.Or(strings.Join(all, ", "), "not said")
}

var loginWords = map[destination.AuthType]string{destination.Bearer: "a token that people paste", destination.Basic: "user and password with each call"}

// consents tells whether any configuration of the document is consented to in a browser.
func consents(document *destination.Document) bool {
	for i := range document.Configurations() {
		if _, grant := document.Kind(i); grant == destination.AuthorizationCode {
			return true
		}
	}
	return false
}

func (v *visit) definitionList() error {
	view := struct {
		Rows         []definitionLine
		Search, Role string
		May          bool
		Pager        pager
	}{Search: v.r.URL.Query().Get("q"), May: v.may(access.DefinitionsWrite), Role: v.lacks(access.DefinitionsWrite, "write and publish definitions")}
	found, next, err := v.Definitions.List(v.r.Context(), v.caller, destination.Page{Sandbox: v.sandbox, Search: view.Search, After: v.cursor()})
	if err != nil {
		return err
	}
	for _, def := range found {
		saved, err := v.Definitions.Get(v.r.Context(), v.caller, destination.Ref{Sandbox: v.sandbox, Name: def.ID})
		if errors.Is(err, destination.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		view.Rows = append(view.Rows, v.definitionLine(saved))
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "definition_list", "Definitions", &view)
}

// definitionStart is the page of definitions to begin with.
func (v *visit) definitionStart() error {
	type point struct {
		start.Point
		Path string
	}
	view := struct {
		Points []point
		May    bool
		Role   string
	}{May: v.may(access.DefinitionsWrite), Role: v.lacks(access.DefinitionsWrite, "write and publish definitions")}
	for _, p := range start.Points() {
		view.Points = append(view.Points, point{p, placeDefinitions + "/new?start=" + p.Key})
	}
	return v.show(http.StatusOK, "definition_start", "New definition", &view)
}

func (v *visit) definitionDelete() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.DefinitionsWrite); err != nil {
		return err
	}
	def := saved.Definition
	path := definitionPath(def.ID)
	if !v.confirmed(def.Name) {
		return v.confirm(confirmation{What: "the definition", Name: def.Name, Goes: "all its revisions. It can be deleted only while no connection uses it.",
			Stays: "the audit record of who wrote and published it."}, path+"/delete", path)
	}
	if err := v.Definitions.Delete(v.r.Context(), v.caller, v.definitionRef()); err != nil {
		return err
	}
	return v.done(placeDefinitions, "The definition "+def.Name+" was deleted.")
}

// grants say a grant in words.
var grants = map[destination.Grant]string{
	destination.AuthorizationCode: "authorization code", destination.Password: "password", destination.ClientCredentials: "client credentials",
}
