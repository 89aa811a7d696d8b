package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// disk is a small one that can be full.
type disk struct{ dir string }

const diskSize = "size=192m"

// mountDisk mounts one at dir, which takes root.
func mountDisk(dir string) (*disk, error) {
	if err := syscall.Mount("chaos", dir, "tmpfs", 0, diskSize); err != nil {
		return nil, fmt.Errorf("not run: mounting a small disk needs root: %w", err)
	}
	return &disk{dir}, nil
}

func (d *disk) unmount() { _ = syscall.Unmount(d.dir, syscall.MNT_DETACH) }

// fill leaves no byte free for a few seconds.
func (d *disk) fill(ctx context.Context, chance *rand.Rand) {
	path := filepath.Join(d.dir, "ballast")
	defer func() { _ = os.Remove(path) }()
	file, err := os.Create(path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	until := time.Now().Add(between(chance, time.Second, 4*time.Second))
	block := make([]byte, 1<<20)
	for time.Now().Before(until) {
		if _, err := file.Write(block); err == nil {
			continue
		} else if !errors.Is(err, syscall.ENOSPC) {
			return
		}
		if len(block) > 4096 {
			block = block[:len(block)/2]
		} else if !pause(ctx, 5*time.Millisecond) { // what is freed meanwhile is taken again
			return
		}
	}
}
