package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// session is a connection that writes.
type session struct {
	dialect    dialect
	conn       *sql.Conn
	statements map[string]*sql.Stmt // SQL text → statement of conn, where the driver keeps none
	remote     *pgx.Conn            // nil for a file
	// failure is the first error by which the transaction can't go on here: the connection is lost, or the server asks
	// for another try.
	failure error
}

// newSession gives a connection of a node.
func newSession(ctx context.Context, db *sql.DB, d dialect, node string) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{dialect: d, conn: conn, statements: map[string]*sql.Stmt{}}
	err = conn.Raw(func(driver any) error {
		if c, ok := driver.(*stdlib.Conn); ok {
			s.remote = c.Conn()
		}
		return nil
	})
	if err == nil && s.remote != nil {
		err = beHere(ctx, s.remote, node)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *session) close() error {
	var errs []error
	for _, statement := range s.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// lost tells that the connection is gone, and with it a transaction that was not yet committed.
func (s *session) lost() bool { return s.remote != nil && s.remote.IsClosed() }

// aborted tells that the server takes nothing more in this transaction, for a statement of it has failed.
func (s *session) aborted() bool { return s.remote != nil && s.remote.PgConn().TxStatus() == 'E' }

// note remembers what ends the transaction.
func (s *session) note(err error) error {
	if err != nil && s.failure == nil && (s.lost() || conflict(err)) {
		s.failure = err
	}
	return err
}

func (s *session) begin(ctx context.Context) error {
	s.failure = nil
	return s.exec(ctx, s.dialect.begin)
}

func (s *session) rollback(ctx context.Context) error { return s.exec(ctx, `ROLLBACK`) }

// commit commits. A server that has rolled back instead does not call that an error.
func (s *session) commit(ctx context.Context) error {
	if s.remote == nil {
		return s.exec(ctx, `COMMIT`)
	}
	ctx, cancel := context.WithTimeout(ctx, s.dialect.limit)
	defer cancel()
	tag, err := s.remote.Exec(ctx, `COMMIT`)
	if err == nil && tag.String() != "COMMIT" {
		err = errors.New("the server has rolled the transaction back")
	}
	return s.note(err)
}

func (s *session) exec(ctx context.Context, text string) error {
	_, err := s.change(ctx, text)
	return err
}

// change changes rows, and tells how many.
func (s *session) change(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := s.run(ctx, text, args)
	if err != nil {
		return 0, s.note(err)
	}
	return result.RowsAffected()
}

func (s *session) run(ctx context.Context, text string, args []any) (sql.Result, error) {
	if !s.dialect.prepares {
		ctx, cancel := context.WithTimeout(ctx, s.dialect.limit)
		defer cancel()
		return s.conn.ExecContext(ctx, text, printables(args)...)
	}
	statement, err := s.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// row reads one row.
func (s *session) row(ctx context.Context, text string, args ...any) scanner {
	if !s.dialect.prepares {
		ctx, cancel := context.WithTimeout(ctx, s.dialect.limit)
		return sessionRow{s, s.conn.QueryRowContext(ctx, text, printables(args)...), cancel}
	}
	statement, err := s.statement(ctx, text)
	if err != nil {
		return failedRow{err}
	}
	return statement.QueryRowContext(ctx, args...)
}

// sessionRow is a row of a server. Its Scan must be called.
type sessionRow struct {
	s      *session
	row    *sql.Row
	cancel func()
}

func (r sessionRow) Scan(dest ...any) error {
	defer r.cancel()
	return r.s.note(r.row.Scan(dest...))
}

func (s *session) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if statement := s.statements[text]; statement != nil {
		return statement, nil
	}
	statement, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	s.statements[text] = statement
	return statement, nil
}
