//go:build unix

package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lock keeps an instance's folder to one daemon. The system takes it away with the process, however that ends; the
// process id in the file is for people.
type lock struct{ file *os.File }

// InUseError says which process runs the instance's daemon.
type InUseError struct {
	Dir string
	// PID is 0 when the holder did not tell.
	PID int
}

func (e *InUseError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("a pipelined of this instance runs already, %s in %s: two would share one consumer's place", who, e.Dir)
}

// A lock is given up after so many looks, so far apart.
const (
	looks    = 5
	lookTime = 20 * time.Millisecond
)

func acquire(dir string) (*lock, error) {
	path := filepath.Join(dir, "pipelined.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the instance's folder: %w", err)
	}
	for try := 0; ; try++ { // who only looks whether it is held, holds it for a moment
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || try == looks {
			break
		}
		time.Sleep(lookTime)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer func() { _ = file.Close() }()
		return nil, &InUseError{Dir: dir, PID: holder(path)}
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("locking the instance's folder %s: %w", dir, err)
	}
	return &lock{file}, nil
}

func holder(path string) int {
	text, _ := os.ReadFile(path) // without it the message has no process id
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// Running gives the process that runs the daemon of an instance's folder; false when none does.
func Running(dir string) (pid int, ok bool) {
	path := filepath.Join(dir, "pipelined.lock")
	file, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer func() { _ = file.Close() }()
	if !errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return 0, false
	}
	return holder(path), true
}

func (l *lock) release() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
