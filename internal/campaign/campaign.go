// Package campaign reads and edits the configuration files of Campaign instances.
//
// An instance is config-<instance>.xml over serverConf.xml, of one format: what the instance's file says counts, even
// where it says nothing ("" is a value too), then what serverConf.xml says, then a default. [Load] gives all of it as
// types, and [Instance.Effective] says which file and line each value comes from. The formats are those of
// spec/campaign-and-pipeline.md §1.
//
//	instance, err := campaign.Load("/usr/local/neolane/nl6/conf", "sample")
//	instance.Pipelined.RetryPeriod              // 30s, or what the files say
//	secret, err := instance.Open(instance.IMS.TechnicalSecret)
//
// [Instance.Edit] sets attributes and touches no other byte: comments, order, indentation, quotes, line ends, encoding
// stay. It writes the file whole or not at all, with its mode and its owner, keeps what was there beside it, and refuses
// when somebody else has changed it meanwhile. Secrets are sealed with a key beside the files, each bound to its place;
// what the vendor's own server sealed can't be opened by anybody else, and [ErrVendorSealed] says so.
//
// The files are trusted as far as the people who may write them: a file that brings entities along is refused, and so
// is one that can't be read whole.
package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// SharedFile is what every instance begins with; it may be absent.
const SharedFile = "serverConf.xml"

// Instance is one Campaign instance as its files describe it.
type Instance struct {
	Name string
	// Dir is the folder of the files.
	Dir string
	// Organization is web/redirection@IMSOrgId.
	Organization string
	IMS          IMS
	Pipelined    Pipelined
	// Problems are values that can't be what they say, and what is worth knowing. A default stands for each that is wrong.
	Problems []Problem

	files []*source // the instance's own first
}

// Problem is something about a value.
type Problem struct {
	// Value is what it is about; without a name when it is about a file.
	Value Value
	// Wrong is false for what works, and is worth knowing.
	Wrong        bool
	Message, Fix string
}

// NoInstanceError says that there is no file of an instance.
type NoInstanceError struct {
	Name, Dir string
	// There are the instances that have one.
	There []string
}

func (e *NoInstanceError) Error() string {
	return fmt.Sprintf("there is no instance %q: %s is not there", e.Name, filepath.Join(e.Dir, FileName(e.Name)))
}

// source is one file, and what stands in it.
type source struct {
	name, path string
	doc        *document
	info       fs.FileInfo
}

var instanceName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$`)

// FileName gives the name of an instance's file.
func FileName(instance string) string { return "config-" + instance + ".xml" }

// Instances lists those that have a file in a folder, in their order.
func Instances(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing the instances: %w", err)
	}
	var names []string
	for _, entry := range entries {
		name, ok := strings.CutPrefix(entry.Name(), "config-")
		if name, is := strings.CutSuffix(name, ".xml"); ok && is && instanceName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Load reads an instance. A file that is no XML is a [*SyntaxError]; an instance that is not there a [*NoInstanceError].
func Load(dir, instance string) (*Instance, error) {
	if !instanceName.MatchString(instance) {
		return nil, fmt.Errorf("%q is not the name of an instance: letters, digits, dots, hyphens and underscores are", instance)
	}
	own, err := read(dir, FileName(instance))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("reading the instance %s: the folder of the configuration: %w", instance, err)
		}
		there, _ := Instances(dir)
		return nil, &NoInstanceError{instance, dir, there}
	}
	if err != nil {
		return nil, err
	}
	i := &Instance{Name: instance, Dir: dir, files: []*source{own}}
	shared, err := read(dir, SharedFile)
	switch {
	case err == nil:
		i.files = append(i.files, shared)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	i.fill()
	return i, nil
}

func read(dir, name string) (*source, error) {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	doc, err := parse(text)
	if failure, ok := errors.AsType[*SyntaxError](err); ok {
		failure.File = path
	}
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(doc.root.name, "serverConf") {
		line, column := doc.place(doc.root.at)
		return nil, &SyntaxError{path, line, column, fmt.Sprintf("the root element is <%.60s>, and <serverConf> is expected", doc.root.name)}
	}
	return &source{name, path, doc, info}, nil
}
