package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

var errClosed = errors.New("the store is closed")

// statement gives the readers' prepared statement of a text, nil where the driver keeps them. Texts are constants of
// this package, so there is a bounded number of them.
func (s *Store) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.RLock()
	statement, open := s.prepared[text], s.prepared != nil
	s.mu.RUnlock()
	if !open {
		return nil, errClosed
	}
	if statement != nil || !s.dialect.prepares {
		return statement, nil
	}
	fresh, err := s.readers.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil {
		_ = fresh.Close()
		return nil, errClosed
	}
	if first := s.prepared[text]; first != nil {
		_ = fresh.Close()
		return first, nil
	}
	s.prepared[text] = fresh
	return fresh, nil
}

// scanner is a row: [sql.Row], [sql.Rows] or one that failed before.
type scanner interface{ Scan(dest ...any) error }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// row reads one row. Its Scan gives [sql.ErrNoRows] when there is none.
func (s *Store) row(ctx context.Context, text string, args ...any) scanner {
	statement, err := s.statement(ctx, text)
	if err != nil {
		return failedRow{err}
	}
	if statement == nil {
		return remoteRow{s, ctx, text, args}
	}
	return statement.QueryRowContext(ctx, args...)
}

// rows calls each with every row.
func (s *Store) rows(ctx context.Context, each func(scanner) error, text string, args ...any) error {
	statement, err := s.statement(ctx, text)
	if err != nil {
		return err
	}
	if statement == nil {
		return s.remoteRows(ctx, each, text, args)
	}
	found, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return eachRow(found, each)
}

func eachRow(found *sql.Rows, each func(scanner) error) error {
	defer func() { _ = found.Close() }()
	for found.Next() {
		if err := each(found); err != nil {
			return err
		}
	}
	return found.Err()
}
