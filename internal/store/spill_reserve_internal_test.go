package store

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestReserve writes over the room in place and reads it as the next process does: nothing of it is lost, nothing that was
// dropped comes back, and the file takes no more room than before.
func TestReserve(t *testing.T) {
	path := filepath.Join(t.TempDir(), reserveName)
	want := map[string]string{}
	again := func() *reserve {
		t.Helper()
		r, err := openReserve(path)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for name, piece := range r.live {
			got[name] = string(piece.content)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("the room holds %v, want %v", slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(want)))
		}
		if about, err := os.Stat(path); err != nil || about.Size() != reserveSize {
			t.Fatalf("the room has another size: %v, %v", about, err)
		}
		return r
	}
	r := again()
	put := func(name, content string) {
		t.Helper()
		if err := r.put(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
		want[name] = content
	}
	drop := func(name string) {
		t.Helper()
		if err := r.drop(name); err != nil {
			t.Fatal(err)
		}
		delete(want, name)
	}
	put("a.sealed", "one")
	put("b.sealed", "two")
	put("a.note", "")
	r = again()
	put("a.sealed", "a longer one") // instead of the first
	r = again()
	drop("b.sealed")
	drop("nobody")
	r = again()
	drop("a.sealed")
	drop("a.note")
	r = again()
	if r.end != 0 {
		t.Errorf("an empty room is not used from its start: %d", r.end)
	}
	put("c.sealed", "from the start again, over the pieces that were there before")
	r = again()
	before := r.end
	put("d.sealed", "a crash cuts it short")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[before+headSize+10] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	delete(want, "d.sealed")
	r = again()
	put("d.sealed", "another")
	r = again()
	if err := r.put("e.sealed", bytes.Repeat([]byte("x"), reserveSize)); !errors.Is(err, errReserveFull) {
		t.Errorf("more than there is room for: %v", err)
	}
	again()
}
