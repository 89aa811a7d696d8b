package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/file"
)

func (p *program) imsCertificateCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:     "certificate",
		Aliases: []string{"cert"},
		Short:   "The key pairs that IMS configurations sign with, by alias",
		Long: `A key pair goes by an alias. The private key stays in the server; the certificate is uploaded to the console. "rotate"
puts the next pair beside the present one, which goes on signing until "switch".`,
		Example: `  latchkey ims certificate create acme --out .
  latchkey ims certificate rotate acme --out .
  latchkey ims certificate switch acme
  latchkey ims certificate remove acme --version 1`,
	}, p.imsCertCreateCommand(), p.imsCertListCommand(), p.imsCertShowCommand(), p.imsCertRotateCommand(), p.imsCertSwitchCommand(), p.imsCertRemoveCommand())
}

// imsPair are the flags of a pair that is made or imported.
type imsPair struct {
	client.NewIMSCertificate
	private, certificate, passphrase, folder string
}

func (o *imsPair) add(command *cobra.Command) {
	flags := command.Flags()
	flags.IntVar(&o.Days, "days", 0, "how many `days` the certificate is valid; 365 without it")
	flags.StringVar(&o.private, "private-key", "", "`file` with a private key to import in the place of making one")
	flags.StringVar(&o.certificate, "certificate", "", "`file` with its certificate")
	flags.StringVar(&o.passphrase, "passphrase", "", "passphrase of the private key: `@FILE`, or - for standard input")
	flags.StringVar(&o.folder, "out", "", "`directory` to write the certificate to, as ALIAS.crt")
}

// makePair makes a command that makes a pair, or imports one.
func (p *program) makePair(command *cobra.Command, done string, act func(*client.Client, context.Context, client.NewIMSCertificate) (client.IMSCertificate, error)) *cobra.Command {
	var o imsPair
	o.add(command)
	command.Args = takes("ALIAS")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
		if err := exclusive(command, "private-key", "days"); err != nil {
			return err
		}
		o.Alias = args[0]
		if o.PrivateKey, o.NewIMSCertificate.Certificate, o.Passphrase, err = p.readPair(command, o.private, o.certificate, o.passphrase); err != nil {
			return err
		}
		made, err := act(c, ctx, o.NewIMSCertificate)
		if err != nil {
			return err
		}
		if o.folder != "" && made.PEM != "" {
			if err := p.writeCertificate(o.folder, made); err != nil {
				return err
			}
		}
		if p.answerJSON(made) {
			return nil
		}
		p.say("%s %s, version %d", done, made.Alias, made.Version)
		p.showIMSCertificate(made)
		p.tell("upload the certificate to the credential in the console; the private key stays in the server")
		return nil
	})
	return command
}

func (p *program) writeCertificate(folder string, c client.IMSCertificate) error {
	name := c.Alias + ".crt"
	if c.Version > 1 {
		name = c.Alias + "-" + strconv.Itoa(c.Version) + ".crt"
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the directory: %w", err)
	}
	path := filepath.Join(folder, name)
	err := file.Create(path, []byte(c.PEM), 0o644)
	if errors.Is(err, fs.ErrExist) {
		return withHint(fmt.Errorf("the pair was made, and its certificate was not written: %s is there already", path),
			"latchkey ims certificate show %s --pem prints it", c.Alias)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if !p.json {
		p.tell("wrote %s", path)
	}
	return nil
}

func (p *program) imsCertCreateCommand() *cobra.Command {
	return p.makePair(&cobra.Command{
		Use:   "create ALIAS [--days N | --private-key FILE [--certificate FILE]] [--out DIR]",
		Short: "Make a key pair, or import one",
		Long: `Make a private key (RSA, 2048 bits) and its certificate under a new alias, or import a pair. The private key stays in
the server. --out writes the certificate as ALIAS.crt, to be uploaded to the console.`,
		Example: `  latchkey ims certificate create acme --out .
  latchkey ims certificate create acme --private-key private.key --certificate certificate_pub.crt`,
	}, "made", (*client.Client).CreateIMSCertificate)
}

func (p *program) imsCertRotateCommand() *cobra.Command {
	return p.makePair(&cobra.Command{
		Use:   "rotate ALIAS [--days N | --private-key FILE [--certificate FILE]] [--out DIR]",
		Short: "Put the next key pair beside the present one",
		Long: `Put the next pair beside the present one, which goes on signing. Upload its certificate to the console, which takes
several; then let it sign with "switch", and remove the old one.`,
		Example: `  latchkey ims certificate rotate acme --out .`,
	}, "put beside", (*client.Client).RotateIMSCertificate)
}

func (p *program) imsCertListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List certificates",
		Long:    "List every version of every alias, with the days that are left.",
		Example: "  latchkey ims certificate list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.IMSCertificates(ctx), []string{"ALIAS", "VERSION", "SIGNS", "DAYS LEFT", "SHA-1"}, func(o client.IMSCertificate) []string {
				signs, left := "no", ""
				if o.Current {
					signs = "yes"
				}
				if o.DaysLeft != nil {
					left = strconv.Itoa(*o.DaysLeft)
				}
				return []string{o.Alias, strconv.Itoa(o.Version), signs, orDash(left), orDash(o.SHA1)}
			}, "no certificates yet; make one: latchkey ims certificate create ALIAS")
		}),
	}
}

