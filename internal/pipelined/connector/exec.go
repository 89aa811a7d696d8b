package connector

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/pipelined/message"
)

// runner runs a program for each trigger, with the document on its standard input. Exit code 0 takes it; 65 (EX_DATAERR)
// refuses it for good; everything else asks for another attempt.
type runner struct {
	Config
	run Exec
}

const (
	refusedForGood = 65
	// lastWords is how long a program that was told to end may still write.
	lastWords = 2 * time.Second
	// maxSaid bounds what is kept of what a program says.
	maxSaid = 400
)

func openExec(config Config, run Exec) (Connector, error) {
	if _, err := exec.LookPath(run.Command[0]); err != nil {
		return nil, fmt.Errorf("exec: command: %w", err)
	}
	run.Format = cmp.Or(run.Format, XML)
	return &runner{config, run}, nil
}

func (r *runner) Deliver(ctx context.Context, t *message.Trigger) error {
	document, err := r.run.Format.write(t)
	if err != nil {
		return &Permanent{err}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	command := exec.CommandContext(ctx, r.run.Command[0], r.run.Command[1:]...) //nolint:gosec // the operator's own file names it
	command.Dir, command.WaitDelay = r.Dir, lastWords
	command.Stdin = bytes.NewReader(document)
	command.Env = append(os.Environ(), "TRIGGER_ID="+t.ID, "TRIGGER_TYPE="+t.Type, "TRIGGER_PARTITION="+strconv.Itoa(int(t.Partition)),
		"TRIGGER_OFFSET="+strconv.FormatInt(t.Offset, 10))
	var said bounded
	command.Stderr, command.Stdout = &said, &said
	err = command.Run()
	if err == nil {
		return nil
	}
	text := fmt.Sprintf("running %s: %v", r.run.Command[0], err)
	if ctx.Err() != nil {
		text = fmt.Sprintf("running %s: it took longer than %s", r.run.Command[0], attemptTime)
	}
	if words := strings.TrimSpace(said.String()); words != "" {
		text += ": " + strings.Join(strings.Fields(words), " ")
	}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() == refusedForGood {
		return &Permanent{errors.New(text)}
	}
	return errors.New(text)
}

func (*runner) Close() error { return nil }

// bounded keeps the beginning of what is written.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(0, maxSaid-b.Len()))])
	return len(p), nil
}
