package eventlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite" // registers the driver, too
	sqlite3 "modernc.org/sqlite/lib"

	"latchkey/internal/clock"
)

// EmbeddedConfig says what to open.
type EmbeddedConfig struct {
	// Path is the file; it is made when it is not there. One process may have it open.
	Path  string
	Clock clock.Clock
	Log   *slog.Logger
	// Limit is how many bytes the file may have: at it the log is full. 0 is what the disk has.
	Limit int64
	// Relaxed leaves it to the operating system when what was written reaches the disk: for benchmarks that want to know
	// what that costs, and for nothing else.
	Relaxed bool
}

// Embedded is a log in a SQLite file. Events that come at the same time share a transaction, and its one sync of the disk.
type Embedded struct {
	*seats
	clock   clock.Clock
	log     *slog.Logger
	writer  *sql.DB
	readers *sql.DB
	jobs    chan *job
	ended   chan struct{}

	close  sync.Once
	gate   sync.RWMutex // held for reading while something is handed to the writer
	closed bool

	mu     sync.RWMutex
	topics map[string]*topicState // :: topic id → state
}

// topicState is what a topic holds, as far as it is durable.
type topicState struct {
	news   chan struct{}
	spans  []Span
	turn   int     // of events without key and id
	window *window // of the writer's goroutine alone
}

var _ Log = (*Embedded)(nil)

const schema = `
CREATE TABLE IF NOT EXISTS chunks (
    id    INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    part  INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    at    INTEGER NOT NULL, -- microseconds, of its first event
    size  INTEGER NOT NULL,
    ids   BLOB NOT NULL, -- 16 bytes an event: the hash of its id, or zeros
    body  BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS chunks_place ON chunks (topic, part, first);
-- Where a partition begins after something was let go of. Nothing is below, so offsets are not used again.
CREATE TABLE IF NOT EXISTS floors (topic TEXT NOT NULL, part INTEGER NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (topic, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (
    topic TEXT NOT NULL, name TEXT NOT NULL, epoch INTEGER NOT NULL, created_at INTEGER NOT NULL, moved_at INTEGER NOT NULL, PRIMARY KEY (topic, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pointers (
    topic TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, name, part)
) STRICT, WITHOUT ROWID;
-- How many events came in an hour, counted from 1970.
CREATE TABLE IF NOT EXISTS hours (topic TEXT NOT NULL, hour INTEGER NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (topic, hour)) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
`

// pageSize is SQLite's own.
const pageSize = 4096

// schemaVersion is that of the schema above.
const schemaVersion = 1

// OpenEmbedded opens the file, and reads what it holds.
func OpenEmbedded(ctx context.Context, config EmbeddedConfig) (*Embedded, error) {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	l := &Embedded{
		seats: newSeats(config.Clock.Now), clock: config.Clock, log: config.Log,
		jobs: make(chan *job, maxWaiting), ended: make(chan struct{}), topics: map[string]*topicState{},
	}
	if err := l.open(ctx, config); err != nil {
		for _, db := range []*sql.DB{l.writer, l.readers} {
			if db != nil {
				_ = db.Close()
			}
		}
		return nil, fmt.Errorf("opening the event log %s: %w", config.Path, err)
	}
	go l.write()
	return l, nil
}

func (l *Embedded) open(ctx context.Context, config EmbeddedConfig) (err error) {
	file, err := os.OpenFile(config.Path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite gives its log the same mode
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	sync := "FULL"
	if config.Relaxed {
		sync = "OFF"
	}
	own := []string{"cache_size(-8192)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)"}
	if config.Limit > 0 {
		own = append(own, fmt.Sprintf("max_page_count(%d)", max(config.Limit/pageSize, 64)))
	}
	if l.writer, err = sql.Open("sqlite", source(config.Path, sync, own...)); err != nil {
		return err
	}
	l.writer.SetMaxOpenConns(1)
	var version int
	if err := l.writer.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("it was written by a newer version of Latchkey (format %d, this one knows %d)", version, schemaVersion)
	}
	if _, err := l.writer.ExecContext(ctx, schema); err != nil {
		return err
	}
	if l.readers, err = sql.Open("sqlite", source(config.Path, sync, "query_only(ON)")); err != nil {
		return err
	}
	l.readers.SetMaxOpenConns(4)
	l.readers.SetMaxIdleConns(4)
	return l.load(ctx)
}

func source(path, sync string, more ...string) string {
	query := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + sync + ")", "temp_store(MEMORY)",
	}, more...)}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
}

// load reads where the partitions stand.
func (l *Embedded) load(ctx context.Context) error {
	for _, query := range []string{
		`SELECT topic, part, first, first, 0, 0 FROM floors`,
		`SELECT topic, part, MIN(first), MAX(first + count), SUM(size), MIN(at) FROM chunks GROUP BY topic, part`,
	} {
		rows, err := l.writer.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		for rows.Next() {
			var topic string
			var part int
			var s Span
			var at int64
			if err := rows.Scan(&topic, &part, &s.First, &s.Next, &s.Bytes, &at); err != nil {
				return errors.Join(err, rows.Close())
			}
			if at > 0 {
				s.Oldest = time.UnixMicro(at).UTC()
			}
			*l.state(topic).span(part) = s
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return l.recall(ctx)
}

// recall reads the ids that are still to be remembered.
func (l *Embedded) recall(ctx context.Context) error {
	since := l.clock.Now().Add(-Remembered).UnixMicro()
	var from int64 // ids of rows and times go up together, so the newest rows are those to read
	err := l.writer.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM chunks WHERE at < $1 AND id > (SELECT COALESCE(MAX(id), 0) - $2 FROM chunks)`, since, maxIDs).Scan(&from)
	if err != nil {
		return err
	}
	rows, err := l.writer.QueryContext(ctx, `SELECT topic, part, first, at, ids FROM chunks WHERE id > $1 AND id > (SELECT COALESCE(MAX(id), 0) - $2 FROM chunks) ORDER BY id`, from, maxIDs)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var topic string
		var part int
		var first, at int64
		var ids []byte
		if err := rows.Scan(&topic, &part, &first, &at, &ids); err != nil {
			return err
		}
		w := l.state(topic).window
		for ; len(ids) >= idLength; ids, first = ids[idLength:], first+1 {
			if id := idHash(ids[:idLength]); id != (idHash{}) {
				w.add(id, place{int32(part), first, at / 1e6})
			}
		}
	}
	return rows.Err()
}

// state gives what a topic holds; an empty one for a topic that is new. l.mu is held, or nobody else is there yet.
func (l *Embedded) state(topic string) *topicState {
	t := l.topics[topic]
	if t == nil {
		t = &topicState{news: make(chan struct{}), window: newWindow()}
		l.topics[topic] = t
	}
	return t
}

func (t *topicState) span(part int) *Span {
	for len(t.spans) <= part {
		t.spans = append(t.spans, Span{})
	}
	return &t.spans[part]
}

// Ready implements [Log]: it writes, as an event would.
func (l *Embedded) Ready(ctx context.Context) error {
	return l.do(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`PRAGMA user_version = 1`)
		return err
	})
}

// Close implements [Log].
func (l *Embedded) Close() error {
	var err error
	l.close.Do(func() {
		l.gate.Lock()
		l.closed = true
		close(l.jobs)
		l.gate.Unlock()
		<-l.ended
		err = errors.Join(l.readers.Close(), l.writer.Close())
	})
	return err
}

// told gives a failure of the database in this room's words.
func told(err error) error {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%w (%w)", ErrUnavailable, err)
	}
	return err
}
