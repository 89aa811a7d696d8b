package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Reading from a server: it takes no longer than the dialect allows, whatever the caller's context says, and is tried a
// second time when a pooled connection turns out to be lost. A server that is away is [ErrUnavailable].

// remoteRow is a row that Scan reads.
type remoteRow struct {
	s    *Store
	ctx  context.Context
	text string
	args []any
}

func (r remoteRow) Scan(dest ...any) error {
	return r.s.read(r.ctx, func(ctx context.Context) (bool, error) {
		return true, r.s.readers.QueryRowContext(ctx, r.text, printables(r.args)...).Scan(dest...)
	})
}

func (s *Store) remoteRows(ctx context.Context, each func(scanner) error, text string, args []any) error {
	return s.read(ctx, func(ctx context.Context) (again bool, err error) {
		found, err := s.readers.QueryContext(ctx, text, printables(args)...)
		if err != nil {
			return true, err
		}
		again = true
		err = eachRow(found, func(row scanner) error {
			again = false // what was told can't be taken back
			return each(row)
		})
		return again, err
	})
}

// read calls ask, and calls it again when it may and the connection was lost.
func (s *Store) read(ctx context.Context, ask func(context.Context) (again bool, err error)) error {
	bounded, cancel := context.WithTimeout(ctx, s.dialect.limit)
	defer cancel()
	again, err := ask(bounded)
	if again && bounded.Err() == nil && away(err) {
		_, err = ask(bounded)
	}
	switch {
	case err == nil || ctx.Err() != nil || err == sql.ErrNoRows: //nolint:errorlint // it comes as it is
		return err
	case away(err) || unable(err) || bounded.Err() != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// printables makes arguments fit for PostgreSQL.
func printables(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		out[i] = printable(arg)
	}
	return out
}