func (p *program) imsCertShowCommand() *cobra.Command {
	var public bool
	var version int
	command := &cobra.Command{
		Use:   "show ALIAS [--version N] [--pem]",
		Short: "Show a certificate, or print its public part",
		Long: `Show the versions of an alias. --pem prints the public part of the newest, or of --version, to be uploaded to the
console.`,
		Example: `  latchkey ims certificate show acme
  latchkey ims certificate show acme --pem > acme.crt`,
		Args: takes("ALIAS"),
	}
	command.Flags().BoolVar(&public, "pem", false, "print the certificate itself")
	command.Flags().IntVar(&version, "version", 0, "a `number`; the newest without it")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		found, err := c.IMSCertificate(ctx, args[0])
		if err != nil || !public && p.answerJSON(found) {
			return err
		}
		for i, one := range found.Versions {
			switch {
			case version != 0 && one.Version != version:
			case !public:
				p.say("%s, version %d", one.Alias, one.Version)
				p.showIMSCertificate(one)
			case one.PEM == "":
				return withHint(fmt.Errorf("the certificate of %s is not here", args[0]), "it was imported without one")
			case version != 0 || i == len(found.Versions)-1:
				_, err := fmt.Fprint(p.Out, one.PEM)
				return err
			}
		}
		return nil
	})
	return command
}

func (p *program) showIMSCertificate(c client.IMSCertificate) {
	signs, left := "not yet", ""
	if c.Current {
		signs = "yes"
	}
	if c.DaysLeft != nil {
		left = days(*c.DaysLeft)
	}
	p.details([][2]string{{"signs", signs}, {"subject", c.Subject}, {"SHA-1", c.SHA1}, {"SHA-256", c.SHA256}, {"ends", p.ago(c.NotAfter)}, {"left", left}})
}

func (p *program) imsCertSwitchCommand() *cobra.Command {
	var version int
	command := &cobra.Command{
		Use:   "switch ALIAS [--version N]",
		Short: "Let the next key pair sign",
		Long: `Let the newest version sign, or --version. Each configuration that has had a token is asked for one with it first: when
the console does not have its certificate yet, that is refused, and the old one goes on signing.`,
		Example: "  latchkey ims certificate switch acme",
		Args:    takes("ALIAS"),
	}
	command.Flags().IntVar(&version, "version", 0, "a `number`; the newest without it")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		now, err := c.SwitchIMSCertificate(ctx, args[0], version)
		if err != nil || p.answerJSON(now) {
			return err
		}
		p.say("version %d of %s signs now", now.Version, now.Alias)
		return nil
	})
	return command
}

func (p *program) imsCertRemoveCommand() *cobra.Command {
	var version int
	command := p.deleting(&cobra.Command{
		Use:     "remove ALIAS [--version N] [--yes]",
		Short:   "Remove a version that does not sign, or an alias that nothing names",
		Long:    "Remove a version that does not sign, or without --version the alias, which no configuration may name.",
		Example: "  latchkey ims certificate remove acme --version 1 --yes",
		Args:    takes("ALIAS"),
	}, "Remove the private key %s? It can't be had again.", func(c *client.Client, ctx context.Context, alias string) error {
		return c.DeleteIMSCertificate(ctx, alias, version)
	})
	command.Flags().IntVar(&version, "version", 0, "a `number`; every one without it")
	return command
}
