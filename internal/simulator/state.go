package simulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"sync"
)

// The state file keeps what must outlive the process: clients, codes, tokens, authorizations. It is lines of JSON.
//
//   - A line is one change, whole: what the change has touched, as it is afterwards. A line counts entirely or, torn
//     by a kill, not at all; to read the file is to put record after record.
//   - A line is written by one call before the answer leaves. It is not synced: the kernel keeps it when the process is
//     killed, not when the power fails.
//   - It holds digests. What the grace mode must give out again is sealed with the refresh token that asks for it.
//   - It is written anew, and renamed into place, when it is opened and when it has outgrown its limit.

const (
	stateVersion = 1
	stateLimit   = 1 << 20 // bytes up to which the file is never written anew while it is open
)

// stateFile is the file while it is open. It is safe for concurrent use; nil remembers nothing.
type stateFile struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	file   *os.File // nil before the first rewrite and once closed
	closed bool
	size   int64
	limit  int64 // beyond it the file is due to be written anew
	broken bool  // a line is missing: nothing is added until the file has been written anew
}

// append adds a line. A line that cannot be written makes the file due, and the next request writes all of it.
func (f *stateFile) append(l line) {
	if f == nil {
		return
	}
	text, err := json.Marshal(l)
	if err != nil {
		panic("simulator: a state that JSON cannot express: " + err.Error())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.broken {
		return
	}
	n, err := f.file.Write(append(text, '\n'))
	f.size += int64(n)
	if err != nil {
		f.broken = true
		f.log.Error("simulator does not remember", slog.Any("error", err))
	}
}

// due tells whether the file should be written anew.
func (f *stateFile) due() bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.closed && (f.broken || f.size > f.limit)
}

// rewrite puts a file of these lines in place of the present one, which stays when that fails.
func (f *stateFile) rewrite(lines iter.Seq[line]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fmt.Errorf("writing the simulator's state: %w", fs.ErrClosed)
	}
	file, size, err := writeState(f.path, lines)
	if err != nil {
		f.limit = 2 * max(f.size, f.limit) // or every request would try again
		return fmt.Errorf("writing the simulator's state: %w", err)
	}
	if f.file != nil {
		_ = f.file.Close() // it has no name any more
	}
	f.file, f.size, f.limit, f.broken = file, size, max(stateLimit, 2*size), false
	return nil
}

// writeState writes a state file durably beside path, renames it there, and gives it open for more lines.
func writeState(path string, lines iter.Seq[line]) (_ *os.File, size int64, err error) {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close(), os.Remove(file.Name()))
		}
	}()
	buffer := bufio.NewWriter(file)
	encoder := json.NewEncoder(buffer)
	err = encoder.Encode(line{Version: stateVersion})
	for l := range lines {
		if err != nil {
			break
		}
		err = encoder.Encode(l)
	}
	if err = errors.Join(err, buffer.Flush(), file.Chmod(0o600), file.Sync()); err != nil {
		return nil, 0, err
	}
	written, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	return file, written.Size(), os.Rename(file.Name(), path)
}

// close ends the writing. What changes later is not remembered.
func (f *stateFile) close() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("closing the simulator's state: %w", err)
	}
	return nil
}

// readState gives every line of a state file to apply; a file that is absent or empty has none. What follows the last
// end of line was torn by a kill, and is left out: nobody has had an answer to it.
func readState(path string, apply func(line) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the simulator's state: %w", err)
	}
	defer func() { _ = file.Close() }()
	reader := bufio.NewReader(file)
	for number := 1; ; number++ {
		text, err := reader.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && (number > 1 || len(text) == 0):
			return nil
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("reading the simulator's state: %w", err)
		}
		var l line
		if err = json.Unmarshal(text, &l); err == nil && number == 1 && l.Version != stateVersion {
			err = errors.New("the file is not of this version of the simulator") // nor perhaps of the simulator at all
		}
		if err == nil {
			err = apply(l)
		}
		if err != nil {
			return fmt.Errorf("reading the simulator's state: line %d of %s: %w; hint: move the file away and the simulator begins anew", number, path, err)
		}
	}
}
