package campaign

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the one of the vendor's processes that Latchkey has.
const Module = "pipelined"

// Running gives the process that runs the instance's pipelined: it holds a lock on a file in [Instance.VarDir] and has
// written its id into that. The system takes the lock away with the process, so an id that was left behind is nobody's.
func (i *Instance) Running() (pid int, ok bool) {
	path := filepath.Join(i.VarDir(), Module+".lock")
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	if pid, _ = strconv.Atoi(strings.TrimSpace(string(text))); pid <= 0 || !alive(pid) {
		return 0, false // and the lock is left alone: a daemon that is just starting may be about to take it
	}
	f, err := hold(path, false)
	if errors.Is(err, errHeld) {
		return pid, true
	}
	if err == nil {
		_ = f.Close()
	}
	return 0, false
}

// LogFile is where the instance's pipelined writes its log.
func (i *Instance) LogFile() string { return filepath.Join(i.VarDir(), "log", Module+".log") }

// Stranger names the owner of the instance's file when this process runs as somebody else.
func (i *Instance) Stranger() (owner string, strange bool) { return stranger(i.files[0].info) }
