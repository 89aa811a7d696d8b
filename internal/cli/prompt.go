package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/secret"
)

// interactive tells whether there is a person to ask: questions go to standard error, answers come from standard input.
func (p *program) interactive() bool {
	return p.stdin == "" && atTerminal(p.In) && atTerminal(p.Err)
}

// ask puts a question and gives the line that answers it.
func (p *program) ask(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprint(p.Err, question)
	return p.readLine(ctx)
}

// askHidden is ask for secrets: the terminal does not show what is typed.
func (p *program) askHidden(ctx context.Context, question string) (string, error) {
	restore, err := hideInput(p.In.(*os.File))
	if err != nil {
		return "", fmt.Errorf("hiding what is typed: %w", err)
	}
	defer restore()
	_, _ = fmt.Fprint(p.Err, question)
	line, err := p.readLine(ctx)
	p.tell("")
	return line, err
}

// asker gives what asks a person for a secret; nil where nobody is there.
func (p *program) asker() func(ctx context.Context, question string) (secret.String, error) {
	if !p.interactive() {
		return nil
	}
	return func(ctx context.Context, question string) (secret.String, error) {
		text, err := p.askHidden(ctx, question)
		return secret.New(text), err
	}
}

// readLine reads one line of standard input. A read of a terminal cannot be called back: when ctx ends first, the
// goroutine stays with its read until the process ends, which is then the next thing to happen.
func (p *program) readLine(ctx context.Context) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := p.lines.ReadString('\n')
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		p.tell("")
		return "", ctx.Err()
	case got := <-done:
		if errors.Is(got.err, io.EOF) && got.line == "" {
			p.tell("")
			return "", errors.New("the input ended before the question was answered")
		}
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return "", fmt.Errorf("reading the answer: %w", got.err)
		}
		return strings.TrimRight(got.line, "\r\n"), nil
	}
}

// deleting makes a command delete what its argument names, once that is confirmed; question has a place for the name.
func (p *program) deleting(
	command *cobra.Command, question string, remove func(c *client.Client, ctx context.Context, name string) error,
) *cobra.Command {
	return p.deletingAnd(command, question, func(c *client.Client, ctx context.Context, name string) (string, error) {
		return "", remove(c, ctx, name)
	})
}

// deletingAnd is deleting where there is more to say of what was deleted.
func (p *program) deletingAnd(
	command *cobra.Command, question string, remove func(c *client.Client, ctx context.Context, name string) (more string, err error),
) *cobra.Command {
	var yes bool
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := p.confirm(ctx, yes, fmt.Sprintf(question, args[0])); err != nil {
			return err
		}
		more, err := remove(c, ctx, args[0])
		if err != nil || p.doneJSON() {
			return err
		}
		p.say("deleted %s%s", args[0], more)
		return nil
	})
	return command
}

// confirm asks before something is lost. Where nobody can be asked, or with --yes, the command itself is the answer.
func (p *program) confirm(ctx context.Context, yes bool, question string) error {
	if yes || p.json || !p.interactive() {
		return nil
	}
	answer, err := p.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was deleted")
}
