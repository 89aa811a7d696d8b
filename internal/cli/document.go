package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// document is a definition as a file holds it, made ready to be sent. A file may hold a whole destination, the wrapped
// form {"name","authentication":{…}}, or one bare entry of customerAuthenticationConfigurations. What is put in to give
// it a name goes on the line that is there, so that lines stay what they are in the file.
type document struct {
	source string // file name for messages
	name   string // "" when neither the file nor the caller gives one
	body   []byte

	line, column, shift int // columns after this place moved by shift bytes
}

// member is one member of a JSON object: where its value stands.
type member struct {
	key        string
	start, end int
}

// isFile tells whether an argument that may be a file or a reference is a file.
func isFile(arg string) bool {
	if arg == "-" || strings.HasSuffix(arg, ".json") || strings.ContainsRune(arg, filepath.Separator) {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}

// readDocument reads a definition and gives it a name: the wanted one, else its own, else that of its file.
func (p *program) readDocument(file, name string) (*document, error) {
	body, err := p.readInput("the definition", file)
	if err != nil {
		return nil, err
	}
	d := &document{source: file, body: body}
	if file == "-" {
		d.source = "standard input"
	}
	members, open, err := d.members()
	if err != nil {
		return nil, err
	}
	own := find(members, "name")
	if own != nil {
		_ = json.Unmarshal(body[own.start:own.end], &d.name) // a name of another type is the server's to refuse
	}
	if name == "" && own == nil && file != "-" {
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if name != "" {
		d.name = name
	}
	quoted, err := json.Marshal(d.name)
	if err != nil {
		return nil, fmt.Errorf("encoding the name: %w", err)
	}
	named := ""
	if d.name != "" {
		named = `"name":` + string(quoted) + `,`
	}
	bare := find(members, "authType") != nil && find(members, "authentication") == nil
	switch {
	case bare:
		d.insert(0, `{`+named+`"authentication":`)
		d.body = append(bytes.TrimRight(d.body, " \t\r\n"), '}')
	case own != nil && name != "":
		d.line, d.column = place(body, own.end)
		d.shift = len(quoted) - (own.end - own.start)
		d.body = []byte(string(body[:own.start]) + string(quoted) + string(body[own.end:]))
	case own == nil && name != "" && len(members) > 0:
		d.insert(open, named)
	}
	return d, nil
}

func find(members []member, key string) *member {
	for i := range members {
		if members[i].key == key {
			return &members[i]
		}
	}
	return nil
}

// members lists the members of the document's object, and where its first would begin.
func (d *document) members() (members []member, open int, err error) {
	if err := d.check(); err != nil {
		return nil, 0, err
	}
	decoder := json.NewDecoder(bytes.NewReader(d.body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		const want = "a destination, or an entry of customerAuthenticationConfigurations"
		return nil, 0, d.errorf("a definition is a JSON object: %s", want)
	}
	open = int(decoder.InputOffset())
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, 0, d.errorf("%v", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, 0, d.errorf("%v", err)
		}
		end := int(decoder.InputOffset())
		members = append(members, member{key.(string), end - len(value), end})
	}
	return members, open, nil
}

// check refuses what is not JSON, with its place.
func (d *document) check() error {
	var any json.RawMessage
	err := json.Unmarshal(d.body, &any)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := place(d.body, int(syntax.Offset)-1)
		if syntax.Offset >= int64(len(d.body)) && strings.HasPrefix(syntax.Error(), "unexpected end") {
			line, column = place(d.body, len(bytes.TrimRight(d.body, " \t\r\n")))
		}
		return fmt.Errorf("%s:%d:%d: %w", d.source, line, column, syntax)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return d.errorf("%v", err)
	}
	return nil
}

func (d *document) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s", d.source, fmt.Sprintf(format, args...))
}

// insert puts text at an offset and remembers which columns that moves.
func (d *document) insert(at int, text string) {
	d.line, d.column = place(d.body, at)
	d.shift = len(text)
	d.body = []byte(string(d.body[:at]) + text + string(d.body[at:]))
}
