package browser_test

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// TestPictures makes the pictures that the README shows, and keeps them in the folder that TEST_PICTURES names ("make
// pictures").
func TestPictures(t *testing.T) {
	t.Parallel()
	dir := cmp.Or(os.Getenv("TEST_PICTURES"), t.TempDir())
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.picture(dir, "overview")
	b.visit(s.URL + "/ims-configurations/sample-target/check")
	b.press("Check")
	b.shows("Token is retrieved successfully")
	b.picture(dir, "check-health")
	b.visit(s.URL + "/connections")
	b.press("sample-client-credentials")
	b.shows("sample-client-credentials")
	b.picture(dir, "connection")
}

// picture keeps what a window of a usual size shows, light and dark.
func (b *tab) picture(dir, name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.show(scheme, 1280, 800)
		if err := os.WriteFile(filepath.Join(dir, name+"-"+scheme+".png"), value(b, chromedp.CaptureScreenshot()), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}
