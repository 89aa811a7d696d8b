package cli

import (
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/internal/file"
	"latchkey/internal/keypair"
)

// certOrder are the flags of `latchkey cert create`.
type certOrder struct {
	keypair.Order
	name, subject, folder string
	zip, force            bool
}

func (p *program) certCreateCommand() *cobra.Command {
	var order certOrder
	command := &cobra.Command{
		Use:   "create [--name NAME | --subject SUBJECT] [--days N] [--bits N | --ec] [--dir DIR] [--zip] [--force]",
		Short: "Make a private key and its certificate",
		Long: `Make a private key and a self-signed certificate for it: private.key, which its owner alone may read, and
certificate_pub.crt, which is uploaded to the credential. With --zip both are in config.zip, as the Developer Console
gives them. Files that are there already are kept unless --force says otherwise. No server is needed, and nothing else
holds the key.`,
		Example: `  latchkey cert create --name acme-target
  latchkey cert create --subject "/CN=acme/O=Acme Inc/C=US" --days 90 --bits 4096 --dir keys
  latchkey cert create --name acme-target --zip`,
		Args: takes(),
	}
	flags := command.Flags()
	flags.StringVar(&order.name, "name", "latchkey", "common `name` of the certificate")
	flags.StringVar(&order.subject, "subject", "", "whole `subject`, as /CN=acme/O=Acme Inc")
	flags.IntVar(&order.Days, "days", keypair.DefaultDays, "how many `days` the certificate is valid")
	flags.IntVar(&order.Bits, "bits", 2048, "`bits` of the RSA key: 2048, 3072, 4096")
	flags.BoolVar(&order.EC, "ec", false, "make a key on P-256 (ES256), which Latchkey's own audiences take and IMS does not")
	flags.StringVar(&order.folder, "dir", ".", "`directory` to write to")
	flags.BoolVar(&order.zip, "zip", false, "write config.zip in the place of the two files")
	flags.BoolVar(&order.force, "force", false, "overwrite files that are there")
	command.RunE = func(command *cobra.Command, _ []string) error {
		for _, pair := range [][2]string{{"subject", "name"}, {"ec", "bits"}} {
			if err := exclusive(command, pair[0], pair[1]); err != nil {
				return err
			}
		}
		if order.Days == 0 || order.Bits == 0 {
			return usagef(command, "--days and --bits are numbers from 1")
		}
		return p.createPair(order)
	}
	return command
}

func (p *program) createPair(order certOrder) (err error) {
	order.Subject = pkix.Name{CommonName: order.name}
	if order.subject != "" {
		if order.Subject, err = keypair.ParseSubject(order.subject); err != nil {
			return withWords("--subject", err)
		}
	}
	order.Now = p.Clock.Now()
	if err := order.free(); err != nil { // before a key is made for nothing
		return err
	}
	pair, err := keypair.Generate(order.Order)
	if failure, ok := errors.AsType[*keypair.Error](err); ok {
		return withHint(errors.New(failure.Reason), "%s", failure.Fix)
	}
	if err != nil {
		return err
	}
	defer pair.Wipe()
	files, err := order.write(pair)
	if err != nil {
		return err
	}
	if p.json {
		view := p.certView(pair.Certificate)
		view.Files = files
		return p.sayJSON(view)
	}
	p.say("made %s", strings.Join(files, " and "))
	p.showCertificate(pair.Certificate)
	p.tell("upload the certificate to the credential; the private key is in that file alone")
	return nil
}

// paths are the files that are written.
func (o certOrder) paths() []string {
	names := []string{keypair.PrivateKeyFile, keypair.CertificateFile}
	if o.zip {
		names = []string{keypair.ArchiveFile}
	}
	for i := range names {
		names[i] = filepath.Join(o.folder, names[i])
	}
	return names
}

func (o certOrder) free() error {
	for _, path := range o.paths() {
		if _, err := os.Lstat(path); err == nil && !o.force {
			return errThere(path)
		}
	}
	return nil
}

func errThere(path string) error {
	return withHint(fmt.Errorf("%s is there already", path), "--dir writes elsewhere; --force overwrites it, and a private key that is gone can't be had again")
}

// write puts the pair's files into the folder, the private key first: a certificate without its key is worth nothing.
func (o certOrder) write(pair *keypair.Pair) ([]string, error) {
	if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory: %w", err)
	}
	paths := o.paths()
	if o.zip {
		archive, err := pair.Archive()
		if err != nil {
			return nil, err
		}
		defer clear(archive)
		return paths, o.put(paths[0], archive, 0o600)
	}
	if err := o.put(paths[0], pair.PrivateKey(), 0o600); err != nil {
		return nil, err
	}
	return paths, o.put(paths[1], pair.Certificate.PEM(), 0o644)
}

func (o certOrder) put(path string, content []byte, mode fs.FileMode) error {
	write := file.Create
	if o.force {
		write = file.Replace
	}
	err := write(path, content, mode)
	if errors.Is(err, fs.ErrExist) {
		return errThere(path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
