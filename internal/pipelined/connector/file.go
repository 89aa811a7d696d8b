package connector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"latchkey/internal/pipelined/message"
)

// appender appends a line for each trigger. Those that come at the same time are synced together.
type appender struct {
	format Format

	mu      sync.Mutex // of the file
	file    *os.File
	whole   int64 // up to where the file is whole lines
	waiting sync.Mutex
	group   *group
}

// group are the lines of one write.
type group struct {
	lines bytes.Buffer
	ended chan struct{}
	err   error
}

func (config Config) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(config.Dir, name)
}

func openFile(config Config, to File) (Connector, error) {
	path := config.path(to.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	a := &appender{format: to.Format, file: file}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s is appended to by another connector; give each a file of its own", path)
	}
	if err == nil {
		a.whole, err = wholeLines(file)
	}
	if err == nil {
		err = file.Truncate(a.whole)
	}
	if err != nil {
		return nil, fmt.Errorf("file: %w", errors.Join(err, file.Close()))
	}
	return a, nil
}

// wholeLines finds where the last whole line ends: a process that was killed may have left a part of one, whose trigger
// will come again.
func wholeLines(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	tail := make([]byte, 64<<10)
	for end := size; end > 0; {
		from := max(0, end-int64(len(tail)))
		part := tail[:end-from]
		if _, err := file.ReadAt(part, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

func (a *appender) Deliver(ctx context.Context, t *message.Trigger) error {
	_, err := a.DeliverAll(ctx, []*message.Trigger{t})
	return err
}

// DeliverAll implements [Batcher].
func (a *appender) DeliverAll(_ context.Context, triggers []*message.Trigger) (int, error) {
	var lines []byte
	count := 0
	for _, t := range triggers {
		line, err := a.format.write(t)
		if err != nil && count == 0 {
			return 0, &Permanent{err}
		}
		if err != nil {
			break
		}
		lines = append(append(lines, bytes.ReplaceAll(line, []byte{'\n'}, []byte{' '})...), '\n')
		count++
	}
	if err := a.put(lines); err != nil {
		return 0, err
	}
	return count, nil
}

// put appends lines, with those that come at the same time.
func (a *appender) put(lines []byte) error {
	a.waiting.Lock()
	own := a.group
	first := own == nil
	if first {
		own = &group{ended: make(chan struct{})}
		a.group = own
	}
	own.lines.Write(lines)
	a.waiting.Unlock()
	if !first {
		<-own.ended
		return own.err
	}
	a.mu.Lock() // the group before is being written meanwhile
	a.waiting.Lock()
	a.group = nil
	a.waiting.Unlock()
	own.err = a.append(own.lines.Bytes())
	a.mu.Unlock()
	close(own.ended)
	return own.err
}

// append writes lines whole or not at all.
func (a *appender) append(lines []byte) error {
	_, err := a.file.Write(lines)
	if err == nil {
		err = a.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("appending: %w", errors.Join(err, a.file.Truncate(a.whole)))
	}
	a.whole += int64(len(lines))
	return nil
}

func (a *appender) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.file.Close()
}
