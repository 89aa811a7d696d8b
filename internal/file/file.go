// Package file writes small files whole or not at all.
//
// What is at a path is never half of something, whenever the process is killed and whoever reads it meanwhile: the
// content is written beside it, synced, and then given the name. [Create] never takes the place of what is there,
// [Replace] always does. Both return once the name is on the disk too.
package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Create writes a file that is not there yet. One that is there is an error that satisfies
// errors.Is(err, fs.ErrExist), and stays as it is; of two processes that create it at once, one succeeds.
func Create(path string, content []byte, mode fs.FileMode) error {
	// A hard link, not a rename: it fails when the file exists.
	return write(path, content, mode, os.Link)
}

// Replace writes a file, in the place of the one that is there.
func Replace(path string, content []byte, mode fs.FileMode) error {
	return write(path, content, mode, os.Rename)
}

func write(path string, content []byte, mode fs.FileMode, name func(from, to string) error) error {
	temporary, err := beside(path, content, mode)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary) }() // gone already after a rename
	if err := name(temporary, path); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// beside writes a file into the folder of path and gives its name.
func beside(path string, content []byte, mode fs.FileMode) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// SyncFolder puts the names of a folder on the disk.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
