package store

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// This file is what PostgreSQL says in another way than SQLite.

func postgresDialect() dialect {
	return dialect{
		// READ COMMITTED, the server's default: a write that waits for another node's goes on from what that one left.
		begin:           `BEGIN`,
		snapshot:        `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
		limit:           10 * time.Second,
		selectRevisions: selectRevisions(`($2::text IS NULL OR r.number IN (SELECT n::bigint FROM json_array_elements_text($2::json) n))`),
		alive:           aliveInPostgres,
	}
}

// lockKey gives the advisory lock of an incarnation.
func lockKey(incarnation string) string {
	return `hashtextextended('latchkey ' || ` + incarnation + `, 0)`
}

// aliveInPostgres looks for the session lock that a node holds as long as it lives (presence.go). A server that has just
// started has no locks yet, and nodes that live: for a moment all count as living. So they do when this node has just come
// back itself.
func aliveInPostgres(s *Store, owner string) string {
	if s.presence != nil && s.presence.unsure(s.restartGrace) {
		return fmt.Sprintf(`(%s IS NOT NULL)`, owner)
	}
	return fmt.Sprintf(`(%s IS NOT NULL AND (EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.objsubid = 1
		AND (l.classid::bigint << 32 | l.objid::bigint) = %s)
		OR pg_postmaster_start_time() > clock_timestamp() - interval '%d milliseconds'))`,
		owner, lockKey(owner), s.restartGrace.Milliseconds())
}

// sqliteType is a column's type as the migrations have it.
var sqliteType = regexp.MustCompile(`\b(AS\s+)?(TEXT|BLOB|INTEGER)\b`)

// translate turns a migration into PostgreSQL's. Texts are compared byte by byte, as SQLite does, in whatever language
// the database is: order and case are the same in both, and an index does not depend on the system's locales.
func translate(migration string) string {
	migration = strings.ReplaceAll(migration, ") STRICT;", ");")
	return sqliteType.ReplaceAllStringFunc(migration, func(found string) string {
		switch {
		case strings.HasSuffix(found, "BLOB"):
			return strings.TrimSuffix(found, "BLOB") + "BYTEA"
		case strings.HasSuffix(found, "INTEGER"):
			return strings.TrimSuffix(found, "INTEGER") + "BIGINT"
		case strings.HasPrefix(found, "AS"):
			return found
		}
		return found + ` COLLATE "C"`
	})
}

// printable makes a text fit for PostgreSQL, which takes no NUL and nothing but UTF-8. Such a text names nothing that is
// kept, so that it may be found nowhere under its substitute as well.
func printable(arg any) any {
	if text, ok := arg.(string); ok {
		return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	}
	return arg
}

// takenInPostgres reads "Key (organization, sandbox, label)=(…) already exists.", whatever the server's language.
func takenInPostgres(err error, column string) bool {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || failed.Code != "23505" {
		return false
	}
	_, detail, _ := strings.Cut(failed.Detail, "(")
	columns, _, _ := strings.Cut(detail, ")=")
	return strings.Contains(failed.TableName+"."+strings.ReplaceAll(columns, ", ", ", "+failed.TableName+"."), column)
}

func danglingInPostgres(err error) bool {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && failed.Code == "23503"
}

// unableInPostgres knows insufficient resources (53), lock_not_available, statement_timeout, and a server that takes no
// writes, as a standby.
func unableInPostgres(err error) bool {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(failed.Code, "53") || failed.Code == "55P03" || failed.Code == "57014" || failed.Code == "25006")
}
