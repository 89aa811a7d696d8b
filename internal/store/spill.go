package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"latchkey/internal/connection"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
	"latchkey/internal/file"
	"latchkey/internal/ident"
	"latchkey/internal/seal"
)

// Spill keeps what the database does not take in a folder of this machine: a file a connection, sealed with the
// organization's data key, on the disk when Put returns. Where the disk is full, which is when the database takes nothing
// either, it goes into the [reserve].
type Spill struct {
	s    *Store
	dir  string
	mu   sync.Mutex
	held *reserve
}

var _ connection.Spill = (*Spill)(nil)

const spillSuffix = ".sealed"

// Spill opens a folder, and makes it when it is not there.
func (s *Store) Spill(dir string) (*Spill, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the spill's folder: %w", err)
	}
	p := &Spill{s: s, dir: dir}
	p.room()
	s.spill.Store(p)
	return p, s.succeed(filepath.Join(dir, "lives"))
}

// succeed writes this incarnation down behind those before it on this machine whose claims are not ended yet.
func (s *Store) succeed(path string) error {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading which processes were here before: %w", err)
	}
	s.lives, s.predecessors = path, strings.Fields(string(content))
	return s.writeLives(append(slices.Clone(s.predecessors), s.incarnation))
}

// inherited forgets those before: their claims are ended.
func (s *Store) inherited() error {
	s.predecessors = nil
	return s.writeLives([]string{s.incarnation})
}

