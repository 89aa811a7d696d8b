package web

import (
	"fmt"
	"net/http"
	"strconv"

	"latchkey/internal/access"
	"latchkey/internal/destination"
)

// outcome says what publishing means for some of the connections.
type outcome struct {
	Connections int
	Says, Tone  string
}

// outcomes say in words what publishing means for the connections that there are.
func outcomes(effects []destination.Effect, draft int) []outcome {
	var out []outcome
	for _, e := range effects {
		one := outcome{e.Connections, fmt.Sprintf("made with revision %d: renew with revision %d from now on", e.Revision, draft), "good"}
		switch {
		case e.Revision == draft:
			one.Says = fmt.Sprintf("made with revision %d: nothing changes", draft)
		case !e.Follows:
			one.Says, one.Tone = fmt.Sprintf("made with revision %d: stay with what they have, for the grant or the fields are others. Connect them anew to use revision %d", e.Revision, draft), "warn"
		case e.Elsewhere:
			one.Says, one.Tone = fmt.Sprintf("made with revision %d: renew with revision %d, at another address or as another client. A refresh token is not sent there: those who hold one need a new consent", e.Revision, draft), "bad"
		}
		out = append(out, one)
	}
	return out
}

// definitionPublish says what publishing changes, for whom, and publishes.
func (v *visit) definitionPublish() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.DefinitionsWrite); err != nil {
		return err
	}
	def, path := saved.Definition, definitionPath(saved.Definition.ID)
	// What was looked at is what is published: a revision that somebody saved meanwhile is shown first.
	if v.r.Method == http.MethodPost && v.value("revision") == strconv.Itoa(def.Draft) && !saved.Problems.HasUnpublishable() {
		published, err := v.Definitions.Publish(v.r.Context(), v.caller, v.definitionRef())
		if err != nil {
			return err
		}
		return v.done(path, fmt.Sprintf("Revision %d of %s is published. New connections use it.", published.Revision.Number, def.Name))
	}
	view := struct {
		definitionHead
		Changes  []change
		Lines    []diffLine
		Outcomes []outcome
		Problems []placed
		Barred   bool
		Form     *form
		Newer    bool
	}{definitionHead: v.definitionHead(saved, ""), Barred: saved.Problems.HasUnpublishable(), Newer: v.r.Method == http.MethodPost}
	text := indented(saved.Revision.Document)
	view.Problems = located(text, saved.Problems.AtLeast(destination.Unpublishable))
	if def.Published != 0 {
		before, err := v.Definitions.Revision(v.r.Context(), v.caller, v.definitionRef(), def.Published)
		if err != nil {
			return err
		}
		view.Changes = changed(before.Revision.Document, saved.Revision.Document)
		view.Lines = hunks(lineDiff(indented(before.Revision.Document), text))
	}
	effects, err := v.Definitions.Effects(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	view.Outcomes = outcomes(effects, def.Draft)
	view.Form = v.form(path+"/publish", fmt.Sprintf("Publish revision %d", def.Draft)).hide("revision", strconv.Itoa(def.Draft))
	status := http.StatusOK
	if v.r.Method == http.MethodPost {
		status = http.StatusConflict
	}
	return v.show(status, "definition_publish", "Publish "+def.Name, &view)
}
