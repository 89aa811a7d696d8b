package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// TestSpill holds that what was put comes back after the process, equal and not readable before, and that a file which
// was moved or changed is refused.
func TestSpill(t *testing.T) {
	ctx := context.Background()
	f := newFolder(t)
	s := f.open(t)
	dir := filepath.Join(f.path, "spill")
	spill, err := s.Spill(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(t, addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar"), "x")
	commit := newCommit(r, "spilled")
	commit.Fence = ident.New("clm")
	commit.Events = []event.Event{event.New(event.ConnectionRefreshed, r.Organization, r.ID, r.CreatedAt, map[string]any{"label": "x"})}
	back := connection.Setback{
		Organization: r.Organization, ID: ident.New("conn"), Generation: 7, Tokens: commit.Tokens, State: connection.Degraded, Reason: "away",
		LastError: &connection.LastError{Kind: exchange.ProviderDown, Code: "timeout", At: r.CreatedAt}, Setbacks: 2, At: r.CreatedAt,
		RefreshAt: r.CreatedAt, Fence: "f", Unanswered: true,
	}
	want := []connection.Unsaved{{Commit: &commit}, {Setback: &back}}
	for _, u := range want {
		if err := spill.Put(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	note := connection.Note{ID: r.ID, Generation: 3, Count: 2}
	if err := spill.Note(note); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = f.open(t)
	if spill, err = s.Spill(dir); err != nil {
		t.Fatal(err)
	}
	got, err := spill.All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, _ connection.Unsaved) int {
		if a.Commit != nil {
			return -1
		}
		return 1
	})
	if diff := cmp.Diff(want, got, cmp.Comparer(secret.String.Equal), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the spill came back different (-want +got):\n%s", diff)
	}
	if notes, err := spill.Notes(); err != nil || !slices.Equal(notes, []connection.Note{note}) {
		t.Errorf("Notes() = %v, %v", notes, err)
	}
	path := filepath.Join(dir, r.ID+".sealed")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, []byte(commit.Tokens.AccessToken.Reveal())) || bytes.Contains(content, []byte(commit.Tokens.RefreshToken.Reveal())) {
		t.Error("a token stands in the spill in the clear")
	}
	if err := os.WriteFile(path, bytes.Replace(content, []byte(r.ID), []byte(ident.New("conn")), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := spill.All(ctx); err != nil || len(got) != 1 || got[0].Setback == nil {
		t.Errorf("with a file that was moved there are %v, %v, want the other alone", got, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("what can't be read is gone: %v", err)
	}
	for _, id := range []string{r.ID, back.ID, r.ID} {
		if err := spill.Drop(id); err != nil {
			t.Error(err)
		}
	}
	if got, err := spill.All(ctx); err != nil || len(got) != 0 {
		t.Errorf("after Drop() there are %v, %v", got, err)
	}
	if notes, err := spill.Notes(); err != nil || len(notes) != 0 {
		t.Errorf("after Drop() there are the notes %v, %v", notes, err)
	}
}
