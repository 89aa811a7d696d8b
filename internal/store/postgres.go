package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"latchkey/internal/secret"
)

// connectLimit is how long a connection may take to come about.
const connectLimit = 5 * time.Second

// CheckURL tells what is wrong with a database's address. No part of the address that may be secret is in the error.
func CheckURL(address secret.String) error {
	_, err := parseURL(address)
	return err
}

// RedactURL gives a database's address without its passwords.
func RedactURL(address secret.String) string {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return "not a URL"
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(name, "password") {
			query.Set(name, "xxxxx")
		}
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}

func parseURL(address secret.String) (*pgx.ConnConfig, error) {
	u, err := url.Parse(address.Reveal())
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("it is not an address of the form postgres://user:password@host:5432/database")
	}
	config, err := pgx.ParseConfig(address.Reveal())
	if err != nil {
		if parse, ok := errors.AsType[*pgconn.ParseConfigError](err); ok && errors.Unwrap(parse) != nil {
			err = errors.Unwrap(parse) // without the address
		}
		return nil, fmt.Errorf("it can't be used: %s", strings.ReplaceAll(err.Error(), address.Reveal(), "the address"))
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > connectLimit {
		config.ConnectTimeout = connectLimit
	}
	config.RuntimeParams["application_name"] = "latchkey"
	config.RuntimeParams["standard_conforming_strings"] = "on"
	config.RuntimeParams["client_encoding"] = "UTF8"
	return config, nil
}

// openServer opens a pool of connections. A transaction that its node has left behind, cut off or stopped, ends at the
// server by itself, so that it locks nobody out.
func openServer(config *pgx.ConnConfig, connections int, more map[string]string) *sql.DB {
	config = config.Copy()
	for name, value := range more {
		config.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// prepareServer checks the server and brings the schema to this version.
func prepareServer(ctx context.Context, config *pgx.ConnConfig, log *slog.Logger) error {
	db := openServer(config, 2, nil)
	defer func() { _ = db.Close() }()
	if err := checkServer(ctx, db); err != nil {
		return err
	}
	return migratePostgres(ctx, db, log)
}

// Sealed tells whether a server's database holds data keys, so that a root key for it exists.
func Sealed(ctx context.Context, address secret.String) (bool, error) {
	config, err := parseURL(address)
	if err != nil {
		return false, fmt.Errorf("reading the database: %w", err)
	}
	db := openServer(config, 1, readerParams)
	defer func() { _ = db.Close() }()
	var table, sealed bool
	err = db.QueryRowContext(ctx, `SELECT to_regclass('data_keys') IS NOT NULL`).Scan(&table)
	if err == nil && table {
		err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM data_keys)`).Scan(&sealed)
	}
	if err != nil {
		return false, fmt.Errorf("reading the database %s: %w", RedactURL(address), err)
	}
	return sealed, nil
}

// The sessions' settings. A reader changes nothing, and a writer does not wait for a lock for long.
var (
	readerParams = map[string]string{"default_transaction_read_only": "on"}
	writerParams = map[string]string{
		"default_transaction_isolation": "read committed", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "15s", "statement_timeout": "10s",
		// It holds the node's lock as the presence does, and must not do so for longer.
		"tcp_keepalives_idle": "120", "tcp_keepalives_interval": "30", "tcp_keepalives_count": "6",
	}
)

// checkServer refuses a server that can't keep what Latchkey keeps.
func checkServer(ctx context.Context, db *sql.DB) error {
	var encoding, commit string
	var version int
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), current_setting('server_version_num')::int,
		current_setting('synchronous_commit')`).Scan(&encoding, &version, &commit)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case encoding != "UTF8":
		return fmt.Errorf("the database is encoded as %s: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding)
	case version < 13_00_00:
		return fmt.Errorf("the server is PostgreSQL %d: 13 or newer is needed", version/10000)
	case commit == "off":
		return errors.New("the database's synchronous_commit is off, so that a token which was saved could be lost: " +
			"set it by ALTER DATABASE … SET synchronous_commit = on")
	}
	return nil
}

// conflict tells that the server asks for another try of the whole transaction: serialization_failure,
// deadlock_detected.
func conflict(err error) bool {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failed.Code == "40001" || failed.Code == "40P01")
}

// away tells that a read failed for want of the server, and not by what it asked.
func away(err error) bool {
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(failed.Code, "57P") || strings.HasPrefix(failed.Code, "08")
	}
	connect, network := (*pgconn.ConnectError)(nil), interface{ Timeout() bool }(nil)
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn)
}
