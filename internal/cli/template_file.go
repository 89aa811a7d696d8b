package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey/pebble"
)

// renderJob renders one file.
type renderJob struct {
	program    *program
	file, data string
	options    []pebble.Option
}

// directory is a loader of the templates beside one. It cannot leave its folder, whatever name a template computes.
type directory struct{ root *os.Root }

func (d directory) Load(name string) (string, bool) {
	text, err := d.root.ReadFile(name)
	return string(text), err == nil
}

func (j renderJob) render(ctx context.Context) error {
	output, err := j.output(ctx)
	if err != nil {
		return err
	}
	p := j.program
	if !p.json {
		if atTerminal(p.Out) && !strings.HasSuffix(output, "\n") {
			output += "\n" // for the shell's prompt to begin a line
		}
		_, err := fmt.Fprint(p.Out, output)
		return err
	}
	text, err := json.Marshal(map[string]string{"output": output})
	if err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	p.say("%s", indentJSON(text))
	return nil
}

func (j renderJob) output(ctx context.Context) (string, error) {
	text, err := j.program.readInput("the template", j.file)
	if err != nil {
		return "", err
	}
	vars, err := j.variables()
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(filepath.Dir(j.file))
	if err != nil {
		return "", fmt.Errorf("opening the template's directory: %w", err)
	}
	defer func() { _ = root.Close() }()
	options := append([]pebble.Option{pebble.WithLoader(directory{root})}, j.options...)
	template, err := pebble.Parse(filepath.Base(j.file), string(text), options...)
	if err != nil {
		return "", pointed(err)
	}
	output, err := template.RenderString(ctx, vars)
	return output, pointed(err)
}

// pointed shows the line of source and a caret under what failed.
func pointed(err error) error {
	if fault, ok := errors.AsType[*pebble.Error](err); ok {
		return errors.New(fault.Detail())
	}
	return err
}

// variables reads --data; none without it.
func (j renderJob) variables() (map[string]any, error) {
	if j.data == "" {
		return nil, nil
	}
	text, err := j.program.readInput("--data", j.data)
	if err != nil {
		return nil, err
	}
	value, err := pebble.FromJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.data, err)
	}
	object, ok := value.(*pebble.Map)
	if !ok {
		return nil, fmt.Errorf("%s does not hold a JSON object", j.data)
	}
	vars := map[string]any{}
	for name, value := range object.All() {
		vars[name] = value
	}
	return vars, nil
}

// watchEvery is how often files are looked at: an editor's save shows within a blink, and no watcher is needed.
const watchEvery = 200 * time.Millisecond

// watch renders, and again when the template, the data or a template beside it changes, until ctx ends.
func (j renderJob) watch(ctx context.Context) error {
	p := j.program
	if j.file == "-" || j.data == "-" {
		return &usageError{text: "--watch needs files, not standard input"}
	}
	var last string
	for {
		if state := j.state(); state != last {
			last = state
			if err := j.render(ctx); err != nil {
				p.tell("latchkey: %v", err)
			}
			p.tell("--- %s", p.Clock.Now().Format(time.TimeOnly))
		}
		timer := p.Clock.NewTimer(watchEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// state tells one content of the files from another, by size and time.
func (j renderJob) state() string {
	files := []string{j.file, j.data}
	if beside, err := os.ReadDir(filepath.Dir(j.file)); err == nil {
		for _, entry := range beside {
			if entry.Type().IsRegular() && filepath.Ext(entry.Name()) == filepath.Ext(j.file) {
				files = append(files, filepath.Join(filepath.Dir(j.file), entry.Name()))
			}
		}
	}
	var state []byte
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			state = fmt.Appendf(state, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
		}
	}
	return string(state)
}
