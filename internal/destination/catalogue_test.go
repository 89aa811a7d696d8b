package destination_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/destination/destinationtest"
)

func TestMemoryStore(t *testing.T) {
	destinationtest.Run(t, func(*testing.T) destination.Store { return destinationtest.NewMemory() })
}

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

const org = "0123456789ABCDEF01234567@AdobeOrg"

func writer() access.Caller {
	return access.Caller{ID: "key_1", Organization: org, Scopes: access.Scopes{access.DefinitionsWrite}}
}

func newCatalogue() (*destination.Catalogue, *destinationtest.Memory) {
	store := destinationtest.NewMemory()
	return destination.NewCatalogue(destination.Config{Store: store, Clock: clock.NewManual(now)}), store
}

func named(t *testing.T, name string) destination.Ref { return destination.Ref{Name: name} }

func create(t *testing.T, c *destination.Catalogue, document string) destination.Saved {
	t.Helper()
	saved, err := c.Create(t.Context(), writer(), "", destination.Draft{Document: parse(t, document)})
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	return saved
}

func update(t *testing.T, c *destination.Catalogue, document string) destination.Saved {
	t.Helper()
	saved, err := c.Update(t.Context(), writer(), named(t, "n"), destination.Draft{Document: parse(t, document)})
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
	return saved
}

func publish(t *testing.T, c *destination.Catalogue) destination.Saved {
	t.Helper()
	saved, err := c.Publish(t.Context(), writer(), named(t, "n"))
	if err != nil {
		t.Fatalf("Publish = %v", err)
	}
	return saved
}

