package store

import (
	"context"
	"log/slog"
	"slices"

	"latchkey/internal/secret"
)

// Migrate brings a PostgreSQL database to this version, for tests that copy it.
func Migrate(ctx context.Context, address secret.String) error {
	config, err := parseURL(address)
	if err != nil {
		return err
	}
	return prepareServer(ctx, config, slog.New(slog.DiscardHandler))
}

// SkipRestartGrace lets a server that has just started tell which incarnations live.
func (s *Store) SkipRestartGrace() { s.restartGrace = 0 }

// BackedUp and Transient name every table.
var BackedUp, Transient = backedUp, transient

// OffboardingKnows tells whether the end of an organization takes a table's rows, or has a reason to leave them.
func OffboardingKnows(table string) bool {
	_, stays := kept[table]
	return stays || slices.Contains(own, table)
}
