package store

import (
	"time"

	"latchkey/internal/ident"
)

// newIncarnation names one life of this process at the database. It is unique, and safe to stand in SQL between quotes.
func newIncarnation() string { return ident.New("node") }

// restartGrace is how long after its start a PostgreSQL server counts every incarnation as living: those that do have
// to come back to it first. A process that starts takes up what those before it on its machine left without waiting for it;
// that of a machine that stays away has to be taken up within the grace of providers.
const restartGrace = 6 * time.Second

// Incarnation names this process's life at the database, for what must end with it, such as a lease. It is another one
// after every Open.
func (s *Store) Incarnation() string { return s.incarnation }

// aliveOwner gives an SQL expression, true or false and never NULL, that tells whether the incarnation named by a column
// or parameter lives. It takes no further argument. Use it inside the statement that acts on it, for the one who holds
// and for the one who takes:
//
//	UPDATE … SET lease_owner = $2 WHERE …
//	  AND (lease_until IS NULL OR lease_until < $3 OR NOT aliveOwner("lease_owner")) AND aliveOwner("$2")
//
// Over SQLite the data directory's lock says that every incarnation but our own is gone. Over PostgreSQL a node holds
// a lock as long as it lives; for as long as it has lost that with its connection, it counts as gone, and must take
// nothing.
func (s *Store) aliveOwner(owner string) string { return s.dialect.alive(s, owner) }
