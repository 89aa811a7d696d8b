package destination_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/destination/destinationtest"
)

// TestDiff gives the smallest values that differ, an element that was put in between as one, and a secret without what it is.
func TestDiff(t *testing.T) {
	entry := func(secret, scope string) string {
		return `{"name":"x","authentication":{"authType":"OAUTH2","clientSecret":"` + secret + `","scope":` + scope + `}}`
	}
	for _, c := range []struct {
		before, after string
		want          []destination.Difference
	}{
		{entry("a", `["read"]`), entry("a", `["read"]`), nil},
		{entry("a", `["read"]`), entry("b", `["read"]`), []destination.Difference{{Pointer: "/authentication/clientSecret", Before: `"********"`, After: `"********"`, Secret: true}}},
		{entry("a", `["read","write"]`), entry("a", `["list","read","write"]`), []destination.Difference{{Pointer: "/authentication/scope/0", After: `"list"`}}},
		{entry("a", `["read"]`), entry("a", `"read"`), []destination.Difference{{Pointer: "/authentication/scope", Before: `["read"]`, After: `"read"`}}},
		{`{"name":"x","authType":"BEARER"}`, `{"authType":"BEARER","description":"y"}`, []destination.Difference{{Pointer: "/name", Before: `"x"`}, {Pointer: "/description", After: `"y"`}}},
	} {
		if diff := cmp.Diff(c.want, destination.Diff(parse(t, c.before), parse(t, c.after))); diff != "" {
			t.Errorf("%s to %s: -want +got\n%s", c.before, c.after, diff)
		}
	}
}

// TestUpdateOfAnOldRevision keeps what somebody else saved, and takes a note.
func TestUpdateOfAnOldRevision(t *testing.T) {
	catalogue := destination.NewCatalogue(destination.Config{Store: destinationtest.NewMemory()})
	caller := access.Caller{ID: "key_1", Organization: "6096892F54B5819E0A4C98A2@AdobeOrg", Scopes: access.Scopes{access.Admin}}
	draft := func(description string, base int) destination.Draft {
		text := `{"name":"x","description":"` + description + `","authentication":{"authType":"BEARER"}}`
		return destination.Draft{Document: parse(t, text), Base: base, Note: description}
	}
	if _, err := catalogue.Create(t.Context(), caller, "", draft("first", 0)); err != nil {
		t.Fatal(err)
	}
	ref := destination.Ref{Name: "x"}
	saved, err := catalogue.Update(t.Context(), caller, ref, draft("second", 1))
	if err != nil || saved.Revision.Note != "second" {
		t.Fatalf("Update = %+v, %v", saved.Revision, err)
	}
	if _, err := catalogue.Update(t.Context(), caller, ref, draft("third", 1)); !errors.Is(err, destination.ErrConflict) {
		t.Errorf("an update of what is not the newest: %v, want ErrConflict", err)
	}
}
