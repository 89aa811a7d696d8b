package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// Restored says what a restore has put back.
type Restored struct {
	// At is when the backup was made.
	At     time.Time
	Schema int64
	Rows   map[string]int64 // table → rows
}

// Why a backup is not restored; the errors say more. Nothing is changed then.
var (
	// ErrNotEmpty says that the database holds data.
	ErrNotEmpty = errors.New("the database is not empty: a backup is restored into an empty one alone")
	// ErrDamaged says that the backup is not as it was written.
	ErrDamaged = errors.New("the backup is damaged or not complete")
)

// Restore puts a backup into an empty database, of either kind, in one transaction: after an error nothing is there.
// config's root keys are not used; [Open] tells whether they open what was restored.
func Restore(ctx context.Context, config Config, in io.Reader) (Restored, error) {
	l := &load{ctx: ctx, in: bufio.NewReaderSize(in, 1<<16), sum: sha256.New()}
	err := l.begin()
	if err == nil && config.URL.Empty() {
		err = l.intoFile(config.Path)
	} else if err == nil {
		err = l.intoServer(config)
	}
	if err != nil {
		return Restored{}, fmt.Errorf("restoring into %s: %w", config.Place(), err)
	}
	return Restored{At: l.header.At, Schema: l.header.Schema, Rows: l.counts}, nil
}

// load is a backup on its way in.
type load struct {
	ctx    context.Context
	in     *bufio.Reader
	sum    hash.Hash
	header backupHeader
	counts map[string]int64
	rows   int64
}

// next reads a line. ended tells that it is the last one, which is not part of the sum.
func (l *load) next() (line []byte, ended bool, err error) {
	line, err = l.in.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	ended = bytes.HasPrefix(line, []byte(`{"end":true`))
	if !ended {
		_, _ = l.sum.Write(line) // a hash does not fail
	}
	return line, ended, nil
}

func (l *load) begin() error {
	line, _, err := l.next()
	if err != nil {
		return err
	}
	if json.Unmarshal(line, &l.header) != nil || l.header.Format == 0 {
		return fmt.Errorf("%w: it does not begin as one", ErrDamaged)
	}
	known, err := newestMigration()
	if err != nil {
		return err
	}
	if l.header.Format > backupFormat || l.header.Schema > known {
		return fmt.Errorf("the backup was made by a newer version of Latchkey: its schema is %d, and this version knows up to %d. "+
			"Restore it with the newer version", l.header.Schema, known)
	}
	return nil
}

// intoFile leaves no file behind that it made and could not fill.
func (l *load) intoFile(path string) (err error) {
	_, statErr := os.Stat(path)
	fresh := errors.Is(statErr, fs.ErrNotExist)
	if err := createFile(path); err != nil {
		return err
	}
	db, err := sqliteWriter(path)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, db.Close())
		if err != nil && fresh {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + suffix) // what is left of it is an empty database
			}
		}
	}()
	return l.into(db, sqliteDialect(), func() error {
		return migrateTo(l.ctx, db, l.header.Schema, goose.DialectSQLite3, migrations)
	})
}

func (l *load) intoServer(config Config) error {
	server, err := parseURL(config.URL)
	if err != nil {
		return err
	}
	db := openServer(server, 2, nil)
	defer func() { _ = db.Close() }()
	if err := checkServer(l.ctx, db); err != nil {
		return err
	}
	return l.into(db, postgresDialect(), func() error {
		return migrateTo(l.ctx, db, l.header.Schema, goose.DialectPostgres, translated{migrations})
	})
}

