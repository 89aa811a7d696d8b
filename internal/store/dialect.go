package store

import (
	"fmt"
	"time"
)

// dialect is what SQLite and PostgreSQL do not share; dialect_sqlite.go and dialect_postgres.go hold the two. All other
// SQL of this package is one text for both.
type dialect struct {
	// begin begins a transaction that writes.
	begin string
	// snapshot begins a transaction that reads, all of it as things are at one moment.
	snapshot string
	// savepoints tells that a savepoint costs next to nothing, so that a group's writes each have one from the start.
	savepoints bool
	// prepares tells that this package keeps the prepared statements; else the driver does, for each connection.
	prepares bool
	// limit is how long one statement may take at a server. What takes longer has lost its server.
	limit time.Duration
	// selectRevisions reads revisions by a JSON array of numbers; all when it is NULL.
	selectRevisions string
	// alive gives the expression of [Store.aliveOwner].
	alive func(s *Store, owner string) string
}

// taken tells whether err is a unique constraint that names the column: "connections.label".
func taken(err error, column string) bool {
	return takenInSQLite(err, column) || takenInPostgres(err, column)
}

// dangling tells whether err is a reference to a row that is not there, or is still needed.
func dangling(err error) bool { return danglingInSQLite(err) || danglingInPostgres(err) }

// unable tells that the database can't do now what it is asked: its disk is full, a lock is held for too long.
func unable(err error) bool { return unableInSQLite(err) || unableInPostgres(err) }

// selectRevisions is completed by what picks the numbers of a list, $2.
func selectRevisions(listed string) string {
	return fmt.Sprintf(`SELECT d.organization, r.definition, r.number, r.document, r.secrets, r.published, r.published_at,
		r.created_at, r.created_by, r.note
		FROM revisions r JOIN definitions d ON d.id = r.definition
		WHERE r.definition = $1 AND %s
		ORDER BY r.number`, listed)
}
