//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Lock keeps a data directory to one process. It is an advisory lock on a file (flock), so the system takes it away
// with the process, however that ends; the process id in the file is for people.
type Lock struct{ file *os.File }

// InUseError says which process holds the data directory.
type InUseError struct {
	Dir string
	// PID is 0 when the holder did not tell.
	PID int
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("the data directory %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("the data directory %s is in use by process %d", e.Dir, e.PID)
}

// Acquire locks a data directory; a second process gets an [*InUseError].
func Acquire(dir string) (*Lock, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the data directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer func() { _ = file.Close() }()
		text, _ := os.ReadFile(path) // without it the message has no process id
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &InUseError{Dir: dir, PID: pid}
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("locking the data directory %s: %w", dir, err)
	}
	return &Lock{file}, nil
}

// Release ends the lock.
func (l *Lock) Release() error {
	if err := l.file.Truncate(0); err != nil {
		_ = l.file.Close()
		return fmt.Errorf("releasing the data directory: %w", err)
	}
	return l.file.Close()
}
