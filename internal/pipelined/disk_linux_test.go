package pipelined_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A full disk stops consuming: nothing is passed over that could not be written down, and nothing is lost. (Mounting a small
// disk takes root.)
func TestFullDisk(t *testing.T) {
	receiver := newReceiver(t)
	h := newHouse(t, plainRoutes, toHTTP(receiver))
	h.options.PointerFlushCount = 10
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("small", h.dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(h.dir, syscall.MNT_DETACH) })
	h.broker.produce(0, many(0, 5)...)
	h.start()
	h.until("five", func() bool { return receiver.got() == 5 && h.stats()["current-messages"] == 0 })
	ballast := filepath.Join(h.dir, "ballast")
	fill(t, ballast)
	h.broker.produce(0, many(5, 60)...)
	h.until("the log", func() bool { return strings.Contains(h.log.String(), "nothing is consumed until it can") })
	at := receiver.got()
	if at >= 65 {
		t.Fatalf("%d were consumed while the disk was full", at)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	h.until("the rest", func() bool { return h.stats()["trigger-processed"] == 65 })
	if got := receiver.got(); got != 65 {
		t.Errorf("the receiver got %d, want each once", got)
	}
	if s := h.stats(); s["trigger-discarded"] != 0 {
		t.Errorf("stats = %v", s)
	}
}

// fill leaves no byte free.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for size := 1 << 20; size > 0; size /= 2 {
		block := make([]byte, size)
		for {
			if _, err := file.Write(block); err != nil {
				break
			}
		}
	}
}
