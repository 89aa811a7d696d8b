package pipelined

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxLog bounds a log file; with the one before there are two (spec/campaign-and-pipeline.md §1.3).
const maxLog = 10 << 20

// Lines writes a log in the vendor's columns: instant, process, thread, 1, level, "log", message.
type Lines struct {
	pid  int
	out  *sink
	tail string // what With added
}

// sink is where lines go: the instance's log file, and a terminal.
type sink struct {
	mu   sync.Mutex
	path string
	file *os.File
	size int64
	also io.Writer
}

var _ slog.Handler = (*Lines)(nil)

// OpenLog opens log/pipelined.log in the instance's folder; also gets every line too, unless it is nil.
func OpenLog(dir string, also io.Writer) (*Lines, error) {
	folder := filepath.Join(dir, "log")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	s := &sink{path: filepath.Join(folder, "pipelined.log"), also: also}
	if err := s.open(); err != nil {
		return nil, err
	}
	return &Lines{pid: os.Getpid(), out: s}, nil
}

func (s *sink) open() error {
	file, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("opening the log: %w", err), file.Close())
	}
	s.file, s.size = file, info.Size()
	return nil
}

// write writes a line. A log that can't be written stops nothing.
func (s *sink) write(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.also != nil {
		_, _ = io.WriteString(s.also, line)
	}
	if s.size+int64(len(line)) > maxLog {
		_ = s.file.Close()
		_ = os.Rename(s.path, strings.TrimSuffix(s.path, ".log")+"_2.log")
		if s.open() != nil {
			return
		}
	}
	n, _ := s.file.WriteString(line)
	s.size += int64(n)
}

// Close closes the log.
func (h *Lines) Close() error { return h.out.file.Close() }

// Enabled takes everything from informative on.
func (h *Lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle writes a record. A message of several lines stays one.
func (h *Lines) Handle(_ context.Context, r slog.Record) error {
	level := "info"
	switch {
	case r.Level >= slog.LevelError:
		level = "error"
	case r.Level >= slog.LevelWarn:
		level = "warning"
	}
	text := r.Message + h.tail
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	text = strings.Map(func(c rune) rune {
		if c < ' ' {
			return ' '
		}
		return c
	}, text)
	h.out.write(fmt.Sprintf("%s  %d  %d  1  %-7s  log  %s\n", r.Time.UTC().Format("2006-01-02T15:04:05.000Z"), h.pid, h.pid, level, text))
	return nil
}

// WithAttrs adds attributes to every line.
func (h *Lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	for _, a := range attrs {
		more.tail += fmt.Sprintf(" %s=%v", a.Key, a.Value)
	}
	return &more
}

// WithGroup changes nothing: lines have no groups.
func (h *Lines) WithGroup(string) slog.Handler { return h }
