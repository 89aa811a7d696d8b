// Package pgtest runs a PostgreSQL server for tests: Debian's, on a socket in a folder of its own, syncing as in
// production.
//
// A test binary's server starts with the first test that needs it. It ends with the test binary, whatever ends that:
// a shell that watches a pipe from it stops the server and removes the folder when the pipe closes.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/internal/secret"
)

// Server is a running PostgreSQL.
type Server struct {
	dir     string // data, socket, log
	bin     string
	account *syscall.Credential // who runs it; nil: who runs the test
	pipe    io.WriteCloser      // the watching shell's input
	watcher *exec.Cmd
	serial  atomic.Int64
}

// watch stops the server and removes its folder as soon as its input ends.
const watch = `read -r _; "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1; rm -rf "$2"`

var shared = sync.OnceValues(start)

// Shared gives the test binary's server.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("%v\nhint: test/install installs PostgreSQL", err)
	}
	return s
}

// Start gives a server of the test's own, which it may stop.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatalf("%v\nhint: test/install installs PostgreSQL", err)
	}
	t.Cleanup(func() {
		_ = s.pipe.Close()
		_ = s.watcher.Wait() // it ends with the pipe
	})
	return s
}

func start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if err := s.own(); err != nil {
		return nil, err
	}
	s.watcher = s.command("/bin/sh", "-c", watch, "watch", bin, s.dir)
	if s.pipe, err = s.watcher.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.watcher.Start(); err != nil {
		return nil, fmt.Errorf("watching over PostgreSQL: %w", err)
	}
	err = s.run("initdb", "-D", s.dir+"/data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
	if err == nil {
		err = s.start()
	}
	if err != nil {
		return nil, errors.Join(err, s.pipe.Close(), s.watcher.Wait())
	}
	return s, nil
}

// programs finds the server's programs, of the newest version that is installed.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if path, look := exec.LookPath("pg_ctl"); look == nil {
		found = append(found, path)
	}
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("finding PostgreSQL: there is no pg_ctl"), err)
	}
	return filepath.Dir(slices.Max(found)), nil
}

// own makes the folder. The server refuses to run as root: then it runs as the account that Debian made for it.
func (s *Server) own() (err error) {
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil || os.Getuid() != 0 {
		return err
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return err
	}
	s.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, uid, gid)
}

// command makes a command that no signal to the test's own group reaches.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	command := exec.Command(program, args...)
	command.Dir = s.dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.account, Setpgid: true}
	return command
}

func (s *Server) run(program string, args ...string) error {
	command := s.command(filepath.Join(s.bin, program), args...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		log, _ := os.ReadFile(s.dir + "/log") // says more, where there is one
		return fmt.Errorf("running %s: %w\n%s%s", program, err, out.String(), log)
	}
	return nil
}

func (s *Server) start() error {
	// The server listens nowhere but on its socket; its prepared transactions and connections suffice for many stores.
	return s.run("pg_ctl", "-D", s.dir+"/data", "-w", "-t", "60", "-l", s.dir+"/log", "-o",
		"-c listen_addresses='' -c unix_socket_directories="+s.dir+" -c max_connections=300 -c shared_buffers=64MB", "start")
}

// Restart starts the server after Stop.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop stops the server: "fast" ends its sessions, "immediate" is like a crash.
func (s *Server) Stop(t testing.TB, mode string) {
	t.Helper()
	if err := s.run("pg_ctl", "-D", s.dir+"/data", "-w", "-m", mode, "stop"); err != nil {
		t.Fatal(err)
	}
}

// URL gives the address of a database of the server.
func (s *Server) URL(database string) secret.String {
	return secret.New("postgres:///" + database + "?host=" + s.dir + "&user=postgres&sslmode=disable")
}

// Database makes a database, a copy of the template ("" for an empty one), and gives its name. It goes with the
// server: dropping one by one takes longer than the tests.
func (s *Server) Database(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", s.serial.Add(1))
	if template == "" {
		template = "template0"
	}
	s.Exec(t, `CREATE DATABASE `+name+` TEMPLATE `+template)
	return name
}

// Exec runs one statement in the server's own database.
func (s *Server) Exec(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres").Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(statement), err)
	}
}
