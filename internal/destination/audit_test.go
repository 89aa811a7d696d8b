package destination_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/destination"
)

// TestChangesAreRecorded does each change once, and two that change nothing.
func TestChangesAreRecorded(t *testing.T) {
	const first = `{"name": "n", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
		"accessTokenUrl": "https://a.example/token", "clientId": "c", "clientSecret": "hidden"}}`
	c, store := newCatalogue()
	made := create(t, c, first)
	update(t, c, first) // says the same
	update(t, c, `{"name": "n", "description": "d", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
		"accessTokenUrl": "https://a.example/token", "clientId": "c", "clientSecret": "hidden"}}`)
	publish(t, c)
	publish(t, c) // is published
	if err := c.Delete(t.Context(), writer(), destination.Ref{Name: "n"}); err != nil {
		t.Fatal(err)
	}
	entry := func(action, revision string) audit.Entry {
		return audit.Entry{
			At: now, Organization: org, Actor: "key_1", Action: action, Subject: made.Definition.ID,
			Detail: map[string]string{"name": "n", "sandbox": "prod", "revision": revision},
		}
	}
	want := []audit.Entry{
		entry("definition.create", "1"), entry("definition.update", "2"), entry("definition.publish", "2"), entry("definition.delete", "2"),
	}
	if diff := cmp.Diff(want, store.Entries()); diff != "" {
		t.Errorf("what is recorded is otherwise (-want +got):\n%s", diff)
	}
}
