package harness

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Running is a command in the background.
type Running struct {
	t      testing.TB
	cmd    *exec.Cmd
	out    shared
	stderr shared
	done   chan struct{}
}

// shared is what a command has printed, read while it still prints.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Begin starts a command against this server, which ends with the test.
func (s *Server) Begin(args ...string) *Running {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &Running{t: s.t, cmd: exec.CommandContext(ctx, Binary(s.t), args...), done: make(chan struct{})}
	r.cmd.Env = environment("LATCHKEY_DATA=" + s.Data)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.stderr
	if err := r.cmd.Start(); err != nil {
		cancel()
		s.t.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait() // its exit code is in ProcessState
		close(r.done)
	}()
	s.t.Cleanup(func() {
		cancel()
		<-r.done
	})
	return r
}

// Output gives what the command has printed, on both streams.
func (r *Running) Output() string { return r.out.String() + r.stderr.String() }

// Await gives what follows the words on a line of the command's standard output, once it is there.
func (r *Running) Await(words string) string {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, rest, ok := strings.Cut(r.out.String(), words); ok && strings.Contains(rest, "\n") {
			line, _, _ := strings.Cut(rest, "\n")
			return line
		}
	}
	r.t.Fatalf("%s does not print %q\n%s", r.cmd.Args, words, r.Output())
	return ""
}

// Wait gives how the command ended, within the time.
func (r *Running) Wait(limit time.Duration) Result {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(limit):
		r.t.Fatalf("%s did not end within %s\n%s", r.cmd.Args, limit, r.Output())
	}
	return Result{r.out.String(), r.stderr.String(), r.cmd.ProcessState.ExitCode()}
}
