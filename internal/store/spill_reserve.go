package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"latchkey/internal/file"
)

// reserve is room on the disk that was taken when there was some: what is written while the disk is full goes over it in
// place. Giving room back to a full disk would give it to whoever is filling it.
//
// It is a row of pieces from the file's start: a head, a name, content. A piece is struck out by a byte of its head, and
// when all are, the next goes to the start again. A piece that a crash cut short does not match its sum and ends the row.
type reserve struct {
	path string
	end  int64
	live map[string]piece
}

// piece is where a name's content is.
type piece struct {
	at      int64
	content []byte
}

const (
	reserveSize = 4 << 20
	headSize    = 16
	headMark    = "LKS1"
	headLive    = 1
)

var errReserveFull = errors.New("the room in reserve is full")

// openReserve takes the room, or finds what was left in it.
func openReserve(path string) (*reserve, error) {
	about, err := os.Stat(path)
	if err == nil && about.Size() != reserveSize || errors.Is(err, fs.ErrNotExist) {
		err = file.Replace(path, make([]byte, reserveSize), 0o600)
	}
	if err != nil {
		return nil, err
	}
	r := &reserve{path: path, live: map[string]piece{}}
	return r, r.scan()
}

// scan reads the row of pieces.
func (r *reserve) scan() error {
	all, err := os.ReadFile(r.path)
	if err != nil {
		return fmt.Errorf("reading the room in reserve: %w", err)
	}
	for {
		rest := all[r.end:]
		if len(rest) < headSize || string(rest[:4]) != headMark {
			break
		}
		name, size := int64(rest[5]), int64(binary.BigEndian.Uint32(rest[8:]))
		whole := headSize + name + size
		if int64(len(rest)) < whole || crc32.ChecksumIEEE(rest[headSize:whole]) != binary.BigEndian.Uint32(rest[12:]) {
			break
		}
		if rest[4] == headLive {
			r.live[string(rest[headSize:headSize+name])] = piece{r.end, rest[headSize+name : whole]}
		}
		r.end += whole
	}
	if len(r.live) == 0 {
		r.end = 0
	}
	return nil
}

// put keeps content under a name, on the disk when it returns.
func (r *reserve) put(name string, content []byte) error {
	if len(name) > 255 {
		return errors.New("the name is too long for the room in reserve")
	}
	text := make([]byte, headSize, headSize+len(name)+len(content))
	copy(text, headMark)
	text[4], text[5] = headLive, byte(len(name))
	binary.BigEndian.PutUint32(text[8:], uint32(len(content)))
	text = append(append(text, name...), content...)
	binary.BigEndian.PutUint32(text[12:], crc32.ChecksumIEEE(text[headSize:]))
	if r.end+int64(len(text)) > reserveSize {
		return errReserveFull
	}
	if err := r.overwrite(text, r.end); err != nil {
		return err
	}
	before, ok := r.live[name]
	r.live[name] = piece{r.end, text[headSize+len(name):]}
	r.end += int64(len(text))
	if ok {
		return r.strike(before)
	}
	return nil
}

// drop forgets a name.
func (r *reserve) drop(name string) error {
	p, ok := r.live[name]
	if !ok {
		return nil
	}
	delete(r.live, name)
	if len(r.live) == 0 {
		r.end = 0
	}
	return r.strike(p)
}

func (r *reserve) strike(p piece) error { return r.overwrite([]byte{0}, p.at+4) }

func (r *reserve) overwrite(text []byte, at int64) error {
	opened, err := os.OpenFile(r.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = opened.WriteAt(text, at)
	return errors.Join(err, opened.Sync(), opened.Close())
}

// reserveName is the file's, in the spill's folder.
const reserveName = "reserve"

// room gives the reserve, and takes it if there was no room for it before. It is nil where there is none now.
func (p *Spill) room() *reserve {
	if p.held != nil {
		return p.held
	}
	held, err := openReserve(filepath.Join(p.dir, reserveName))
	if err != nil {
		p.s.log.Warn("no room is held in reserve for a full disk", "error", err)
		return nil
	}
	p.held = held
	return held
}
