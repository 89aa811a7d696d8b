package destination_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"latchkey/internal/destination"
)

// FuzzDocument: whatever is sent, nothing panics, and what is a document survives a round trip through the store.
func FuzzDocument(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/*.json")
	for _, file := range files {
		f.Add([]byte(read(f, file[len("testdata/"):])))
	}
	f.Add([]byte(cc(request("https://{{ authData.a }}.b{% if true %}{{ x }}{% endif %}/{{- 'a' -}}", "{{ {'a': 1} | toJson }}", `, "headers": [{"header": "A", "value": "{{ 1 }}\u0001"}]`))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := destination.ParseDocument(raw)
		if err != nil {
			return
		}
		d.Lint(destination.LintOptions{})
		for i := range d.Configurations() {
			if p, err := d.Compile(i); err == nil {
				p.CheckFields(map[string]any{"a": 1})
				p.Fingerprint(destination.Fields{})
			}
		}
		again, err := destination.ParseJSONSealed(d.JSON(), d.Secrets())
		if err != nil || !again.Equal(d) || !bytes.Equal(again.JSON(), d.JSON()) {
			t.Errorf("%q does not survive the store: %v", raw, err)
		}
	})
}
