package bench_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rival is a server in a process of its own.
type rival struct {
	URL  string `json:"url"`
	PIDs []int  `json:"pids"`
}

func (r rival) address() string { return strings.TrimPrefix(r.URL, "http://") }

// begin starts a command whose first line of output tells where it serves.
func begin(b *testing.B, command *exec.Cmd) rival {
	b.Helper()
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	lines := bufio.NewScanner(out)
	var r rival
	for r.URL == "" {
		if !lines.Scan() {
			b.Fatalf("%s ended before it served", command.Path)
		}
		_ = json.Unmarshal(lines.Bytes(), &r) // it may say something else before
	}
	return r
}

// oidcProvider starts the peer with a process for each processor; false where Node.js or its package is missing.
func oidcProvider(b *testing.B) (rival, bool) {
	b.Helper()
	node, err := exec.LookPath("node")
	if _, missing := os.Stat("../peers/node_modules/oidc-provider"); err != nil || missing != nil {
		return rival{}, false
	}
	command := exec.Command(node, "issuer.mjs", strconv.Itoa(runtime.NumCPU()))
	command.Dir, command.Env = "../peers", append(os.Environ(), "NODE_ENV=production")
	return begin(b, command), true
}

// signatures finds the rate in the last line of openssl speed: "rsa 2048 bits 0.001363s 0.000039s 733.4 25641.0".
var signatures = regexp.MustCompile(`(?m)^rsa +2048 bits +[0-9.]+s .* ([0-9.]+) +[0-9.]+$`)

// openssl gives the program; false where it is missing.
func openssl() (string, bool) {
	program, err := exec.LookPath("openssl")
	return program, err == nil
}

// opensslTurn has OpenSSL sign on every processor. It verifies as long, in the same run.
func opensslTurn(b *testing.B, program string) turn {
	b.Helper()
	command := exec.Command(program, "speed", "-elapsed", "-seconds", "1", "-multi", strconv.Itoa(runtime.NumCPU()), "rsa2048")
	began := time.Now()
	out, err := command.Output()
	took := time.Since(began)
	found := signatures.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("openssl speed says something else (%v):\n%s", err, out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil || rate == 0 {
		b.Fatalf("openssl speed tells no rate in %q (%v)", found[0], err)
	}
	busy := command.ProcessState.UserTime().Seconds() / took.Seconds() // processors that it had
	return turn{rate: rate, cpu: time.Duration(busy / rate * float64(time.Second))}
}
