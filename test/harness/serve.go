package harness

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Installation is a production server's place: a configuration, and a folder for its root key and data.
type Installation struct {
	// Dir holds everything, Config is the configuration's path, Address what the server will listen on.
	Dir, Config, Address string
	t                    testing.TB
	key                  string
}

// Serve sets an installation up and runs `latchkey serve` on it; see [Install].
func Serve(t testing.TB, yaml ...string) *Server {
	t.Helper()
	installation := Install(t, yaml...)
	installation.Setup()
	return installation.Start()
}

// Install writes a configuration: the given lines, and what a start needs where they do not say it. In them $ADDRESS
// is the listener's address and $DIR the installation's folder.
func Install(t testing.TB, yaml ...string) *Installation {
	t.Helper()
	i := &Installation{Dir: t.TempDir(), Address: FreeAddress(t), t: t}
	i.Config = filepath.Join(i.Dir, "latchkey.yaml")
	i.Configure(yaml...)
	return i
}

// Join makes a further node's place beside an installation: another address and data directory, the same root key and
// administrator.
func (i *Installation) Join(yaml ...string) *Installation {
	i.t.Helper()
	node := Install(i.t, append([]string{"seal: {root_key_file: " + filepath.Join(i.Dir, "root.key") + "}"}, yaml...)...)
	node.key = i.key
	return node
}

// Configure writes the configuration anew.
func (i *Installation) Configure(yaml ...string) {
	i.t.Helper()
	text := strings.Join(yaml, "\n") + "\n"
	for _, line := range []string{
		"listen: $ADDRESS", "public_url: http://$ADDRESS", "data: $DIR/data", "seal: {root_key_file: $DIR/root.key}",
	} {
		name, _, _ := strings.Cut(line, " ")
		if !strings.Contains("\n"+text, "\n"+name) {
			text += line + "\n"
		}
	}
	text = strings.NewReplacer("$ADDRESS", i.Address, "$DIR", i.Dir).Replace(text)
	if err := os.WriteFile(i.Config, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// Setup runs `latchkey setup` and keeps the administrator's key.
func (i *Installation) Setup() {
	i.t.Helper()
	result := Command(i.t, "", "setup", "--config", i.Config, "--json")
	var made struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal([]byte(result.Stdout), &made); result.Code != 0 || err != nil {
		i.t.Fatalf("setup ends with %d (%v)\n%s", result.Code, err, result.Stderr)
	}
	i.key = made.Key
}

// Key gives the administrator's key that Setup made.
func (i *Installation) Key() string { return i.key }

// Run runs `latchkey serve` where it is expected to refuse. One that serves all the same is stopped.
func (i *Installation) Run(env ...string) Result {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(i.t.Context(), 20*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, Binary(i.t), "serve", "--config", i.Config)
	command.Env = environment(env...)
	return run(i.t, command, "")
}

// Start runs `latchkey serve` until the test ends or stops it.
func (i *Installation) Start(env ...string) *Server {
	i.t.Helper()
	s := launch(i.t, filepath.Join(i.Dir, "data"), env, "serve", "--config", i.Config)
	s.await(func() bool { return strings.Contains(s.Output(), " serves at ") })
	s.Ready = Ready{URL: "http://" + i.Address, AdminKey: i.key, PID: s.command.Process.Pid}
	return s
}

// FreeAddress gives an address that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Terminate sends SIGTERM without waiting for the end.
func (s *Server) Terminate() {
	s.t.Helper()
	if err := s.command.Process.Signal(terminate); err != nil {
		s.t.Fatal(err)
	}
}

// Wait gives how the server ended, within the time.
func (s *Server) Wait(limit time.Duration) error {
	s.t.Helper()
	select {
	case <-s.done:
		return s.err
	case <-time.After(limit):
		s.t.Fatalf("latchkey did not end within %s\n%s", limit, s.Output())
		return nil
	}
}