func TestRevisionsAreNumbered(t *testing.T) {
	c, _ := newCatalogue()
	first := create(t, c, cc(urls))
	if d := first.Definition; d.Draft != 1 || d.Published != 0 || d.State() != destination.StateDraft || d.Sandbox != "prod" || !d.CreatedAt.Equal(now) {
		t.Errorf("a new definition is %+v", d)
	}
	masked := strings.Replace(cc(urls), `"s"`, `"********"`, 1)
	if same := update(t, c, masked); same.Revision.Number != 1 {
		t.Errorf("a document that says the same is revision %d", same.Revision.Number)
	}
	second := update(t, c, strings.Replace(masked, `"c"`, `"c2"`, 1))
	if second.Revision.Number != 2 || second.Revision.Document.Secrets()["/authentication/clientSecret"].Reveal() != "s" {
		t.Errorf("a changed document is revision %d, its secret kept: %v", second.Revision.Number, second.Revision.Document.Secrets())
	}
	published := publish(t, c)
	if published.Definition.State() != destination.StatePublished || published.Definition.Published != 2 {
		t.Errorf("published: %+v", published.Definition)
	}
	third := update(t, c, cc(urls+`, "scope": ["x"]`))
	if third.Definition.State() != destination.StateChanged || third.Definition.Published != 2 {
		t.Errorf("changed after publishing: %+v", third.Definition)
	}
	all, err := c.Revisions(t.Context(), writer(), named(t, "n"))
	if err != nil || len(all) != 3 || all[0].Published || !all[1].Published || all[2].Published {
		t.Errorf("Revisions = %d of them, %v", len(all), err)
	}
	old, err := c.Revision(t.Context(), writer(), named(t, "n"), 1)
	if err != nil || old.Revision.Number != 1 {
		t.Errorf("Revision(1) = %d, %v", old.Revision.Number, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	c, _ := newCatalogue()
	create(t, c, cc(urls))
	for name, document := range map[string]string{
		"refused": `{"name": "m", "authentication": {"authType": "OAUTH2"}}`, "no name": `{"authentication": {"authType": "BASIC"}}`,
		"long name": fmt.Sprintf(`{"name": %q, "authentication": {"authType": "BASIC"}}`, strings.Repeat("é", 256)),
		"id":        `{"name": "def_01KB3E00000000000000000000", "authentication": {"authType": "BASIC"}}`,
		"blanks":    `{"name": " n", "authentication": {"authType": "BASIC"}}`,
	} {
		_, err := c.Create(t.Context(), writer(), "", destination.Draft{Document: parse(t, document)})
		if problems, ok := errors.AsType[destination.Problems](err); !ok || !problems.HasRefused() {
			t.Errorf("%s: Create = %v, want Problems", name, err)
		}
	}
	if _, err := c.Create(t.Context(), writer(), "", destination.Draft{Document: parse(t, cc(urls))}); !errors.Is(err, destination.ErrNameTaken) {
		t.Errorf("a taken name: %v", err)
	}
	if _, err := c.Create(t.Context(), writer(), "stage", destination.Draft{Document: parse(t, cc(urls))}); err != nil {
		t.Errorf("the same name in another sandbox: %v", err)
	}
	example := parse(t, read(t, "published/example-1-response-field.json"))
	saved, err := c.Create(t.Context(), writer(), "", destination.Draft{Document: example, Name: "example-1"})
	if err != nil || saved.Definition.Name != "example-1" || !saved.Problems.HasUnpublishable() {
		t.Errorf("an example with a name beside it: %+v, %v", saved.Definition, err)
	}
}

func TestPublishRefusesWhatCannotRun(t *testing.T) {
	c, _ := newCatalogue()
	create(t, c, cc(`"accessTokenUrl": "https://api.example.com/token"`))
	_, err := c.Publish(t.Context(), writer(), named(t, "n"))
	if problems, ok := errors.AsType[destination.Problems](err); !ok || len(problems) != 2 {
		t.Errorf("Publish = %v, want two problems", err)
	}
	if _, err := c.Connectable(t.Context(), writer(), named(t, "n"), 0); err == nil {
		t.Error("a draft that cannot be published can be connected to")
	}
}

func TestConnectablePinsPublishedElseDraft(t *testing.T) {
	c, _ := newCatalogue()
	create(t, c, cc(urls))
	update(t, c, cc(urls+`, "scope": ["x"]`))
	for _, step := range []struct {
		do   func()
		want int
	}{{func() {}, 2}, {func() { publish(t, c) }, 2}, {func() { update(t, c, cc(urls+`, "scope": ["y"]`)) }, 2}, {func() { publish(t, c) }, 3}} {
		step.do()
		pinned, err := c.Connectable(t.Context(), access.Caller{Organization: org}, named(t, "n"), 0)
		if err != nil || pinned.Revision != step.want || pinned.Plan == nil {
			t.Errorf("Connectable = revision %d, %v, want %d", pinned.Revision, err, step.want)
		}
	}
}

// U18: renewals use the newest published revision while its grant and field names are the same.
func TestU18(t *testing.T) {
	c, _ := newCatalogue()
	def := create(t, c, cc(urls)).Definition
	publish(t, c)
	effective := func(want int) {
		t.Helper()
		plan, revision, err := c.EffectivePlan(t.Context(), def.ID, 1, 0)
		if err != nil || revision != want || plan == nil {
			t.Errorf("EffectivePlan = revision %d, %v, want %d", revision, err, want)
		}
	}
	effective(1)
	update(t, c, cc(urls+`, "scope": ["x"]`))
	effective(1) // a draft changes nothing
	publish(t, c)
	effective(2)
	update(t, c, cc(field(`{"name": "tenant", "source": "CUSTOMER"}`)))
	publish(t, c)
	effective(1) // other fields
	update(t, c, entryOf("OAUTH2_PASSWORD", urls))
	publish(t, c)
	effective(1) // another grant
}

func TestCallersAreChecked(t *testing.T) {
	c, _ := newCatalogue()
	create(t, c, cc(urls))
	reader := access.Caller{ID: "key_2", Organization: org, Scopes: access.Scopes{access.DefinitionsRead}}
	stage := access.Caller{ID: "key_3", Organization: org, Sandbox: "stage", Scopes: access.Scopes{access.Admin}}
	nobody := access.Caller{ID: "key_4", Organization: org, Scopes: access.Scopes{access.ConnectionsWrite}}
	other := writer()
	other.Organization = "FEDCBA9876543210FEDCBA98@AdobeOrg"
	ref := named(t, "n")
	document := parse(t, cc(urls))
	for name, call := range map[string]func(access.Caller) error{
		"read Create": func(who access.Caller) error {
			_, err := c.Create(t.Context(), who, "", destination.Draft{Document: document, Name: "m"})
			return err
		},
		"read Update": func(who access.Caller) error {
			_, err := c.Update(t.Context(), who, ref, destination.Draft{Document: document})
			return err
		},
		"read Publish": func(who access.Caller) error { _, err := c.Publish(t.Context(), who, ref); return err },
		"read Delete":  func(who access.Caller) error { return c.Delete(t.Context(), who, ref) },
		"Get":          func(who access.Caller) error { _, err := c.Get(t.Context(), who, ref); return err },
		"Revisions":    func(who access.Caller) error { _, err := c.Revisions(t.Context(), who, ref); return err },
		"List":         func(who access.Caller) error { _, _, err := c.List(t.Context(), who, destination.Page{}); return err },
		"Lint":         func(who access.Caller) error { _, err := c.Lint(who, document); return err },
	} {
		if _, denied := errors.AsType[*access.DeniedError](call(nobody)); !denied {
			t.Errorf("%s is not denied to a key without the scope", name)
		}
		if _, denied := errors.AsType[*access.DeniedError](call(reader)); denied != strings.HasPrefix(name, "read ") {
			t.Errorf("%s: denied to a reader is %v", name, denied)
		}
	}
	for name, who := range map[string]access.Caller{"another sandbox": stage, "another organization": other} {
		if _, err := c.Get(t.Context(), who, ref); !errors.Is(err, destination.ErrNotFound) {
			t.Errorf("Get from %s = %v, want ErrNotFound", name, err)
		}
	}
	if _, err := c.Get(t.Context(), stage, destination.Ref{Sandbox: "prod", Name: "n"}); err == nil {
		t.Error("a key bound to a sandbox reads another")
	}
}

func TestDelete(t *testing.T) {
	c, store := newCatalogue()
	def := create(t, c, cc(urls)).Definition
	store.Connect(def.ID, 2)
	err := c.Delete(t.Context(), writer(), named(t, "n"))
	if inUse, ok := errors.AsType[*destination.InUseError](err); !ok || inUse.Connections != 2 || !errors.Is(err, destination.ErrInUse) {
		t.Errorf("Delete with connections = %v", err)
	}
	store.Connect(def.ID, 0)
	if err := c.Delete(t.Context(), writer(), named(t, "n")); err != nil {
		t.Errorf("Delete = %v", err)
	}
	if _, err := c.Get(t.Context(), writer(), named(t, "n")); !errors.Is(err, destination.ErrNotFound) {
		t.Errorf("Get after Delete = %v", err)
	}
}

func TestListPages(t *testing.T) {
	c, _ := newCatalogue()
	for i := range 5 {
		create(t, c, strings.Replace(cc(urls), `"n"`, fmt.Sprintf(`"n%d"`, i), 1))
	}
	var got []string
	for cursor, pages := "", 0; pages < 5; pages++ {
		page, next, err := c.List(t.Context(), writer(), destination.Page{After: cursor, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, def := range page {
			got = append(got, def.Name)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != "n0 n1 n2 n3 n4" {
		t.Errorf("the pages have %v", got)
	}
}

func TestPlansAreCached(t *testing.T) {
	c, _ := newCatalogue()
	def := create(t, c, cc(urls)).Definition
	one, err := c.Plan(t.Context(), def.ID, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.Plan(t.Context(), def.ID, 1, 0)
	if err != nil || one != two {
		t.Errorf("a revision is compiled twice (%v)", err)
	}
	if _, err := c.Plan(t.Context(), def.ID, 7, 0); !errors.Is(err, destination.ErrNotFound) {
		t.Errorf("Plan of a revision that is not there = %v", err)
	}
}
