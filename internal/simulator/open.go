package simulator

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"latchkey/internal/devca"
)

// Open makes a simulator that remembers, in Config.File, whatever it has answered: clients, codes, tokens, and what
// became of them. A file belongs to one simulator at a time. Close it after its servers.
func Open(config Config) (*Simulator, error) {
	if config.File == "" {
		return New(config), nil
	}
	if err := os.MkdirAll(filepath.Dir(config.File), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the simulator's state: %w", err)
	}
	key, err := devca.LoadOrCreateKey(config.File + ".key")
	if err != nil {
		return nil, fmt.Errorf("opening the simulator's signing key: %w", err)
	}
	s := newSimulator(config)
	s.signer = newSignerOf(key)
	r := replay{clients: s.clients, ledger: s.ledger, families: map[uint64]*family{}}
	if err := readState(config.File, r.apply); err != nil {
		return nil, err
	}
	s.state = &stateFile{path: config.File, log: s.log}
	s.clients.state, s.ledger.state = s.state, s.state
	if err := s.compact(); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends the writing of the state file; without one it does nothing.
func (s *Simulator) Close() error { return s.state.close() }

// settleState keeps the state file short, and makes good for lines that could not be written.
func (s *Simulator) settleState() {
	if !s.state.due() {
		return
	}
	if err := s.compact(); err != nil {
		s.log.Error("simulator does not compact its state", slog.Any("error", err))
	}
}

// compact writes the state file anew. Both locks are held: nothing changes meanwhile.
func (s *Simulator) compact() error {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.ledger.sweep(s.now())
	return s.state.rewrite(func(yield func(line) bool) {
		for l := range s.clients.lines() {
			if !yield(l) {
				return
			}
		}
		for l := range s.ledger.lines() {
			if !yield(l) {
				return
			}
		}
	})
}
