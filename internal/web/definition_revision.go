package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
)

// revisionLine is a revision as its list shows it.
type revisionLine struct {
	Number int
	Path   string
	// Says is what it is: "published", "draft", "" for one of before.
	Says, Tone  string
	At          time.Time
	Who, Note   string
	PublishedAt time.Time
	// Connections were made with it.
	Connections int
	// Changes leads to what it changed, "" for the first.
	Changes string
	Restore *form
}

func (v *visit) revisionLine(def destination.Definition, rev destination.Revision, people map[string]string) revisionLine {
	line := revisionLine{
		Number: rev.Number, Path: fmt.Sprintf("%s/revisions/%d", definitionPath(def.ID), rev.Number), At: rev.CreatedAt,
		Who: v.who(rev.CreatedBy, people), Note: rev.Note, PublishedAt: rev.PublishedAt,
	}
	switch {
	case rev.Published:
		line.Says, line.Tone = "published", "good"
	case rev.Number == def.Draft:
		line.Says = "draft"
	}
	if rev.Number > 1 {
		line.Changes = changesPath(def.ID, rev.Number-1, rev.Number)
	}
	if rev.Number != def.Draft && v.may(access.DefinitionsWrite) {
		line.Restore = v.form(line.Path+"/restore", fmt.Sprintf("Go back to %d", rev.Number)).orElse(line.Path)
	}
	return line
}

func changesPath(id string, from, to int) string {
	return fmt.Sprintf("%s/changes?from=%d&to=%d", definitionPath(id), from, to)
}

// who names who did something.
func (v *visit) who(id string, people map[string]string) string {
	if id == v.caller.ID {
		return "you"
	}
	return cmp.Or(people[id], id)
}

// people gives the names of people and API keys by their ids, to whom may know them.
func (v *visit) people() map[string]string {
	names := map[string]string{}
	if users, err := v.Users.List(v.r.Context(), v.caller); err == nil {
		for _, u := range users {
			names[u.ID] = cmp.Or(u.Name(), u.Email)
		}
	}
	if keys, err := v.Keys.List(v.r.Context(), v.caller); err == nil {
		for _, k := range keys {
			names[k.ID] = "API key " + k.Name
		}
	}
	return names
}

// revisionsShown is how many revisions the list shows; every one has a page.
const revisionsShown = 100

func (v *visit) definitionRevisions() error {
	saved, err := v.Definitions.Get(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	all, err := v.Definitions.Revisions(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	effects, err := v.Definitions.Effects(v.r.Context(), v.caller, v.definitionRef())
	if err != nil {
		return err
	}
	view := struct {
		definitionHead
		Rows    []revisionLine
		Numbers []int
		More    int
		// From and To are what the form under the list compares at first.
		From, To int
	}{definitionHead: v.definitionHead(saved, "Revisions"), To: saved.Definition.Draft, From: cmp.Or(saved.Definition.Published, 1)}
	if view.From == view.To {
		view.From = max(1, view.To-1)
	}
	names := v.people()
	slices.Reverse(all)
	for _, rev := range all {
		view.Numbers = append(view.Numbers, rev.Number)
		if len(view.Rows) == revisionsShown {
			view.More++
			continue
		}
		line := v.revisionLine(saved.Definition, rev, names)
		for _, e := range effects {
			if e.Revision == rev.Number {
				line.Connections += e.Connections
			}
		}
		view.Rows = append(view.Rows, line)
	}
	return v.show(http.StatusOK, "definition_revisions", "Revisions of "+saved.Definition.Name, &view)
}

// numbered gives a revision by a number that an address has.
func (v *visit) numbered(text string) (destination.Saved, error) {
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 {
		return destination.Saved{}, destination.ErrNoRevision
	}
	return v.Definitions.Revision(v.r.Context(), v.caller, v.definitionRef(), number)
}

func (v *visit) definitionRevision() error {
	saved, err := v.numbered(v.r.PathValue("revision"))
	if err != nil {
		return err
	}
	view := struct {
		definitionHead
		Line     revisionLine
		Text     string
		Problems []placed
	}{definitionHead: v.definitionHead(saved, "Revisions"), Line: v.revisionLine(saved.Definition, saved.Revision, v.people()), Text: indented(saved.Revision.Document)}
	view.Problems = located(view.Text, saved.Problems)
	return v.show(http.StatusOK, "definition_revision", fmt.Sprintf("Revision %d of %s", saved.Revision.Number, saved.Definition.Name), &view)
}

// definitionRestore makes a new draft of an old revision, its secrets included.
func (v *visit) definitionRestore() error {
	if err := v.caller.Require(access.DefinitionsWrite); err != nil {
		return err
	}
	old, err := v.numbered(v.r.PathValue("revision"))
	if err != nil {
		return err
	}
	saved, err := v.Definitions.Update(v.r.Context(), v.caller, v.definitionRef(), destination.Draft{
		Document: old.Revision.Document, Name: old.Definition.Name, Note: fmt.Sprintf("Back to revision %d", old.Revision.Number),
	})
	if err != nil {
		return err
	}
	return v.done(definitionPath(saved.Definition.ID), savedWords(saved))
}

// change is what two revisions have differently, as the page shows it.
type change struct {
	destination.Difference
	// Says is "added", "removed" or "changed".
	Says, Tone string
}

func changed(before, after *destination.Document) []change {
	var out []change
	for _, d := range destination.Diff(before, after) {
		c := change{d, "changed", "warn"}
		switch {
		case d.Secret:
			c.Says = "another secret"
		case d.Before == "":
			c.Says, c.Tone = "added", "good"
		case d.After == "":
			c.Says, c.Tone = "removed", "bad"
		}
		c.Before, c.After = shortened(c.Before), shortened(c.After)
		out = append(out, c)
	}
	return out
}

// shortened keeps a page readable: the lines below show all of it.
func shortened(text string) string {
	const most = 300
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// definitionChanges compares two revisions: value by value, and line by line.
func (v *visit) definitionChanges() error {
	before, err := v.numbered(v.r.URL.Query().Get("from"))
	if err != nil {
		return err
	}
	after, err := v.numbered(v.r.URL.Query().Get("to"))
	if err != nil {
		return err
	}
	view := struct {
		definitionHead
		Was, Is revisionLine
		Changes []change
		Lines   []diffLine
		Turned  string
	}{
		definitionHead: v.definitionHead(after, "Revisions"), Changes: changed(before.Revision.Document, after.Revision.Document),
		Lines:  hunks(lineDiff(indented(before.Revision.Document), indented(after.Revision.Document))),
		Turned: changesPath(after.Definition.ID, after.Revision.Number, before.Revision.Number),
	}
	names := v.people()
	view.Was, view.Is = v.revisionLine(before.Definition, before.Revision, names), v.revisionLine(after.Definition, after.Revision, names)
	title := fmt.Sprintf("%s, revision %d to %d", after.Definition.Name, before.Revision.Number, after.Revision.Number)
	return v.show(http.StatusOK, "definition_changes", title, &view)
}
