package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of what is read.
const (
	maxFile  = 16 << 20 // bytes
	maxFiles = 10_000
)

// File is a file's text.
type File struct {
	Name string
	Text []byte
}

// Read reads a file, or every .yaml and .yml below a folder, in the order of their names. What begins with a dot is
// passed over.
func Read(path string) ([]File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if !info.IsDir() {
		file, err := readFile(path)
		return []File{file}, err
	}
	var files []File
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != path && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name)):
			return nil
		case len(files) == maxFiles:
			return fmt.Errorf("there are more than %d files", maxFiles)
		}
		file, err := readFile(name)
		files = append(files, file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading the configuration: there is no .yaml file in %s", path)
	}
	return files, nil
}

func readFile(name string) (File, error) {
	opened, err := os.Open(name)
	if err != nil {
		return File{}, fmt.Errorf("reading the configuration: %w", err)
	}
	defer func() { _ = opened.Close() }()
	text, err := ReadAll(opened)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	return File{name, text}, nil
}

// ReadAll reads a text of bounded size.
func ReadAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it has more than %d bytes", maxFile)
	}
	return text, err
}

// Parse reads the objects of files and holds each against its shape. All that is wrong comes back together, as [Problems].
func Parse(files []File) ([]*Object, error) {
	var objects []*Object
	var problems Problems
	for _, file := range files {
		found, wrong := parse(file.Name, file.Text)
		objects, problems = append(objects, found...), append(problems, wrong...)
	}
	if more, ok := errors.AsType[Problems](Check(objects)); ok {
		problems = append(problems, more...)
	}
	return objects, problems.err()
}
