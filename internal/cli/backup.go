package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/secret"
)

// BackupOptions are the flags of `latchkey backup` without a server.
type BackupOptions struct {
	Config, Data string
	Recipients   []string
	Passphrase   secret.String
	Out          io.Writer
	Ask          func(ctx context.Context, question string) (secret.String, error)
}

// RestoreOptions are the flags of `latchkey restore`.
type RestoreOptions struct {
	Config, Data     string
	Keys, Passphrase secret.String
	In               io.Reader
	Ask              func(ctx context.Context, question string) (secret.String, error)
}

// Restored says what was restored.
type Restored struct {
	Place  string           `json:"database"`
	At     time.Time        `json:"backup_at"`
	Schema int64            `json:"schema"`
	Rows   map[string]int64 `json:"rows"`
}

func (p *program) backupCommand() *cobra.Command {
	var options BackupOptions
	var out, passphrase string
	var offline bool
	command := &cobra.Command{
		Use:   "backup --out FILE (--recipient age1… | --passphrase @FILE) [--offline [--config FILE]]",
		Short: "Write everything to one sealed file",
		Long: `Write all that the installation keeps, as of one moment, to a sealed file (age). The server goes on meanwhile; the key
needs the scope admin. With --offline no server is asked: the database of the configuration, or of the data directory,
is read by the command itself.

The root key is not in the file, and nothing secret can be read without it: keep a copy of it, apart from backups.`,
		Example: `  latchkey backup --out latchkey.age --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
  latchkey backup --out - --passphrase @passphrase | ssh vault 'cat > latchkey.age'`,
		Args: takes(),
	}
	command.RunE = func(command *cobra.Command, _ []string) error {
		if out == "" || (passphrase == "") == (len(options.Recipients) == 0) {
			return usagef(command, "give --out, and either --recipient or --passphrase")
		}
		text, err := p.value("--passphrase", passphrase)
		if err != nil {
			return err
		}
		options.Passphrase = secret.New(text)
		write := func(file io.Writer) error { return p.backUp(command.Context(), options, offline, file) }
		if out == "-" {
			return write(p.Out)
		}
		if err := writeWhole(out, write); err != nil || p.doneJSON() {
			return err
		}
		p.say("wrote %s", out)
		p.tell("the root key is not in it: keep a copy of that, apart from backups")
		return nil
	}
	p.withRemote(command)
	flags := command.Flags()
	flags.StringVar(&out, "out", "", "the `file` to write; - is standard output")
	flags.StringArrayVar(&options.Recipients, "recipient", nil, "a public `key` of age whose holder can open it; repeat for more")
	flags.StringVar(&passphrase, "passphrase", "", "`@FILE` or - with a passphrase of 16 characters or more")
	flags.BoolVar(&offline, "offline", false, "read the database without a server")
	configFlag(command, &options.Config)
	return command
}

func (p *program) backUp(ctx context.Context, options BackupOptions, offline bool, out io.Writer) error {
	if !offline {
		c, err := p.client()
		if err != nil {
			return err
		}
		return c.Backup(ctx, client.BackupSealing{Recipients: options.Recipients, Passphrase: options.Passphrase.Reveal()}, out)
	}
	if p.Server.Backup == nil {
		return errNoServer
	}
	if options.Config == "" {
		options.Data = p.dataDirectory()
	}
	options.Out, options.Ask = out, p.asker()
	return p.Server.Backup(ctx, options)
}

// writeWhole writes a file that stands under its name only when all of it is there.
func writeWhole(name string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // the first error tells
	}
	return err
}

func (p *program) restoreCommand() *cobra.Command {
	var options RestoreOptions
	var identity, passphrase string
	command := &cobra.Command{
		Use:   "restore FILE (--identity FILE | --passphrase @FILE) [--config FILE | --data DIRECTORY]",
		Short: "Put a backup into an empty database",
		Long: `Put a backup into the database of the configuration, SQLite or PostgreSQL, whichever the backup is from. It has to be
empty, and its server stopped; the root key of the installation that was backed up has to be where the configuration
says. All of the file is checked before anything is kept.

Refresh tokens that providers replaced after the backup was made are used up: connections that had one ask for a new
authorization.`,
		Example: "  latchkey restore latchkey.age --identity key.txt --config /etc/latchkey.yaml",
		Args:    takes("FILE"),
	}
	command.RunE = func(command *cobra.Command, args []string) error {
		if (identity == "") == (passphrase == "") {
			return usagef(command, "give either --identity or --passphrase")
		}
		if p.Server.Restore == nil {
			return errNoServer
		}
		if err := p.readOpening(&options, identity, passphrase); err != nil {
			return err
		}
		file, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("reading the backup: %w", err)
		}
		defer func() { _ = file.Close() }()
		if options.Config == "" {
			options.Data = p.dataDirectory()
		}
		options.In, options.Ask = file, p.asker()
		done, err := p.Server.Restore(command.Context(), options)
		if err != nil {
			return err
		}
		return p.printRestored(done)
	}
	command.Flags().StringVar(&identity, "identity", "", "the `file` with the age key that opens it")
	command.Flags().StringVar(&passphrase, "passphrase", "", "`@FILE` or - with the passphrase that opens it")
	command.Flags().StringVar(&p.remote.data, "data", "", "data `directory`, without --config (else LATCHKEY_DATA, else .latchkey)")
	configFlag(command, &options.Config)
	return command
}

func (p *program) readOpening(options *RestoreOptions, identity, passphrase string) error {
	if identity != "" {
		text, err := p.readInput("--identity", identity)
		options.Keys = secret.New(string(text))
		return err
	}
	text, err := p.value("--passphrase", passphrase)
	options.Passphrase = secret.New(text)
	return err
}

func (p *program) printRestored(done Restored) error {
	if p.json {
		text, err := json.Marshal(done)
		if err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		p.say("%s", indentJSON(text))
		return nil
	}
	p.say("restored %d connections of %d definitions into %s, as they were at %s", done.Rows["connections"], done.Rows["definitions"],
		done.Place, done.At.UTC().Format(time.RFC3339))
	p.tell("refresh tokens that were replaced since then are used up; such connections ask for a new authorization")
	return nil
}
