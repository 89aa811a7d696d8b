package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"latchkey/internal/file"
)

const (
	rootSize   = 32
	rootMark   = "latchkey-root-1:"
	rootNotice = "# Latchkey's root key: with it everything sealed opens, without it nothing does. Keep a copy elsewhere.\n"
	// maxRootFile bounds what is read of a file that may be anything.
	maxRootFile = 4 << 10
)

// FileKey is a root key that was read from a file.
type FileKey struct{ localKey }

var (
	_ Wrapper = (*FileKey)(nil)
	_ Root    = (*FileKey)(nil)
)

// Open gives the key itself: it is here already.
func (r *FileKey) Open(context.Context, []RootKey) (Opened, error) {
	return Opened{Wrapper: r, Kind: KindFile}, nil
}

// FileRoot reads a root key from its file. A file that others than its owner may read is refused.
func FileRoot(path string) (*FileKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the root key: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the root key: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("reading the root key: %s is not a file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("the root key %s can be read by others (mode %04o): run chmod 600 %s",
			path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxRootFile))
	if err != nil {
		return nil, fmt.Errorf("reading the root key: %w", err)
	}
	key, err := parseRoot(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading the root key %s: %w", path, err)
	}
	return newFileRoot(key)
}

// parseRoot takes the key out of a file's lines. Its errors hold nothing of them.
func parseRoot(text string) ([]byte, error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		encoded, ok := strings.CutPrefix(line, rootMark)
		if !ok {
			return nil, fmt.Errorf("the file is not a root key of this version: no line begins with %q", rootMark)
		}
		key, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil || len(key) != rootSize {
			return nil, errors.New("the key in the file is damaged; restore the file from its copy")
		}
		return key, nil
	}
	return nil, errors.New("the file holds no key; restore it from its copy")
}

// CreateFileRoot makes a new root key in a file of mode 0600, whole or not at all. A file that is there already is
// an error that satisfies errors.Is(err, fs.ErrExist): overwriting a root key would lose all that it sealed.
func CreateFileRoot(path string) (*FileKey, error) {
	key := make([]byte, rootSize)
	_, _ = rand.Read(key) // never fails, crypto/rand
	text := rootNotice + rootMark + base64.RawURLEncoding.EncodeToString(key) + "\n"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the root key: %w", err)
	}
	if err := file.Create(path, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("creating the root key: %w", err)
	}
	return newFileRoot(key)
}

func newFileRoot(key []byte) (*FileKey, error) {
	id, err := hkdf.Key(sha256.New, key, nil, "latchkey root key id", 8)
	if err != nil {
		return nil, fmt.Errorf("deriving the root key's id: %w", err)
	}
	// The id is derived from the key, one way.
	local, err := newLocalKey("root_"+hex.EncodeToString(id), key)
	return &FileKey{local}, err
}
