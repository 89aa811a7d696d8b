package archtest_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestCloudsStayOut holds the program that make build makes free of the clouds' libraries: they come in with -tags kms
// alone.
func TestCloudsStayOut(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	list := func(args ...string) string {
		command := exec.Command("go", append([]string{"list", "-deps"}, append(args, "./cmd/latchkey")...)...)
		command.Dir = root
		out, err := command.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return string(out)
	}
	lean := list()
	for _, cloud := range []string{"gocloud.dev/", "github.com/aws/", "github.com/Azure/", "cloud.google.com/"} {
		if strings.Contains(lean, cloud) {
			t.Errorf("the program imports %s without the tag kms", cloud)
		}
	}
	if !strings.Contains(list("-tags", "kms"), "gocloud.dev/secrets/awskms") {
		t.Error("the tag kms brings in no KMS")
	}
}
