package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the one of the vendor's processes that Latchkey has.
const Module = "pipelined"

// Claim holds a module of an instance for this process: there is one at a time on a machine. The system takes it away
// with the process, however that ends.
type Claim struct{ file *os.File }

// RunningError says that a module of the instance runs already.
type RunningError struct {
	Module, Instance string
	// PID is 0 when the other process did not tell.
	PID int
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s@%s runs already", e.Module, e.Instance)
	}
	return fmt.Sprintf("%s@%s runs already, as process %d", e.Module, e.Instance, e.PID)
}

// PIDFile is where a module of the instance says that it runs.
func (i *Instance) PIDFile(module string) string { return filepath.Join(i.VarDir(), module+".pid") }

// Claim takes a module of the instance for this process and writes its id into the file of [Instance.PIDFile]. While
// another process has it the error is a [*RunningError].
func (i *Instance) Claim(module string) (*Claim, error) {
	if err := os.MkdirAll(i.VarDir(), 0o750); err != nil {
		return nil, fmt.Errorf("claiming %s@%s: %w", module, i.Name, err)
	}
	path := i.PIDFile(module)
	f, err := hold(path, false)
	if errors.Is(err, errHeld) {
		return nil, &RunningError{module, i.Name, readPID(path)}
	}
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		}
		if err != nil {
			_ = f.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("claiming %s@%s: %w", module, i.Name, err)
	}
	return &Claim{f}, nil
}

// Release ends the claim. The file stays, empty: removing it could take away another process's.
func (c *Claim) Release() error { return errors.Join(c.file.Truncate(0), c.file.Close()) }

// Running gives the process that has a module of the instance; 0 when none has. One that did not tell its id is -1.
func (i *Instance) Running(module string) (pid int, err error) {
	path := i.PIDFile(module)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	f, err := hold(path, false)
	switch {
	case errors.Is(err, errHeld):
		if pid = readPID(path); pid == 0 {
			pid = -1
		}
		return pid, nil
	case err != nil:
		return 0, fmt.Errorf("looking for %s@%s: %w", module, i.Name, err)
	}
	return 0, f.Close()
}

func readPID(path string) int {
	text, _ := os.ReadFile(path) // without it there is no id to tell
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
