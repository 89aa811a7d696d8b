package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"latchkey/pebble"
)

// lineJob is a template to render: one line of standard input.
type lineJob struct {
	ID         json.RawMessage   `json:"id"`
	Template   string            `json:"template"`
	Context    json.RawMessage   `json:"context"`
	Autoescape any               `json:"autoescape"` // true, false, or the name of a strategy
	Strict     bool              `json:"strict"`
	Templates  map[string]string `json:"templates"`
}

// lineAnswer is what came of it: one line of standard output.
type lineAnswer struct {
	ID     json.RawMessage `json:"id"`
	Output *string         `json:"output,omitempty"`
	Error  *lineError      `json:"error,omitempty"`
}

type lineError struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Line    int    `json:"line"`
}

// kindInput is the kind of error of a line that is not a job.
const kindInput = "InvalidInput"

// renderLines answers each line of standard input before it waits for another, so that a program can hold it open and
// take turns. A template that fails is an answer; a line that is not a job is one too, but the command has then failed.
func (p *program) renderLines(ctx context.Context) error {
	out := bufio.NewWriter(p.Out)
	var failed error
	for number := 1; ctx.Err() == nil; number++ {
		line, err := p.lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading a job: %w", err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			answer, bad := answerLine(ctx, number, line)
			if bad {
				failed = errTold
			}
			if _, err := out.Write(encodeLine(answer)); err != nil {
				return fmt.Errorf("writing an answer: %w", err)
			}
		}
		if p.lines.Buffered() == 0 || err != nil {
			if err := out.Flush(); err != nil {
				return fmt.Errorf("writing an answer: %w", err)
			}
		}
		if err != nil {
			return failed
		}
	}
	return ctx.Err()
}

// encodeLine writes an answer as one line for every reader: encoding/json escapes the line breaks U+2028 and U+2029 but
// not U+0085, at which some break lines too.
func encodeLine(answer lineAnswer) []byte {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		panic(err) // strings and an id that was decoded always encode
	}
	return bytes.ReplaceAll(line.Bytes(), []byte("\u0085"), []byte(`\u0085`))
}

// answerLine renders a job; bad tells that the line is none.
func answerLine(ctx context.Context, number int, line []byte) (answer lineAnswer, bad bool) {
	invalid := func(id json.RawMessage, err error) (lineAnswer, bool) {
		message := fmt.Sprintf("line %d of the input: %v", number, err)
		return lineAnswer{ID: orNull(id), Error: &lineError{Kind: kindInput, Message: message}}, true
	}
	var job lineJob
	if err := json.Unmarshal(line, &job); err != nil {
		return invalid(job.ID, err)
	}
	vars, err := javaVariables(job.Context)
	if err != nil {
		return invalid(job.ID, err)
	}
	options, err := job.options()
	if err != nil {
		return invalid(job.ID, err)
	}
	output, err := renderMain(ctx, job.Template, options, vars)
	if err != nil {
		return lineAnswer{ID: orNull(job.ID), Error: describeFault(err)}, false
	}
	return lineAnswer{ID: orNull(job.ID), Output: &output}, false
}

func renderMain(ctx context.Context, text string, options []pebble.Option, vars map[string]any) (string, error) {
	template, err := pebble.Parse("main", text, options...)
	if err != nil {
		return "", err
	}
	return template.RenderString(ctx, vars)
}

// options make the engine answer as the Java engine does, the order of its maps included.
func (j lineJob) options() ([]pebble.Option, error) {
	options := []pebble.Option{
		pebble.WithDialect(pebble.Language), pebble.WithJavaMapOrder(),
		pebble.WithStrict(j.Strict), pebble.WithLoader(pebble.MapLoader(j.Templates)),
	}
	switch escape := j.Autoescape.(type) {
	case nil:
	case bool:
		if !escape {
			options = append(options, pebble.WithAutoescape(""))
		}
	case string:
		options = append(options, pebble.WithAutoescape(escape))
	default:
		return nil, errors.New("autoescape is true, false or the name of a strategy")
	}
	return options, nil
}

func describeFault(err error) *lineError {
	fault, ok := errors.AsType[*pebble.Error](err)
	if !ok {
		return &lineError{Kind: pebble.KindPebble, Message: err.Error()}
	}
	message := fault.Error()
	return &lineError{Kind: fault.Kind, Message: message, Line: shownLine(message)}
}

// shownLine gives the line that a message ends with, "(name:line)", so that both say the same; 0 when it is unknown.
func shownLine(message string) int {
	place := strings.TrimSuffix(message[strings.LastIndexByte(message, ':')+1:], ")")
	line, err := strconv.Atoi(place)
	if err != nil {
		return 0
	}
	return line
}

func orNull(id json.RawMessage) json.RawMessage {
	if id == nil {
		return json.RawMessage("null")
	}
	return id
}
