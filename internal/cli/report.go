package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// errTold ends a command that has said all there is to say: exit code 1, no further word.
var errTold = errors.New("the command has said what failed")

// hintError is an error with a line that says what to do about it.
type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }

// withHint adds a hint to an error, if there is an error and a hint.
func withHint(err error, format string, args ...any) error {
	if err == nil || format == "" {
		return err
	}
	return &hintError{err, fmt.Sprintf(format, args...)}
}

// codeError is an error with an exit code of its own, where a compatible command has one.
type codeError struct {
	error
	code int
}

func (e *codeError) Unwrap() error { return e.error }

// wantsJSON tells whether --json is among the arguments.
func wantsJSON(args []string) bool {
	for _, arg := range args {
		if arg == "--" {
			return false
		}
		if arg == "--json" || arg == "--json=true" {
			return true
		}
	}
	return false
}

// report prints what a command ended with and gives the exit code.
func (p *program) report(called *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	code := exitFailed
	if _, ok := errors.AsType[*usageError](err); ok {
		code = exitUsage
	}
	if own, ok := errors.AsType[*codeError](err); ok {
		code = own.code
	}
	if errors.Is(err, errTold) {
		return code
	}
	err = p.explainUnreachable(err)
	text, hint := err.Error(), p.hintOf(called, err)
	if before, after, ok := strings.Cut(text, "\nhint: "); ok && hint == "" {
		text, hint = before, after // a server's errors bring theirs along
	}
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	if p.json {
		p.reportJSON(err, text, hint)
		return code
	}
	p.tell("latchkey: %s", text)
	if hint != "" {
		p.tell("hint: %s", hint)
	}
	return code
}

// reportJSON prints the API's problem as it came, and failures of our own in its shape.
func (p *program) reportJSON(err error, text, hint string) {
	if problem, ok := errors.AsType[*client.Error](err); ok && problem.JSON() != nil {
		p.tell("%s", indentJSON(problem.JSON()))
		return
	}
	title := "Failed"
	if _, ok := errors.AsType[*usageError](err); ok {
		title = "Usage"
	}
	encoded, err := json.Marshal(struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Hint   string `json:"hint,omitempty"`
	}{title, text, hint})
	if err != nil {
		panic(err) // three strings always encode
	}
	p.tell("%s", indentJSON(encoded))
}

// hintOf gives the hint that an error carries, or the one that its kind calls for.
func (p *program) hintOf(called *cobra.Command, err error) string {
	if usage, ok := errors.AsType[*usageError](err); ok {
		return usage.hint
	}
	if hinted, ok := errors.AsType[*hintError](err); ok {
		return hinted.hint
	}
	problem, ok := errors.AsType[*client.Error](err)
	if !ok {
		return ""
	}
	switch problem.Status {
	case http.StatusUnauthorized:
		return "the key comes from " + p.remote.keySource + "; pass another with --key @FILE or LATCHKEY_KEY"
	case http.StatusForbidden:
		return `an administrator makes keys with more rights: latchkey key create NAME --scope SCOPE`
	case http.StatusNotFound:
		return p.notFoundHint(called)
	case http.StatusFailedDependency:
		return "the provider could not be reached or failed; the same call may work later"
	}
	return ""
}

// notFoundHint points at the list of what was not found, and at the sandbox that was searched.
func (p *program) notFoundHint(called *cobra.Command) string {
	noun := called
	for noun.HasParent() && noun.Parent().HasParent() {
		noun = noun.Parent()
	}
	if sandbox := p.flagOrEnv(p.remote.sandbox, "LATCHKEY_SANDBOX"); sandbox != "" && noun.Name() != "sandbox" {
		return fmt.Sprintf("it was looked for in the sandbox %q; the sandboxes: latchkey sandbox list", sandbox)
	}
	if slices.Contains([]string{"token", "exec", "sidecar", "git-credential", "docker-credential"}, noun.Name()) {
		return "these are there: latchkey connection list"
	}
	lists := slices.ContainsFunc(noun.Commands(), func(c *cobra.Command) bool { return c.Name() == "list" })
	if !lists {
		return ""
	}
	return "these are there: latchkey " + noun.Name() + " list"
}

// tell prints a line for the person, not for the pipe.
func (p *program) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(p.Err, format+"\n", args...)
}

// say prints a line of what was asked for.
func (p *program) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.Out, format+"\n", args...)
}

// warn tells of something that did not keep the command from working.
func (p *program) warn(format string, args ...any) {
	p.tell("latchkey: warning: "+format, args...)
}
