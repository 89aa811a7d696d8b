package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is what is SQLite's alone.

func sqliteDialect() dialect {
	return dialect{
		// It takes the write lock at once: a transaction that read first could fail when it comes to write.
		begin:           `BEGIN IMMEDIATE`,
		snapshot:        `BEGIN DEFERRED`,
		savepoints:      true,
		prepares:        true,
		selectRevisions: selectRevisions(`($2 IS NULL OR r.number IN (SELECT value FROM json_each($2)))`),
		// The data directory's lock keeps the database to one process, so every incarnation but its own is gone.
		alive: func(s *Store, owner string) string {
			return fmt.Sprintf(`(%s IS NOT NULL AND %[1]s = '%s')`, owner, s.incarnation)
		},
	}
}

// createFile makes the database's file for its owner alone; SQLite gives its log and index the same mode.
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// source gives the driver's name of a database. FULL syncs the log at every commit: what is committed survives the
// machine.
func source(path string, more ...string) string {
	pragmas := append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)",
	}, more...)
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
}

func sqliteWriter(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(path, "cache_size(-16384)", "journal_size_limit(67108864)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func sqliteReaders(path string, connections int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(path, "query_only(ON)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// takenInSQLite reads "UNIQUE constraint failed: connections.organization, connections.sandbox, connections.label".
func takenInSQLite(err error, column string) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failed.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || failed.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) &&
		strings.Contains(failed.Error(), column)
}

func danglingInSQLite(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	return ok && failed.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

func unableInSQLite(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}
