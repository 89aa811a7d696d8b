package store

import (
	"fmt"

	"latchkey/internal/ident"
)

// newIncarnation names one life of this process at the database. It is unique, and safe to stand in SQL between quotes.
func newIncarnation() string { return ident.New("node") }

// Incarnation names this process's present life at the database, for what must end with it, such as a lease. It is
// another one after every Open.
func (s *Store) Incarnation() string { return s.incarnation }

// aliveOwner gives an SQL expression, true or false and never NULL, that tells whether the incarnation named in a
// column lives. It takes no argument. Use it inside the statement that acts on it:
//
//	UPDATE … WHERE … AND (lease_until IS NULL OR lease_until < $3 OR NOT aliveOwner("lease_owner"))
//
// The data directory's lock keeps a SQLite database to one process, so every incarnation but its own is gone.
func (s *Store) aliveOwner(column string) string {
	return fmt.Sprintf(`(%s IS NOT NULL AND %[1]s = '%s')`, column, s.incarnation)
}
