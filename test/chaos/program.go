package chaos

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// program is the real Latchkey, built for one node: its version, which the provider sees, names the node.
type program struct {
	path, config, clock string
	out                 *tail
}

// build makes a binary in dir whose user agent is latchkey/NAME. With steps, its clock can be stepped.
func build(dir, name string, steps bool) (string, error) {
	path := filepath.Join(dir, "latchkey-"+name)
	args := []string{"build", "-trimpath", "-ldflags", "-s -w -X latchkey/internal/app.Version=" + name, "-o", path}
	if steps {
		args = append(args, "-tags", "chaos")
	}
	command := exec.Command("go", append(args, "latchkey/cmd/latchkey")...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building latchkey: %w\n%s", err, out)
	}
	return path, nil
}

// environment is this process's, without what would configure a server.
func (p *program) environment() []string {
	var out []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "LATCHKEY_") {
			out = append(out, pair)
		}
	}
	return append(out, "CHAOS_CLOCK="+p.clock)
}

// setup runs `latchkey setup` and gives the administrator's key.
func (p *program) setup() (string, error) {
	command := exec.Command(p.path, "setup", "--config", p.config, "--json")
	command.Env, command.Stderr = p.environment(), p.out
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("setting up: %w\n%s", err, p.out)
	}
	var made struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(text, &made); err != nil || made.Key == "" {
		return "", errors.Join(fmt.Errorf("setting up: the answer has no key: %s", text), err)
	}
	return made.Key, nil
}

// launch starts `latchkey serve`.
func (p *program) launch() (member, error) {
	command := exec.Command(p.path, "serve", "--config", p.config)
	command.Env, command.Stdout, command.Stderr = p.environment(), p.out, p.out
	// A harness that is killed itself leaves no server behind.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting latchkey: %w", err)
	}
	return process{command}, nil
}

type process struct{ command *exec.Cmd }

func (p process) wait() error { return p.command.Wait() }
func (p process) kill()       { _ = p.command.Process.Kill() }
func (p process) terminate()  { _ = p.command.Process.Signal(syscall.SIGTERM) }

// place is the folder of an installation.
type place struct {
	dir, address, public, database string
}

// configuration writes a node's configuration.
func (p place) configuration(provider *Provider) (string, error) {
	authority := filepath.Join(p.dir, "provider.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: provider.Certificate().Raw})
	if err := os.WriteFile(authority, text, 0o600); err != nil {
		return "", err
	}
	lines := []string{
		"listen: " + p.address, "public_url: http://" + p.public, "data: " + filepath.Join(p.dir, "data"), "log: {level: warn, format: text}",
		"seal: {root_key_file: " + filepath.Join(filepath.Dir(p.dir), "root.key") + "}",
		fmt.Sprintf("egress: {allow: [%q], ca_files: [%s]}", provider.Listener.Addr(), authority),
	}
	if p.database != "" {
		lines = append(lines, p.database)
	}
	path := filepath.Join(p.dir, "latchkey.yaml")
	return path, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// freeAddress gives an address that nobody listens on, below the ports that the system hands out by itself: a node that
// is down must find its own again.
func freeAddress(chance *rand.Rand) (string, error) {
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+chance.IntN(15000)))
		if err != nil {
			continue
		}
		defer func() { _ = l.Close() }()
		return l.Addr().String(), nil
	}
	return "", errors.New("finding a port: none is free between 15000 and 30000")
}