func (l *load) into(db *sql.DB, d dialect, prepare func() error) error {
	if err := prepare(); err != nil {
		return err
	}
	conn, err := db.Conn(l.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(l.ctx, d.begin); err != nil {
		return err
	}
	if err := l.all(conn); err != nil {
		_, rollbackErr := conn.ExecContext(context.WithoutCancel(l.ctx), `ROLLBACK`)
		return errors.Join(err, rollbackErr)
	}
	_, err = conn.ExecContext(l.ctx, `COMMIT`)
	return err
}

func (l *load) all(conn *sql.Conn) error {
	for _, table := range backedUp {
		if _, inThis := l.header.Rows[table]; !inThis {
			continue // the backup's schema is older
		}
		var held bool
		if err := conn.QueryRowContext(l.ctx, `SELECT EXISTS (SELECT 1 FROM `+table+`)`).Scan(&held); err != nil {
			return err
		}
		if held {
			return ErrNotEmpty
		}
	}
	l.counts = map[string]int64{}
	var table backupTable
	var insert *sql.Stmt
	defer func() { closeStatement(insert) }()
	for {
		line, ended, err := l.next()
		if err != nil {
			return err
		}
		if ended {
			return l.end(line)
		}
		if line[0] == '{' {
			closeStatement(insert)
			if table, insert, err = l.table(conn, line); err != nil {
				return err
			}
			continue
		}
		if insert == nil {
			return fmt.Errorf("%w: a row stands before its table", ErrDamaged)
		}
		values, err := readRow(line)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(l.ctx, values...); err != nil {
			return fmt.Errorf("writing a row of %s: %w", table.Table, err)
		}
		l.counts[table.Table]++
		l.rows++
	}
}

func closeStatement(s *sql.Stmt) {
	if s != nil {
		_ = s.Close() // the transaction tells
	}
}

// columnName keeps a forged file from putting anything else into a statement.
var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// table begins with a table's rows.
func (l *load) table(conn *sql.Conn, line []byte) (table backupTable, insert *sql.Stmt, err error) {
	if json.Unmarshal(line, &table) != nil || !slices.Contains(backedUp, table.Table) || len(table.Columns) == 0 {
		return table, nil, fmt.Errorf("%w: it names a table that is not known", ErrDamaged)
	}
	places := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		if !columnName.MatchString(column) {
			return table, nil, fmt.Errorf("%w: it names a column that is not known", ErrDamaged)
		}
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	insert, err = conn.PrepareContext(l.ctx, fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`,
		table.Table, strings.Join(table.Columns, ", "), strings.Join(places, ", ")))
	if err != nil {
		return table, nil, fmt.Errorf("writing %s: %w", table.Table, err)
	}
	return table, insert, nil
}

// end compares what was read with what was written.
func (l *load) end(line []byte) error {
	var end backupEnd
	if json.Unmarshal(line, &end) != nil || end.SHA256 != hex.EncodeToString(l.sum.Sum(nil)) || end.Rows != l.rows {
		return fmt.Errorf("%w: its checksum is another one", ErrDamaged)
	}
	for table, rows := range l.header.Rows {
		if l.counts[table] != rows {
			return fmt.Errorf("%w: %s has %d rows and not %d", ErrDamaged, table, l.counts[table], rows)
		}
	}
	if _, err := l.in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something stands behind its end", ErrDamaged)
	}
	return nil
}

// readRow gives the values of a line.
func readRow(line []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, fmt.Errorf("%w: a row can't be read", ErrDamaged)
	}
	values := make([]any, len(raw))
	for i, text := range raw {
		var err error
		switch text[0] {
		case 'n':
		case '"':
			var value string
			err = json.Unmarshal(text, &value)
			values[i] = value
		case '{':
			var value bytesValue
			err = json.Unmarshal(text, &value)
			switch {
			case value.Blob != nil:
				values[i] = *value.Blob
			case value.Text != nil:
				values[i] = string(*value.Text)
			}
		default:
			var value int64
			err = json.Unmarshal(text, &value)
			values[i] = value
		}
		if err != nil {
			return nil, fmt.Errorf("%w: a value can't be read", ErrDamaged)
		}
	}
	return values, nil
}

// newestMigration is the schema's version that this program knows.
func newestMigration() (newest int64, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("reading the migrations: %w", err)
	}
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("reading the migrations: %w", err)
		}
		newest = max(newest, number)
	}
	return newest, nil
}
