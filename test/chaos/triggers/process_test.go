package triggers_test

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that is started again whenever it was killed.
type process struct {
	name string
	args []string
	env  []string
	path string

	mu      sync.Mutex
	command *exec.Cmd
	kills   int
	over    bool
	output  bytes.Buffer
}

// Write keeps the end of what the program says.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.output.Len() > 1<<20 {
		p.output.Reset()
	}
	return p.output.Write(text)
}

// keep runs the program until the test ends. An end that nobody ordered fails the test.
func (p *process) keep(t *testing.T) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() {
		runtime.LockOSThread() // a program that dies with its parent dies with the parent's thread
		defer runtime.UnlockOSThread()
		for p.once(t) {
			time.Sleep(50 * time.Millisecond)
		}
	})
	t.Cleanup(func() {
		p.mu.Lock()
		p.over = true
		if p.command != nil {
			_ = p.command.Process.Signal(syscall.SIGTERM)
		}
		p.mu.Unlock()
		running.Wait()
	})
}

// once runs the program to its end, and tells whether it should run again.
func (p *process) once(t *testing.T) bool {
	command := exec.Command(p.path, p.args...)
	command.Stdout, command.Stderr = p, p
	command.Env = append(os.Environ(), p.env...)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		return false
	}
	before := p.kills
	if err := command.Start(); err != nil {
		p.mu.Unlock()
		t.Errorf("starting %s: %v", p.name, err)
		return false
	}
	p.command = command
	p.mu.Unlock()
	err := command.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.command = nil
	if !p.over && p.kills == before {
		text := p.output.String()
		if !strings.Contains(text, "connection refused") && !strings.Contains(text, "could not be reached") {
			t.Errorf("%s ended by itself: %v\n%s", p.name, err, text[max(0, len(text)-4000):])
		}
	}
	return !p.over
}

// kill is kill -9.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		p.kills++
		_ = p.command.Process.Kill()
	}
}

func (p *process) killed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kills
}
