package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) credentialSecretCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:     "secret",
		Short:   "Client secrets of a credential",
		Long:    "A credential has two client secrets at most, both good at once: so one can be changed without downtime.",
		Example: "  latchkey credential secret add moviestar-target",
	}, p.secretAddCommand(), p.secretListCommand(), p.secretRevealCommand(),
		p.endProofCommand("secret", "UUID", "End a client secret", "End a client secret at once. The last one stays: disable the credential instead.",
			(*client.Client).DeleteClientSecret))
}

func (p *program) secretAddCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "add CREDENTIAL",
		Aliases: []string{"create"},
		Short:   "Add a client secret",
		Long:    "Add a second client secret, and print it. The first goes on.",
		Example: "  latchkey credential secret add moviestar-target > client.secret",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.CreateClientSecret(ctx, args[0])
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.tell("secret %s:", made.UUID)
			p.say("%s", made.Value.Reveal())
			return nil
		}),
	}
}

func (p *program) secretListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list CREDENTIAL",
		Aliases: []string{"ls"},
		Short:   "List client secrets",
		Long:    "List a credential's client secrets without their values: when each was made, when and from where it was used.",
		Example: "  latchkey credential secret list moviestar-target",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.ClientSecrets(ctx, args[0]), []string{"UUID", "MADE", "LAST USED", "PLACES"}, func(o client.CredentialSecret) []string {
				return []string{o.UUID, p.ago(o.CreatedAt), orDash(p.ago(o.LastUsedAt)), strconv.Itoa(len(o.Uses))}
			}, "no client secrets: a credential of this type has none")
		}),
	}
}

func (p *program) secretRevealCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reveal CREDENTIAL",
		Short:   "Print the values of client secrets",
		Long:    "Print a credential's client secrets, the oldest first. It takes the right to change the credential, and is recorded.",
		Example: "  latchkey credential secret reveal moviestar-target",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			all, err := c.ClientSecretValues(ctx, args[0])
			if err != nil {
				return err
			}
			if p.json {
				type shown struct {
					UUID  string `json:"uuid"`
					Value string `json:"client_secret"`
				}
				out := []shown{}
				for _, s := range all {
					out = append(out, shown{s.UUID, s.Value.Reveal()})
				}
				return p.sayJSON(map[string]any{"items": out})
			}
			for _, s := range all {
				p.say("%s", s.Value.Reveal())
			}
			return nil
		}),
	}
}

// endProofCommand makes a command that ends a secret or a certificate.
func (p *program) endProofCommand(noun, id, short, long string, remove func(*client.Client, context.Context, string, string) error) *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:     "delete CREDENTIAL " + id + " [--yes]",
		Short:   short,
		Long:    long,
		Example: "  latchkey credential " + noun + " delete moviestar-target 11ede8ab42f138f3abe335d886a407fb --yes",
		Args:    takes("CREDENTIAL", id),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := p.confirm(ctx, yes, fmt.Sprintf("End %s of %s? Whatever still uses it stops.", args[1], args[0])); err != nil {
				return err
			}
			if err := remove(c, ctx, args[0], args[1]); err != nil || p.doneJSON() {
				return err
			}
			p.say("deleted %s", args[1])
			return nil
		}),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return command
}

func (p *program) credentialCertCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:     "cert",
		Short:   "Certificates of a credential",
		Long:    "A service_account_jwt, an oauth_server_to_server and an oauth_web_app may have several certificates at once, and the key\nof each may sign: so one can be changed without downtime. What is signed is the JWT of a service account, or the\nassertion by which a client proves itself in the place of a secret (private_key_jwt).",
		Example: "  latchkey credential cert add moviestar-jwt --cert certificate_pub.crt",
	}, p.certAddCommand(), p.certListCommand(),
		p.endProofCommand("cert", "CERTIFICATE", "End a certificate", "End a certificate at once, by its id or a fingerprint; also the last one: its key may be in the wrong hands.",
			(*client.Client).DeleteCertificate))
}

func (p *program) certAddCommand() *cobra.Command {
	var path, folder string
	var generate, jti bool
	command := &cobra.Command{
		Use:     "add CREDENTIAL (--cert FILE | --generate [--out DIR]) [--require-jti]",
		Aliases: []string{"create"},
		Short:   "Bind a certificate",
		Long:    "Bind one more certificate: yours, or that of a key pair that is made here. Those that the credential has go on.",
		Example: "  latchkey credential cert add moviestar-jwt --cert certificate_pub.crt",
		Args:    takes("CREDENTIAL"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := exclusive(command, "cert", "generate"); err != nil {
			return err
		}
		if path == "" && !generate {
			return usagef(command, "--cert or --generate is missing")
		}
		pair, err := p.certificateFor(args[0], path, folder, generate)
		if err != nil {
			return err
		}
		made, err := c.AddCertificate(ctx, args[0], pair.certificate, jti)
		if err != nil {
			pair.drop()
			return err
		}
		if p.answerJSON(made) {
			return nil
		}
		p.say("bound %s, ends %s", made.SHA1, p.ago(made.NotAfter))
		return nil
	})
	flags := command.Flags()
	flags.StringVar(&path, "cert", "", "certificate `file` to upload: CRT, CER, DER or PEM")
	flags.BoolVar(&generate, "generate", false, "make a key pair")
	flags.StringVar(&folder, "out", ".", "`directory` for the generated key pair")
	flags.BoolVar(&jti, "require-jti", false, "refuse JWTs without a jti, and each jti a second time")
	return command
}

func (p *program) certListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list CREDENTIAL",
		Aliases: []string{"ls"},
		Short:   "List a credential's certificates",
		Long:    "List a credential's certificates: when each ends, when and from where it was used.",
		Example: "  latchkey credential cert list moviestar-jwt",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			head := []string{"SHA-1", "ENDS", "LAST USED", "PLACES", "ID"}
			return list(p, c.Certificates(ctx, args[0]), head, func(b client.CertificateBinding) []string {
				return []string{b.SHA1, p.ago(b.NotAfter), orDash(p.ago(b.LastUsedAt)), strconv.Itoa(len(b.Uses)), b.ID}
			}, "no certificates; add one: latchkey credential cert add CREDENTIAL --generate")
		}),
	}
}
