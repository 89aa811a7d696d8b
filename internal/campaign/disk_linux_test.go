package campaign_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/internal/campaign"
)

// A full disk leaves the file as it was, and nothing half written beside it; with room again the same edit is made. (Mounting a
// small disk takes root.)
func TestWriteOnAFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("small", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	path, ballast := filepath.Join(dir, "config-sample.xml"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(path, []byte(plainInstance), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	edit := func() error {
		i, err := campaign.Load(dir, "sample")
		if err != nil {
			t.Fatal(err)
		}
		_, err = edited(t, i, set("pipelined@authType", "imsJwtToken")).Write(moment)
		return err
	}
	if err := edit(); err == nil || !strings.Contains(err.Error(), "no space left on device") || contents(t, path) != plainInstance {
		t.Errorf("Write() = %v, and the file is\n%s", err, contents(t, path))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "config-sample.xml" && name != "ballast" && name != ".latchkey.lock" {
			t.Errorf("%s was left behind", name)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := edit(); err != nil || !strings.Contains(contents(t, path), "imsJwtToken") {
		t.Errorf("with room again: %v", err)
	}
}
