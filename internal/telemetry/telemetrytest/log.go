// Package telemetrytest lets tests read what was logged: that something was, or that a secret never is.
package telemetrytest

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
)

// Log collects what is logged. The zero value works, and is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*Log)(nil)

// Logger gives a logger that writes everything here, as JSON.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives all that has been logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
