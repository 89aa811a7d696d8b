package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/destination/start"
	"latchkey/internal/jsontree"
)

// The editor of definitions. It works without script: the text area, its line numbers, and what is wrong in a list that leads
// to the lines. With script it colours, completes and checks while somebody types (static/editor.js).

// editor is the page.
type editor struct {
	Heading, Lead, Action, Cancel string
	CSRF, Sandbox                 string
	// Ref names the definition whose stored secrets the masks keep, "" for a new one.
	Ref string
	// Base is the revision that is edited, 0 for a new definition.
	Base     int
	Text     string
	Note     string
	Problems []placed
	// Refused tells that nothing was saved.
	Refused bool
	// Fill are the places of a definition to begin with that wait to be filled in.
	Fill []placed
	// Theirs is the revision that somebody else saved meanwhile, with what is different in it.
	Theirs *theirs
	// Said is the input of the note.
	Said *input
}

type theirs struct {
	revisionLine
	Lines []diffLine
}

// Rows is how high the text area is without script: so that its line numbers stand where they belong, all of the text, and
// some room to go on.
func (e *editor) Rows() int { return min(600, max(16, strings.Count(e.Text, "\n")+4)) }

// Numbers are the lines of the text.
func (e *editor) Numbers() []int {
	out := make([]int, e.Rows())
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// Worst gives how many problems keep it from being saved, and from being published.
func (e *editor) Worst() (out struct{ Unsaved, Unpublished, Hints int }) {
	for _, p := range e.Problems {
		switch p.Weight {
		case "error":
			out.Unsaved++
		case "publish":
			out.Unpublished++
		default:
			out.Hints++
		}
	}
	return out
}

func (v *visit) editor(heading, action, cancel string) *editor {
	return &editor{Heading: heading, Action: action, Cancel: cancel, CSRF: v.csrf(), Sandbox: v.sandbox}
}

// showEditor writes the page. Its script asks this server what is wrong.
func (v *visit) showEditor(status int, e *editor) error {
	v.mayFetch()
	e.Said = text("note", "What this change is for", e.Note, "Stands in the list of revisions. 500 characters at most.").maybe()
	return v.show(status, "definition_edit", e.Heading, e)
}

// mayFetch lets the page's script ask this server.
func (v *visit) mayFetch() {
	header := v.w.Header()
	header.Set("Content-Security-Policy", policy("'self'")+"; connect-src 'self'")
}

// definitionNew writes a new definition, from one to begin with or from nothing.
func (v *visit) definitionNew() error {
	if err := v.caller.Require(access.DefinitionsWrite); err != nil {
		return err
	}
	e := v.editor("New definition", placeDefinitions+"/new", placeDefinitions+"/start")
	e.Lead = "Say how the service authenticates, in the JSON of Destination SDK."
	if v.r.Method != http.MethodPost {
		point, ok := start.Find(v.r.URL.Query().Get("start"))
		if !ok {
			point, _ = start.Find("client-credentials")
		}
		e.Text, e.Lead = point.Text, point.For
		places := jsontree.Places([]byte(point.Text))
		for _, f := range point.Fill {
			at := placed{Message: f.Words, Pointer: f.Pointer}
			at.Line, at.Column = jsontree.LineColumn([]byte(point.Text), places[f.Pointer].From)
			e.Fill = append(e.Fill, at)
		}
		return v.showEditor(http.StatusOK, e)
	}
	return v.saveEdited(e, nil, func(draft destination.Draft) (destination.Saved, error) {
		return v.Definitions.Create(v.r.Context(), v.caller, v.sandbox, draft)
	})
}

// definitionEdit writes the next revision of one.
func (v *visit) definitionEdit() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.DefinitionsWrite); err != nil {
		return err
	}
	path := definitionPath(saved.Definition.ID)
	e := v.editor("Edit "+saved.Definition.Name, path+"/edit", path)
	e.Lead = fmt.Sprintf("Saving makes draft revision %d. Connections go on with what they have until you publish it. ", saved.Definition.Draft+1) +
		destination.Mask + " stands for a secret that is kept; leave it, or write another in its place."
	e.Ref, e.Base = saved.Definition.ID, saved.Revision.Number
	if v.r.Method != http.MethodPost {
		e.Text = indented(saved.Revision.Document)
		e.Problems = located(e.Text, saved.Problems)
		return v.showEditor(http.StatusOK, e)
	}
	err = v.saveEdited(e, saved.Revision.Document, func(draft destination.Draft) (destination.Saved, error) {
		return v.Definitions.Update(v.r.Context(), v.caller, v.definitionRef(), draft)
	})
	if !errors.Is(err, destination.ErrConflict) {
		return err
	}
	// Nothing is lost: what was typed stays in the editor, beside what the other has saved.
	if saved, err = v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef()); err != nil {
		return err
	}
	e.Base = saved.Revision.Number
	e.Theirs = &theirs{v.revisionLine(saved.Definition, saved.Revision, nil), hunks(lineDiff(indented(saved.Revision.Document), e.Text))}
	return v.showEditor(http.StatusConflict, e)
}

// saveEdited saves what was typed, or shows it again with what is wrong.
func (v *visit) saveEdited(e *editor, known *destination.Document, save func(destination.Draft) (destination.Saved, error)) error {
	e.Text, e.Note = unified(v.text("document")), v.value("note")
	document, problems := written(e.Text, nil)
	if document == nil {
		return v.refuseEdited(e, problems)
	}
	base, _ := strconv.Atoi(v.value("base"))
	saved, err := save(destination.Draft{Document: document, Base: base, Note: e.Note})
	if wrong, ok := errors.AsType[destination.Problems](err); ok {
		if again, _ := written(e.Text, known); again != nil { // with the hints, too
			if all, lintErr := v.Definitions.Lint(v.caller, again); lintErr == nil && all.HasRefused() {
				wrong = all
			}
		}
		return v.refuseEdited(e, located(e.Text, wrong))
	}
	if errors.Is(err, destination.ErrNameTaken) {
		taken := destination.Problems{{Pointer: "/name", Severity: destination.Refused, Message: "another definition of this sandbox has that name", Fix: "choose another"}}
		return v.refuseEdited(e, located(e.Text, taken))
	}
	if err != nil {
		return err
	}
	path := definitionPath(saved.Definition.ID)
	if v.value("do") == "publish" {
		return v.to(path + "/publish")
	}
	return v.done(path, savedWords(saved))
}

func (v *visit) refuseEdited(e *editor, problems []placed) error {
	e.Problems, e.Refused = problems, true
	return v.showEditor(http.StatusUnprocessableEntity, e)
}

// savedWords say what was saved, and what is left to mend.
func savedWords(saved destination.Saved) string {
	words := fmt.Sprintf("Draft revision %d of %s was saved.", saved.Revision.Number, saved.Definition.Name)
	if n := len(saved.Problems.AtLeast(destination.Unpublishable)); n > 0 {
		return words + " " + plural(n, "thing") + " to mend before it can be published."
	}
	if saved.Definition.State() == destination.StatePublished {
		return "Nothing has changed: revision " + fmt.Sprint(saved.Revision.Number) + " says the same, and is published."
	}
	return words + " Look at what changes, and publish it."
}

// indented gives a document as people edit it.
func indented(document *destination.Document) string {
	var out bytes.Buffer
	if err := json.Indent(&out, document.JSON(), "", "  "); err != nil {
		return string(document.JSON())
	}
	return out.String()
}
