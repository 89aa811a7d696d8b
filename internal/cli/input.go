package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxInput bounds a file or standard input that is read at once, in bytes.
const maxInput = 16 << 20

// value reads what an argument stands for: @FILE is the file's text, - standard input's, anything else itself. One
// line break at the end of a file is not part of the value.
func (p *program) value(what, text string) (string, error) {
	if text != "-" && !strings.HasPrefix(text, "@") {
		return text, nil
	}
	read, err := p.readInput(what, strings.TrimPrefix(text, "@"))
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(read), "\n"), "\r"), nil
}

// readInput reads a file, or standard input when it is called "-". Standard input can be claimed once.
func (p *program) readInput(what, file string) ([]byte, error) {
	var source io.Reader = p.lines
	if file == "-" {
		if p.stdin != "" {
			return nil, &usageError{text: fmt.Sprintf("%s and %s both read standard input", p.stdin, what)}
		}
		p.stdin = what
	} else {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", what, err)
		}
		defer func() { _ = opened.Close() }()
		source = opened
	}
	data, err := io.ReadAll(io.LimitReader(source, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("reading %s: it is longer than %d bytes", what, maxInput)
	}
	return data, nil
}
