package pebble_test

import (
	"os"
	"strings"
	"testing"

	"latchkey/pebble"
)

// TestReference reads the reference: each of its examples must parse, and it must
// name each filter that a template can use.
func TestReference(t *testing.T) {
	data, err := os.ReadFile("../docs/reference/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i, part := range strings.Split(text, "```") {
		if i%2 == 0 || strings.Contains(part, "-->") {
			continue
		}
		if _, err := pebble.Parse("example", part, pebble.WithDialect(pebble.DestinationSDK)); err != nil {
			t.Errorf("example does not parse: %v\n%s", err, part)
		}
	}
	filters := strings.Fields("abbreviate abs base64decode base64encode base64url capitalize date default escape " +
		"first format fromJson join last length lower md5 merge nl2br numberformat raw replace reverse rsort sha1 " +
		"sha256 slice sort split title toJson toSeconds trim upper urlencode")
	for _, f := range filters {
		if !strings.Contains(text, "`"+f) {
			t.Errorf("the reference does not name the filter %s", f)
		}
		if _, err := pebble.Parse("t", "{{ x | "+f+" }}", pebble.WithDialect(pebble.DestinationSDK)); err != nil {
			t.Errorf("filter %s: %v", f, err)
		}
	}
}
