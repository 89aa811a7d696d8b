package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/file"
)

func (p *program) imsImportCommand() *cobra.Command {
	var input client.IMSImport
	var private, certificate, passphrase string
	command := &cobra.Command{
		Use:   "import FILE... [--credential NAME] [--name NAME] [--private-key FILE] [--certificate FILE]",
		Short: "Import IMS configurations from AEM or the console",
		Long: `Make configurations of files: AEM's two .config files (the token provider, and the one with its secret), AEM as a Cloud
Service's service credentials, or the Developer Console's workspace, of which --credential picks one. The private key of
a JWT is in none of these but the service credentials: --private-key and --certificate give the pair. Nothing is sent.`,
		Example: `  latchkey ims import workspace.json --credential acme-jwt --name acme-target \
    --private-key private.key --certificate certificate_pub.crt
  latchkey ims import com.adobe.granite.auth.*.config --private-key AEM-Adobe-IMS.key`,
		Args: takes("FILE..."),
	}
	flags := command.Flags()
	flags.StringVar(&input.Credential, "credential", "", "one of the file's credentials, by `name` or id")
	flags.StringVar(&input.Name, "name", "", "`name` of the one configuration")
	flags.StringVar(&input.Title, "title", "", "what people call it, a `text`")
	flags.StringVar(&input.Solution, "solution", "", "cloud `solution`: target, analytics, …")
	flags.StringVar(&input.Server, "authorization-server", "", "`URL` of the authorization server, where the files name none")
	flags.StringVar(&input.KeyAlias, "key-alias", "", "`alias` to keep the key under, or of one that is there")
	flags.StringVar(&private, "private-key", "", "`file` with the private key of a JWT")
	flags.StringVar(&certificate, "certificate", "", "`file` with its certificate")
	flags.StringVar(&passphrase, "passphrase", "", "passphrase of the private key: `@FILE`, or - for standard input")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
		for _, name := range args {
			text, err := p.readInput(name, name)
			if err != nil {
				return err
			}
			input.Files = append(input.Files, client.IMSFile{Name: filepath.Base(name), Text: string(text)})
		}
		if input.PrivateKey, input.Certificate, input.Passphrase, err = p.readPair(command, private, certificate, passphrase); err != nil {
			return err
		}
		made, err := c.ImportIMSConfigurations(ctx, input)
		if err != nil || p.answerJSON(made) {
			return err
		}
		for _, one := range made.Items {
			p.tellIMS("imported", one)
		}
		return nil
	})
	return command
}

// readPair reads a pair's files; "" where none is named.
func (p *program) readPair(command *cobra.Command, keyFile, certificateFile, phrase string) (private, certificate, passphrase string, err error) {
	if phrase != "" && phrase != "-" && !strings.HasPrefix(phrase, "@") {
		return "", "", "", usagef(command, "--passphrase takes @FILE, or - for standard input: a passphrase in the command line is seen by everybody on this machine")
	}
	if certificateFile != "" && keyFile == "" {
		return "", "", "", usagef(command, "--certificate needs --private-key beside it")
	}
	if passphrase, err = p.value("the passphrase", phrase); err != nil {
		return "", "", "", err
	}
	if keyFile != "" {
		text, err := p.readInput("the private key", keyFile)
		if err != nil {
			return "", "", "", err
		}
		private = string(text)
	}
	if certificateFile != "" {
		parsed, err := p.readCertificate(certificateFile)
		if err != nil {
			return "", "", "", err
		}
		certificate = string(parsed.PEM())
	}
	return private, certificate, passphrase, nil
}

func (p *program) imsExportCommand() *cobra.Command {
	var format, folder string
	var secrets, force bool
	command := &cobra.Command{
		Use:   "export NAME [--format FORMAT] [--out DIR] [--with-secrets] [--force]",
		Short: "Export an IMS configuration for AEM or its tools",
		Long: `Write a configuration as files: aem is the two .config files of AEM 6.5, service-credentials the JSON of AEM as a Cloud
Service, workspace that of the Developer Console. Without --with-secrets a mask stands where the client secret and the
private key would be; with it, an administrator's key is needed, and the export is recorded.`,
		Example: `  latchkey ims export acme-target --out config
  latchkey ims export acme-target --format service-credentials --with-secrets --out .`,
		Args: takes("NAME"),
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "aem", "`format`: aem, service-credentials or workspace")
	flags.StringVar(&folder, "out", ".", "`directory` to write to")
	flags.BoolVar(&secrets, "with-secrets", false, "write the client secret and the private key too")
	flags.BoolVar(&force, "force", false, "overwrite files that are there")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		out, err := c.ExportIMSConfiguration(ctx, args[0], format, secrets)
		if err != nil || p.answerJSON(out) {
			return err
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("making the directory: %w", err)
		}
		for _, f := range out.Files {
			if err := writeExported(folder, f, force); err != nil {
				return err
			}
			p.say("wrote %s", filepath.Join(folder, filepath.Base(f.Name)))
		}
		for _, version := range out.Requires {
			p.tell("needs %s", version)
		}
		return nil
	})
	return command
}

func writeExported(folder string, f client.IMSFile, force bool) error {
	write, path, mode := file.Create, filepath.Join(folder, filepath.Base(f.Name)), fs.FileMode(0o644)
	if force {
		write = file.Replace
	}
	if f.Secret {
		mode = 0o600
	}
	err := write(path, []byte(f.Text), mode)
	if errors.Is(err, fs.ErrExist) {
		return withHint(fmt.Errorf("%s is there already", path), "--out writes elsewhere; --force overwrites it")
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
