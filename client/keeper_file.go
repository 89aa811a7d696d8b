package client

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The file is a line that says what it is, a nonce, and the tokens in JSON sealed with AES-256-GCM. The server, the sandbox
// and the key that the tokens were got with are bound into it: for another of these it is a foreign file. Whatever cannot be
// opened (torn, foreign, older than the clock allows) counts as no file, and is replaced at the next token.
const fileMagic = "latchkey tokens 1\n"

// maxFile bounds what is read.
const maxFile = 64 << 20

// backwards is by how much the clock may have been set back since the file was written.
const backwards = time.Minute

type tokenFile struct {
	path string
	aead cipher.AEAD
	// bound is what the sealed text belongs to.
	bound []byte
	mu    sync.Mutex // held while the file is written
}

// fileTokens is what the file holds.
type fileTokens struct {
	Saved  time.Time   `json:"saved"`
	Tokens []fileToken `json:"tokens"`
}

type fileToken struct {
	Ref       string     `json:"ref"`
	Token     fileSecret `json:"token"`
	Until     time.Time  `json:"until"`
	Life      int64      `json:"life"`
	Placement *Placement `json:"placement,omitempty"`
}

// fileSecret is a token with its secret, which a Token does not write.
type fileSecret tokenAnswer

func newTokenFile(config KeeperConfig) (*tokenFile, error) {
	sealing := config.FileKey
	if sealing == nil {
		var err error
		if sealing, err = hkdf.Key(sha256.New, []byte(config.Client.config.Key), nil, fileMagic, 32); err != nil {
			return nil, err
		}
	}
	if len(sealing) != 32 {
		return nil, fmt.Errorf("keeping tokens in %s: the FileKey has %d bytes, and 32 are needed", config.File, len(sealing))
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	c := config.Client
	key := sha256.Sum256([]byte(c.config.Key))
	bound := fileMagic + c.URL() + "\n" + c.config.Sandbox + "\n" + base64.RawURLEncoding.EncodeToString(key[:])
	return &tokenFile{path: config.File, aead: aead, bound: []byte(bound)}, nil
}

// read gives what the file holds; nothing, with the reason, when it cannot be used.
func (f *tokenFile) read() (fileTokens, error) {
	var out fileTokens
	info, err := os.Stat(f.path)
	if err != nil {
		return out, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return out, errors.New("it is not a file of tokens")
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return out, err
	}
	head := len(fileMagic) + f.aead.NonceSize()
	if len(text) < head || string(text[:len(fileMagic)]) != fileMagic {
		return out, errors.New("it is not a file of tokens")
	}
	plain, err := f.aead.Open(nil, text[len(fileMagic):head], text[head:], f.bound)
	if err != nil {
		return out, errors.New("it does not open: it is torn, or of another key, server or sandbox")
	}
	defer clear(plain)
	return out, json.Unmarshal(plain, &out)
}

// write replaces the file in one step.
func (f *tokenFile) write(tokens fileTokens) error {
	plain, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	defer clear(plain)
	nonce := make([]byte, f.aead.NonceSize())
	_, _ = rand.Read(nonce)
	sealed := f.aead.Seal(append([]byte(fileMagic), nonce...), nonce, plain, f.bound)
	temporary, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(sealed)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}

// restore takes up the tokens of the file that are valid still. They are asked about as soon as they are used.
func (k *Keeper) restore(now time.Time) {
	kept, err := k.file.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err == nil && kept.Saved.After(now.Add(backwards)):
		err = errors.New("it is of the future: the clock was set back, and what has ended can't be told")
	}
	if err != nil {
		k.log.Warn("keeping tokens: the file is not used", "file", k.file.path, "reason", err)
		return
	}
	for _, f := range kept.Tokens {
		h := &held{until: now.Add(f.Until.Sub(now)), life: time.Duration(f.Life)}
		if h.remains(now) <= 0 {
			continue
		}
		w := f.Token
		h.left = h.remains(now)
		h.token = Token{
			AccessToken: w.AccessToken, TokenType: w.TokenType, Scope: w.Scope, ExpiresAt: w.ExpiresAt, ExpiresIn: time.Duration(w.ExpiresIn) * time.Second,
			Generation: w.Generation, Connection: w.Connection, Hash: Hash(w.AccessToken),
		}
		k.entries[f.Ref] = &entry{keeper: k, ref: f.Ref, held: h, ended: f.Until, placement: f.Placement}
	}
}

// save writes the valid tokens into the file.
func (k *Keeper) save() {
	if k.file == nil {
		return
	}
	k.file.mu.Lock()
	defer k.file.mu.Unlock()
	k.mu.Lock()
	entries := make([]*entry, 0, len(k.entries))
	for _, e := range k.entries {
		entries = append(entries, e)
	}
	closed := k.closed
	k.mu.Unlock()
	if closed { // the entries are given up
		return
	}
	now := time.Now()
	kept := fileTokens{Saved: now.UTC().Round(0)}
	for _, e := range entries {
		e.mu.Lock()
		if h := e.held; h.remains(now) > 0 {
			kept.Tokens = append(kept.Tokens, fileToken{
				Ref: e.ref, Until: h.until.UTC().Round(0), Life: int64(h.life), Placement: e.placement,
				Token: fileSecret{
					AccessToken: h.token.AccessToken, TokenType: h.token.TokenType, Scope: h.token.Scope, ExpiresAt: h.token.ExpiresAt,
					ExpiresIn: int64(h.token.ExpiresIn / time.Second), Generation: h.token.Generation, Connection: h.token.Connection,
				},
			})
		}
		e.mu.Unlock()
	}
	if err := k.file.write(kept); err != nil {
		k.log.Warn("keeping tokens: the file can't be written", "file", k.file.path, "error", err)
	}
}
