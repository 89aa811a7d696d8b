// Package harness starts the real Latchkey binary for tests that drive it from outside: with a data directory of its
// own, on a port that the system picks, found through the ready file, stopped and checked at the end.
package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is built once a test process, or given by TEST_LATCHKEY.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TEST_LATCHKEY"); path != "" {
		return filepath.Abs(path)
	}
	dir, err := os.MkdirTemp("", "latchkey-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "latchkey")
	out, err := exec.Command("go", "build", "-o", path, "latchkey/cmd/latchkey").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building latchkey: %w\n%s", err, out)
	}
	return path, nil
})

// Binary gives the path of the program.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Ready is what the server writes when it serves.
type Ready struct {
	URL          string `json:"url"`
	AdminKey     string `json:"admin_key"`
	SignInURL    string `json:"sign_in_url"`
	Organization string `json:"organization"`
	PID          int    `json:"pid"`
	CAFile       string `json:"ca_file"`
	ProxyURL     string `json:"proxy_url"` // and what follows: with --intercept
	BundleFile   string `json:"ca_bundle_file"`
	PreloadFile  string `json:"preload_file"`
}

// Server is a running Latchkey.
type Server struct {
	Ready
	Data string

	t       testing.TB
	command *exec.Cmd
	done    chan struct{}
	err     error
	mu      sync.Mutex
	output  bytes.Buffer
	Client  *http.Client
}

// Dev starts `latchkey dev` with a data directory of its own that is prepared, and stops it with the test.
func Dev(t testing.TB, args ...string) *Server {
	t.Helper()
	data := t.TempDir()
	Prepare(t, data)
	return DevIn(t, data, args...)
}

// First starts `latchkey dev` with nothing.
func First(t testing.TB, args ...string) *Server {
	t.Helper()
	return DevIn(t, t.TempDir(), args...)
}

// DevIn starts `latchkey dev` on a data directory that may hold an earlier run's data.
func DevIn(t testing.TB, data string, args ...string) *Server {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	all := append([]string{"dev", "--listen", "127.0.0.1:0", "--data", data, "--ready", ready}, args...)
	return start(t, data, ready, all...)
}

// Ephemeral starts `latchkey dev --ephemeral --json`: its Data is where it says.
func Ephemeral(t testing.TB, args ...string) *Server {
	t.Helper()
	s := launch(t, "", nil, append([]string{"dev", "--ephemeral", "--json", "--log-level", "error"}, args...)...)
	s.await(func() bool {
		line := struct {
			*Ready
			Data *string `json:"data"`
		}{&s.Ready, &s.Data}
		return json.Unmarshal([]byte(s.Output()), &line) == nil
	})
	return s
}

func start(t testing.TB, data, ready string, args ...string) *Server {
	t.Helper()
	s := launch(t, data, nil, args...)
	s.await(func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, &s.Ready) == nil
	})
	return s
}

// environment is the test's own, without what would configure a server or name another one.
func environment(more ...string) []string {
	out := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "LATCHKEY_") })
	return append(out, more...)
}

// terminate is the signal that asks a server to drain and end.
const terminate = syscall.SIGTERM

// launch starts a server without waiting for it to serve.
func launch(t testing.TB, data string, env []string, args ...string) *Server {
	t.Helper()
	s := &Server{Data: data, t: t, done: make(chan struct{}), Client: &http.Client{Timeout: time.Minute}}
	s.command = exec.Command(Binary(t), args...)
	s.command.Env = environment(env...)
	s.command.Stdout, s.command.Stderr = s, s
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.command.Wait()
		close(s.done)
	}()
	t.Cleanup(func() { s.Stop() })
	return s
}

// Write collects what the server prints.
func (s *Server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.Write(p)
}

// Output gives all that the server has printed, on both streams.
func (s *Server) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

func (s *Server) await(serves func() bool) {
	s.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			s.t.Fatalf("latchkey ended before it served: %v\n%s", s.err, s.Output())
		case <-deadline:
			s.t.Fatalf("latchkey did not serve within 30 s\n%s", s.Output())
		case <-tick.C:
			if serves() {
				return
			}
		}
	}
}

// Stop ends the server by SIGTERM and fails the test unless it drains and exits 0.
func (s *Server) Stop() {
	s.t.Helper()
	select {
	case <-s.done:
		return
	default:
	}
	_ = s.command.Process.Signal(terminate)
	select {
	case <-s.done:
		if s.err != nil {
			s.t.Errorf("latchkey stopped by SIGTERM: %v\n%s", s.err, s.Output())
		}
	case <-time.After(30 * time.Second):
		_ = s.command.Process.Kill()
		<-s.done
		s.t.Errorf("latchkey did not stop within 30 s of SIGTERM\n%s", s.Output())
	}
}

// Kill ends the server by SIGKILL.
func (s *Server) Kill() {
	s.t.Helper()
	_ = s.command.Process.Kill()
	<-s.done
}

// Environment gives the variables of a program that is to take this server, started with --intercept, for the vendor.
func (s *Server) Environment() []string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), Binary(s.t), "env", "--data", s.Data, "--json").Output()
	var variables map[string]string
	if err == nil {
		err = json.Unmarshal(out, &variables)
	}
	if err != nil {
		s.t.Fatalf("latchkey env: %v\n%s", err, out)
	}
	all := os.Environ()
	for name, value := range variables {
		all = append(all, name+"="+value)
	}
	return all
}

// Reply is an answer that was read to its end.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body.
func (r Reply) JSON(t testing.TB) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(r.Body, &out); err != nil {
		t.Fatalf("the answer %d is not JSON: %v\n%s", r.Status, err, r.Body)
	}
	return out
}

// Call sends a request with the administrator's key. The body is JSON: text as it is, anything else encoded.
func (s *Server) Call(method, path string, body any, headers ...string) Reply {
	s.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.AdminKey)
	if reader != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
			continue
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.Client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Reply{Status: response.StatusCode, Header: response.Header, Body: text}
}

// Must is Call for an answer that has to have the status.
func (s *Server) Must(status int, method, path string, body any, headers ...string) Reply {
	s.t.Helper()
	reply := s.Call(method, path, body, headers...)
	if reply.Status != status {
		s.t.Fatalf("%s %s = %d, want %d\n%s", method, path, reply.Status, status, reply.Body)
	}
	return reply
}

// Result is what a command printed and how it ended.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs a command of the same binary against this server.
func (s *Server) Run(args ...string) Result {
	s.t.Helper()
	return s.RunInput("", args...)
}

// RunInput is Run with a standard input.
func (s *Server) RunInput(input string, args ...string) Result {
	s.t.Helper()
	command := exec.Command(Binary(s.t), args...)
	command.Env = environment("LATCHKEY_DATA=" + s.Data)
	return run(s.t, command, input)
}

// CommandEnv runs the binary with further variables in its environment.
func CommandEnv(t testing.TB, env []string, args ...string) Result {
	t.Helper()
	command := exec.Command(Binary(t), args...)
	command.Env = environment(env...)
	return run(t, command, "")
}

// Command runs the binary without a server.
func Command(t testing.TB, input string, args ...string) Result {
	t.Helper()
	command := exec.Command(Binary(t), args...)
	command.Env = environment()
	return run(t, command, input)
}

func run(t testing.TB, command *exec.Cmd, input string) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &stdout, &stderr
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("running %s: %v", command.Args, err)
	} else if ok {
		return Result{stdout.String(), stderr.String(), exit.ExitCode()}
	}
	return Result{stdout.String(), stderr.String(), 0}
}
