// Package journal is what a daemon remembers on its own disk: how far each partition is finished, which messages are
// done, the broker's marker to go on from, and the dead letters.
//
// One SQLite file in the instance's folder, and a lock that keeps the folder to one daemon. What [Journal.Finish] has
// written survives kill -9 of the daemon: it is in the system's hands. What [Journal.Flush] has written survives the
// machine too, and so does a dead letter: it is on the disk before it counts as finished. When the disk is full, nothing
// is written and the error says so; the caller stops and tries again, and has lost nothing.
package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"latchkey/internal/clock"
)

// fileName is the journal's name in the instance's folder.
const fileName = "pipelined.db"

// keepSeen is how many identities are kept for finding duplicates: more than an hour of the largest load that the vendor
// speaks of.
const keepSeen = 1_500_000

const schema = `
CREATE TABLE IF NOT EXISTS pointers (
  topic TEXT NOT NULL, consumer TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
  PRIMARY KEY (topic, consumer, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS markers (
  topic TEXT NOT NULL, consumer TEXT NOT NULL, marker TEXT NOT NULL,
  PRIMARY KEY (topic, consumer)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
  number INTEGER PRIMARY KEY AUTOINCREMENT, consumer TEXT NOT NULL, identity BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS seen_identity ON seen (consumer, identity);
CREATE TABLE IF NOT EXISTS notes (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, consumer TEXT NOT NULL, partition INTEGER NOT NULL, message_offset INTEGER NOT NULL,
  message TEXT NOT NULL, trigger_type TEXT NOT NULL, connector TEXT NOT NULL, raw BLOB NOT NULL,
  first_at INTEGER NOT NULL, dead_at INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL
) STRICT;
`

// Journal is an instance's memory. It is safe for concurrent use.
type Journal struct {
	db    *sql.DB
	lock  *lock
	clock clock.Clock
	// remember, point and seen are what each message takes.
	remember, point, seen *sql.Stmt
	// requests go to the one goroutine that writes, which puts those that wait into one transaction.
	requests chan *request
	ended    chan struct{}
}

// Open takes an instance's folder for this process. Another daemon's is an [*InUseError].
func Open(ctx context.Context, dir string, c clock.Clock) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the instance's folder: %w", err)
	}
	held, err := acquire(dir)
	if err != nil {
		return nil, err
	}
	j, err := open(ctx, filepath.Join(dir, fileName), c)
	if err != nil {
		return nil, errors.Join(err, held.release())
	}
	j.lock = held
	go j.write()
	return j, nil
}

func open(ctx context.Context, path string, c clock.Clock) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	_ = file.Close()
	query := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "journal_size_limit(67108864)", "temp_store(MEMORY)",
	}}
	source := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the journal %s: %w", path, err), db.Close())
	}
	j := &Journal{db: db, clock: c, requests: make(chan *request, 64), ended: make(chan struct{})}
	if err := j.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the journal %s: %w", path, err), db.Close())
	}
	return j, nil
}

func (j *Journal) prepare(ctx context.Context) error {
	for text, at := range map[string]**sql.Stmt{
		`INSERT INTO seen (consumer, identity) VALUES ($1, $2) ON CONFLICT (consumer, identity) DO NOTHING`: &j.remember,
		`INSERT INTO pointers (topic, consumer, partition, next) VALUES ($1, $2, $3, $4)
			ON CONFLICT (topic, consumer, partition) DO UPDATE SET next = excluded.next`: &j.point,
		`SELECT 1 FROM seen WHERE consumer = $1 AND identity = $2`: &j.seen,
	} {
		var err error
		if *at, err = j.db.PrepareContext(ctx, text); err != nil { // it is closed with the database
			return err
		}
	}
	return nil
}

// Close writes what waits and lets go of the folder. Nobody may write any more.
func (j *Journal) Close() error {
	if j.lock == nil { // opened for looking
		return j.db.Close()
	}
	close(j.requests)
	<-j.ended
	return errors.Join(j.db.Close(), j.lock.release())
}

// Look opens the journal of an instance, whose daemon may be running, to read dead letters and to drop them.
func Look(ctx context.Context, dir string, c clock.Clock) (*Journal, error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return open(ctx, path, c)
}

// Full tells whether an error says that the disk is full, or can't be written for another reason that passes.
func Full(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return true
	}
	return false
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }
