package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/workflow"
)

// snapshot is the store as a backup needs it.
type snapshot struct {
	*store.Store
	store.Audit
}

func backups(s *store.Store, at clock.Clock) *workflow.Backups {
	return &workflow.Backups{Store: snapshot{s, s.Audit()}, Clock: at}
}

func (h *house) backups() *workflow.Backups { return backups(h.store, h.clock) }

// BackupOptions are what `latchkey backup` can be told when it works without a server.
type BackupOptions struct {
	// Config is the configuration file; "" means the environment alone. Data is the data directory in its place.
	Config, Data string
	Recipients   []string
	Passphrase   secret.String
	Out          io.Writer
	// Ask puts a question to whoever runs it; nil where nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// Backup backs up an installation whose server does not run.
func Backup(ctx context.Context, options BackupOptions) (err error) {
	config, root, previous, err := offline(options.Config, options.Data, options.Ask)
	if err != nil {
		return err
	}
	lock, err := lockData(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	s, err := store.Open(ctx, config.storeConfig(root, previous, slog.New(slog.DiscardHandler)))
	if err != nil {
		return config.explainRoot(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return backups(s, clock.System()).Write(ctx, operator(), workflow.Sealing{Recipients: options.Recipients, Passphrase: options.Passphrase}, options.Out)
}

// offline reads the configuration and gives its root keys.
func offline(file, data string, ask asking) (config *Config, root, previous seal.Root, err error) {
	if config, err = LoadConfig(file, os.Environ()); err != nil {
		return nil, nil, nil, err
	}
	if data != "" {
		config.Data = data
	}
	root, previous, err = config.openRoots(ask)
	return config, root, previous, err
}

// RestoreOptions are what `latchkey restore` can be told.
type RestoreOptions struct {
	Config, Data     string
	Keys, Passphrase secret.String
	In               io.Reader
	// Ask puts a question to whoever runs it; nil where nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// Restored says what a restore has put back.
type Restored struct {
	// Place names the database.
	Place string
	store.Restored
}

// Restore puts a backup into the configuration's database, which is empty, and opens it with the root key.
func Restore(ctx context.Context, options RestoreOptions) (done Restored, err error) {
	config, root, previous, err := offline(options.Config, options.Data, options.Ask)
	if err != nil {
		return done, hinted(err, "a backup is of use with the root key of the installation that made it: put that where it belongs first")
	}
	lock, err := lockData(config)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	plain, err := workflow.Open(options.In, workflow.Opening{Keys: options.Keys, Passphrase: options.Passphrase})
	if err != nil {
		return done, err
	}
	into := config.storeConfig(root, previous, slog.New(slog.DiscardHandler))
	done.Place = into.Place()
	if done.Restored, err = store.Restore(ctx, into, plain); err != nil {
		return done, err
	}
	s, err := store.Open(ctx, into)
	if err != nil {
		return done, fmt.Errorf("the backup is restored, but it can't be opened: %w", config.explainRoot(err))
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return done, s.Audit().Append(ctx, audit.Entry{At: clock.System().Now(), Actor: operator().ID, Action: "backup.restore", Subject: "installation",
		Detail: map[string]string{"backup_at": done.At.Format("2006-01-02T15:04:05Z")}})
}
