package campaign

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"latchkey/internal/file"
)

// lockFile is what one process at a time holds while it writes.
const lockFile = ".latchkey.lock"

var errHeld = errors.New("another process holds it")

// ErrChanged says that a file was changed by somebody else after it was read. Nothing was written.
var ErrChanged = errors.New("somebody has changed the file meanwhile, so nothing was written: look at it, and do it again")

// Edit is a change of an instance's file that has been worked out, and not written yet.
type Edit struct {
	instance *Instance
	before   []byte
	after    []byte
	copied   func() // for tests: nil, or what happens once the copy is on the disk
	// Changes are those that were asked for.
	Changes []Change
}

// Edit works out what setting attributes makes of the instance's own file. It writes nothing.
func (i *Instance) Edit(changes ...Change) (*Edit, error) {
	own := i.files[0]
	after, err := edit(own.doc.src, changes)
	if err != nil {
		return nil, fmt.Errorf("editing %s: %w", own.path, err)
	}
	return &Edit{instance: i, before: own.doc.src, after: after, Changes: changes}, nil
}

// Empty tells whether the file is already what it should be.
func (e *Edit) Empty() bool { return bytes.Equal(e.before, e.after) }

// Written says what was done with a file.
type Written struct {
	// Path is the file, Backup what it was before; "" when nothing had to be written.
	Path, Backup string
	// Warnings are worth telling: who the file belongs to, who can read it.
	Warnings []string
}

// Write puts the edit on the disk: under a lock, only if the file is what it was when it was read, beside a copy of
// that. Killed at any moment it leaves the file as it was or as it should be.
func (e *Edit) Write(now time.Time) (Written, error) {
	path := e.instance.files[0].path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays a link
	}
	out := Written{Path: path}
	if e.Empty() {
		return out, nil
	}
	lock, err := hold(filepath.Join(filepath.Dir(path), lockFile), true)
	if err != nil {
		return out, fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() { _ = lock.Close() }()
	info, err := e.unchanged(path)
	if err == nil {
		err = own(lock.Name(), info) // or the next one to write, who may be another user, could not lock it
	}
	if err != nil {
		return out, fmt.Errorf("writing %s: %w", path, err)
	}
	if out.Backup, err = keep(path, e.before, info, now); err != nil {
		return out, fmt.Errorf("keeping a copy of %s: %w", path, err)
	}
	if e.copied != nil {
		e.copied()
	}
	if err := replace(path, e.after, info); err != nil {
		return out, fmt.Errorf("writing %s: %w", path, err)
	}
	out.Warnings = warnings(path, info)
	return out, nil
}

// unchanged holds that the file is still the one that was read.
func (e *Edit) unchanged(path string) (fs.FileInfo, error) {
	present, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(present, e.before) {
		return nil, ErrChanged
	}
	return os.Stat(path)
}

// keep writes what a file was beside it, by the time of the change.
func keep(path string, content []byte, info fs.FileInfo, now time.Time) (string, error) {
	backup := path + "." + now.UTC().Format("20060102T150405.000000Z") + ".bak"
	if err := file.Create(backup, content, info.Mode().Perm()); err != nil {
		return "", err
	}
	return backup, own(backup, info)
}

// replace writes a file in the place of another one, with its mode and its owner.
func replace(path string, content []byte, info fs.FileInfo) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // gone already after the rename
	_, err = temporary.Write(content)
	err = errors.Join(err, own(temporary.Name(), info)) // before the mode: a change of owner may take bits of it away
	if err = errors.Join(err, temporary.Chmod(info.Mode().Perm()), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return file.SyncFolder(filepath.Dir(path))
}

func warnings(path string, info fs.FileInfo) (all []string) {
	if name, strange := stranger(info); strange {
		all = append(all, fmt.Sprintf("%s belongs to %s, and was written by another user: owner, group and mode were kept", path, name))
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		all = append(all, fmt.Sprintf("%s can be read by others (mode %04o): chmod 600 %s", path, mode, path))
	}
	return all
}
