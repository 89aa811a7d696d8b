package store

import (
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/idempotency"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
)

// Registry keeps organizations, sandboxes and API keys.
type Registry struct{ s *Store }

// Definitions keeps definitions and their revisions.
type Definitions struct{ s *Store }

// Connections keeps connections and attempts, and is the keeper's ledger.
type Connections struct{ s *Store }

// Idempotency keeps the answers to requests that carry an Idempotency-Key.
type Idempotency struct{ s *Store }

// dataKeys keeps the keyring's own keys.
type dataKeys struct{ s *Store }

var (
	_ idempotency.Store       = Idempotency{}
	_ registry.Store          = Registry{}
	_ registry.KeyStore       = Registry{}
	_ destination.Store       = Definitions{}
	_ connection.Store        = Connections{}
	_ connection.AttemptStore = Connections{}
	_ connection.Ledger       = Connections{}
	_ seal.KeyStore           = dataKeys{}
)

// Registry gives [registry.Store] and [registry.KeyStore].
func (s *Store) Registry() Registry { return Registry{s} }

// Definitions gives [destination.Store].
func (s *Store) Definitions() Definitions { return Definitions{s} }

// Connections gives [connection.Store], [connection.AttemptStore] and [connection.Ledger].
func (s *Store) Connections() Connections { return Connections{s} }

// Idempotency gives the answers that are kept.
func (s *Store) Idempotency() Idempotency { return Idempotency{s} }
