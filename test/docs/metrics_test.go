package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestMetricsPage holds that the page names every metric that a server shows after it has been used, and none twice.
func TestMetricsPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	page := map[string]int{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(latchkey_[a-z0-9_]+)` \\| (counter|gauge|histogram) ").FindAllStringSubmatch(string(text), -1) {
		page[row[1]+" "+row[2]]++
	}
	s := harness.Dev(t)
	s.Must(200, "POST", "/api/v1/connections/sample-password/refresh", nil)
	s.Must(200, "GET", "/api/v1/connections/sample-password/token", nil)
	shown := regexp.MustCompile(`(?m)^# TYPE (latchkey_\S+ \S+)$`).FindAllStringSubmatch(string(s.Must(200, "GET", "/metrics", nil).Body), -1)
	if len(shown) < 8 {
		t.Errorf("a server that was used shows %d metrics", len(shown))
	}
	for _, found := range shown {
		if page[found[1]] != 1 || strings.Contains(found[1], "latchkey_latchkey") {
			t.Errorf("docs/reference/metrics.md has %q %d times", found[1], page[found[1]])
		}
	}
}
