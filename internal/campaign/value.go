package campaign

import (
	"os"
	"path/filepath"
	"strings"
)

// Value is what an attribute is, and where that stands.
type Value struct {
	Attribute
	// Text is what counts. Of a secret it is the sealed form.
	Text string
	// File is the name of the file that it stands in, "" for a default; Line and Column are the attribute's.
	File         string
	Line, Column int
	// Hidden is what the file below says, when it has the attribute too.
	Hidden *Value
}

// EmptyOverride tells whether an empty attribute takes away what the file below says: nearly always a slip.
func (v Value) EmptyOverride() bool { return v.Text == "" && v.Hidden != nil && v.Hidden.Text != "" }

// Effective gives every value that Latchkey knows.
func (i *Instance) Effective() []Value {
	var all []Value
	for _, a := range Attributes() {
		all = append(all, i.value(a))
	}
	return all
}

// Value gives one of those that Latchkey knows, by path and name.
func (i *Instance) Value(path, name string) Value {
	for _, a := range Attributes() {
		if a.Path == path && a.Name == name {
			return i.value(a)
		}
	}
	return i.value(Attribute{Path: path, Name: name})
}

// Has tells whether an element is in any of the files.
func (i *Instance) Has(path string) bool {
	for _, f := range i.files {
		if len(f.doc.find(path)) > 0 {
			return true
		}
	}
	return false
}

func (i *Instance) value(a Attribute) Value {
	out := Value{Attribute: a, Text: a.Default}
	for at := len(i.files) - 1; at >= 0; at-- {
		f := i.files[at]
		for _, e := range f.doc.find(a.Path) {
			found, ok := e.attribute(a.Name)
			if !ok {
				continue
			}
			next := Value{Attribute: a, Text: i.expand(found.text), File: f.name}
			next.Line, next.Column = f.doc.place(found.at)
			if out.File != "" {
				hidden := out
				next.Hidden = &hidden
			}
			out = next
			break // of elements that stand twice the first counts
		}
	}
	return out
}

// expand puts values into $(…): those of the vendor's that mean something here.
func (i *Instance) expand(text string) string {
	if !strings.Contains(text, "$(") {
		return text
	}
	return strings.NewReplacer("$(INSTANCE_NAME)", i.Name, "$(XTK_INSTALL_DIR)", i.installDir(), "$(XTK_VAR_DIR)", i.varDir()).Replace(text)
}

func (i *Instance) installDir() string {
	if dir := os.Getenv("XTK_INSTALL_DIR"); dir != "" {
		return dir
	}
	return filepath.Dir(filepath.Clean(i.Dir))
}

func (i *Instance) varDir() string {
	if dir := os.Getenv("XTK_VAR_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(i.installDir(), "var")
}

// VarDir is the folder of what the instance's processes write: var/<instance> beside the folder of the files, or in
// XTK_VAR_DIR.
func (i *Instance) VarDir() string { return filepath.Join(i.varDir(), i.Name) }
