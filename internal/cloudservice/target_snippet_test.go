package cloudservice_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/cloudservice"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What a page embeds, for every library (golden files in testdata/snippets).
func TestSnippets(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	type V = cloudservice.TargetValues
	for _, k := range []struct {
		name   string
		change func(*V)
		own    string
	}{
		{"at.js", func(*V) {}, ""},
		{"at.js from a place", func(v *V) { v.LibraryURL = new("https://cdn.acme.example/at.js?v=2&x=1") }, ""},
		{"at.js at once", func(v *V) { v.AccurateTargeting = new(false) }, ""},
		{"own at.js", func(v *V) { v.LibraryURL, v.AccurateTargeting = new(""), new(true) }, "var a = '</script><SCRIPT>alert(1)</ScRiPt>', b = '<!-- x', c = a<script;\n"},
		{"own at.js hosted", func(v *V) { v.LibraryURL = new("/scripts/at.js") }, ""},
		{"mbox.js", func(v *V) { v.Library, v.LibraryURL = new(cloudservice.MboxJS), new("/scripts/mbox.js") }, ""},
		{"launch", func(v *V) {
			v.Library, v.LibraryURL = new(cloudservice.Launch), new("https://assets.adobedtm.com/launch-EN0.min.js")
		}, ""},
		{"dtm", func(v *V) {
			v.Library, v.LibraryURL = new(cloudservice.DTM), new("https://assets.adobedtm.com/satelliteLib.js")
		}, ""},
		{"another tag manager", func(v *V) {
			v.Library, v.LibraryURL = new(cloudservice.OtherTagManager), new("https://tags.example/container.js")
		}, ""},
	} {
		t.Run(k.name, func(t *testing.T) {
			_, err := h.services.Edit(t.Context(), h.admin, acmeRef(), with(k.change))
			must(t, err)
			if k.own != "" {
				_, err := h.services.UploadLibrary(t.Context(), h.admin, acmeRef(), "at.js", k.own)
				must(t, err)
			}
			got, err := h.services.Snippet(t.Context(), h.admin, acmeRef())
			must(t, err)
			text := got.HTML
			for _, note := range got.Notes {
				text += "<!-- note: " + note + " -->\n"
			}
			path := filepath.Join("testdata", "snippets", strings.ReplaceAll(k.name, " ", "-")+".html")
			if *update {
				must(t, os.MkdirAll(filepath.Dir(path), 0o755))
				must(t, os.WriteFile(path, []byte(text), 0o644))
			}
			want, err := os.ReadFile(path)
			must(t, err)
			if diff := cmp.Diff(string(want), text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSnippetsThatCantBe(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	_, err := h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) { v.Library = new(cloudservice.Launch) }))
	must(t, err)
	if _, err := h.services.Snippet(t.Context(), h.admin, acmeRef()); !errors.Is(err, cloudservice.ErrState) {
		t.Errorf("a tag manager without a place: %v", err)
	}
	_, err = h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) {
		v.Library, v.ClientCode = new(cloudservice.AtJS), new("")
	}))
	must(t, err)
	if _, err := h.services.Snippet(t.Context(), h.admin, acmeRef()); !errors.Is(err, cloudservice.ErrState) {
		t.Errorf("no client code: %v", err)
	}
}

func TestOwnLibrary(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	for name, k := range map[string]struct{ file, content string }{
		"no script": {"at.html", "x"}, "a path": {"../at.js", "x"}, "nothing": {"at.js", ""}, "much": {"at.js", strings.Repeat("x", 513<<10)}, "binary": {"at.js", "a\x00b"},
		"a tag": {"<at.js", "x"},
	} {
		if _, err := h.services.UploadLibrary(t.Context(), h.admin, acmeRef(), k.file, k.content); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	kept, err := h.services.UploadLibrary(t.Context(), h.admin, acmeRef(), "at.js", "x")
	must(t, err)
	got, err := h.services.OwnLibrary(t.Context(), h.admin, acmeRef())
	must(t, err)
	if got != kept || got.Hash != "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" {
		t.Errorf("got %+v", got)
	}
	must(t, h.services.RemoveLibrary(t.Context(), h.admin, acmeRef()))
	if err := h.services.RemoveLibrary(t.Context(), h.admin, acmeRef()); !errors.Is(err, cloudservice.ErrNoLibrary) {
		t.Errorf("again: %v", err)
	}
}
