package jsontree_test

import (
	"testing"

	"latchkey/internal/jsontree"
)

// TestPlaces finds values and names by their pointers, in a text that ends too early as far as it goes.
func TestPlaces(t *testing.T) {
	const text = "{\n  \"a\": [1, {\"b/c\": \"x\\n\\u00e9y\"}],\n  \"d\": tru"
	raw := []byte(text)
	places := jsontree.Places(raw)
	for key, want := range map[string]string{"/a/0": "1", "/a/1/b~1c": `"x\n\u00e9y"`, jsontree.NameOf("/a/1/b~1c"): `"b/c"`, "/a": `[1, {"b/c": "x\n\u00e9y"}]`} {
		if at, ok := places[key]; !ok || text[at.From:at.To] != want {
			t.Errorf("%s stands at %v %t, want %s", key, at, ok, want)
		}
	}
	if _, ok := places["/d"]; ok {
		t.Error("what is no JSON has a place")
	}
	inside := jsontree.Inside(raw, places["/a/1/b~1c"], 2, 2)
	if text[inside] != 'y' {
		t.Errorf("line 2, column 2 of the string is %q", text[inside:])
	}
	if line, column := jsontree.LineColumn(raw, inside); line != 2 || column != 30 {
		t.Errorf("it stands in line %d, column %d", line, column)
	}
}