func (s *Store) writeLives(lives []string) error {
	if err := file.Replace(s.lives, []byte(strings.Join(lives, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing which process is here: %w", err)
	}
	return nil
}

// keep puts a file into the folder, or into the reserve.
func (p *Spill) keep(name string, content []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := file.Replace(filepath.Join(p.dir, name), content, 0o600)
	switch room := p.held; {
	case errors.Is(err, syscall.ENOSPC) && room != nil:
		return room.put(name, content)
	case err == nil && room != nil:
		return room.drop(name) // what was there is outdated
	}
	return err
}

// kept gives every file whose name ends so, by name.
func (p *Spill) kept(suffix string) (map[string][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("reading the spill's folder: %w", err)
	}
	all := map[string][]byte{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		if all[entry.Name()], err = os.ReadFile(filepath.Join(p.dir, entry.Name())); err != nil {
			return nil, fmt.Errorf("reading the spill's folder: %w", err)
		}
	}
	if p.held != nil {
		for name, piece := range p.held.live {
			if strings.HasSuffix(name, suffix) {
				all[name] = piece.content
			}
		}
	}
	return all, nil
}

// spilled is a file. Row says what it is sealed for.
type spilled struct {
	Organization string `json:"organization"`
	Connection   string `json:"connection"`
	Generation   int64  `json:"generation"`
	Sealed       []byte `json:"sealed"`
}

func (f *spilled) row() seal.Row {
	return seal.Row{Organization: f.Organization, Table: "spill", ID: f.Connection, Column: "unsaved", Generation: f.Generation}
}

// unsaved is what is sealed: a commit, or a setback when State is set.
type unsaved struct {
	Tokens     tokenSet      `json:"tokens"`
	Renewable  bool          `json:"renewable,omitempty"`
	RefreshAt  int64         `json:"refresh_at,omitempty"`
	At         int64         `json:"at"`
	Fence      string        `json:"fence,omitempty"`
	State      string        `json:"state,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	LastError  string        `json:"last_error,omitempty"`
	Setbacks   int           `json:"setbacks,omitempty"`
	Unanswered bool          `json:"unanswered,omitempty"`
	Events     []event.Event `json:"events,omitempty"`
	Past       string        `json:"past,omitempty"`
	PastAt     int64         `json:"past_at,omitempty"`
}

// Put keeps what is unsaved of a connection.
func (p *Spill) Put(ctx context.Context, u connection.Unsaved) error {
	f, err := p.close(ctx, u)
	if err != nil {
		return fmt.Errorf("spilling: %w", err)
	}
	content, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("spilling: %w", err)
	}
	if err := p.keep(f.Connection+spillSuffix, content); err != nil {
		return fmt.Errorf("spilling %s: %w", f.Connection, err)
	}
	return nil
}

// close seals.
func (p *Spill) close(ctx context.Context, u connection.Unsaved) (*spilled, error) {
	var f spilled
	var plain unsaved
	var tokens *exchange.TokenSet
	switch {
	case u.Commit != nil:
		c := u.Commit
		f = spilled{Organization: c.Organization, Connection: c.ID, Generation: c.Generation}
		plain = unsaved{Renewable: c.Renewable, RefreshAt: stamp(c.RefreshAt), At: stamp(c.At), Fence: c.Fence, Events: c.Events}
		tokens = c.Tokens
	case u.Setback != nil && u.Setback.Tokens != nil:
		b := u.Setback
		f = spilled{Organization: b.Organization, Connection: b.ID, Generation: b.Generation}
		plain = unsaved{RefreshAt: stamp(b.RefreshAt), At: stamp(b.At), Fence: b.Fence, State: string(b.State),
			Reason: b.Reason, Setbacks: b.Setbacks, Unanswered: b.Unanswered, Events: b.Events}
		last, err := encodeError(b.LastError)
		if err != nil {
			return nil, err
		}
		plain.LastError, _ = last.(string)
		tokens = b.Tokens
	default:
		return nil, errors.New("there is no token set to keep")
	}
	if !ident.Is("conn", f.Connection) {
		return nil, errors.New("a connection's id is not one")
	}
	var err error
	if plain.Tokens, err = fromTokens(tokens); err != nil {
		return nil, err
	}
	if told := toldOf(u); told != nil {
		if plain.Past, err = encodePast(told); err != nil {
			return nil, err
		}
		plain.PastAt = stamp(told.At)
	}
	f.Sealed, err = p.s.sealJSON(ctx, f.row(), plain)
	return &f, err
}

// toldOf gives what the history is to tell of it, nil for nothing.
func toldOf(u connection.Unsaved) *connection.Past {
	if u.Commit != nil {
		return u.Commit.Past
	}
	return u.Setback.Past
}

// noteSuffix ends the name of a file that holds a generation and a count; neither is a secret.
const noteSuffix = ".note"

// Note keeps a count of presentations.
func (p *Spill) Note(n connection.Note) error {
	if !ident.Is("conn", n.ID) {
		return errors.New("noting a presentation: a connection's id is not one")
	}
	if err := p.keep(n.ID+noteSuffix, fmt.Appendf(nil, "%d %d\n", n.Generation, n.Count)); err != nil {
		return fmt.Errorf("noting a presentation of %s: %w", n.ID, err)
	}
	return nil
}

// Notes gives every count that is kept.
func (p *Spill) Notes() ([]connection.Note, error) {
	kept, err := p.kept(noteSuffix)
	if err != nil {
		return nil, err
	}
	var all []connection.Note
	for name, content := range kept {
		n := connection.Note{ID: strings.TrimSuffix(name, noteSuffix)}
		if _, err := fmt.Sscanf(string(content), "%d %d", &n.Generation, &n.Count); err != nil {
			return nil, fmt.Errorf("reading %s in the spill's folder: it is not two numbers", name)
		}
		all = append(all, n)
	}
	return all, nil
}

// All gives everything that is kept. A file that can't be read is told of, stays where it is, and stops nobody.
func (p *Spill) All(ctx context.Context) ([]connection.Unsaved, error) {
	kept, err := p.kept(spillSuffix)
	if err != nil {
		return nil, err
	}
	var all []connection.Unsaved
	for name, content := range kept {
		u, err := p.open(ctx, content)
		if err != nil {
			p.s.log.Error("reading a file of the spill: it is left there", "file", name, "error", err)
			continue
		}
		all = append(all, u)
	}
	return all, nil
}

func (p *Spill) open(ctx context.Context, content []byte) (connection.Unsaved, error) {
	var f spilled
	if err := json.Unmarshal(content, &f); err != nil {
		return connection.Unsaved{}, errors.New("it is not a file of the spill")
	}
	var plain unsaved
	if err := p.s.openJSON(ctx, f.row(), f.Sealed, &plain); err != nil {
		return connection.Unsaved{}, err
	}
	tokens, err := plain.Tokens.tokens()
	if err != nil {
		return connection.Unsaved{}, err
	}
	var told *connection.Past
	if plain.Past != "" {
		one, err := decodePast(plain.Past, unstamp(plain.PastAt))
		if err != nil {
			return connection.Unsaved{}, err
		}
		told = &one
	}
	if plain.State == "" {
		return connection.Unsaved{Commit: &connection.Commit{
			Organization: f.Organization, ID: f.Connection, Generation: f.Generation, Tokens: tokens, Renewable: plain.Renewable,
			RefreshAt: unstamp(plain.RefreshAt), At: unstamp(plain.At), Fence: plain.Fence, Events: plain.Events, Past: told,
		}}, nil
	}
	last, err := decodeError(sql.NullString{String: plain.LastError, Valid: plain.LastError != ""})
	if err != nil {
		return connection.Unsaved{}, err
	}
	return connection.Unsaved{Setback: &connection.Setback{
		Organization: f.Organization, ID: f.Connection, Generation: f.Generation, Tokens: tokens, State: connection.State(plain.State),
		Reason: plain.Reason, LastError: last, Setbacks: plain.Setbacks, RefreshAt: unstamp(plain.RefreshAt), At: unstamp(plain.At),
		Fence: plain.Fence, Unanswered: plain.Unanswered, Events: plain.Events, Past: told,
	}}, nil
}

// Drop forgets a connection's.
func (p *Spill) Drop(id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := p.room()
	for _, name := range []string{id + spillSuffix, id + noteSuffix} {
		err := os.Remove(filepath.Join(p.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err == nil && room != nil {
			err = room.drop(name)
		}
		if err != nil {
			return fmt.Errorf("removing %s from the spill: %w", id, err)
		}
	}
	return nil
}
