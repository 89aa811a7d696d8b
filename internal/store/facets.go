package store

// Registry is [registry.Store] and [registry.KeyStore].
type Registry struct{ *Store }

// Definitions is [destination.Store].
type Definitions struct{ *Store }

// Connections is [connection.Store], [connection.AttemptStore] and [connection.Ledger].
type Connections struct{ *Store }

// Idempotency keeps the answers to requests that carry an Idempotency-Key.
type Idempotency struct{ *Store }

// Registry gives organizations, sandboxes and API keys.
func (s *Store) Registry() Registry { return Registry{s} }

// Definitions gives definitions and their revisions.
func (s *Store) Definitions() Definitions { return Definitions{s} }

// Connections gives connections, attempts and the keeper's ledger.
func (s *Store) Connections() Connections { return Connections{s} }

// Idempotency gives the answers that are kept.
func (s *Store) Idempotency() Idempotency { return Idempotency{s} }
