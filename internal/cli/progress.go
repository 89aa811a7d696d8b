package cli

import (
	"fmt"
	"time"
)

// progress tells on standard error that a wait goes on: a line that renews itself on a terminal, else a line now and
// then.
type progress struct {
	program  *program
	terminal bool
	shown    bool
	next     time.Duration
}

func (w waiting) newProgress() *progress {
	return &progress{program: w.program, terminal: atTerminal(w.program.Err)}
}

func (g *progress) show(elapsed time.Duration) { g.line("waiting for the consent…", elapsed) }

func (g *progress) line(text string, elapsed time.Duration) {
	if g.terminal {
		_, _ = fmt.Fprintf(g.program.Err, "\r\x1b[K%s %s (Ctrl-C stops waiting)", text, elapsed.Round(time.Second))
		g.shown = true
		return
	}
	if elapsed >= g.next {
		g.program.tell("%s %s", text, elapsed.Round(time.Second))
		g.next = elapsed + reportEvery
	}
}

func (g *progress) clear() {
	if g.terminal && g.shown {
		_, _ = fmt.Fprint(g.program.Err, "\r\x1b[K")
		g.shown = false
	}
}
