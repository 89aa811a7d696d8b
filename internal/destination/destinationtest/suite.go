// Package destinationtest says, in tests, what a [destination.Store] promises, and has a store in memory that keeps
// it.
package destinationtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/destination"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

const (
	organization = "0123456789ABCDEF01234567@AdobeOrg"
	hidden       = "s3cr<>t-of-the-store"
)

var at = time.Date(2026, 11, 21, 9, 30, 0, 123456000, time.UTC)

// Run checks a store. newStore gives an empty one for each test.
//
// That Delete is refused while connections exist is checked where connections can be made.
func Run(t *testing.T, newStore func(t *testing.T) destination.Store) {
	for name, test := range map[string]func(*testing.T, destination.Store){
		"SaveAndFind": saveAndFind, "SecretsSurvive": secretsSurvive, "NameTaken": nameTaken, "Conflict": conflict,
		"Publish": publish, "Revisions": revisions, "List": list, "Delete": remove, "Together": together, "Race": race,
	} {
		t.Run(name, func(t *testing.T) { test(t, newStore(t)) })
	}
}

func document(t *testing.T, name, clientID string) *destination.Document {
	t.Helper()
	d, err := destination.ParseDocument(fmt.Appendf(nil, `{"name": %q, "extra": [1.50, "\u00e9"], "authentication": {
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "accessTokenUrl": "https://api.example.com/token",
		"clientId": %q, "clientSecret": %q,
		"authenticationDataFields": [{"name": "pinToken", "type": "integer", "value": 12345678}]}}`, name, clientID, hidden))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// first makes a definition with its first revision.
func first(t *testing.T, sandbox, name string) destination.Change {
	t.Helper()
	def := destination.Definition{
		ID: ident.New("def"), InstanceID: ident.UUID(), Organization: organization, Sandbox: sandbox, Name: name,
		Description: "about " + name, Status: "TEST", Draft: 1, CreatedAt: at, UpdatedAt: at, CreatedBy: "key_1",
	}
	return destination.Change{Definition: def, Revision: &destination.Revision{
		Definition: def.ID, Number: 1, Document: document(t, name, "c1"), CreatedAt: at, CreatedBy: "key_1",
	}}
}

func save(t *testing.T, s destination.Store, change destination.Change) {
	t.Helper()
	if err := s.Save(t.Context(), change); err != nil {
		t.Fatalf("Save(%s) = %v", change.Definition.Name, err)
	}
}

func find(t *testing.T, s destination.Store, sandbox, ref string) destination.Definition {
	t.Helper()
	def, err := s.Find(t.Context(), destination.Place{Organization: organization, Sandbox: sandbox}, ref)
	if err != nil {
		t.Fatalf("Find(%q) = %v", ref, err)
	}
	return def
}

func saveAndFind(t *testing.T, s destination.Store) {
	change := first(t, "prod", "moviestar")
	save(t, s, change)
	want := change.Definition
	for _, ref := range []string{want.ID, want.InstanceID, "moviestar"} {
		if diff := cmp.Diff(want, find(t, s, "prod", ref)); diff != "" {
			t.Errorf("Find(%q): -want +got\n%s", ref, diff)
		}
	}
	byID, err := s.Find(t.Context(), destination.Place{}, want.ID)
	if err != nil || byID.ID != want.ID {
		t.Errorf("Find by id alone = %v, %v", byID.ID, err)
	}
	for _, c := range []struct {
		place destination.Place
		ref   string
	}{
		{destination.Place{Organization: organization, Sandbox: "prod"}, "other"},
		{destination.Place{Organization: organization, Sandbox: "stage"}, "moviestar"},
		{destination.Place{Organization: organization, Sandbox: "stage"}, want.ID},
		{destination.Place{Organization: ident.NewIMSOrg(), Sandbox: "prod"}, want.ID},
		{destination.Place{}, "moviestar"},
		{destination.Place{Organization: organization, Sandbox: "prod"}, ""},
	} {
		if _, err := s.Find(t.Context(), c.place, c.ref); !errors.Is(err, destination.ErrNotFound) {
			t.Errorf("Find(%v, %q) = %v, want ErrNotFound", c.place, c.ref, err)
		}
	}
}

func secretsSurvive(t *testing.T, s destination.Store) {
	change := first(t, "prod", "moviestar")
	save(t, s, change)
	got, err := s.Revisions(t.Context(), change.Definition.ID, 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("Revisions = %d of them, %v", len(got), err)
	}
	if !got[0].Document.Equal(change.Revision.Document) {
		t.Errorf("the document came back as %s, want %s, secrets included", got[0].Document.JSON(), change.Revision.Document.JSON())
	}
	if text := string(got[0].Document.JSON()); strings.Contains(text, hidden) || strings.Contains(text, "12345678") {
		t.Errorf("the document shows a secret: %s", text)
	}
	if diff := cmp.Diff(change.Revision.Document.Secrets(), got[0].Document.Secrets(), cmp.Comparer(secret.String.Equal)); diff != "" {
		t.Errorf("secrets: -want +got\n%s", diff)
	}
}

func nameTaken(t *testing.T, s destination.Store) {
	save(t, s, first(t, "prod", "moviestar"))
	if err := s.Save(t.Context(), first(t, "prod", "moviestar")); !errors.Is(err, destination.ErrNameTaken) {
		t.Errorf("a second definition of the name: %v, want ErrNameTaken", err)
	}
	save(t, s, first(t, "stage", "moviestar"))
	other := first(t, "prod", "other")
	save(t, s, other)
	renamed := next(t, other, 2)
	renamed.Definition.Name = "moviestar"
	if err := s.Save(t.Context(), renamed); !errors.Is(err, destination.ErrNameTaken) {
		t.Errorf("renaming to a taken name: %v, want ErrNameTaken", err)
	}
	if got := find(t, s, "prod", "other"); got.Draft != 1 {
		t.Errorf("a refused change left draft %d behind", got.Draft)
	}
}

// next is the change that adds revision number to what change made.
func next(t *testing.T, change destination.Change, number int) destination.Change {
	t.Helper()
	def := change.Definition
	def.Draft, def.UpdatedAt = number, at.Add(time.Duration(number)*time.Minute)
	return destination.Change{Definition: def, Expect: number - 1, Revision: &destination.Revision{
		Definition: def.ID, Number: number, Document: document(t, def.Name, fmt.Sprintf("c%d", number)),
		CreatedAt: def.UpdatedAt, CreatedBy: "key_2",
	}}
}

func conflict(t *testing.T, s destination.Store) {
	change := first(t, "prod", "moviestar")
	save(t, s, change)
	save(t, s, next(t, change, 2))
	if err := s.Save(t.Context(), next(t, change, 2)); !errors.Is(err, destination.ErrConflict) {
		t.Errorf("a change on an old draft: %v, want ErrConflict", err)
	}
	unknown := next(t, first(t, "prod", "unknown"), 2)
	if err := s.Save(t.Context(), unknown); !errors.Is(err, destination.ErrNotFound) {
		t.Errorf("a change of nothing: %v, want ErrNotFound", err)
	}
}

// publishing is the change that publishes a revision.
func publishing(change destination.Change) destination.Change {
	def, rev := change.Definition, *change.Revision
	def.Published = rev.Number
	rev.Published, rev.PublishedAt = true, at.Add(time.Hour)
	return destination.Change{Definition: def, Revision: &rev, Expect: def.Draft}
}

func publish(t *testing.T, s destination.Store) {
	one := first(t, "prod", "moviestar")
	save(t, s, one)
	save(t, s, publishing(one))
	two := next(t, publishing(one), 2)
	save(t, s, two)
	if got := find(t, s, "prod", "moviestar"); got.State() != destination.StateChanged || got.Published != 1 {
		t.Errorf("after a new draft the definition is %q with revision %d published", got.State(), got.Published)
	}
	save(t, s, publishing(two))
	got, err := s.Revisions(t.Context(), one.Definition.ID)
	if err != nil || len(got) != 2 {
		t.Fatalf("Revisions = %d of them, %v", len(got), err)
	}
	if got[0].Published || !got[1].Published || !got[1].PublishedAt.Equal(at.Add(time.Hour)) {
		t.Errorf("published: %v and %v (at %v), want the second alone", got[0].Published, got[1].Published, got[1].PublishedAt)
	}
}

func revisions(t *testing.T, s destination.Store) {
	one := first(t, "prod", "moviestar")
	save(t, s, one)
	two := next(t, one, 2)
	save(t, s, two)
	save(t, s, next(t, two, 3))
	for _, c := range []struct{ ask, want []int }{
		{nil, []int{1, 2, 3}}, {[]int{2}, []int{2}}, {[]int{3, 1, 9}, []int{1, 3}}, {[]int{9}, nil},
	} {
		got, err := s.Revisions(t.Context(), one.Definition.ID, c.ask...)
		var numbers []int
		for _, rev := range got {
			numbers = append(numbers, rev.Number)
		}
		if diff := cmp.Diff(c.want, numbers); diff != "" || err != nil {
			t.Errorf("Revisions(%v) = %v, %v, want %v", c.ask, numbers, err, c.want)
		}
	}
	got, err := s.Revisions(t.Context(), one.Definition.ID, 2)
	if err != nil || len(got) != 1 {
		t.Fatalf("Revisions(2) = %d of them, %v", len(got), err)
	}
	if r := got[0]; r.CreatedBy != "key_2" || !r.CreatedAt.Equal(at.Add(2*time.Minute)) || r.Definition != one.Definition.ID {
		t.Errorf("revision 2 came back as %+v", r)
	}
	if none, err := s.Revisions(t.Context(), "def_none"); err != nil || len(none) != 0 {
		t.Errorf("Revisions of nothing = %v, %v", none, err)
	}
}

func list(t *testing.T, s destination.Store) {
	var ids []string
	for _, name := range []string{"Alpha", "beta", "gamma"} {
		change := first(t, "prod", name)
		save(t, s, change)
		ids = append(ids, change.Definition.ID)
	}
	save(t, s, first(t, "stage", "alpha"))
	for _, c := range []struct {
		query destination.Query
		want  []string
	}{
		{destination.Query{Sandbox: "prod", Limit: 10}, []string{"Alpha", "beta", "gamma"}},
		{destination.Query{Sandbox: "prod", Limit: 2}, []string{"Alpha", "beta"}},
		{destination.Query{Sandbox: "prod", Limit: 2, After: ids[1]}, []string{"gamma"}},
		{destination.Query{Sandbox: "prod", Limit: 10, Search: "ALPH"}, []string{"Alpha"}},
		{destination.Query{Sandbox: "prod", Limit: 10, Search: "about b"}, []string{"beta"}},
		{destination.Query{Sandbox: "prod", Limit: 10, Search: "%"}, nil},
		{destination.Query{Sandbox: "prod", Limit: 10, Search: "_"}, nil},
		{destination.Query{Sandbox: "dev", Limit: 10}, nil},
	} {
		c.query.Organization = organization
		got, err := s.List(t.Context(), c.query)
		var names []string
		for _, def := range got {
			names = append(names, def.Name)
		}
		if diff := cmp.Diff(c.want, names); diff != "" || err != nil {
			t.Errorf("List(%+v) = %v, %v, want %v", c.query, names, err, c.want)
		}
	}
}

func remove(t *testing.T, s destination.Store) {
	change := first(t, "prod", "moviestar")
	save(t, s, change)
	if err := s.Delete(t.Context(), change.Definition.ID, change.Entry); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	if err := s.Delete(t.Context(), change.Definition.ID, change.Entry); !errors.Is(err, destination.ErrNotFound) {
		t.Errorf("deleting twice: %v, want ErrNotFound", err)
	}
	if got, err := s.Revisions(t.Context(), change.Definition.ID); err != nil || len(got) != 0 {
		t.Errorf("after Delete there are %d revisions, %v", len(got), err)
	}
	save(t, s, first(t, "prod", "moviestar")) // the name is free again
}

// together: a change whose revision cannot be kept leaves nothing behind.
func together(t *testing.T, s destination.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	change := first(t, "prod", "moviestar")
	if err := s.Save(ctx, change); err == nil {
		return // a store in memory has nothing to give up
	}
	if _, err := s.Find(t.Context(), destination.Place{}, change.Definition.ID); !errors.Is(err, destination.ErrNotFound) {
		t.Errorf("a change that failed left something behind: %v", err)
	}
}

// race: of many changes of one draft one wins.
func race(t *testing.T, s destination.Store) {
	one := first(t, "prod", "moviestar")
	save(t, s, one)
	const callers = 8
	var wg sync.WaitGroup
	results := make([]error, callers)
	for i := range callers {
		change := next(t, one, 2)
		wg.Go(func() { results[i] = s.Save(t.Context(), change) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, destination.ErrConflict):
			t.Errorf("a change that lost: %v, want ErrConflict", err)
		}
	}
	if won != 1 {
		t.Errorf("%d changes of one draft won, want 1", won)
	}
}
