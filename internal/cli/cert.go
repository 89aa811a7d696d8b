package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

func (p *program) certCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "cert",
		Short: "Key pairs: a private key and its certificate",
		Long: `Make and check the key pairs with which a service account signs: the private key stays with the client, the
certificate is uploaded to the credential. No server is needed. Files are read in every way that people pass them
around: PEM or DER, with lost or written line breaks, in base64, as a list of lines.`,
		Example: `  latchkey cert create --name acme-target
  latchkey cert show certificate_pub.crt
  latchkey cert verify private.key certificate_pub.crt`,
	}, p.certCreateCommand(), p.certShowCommand(), p.certVerifyCommand())
}

func (p *program) certShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE",
		Short: "Show a certificate",
		Long: `Show a certificate: its fingerprints as the Developer Console shows them, whose key it is, and how long it lives.
Of a chain the first certificate counts. FILE is - for standard input.`,
		Example: `  latchkey cert show certificate_pub.crt
  openssl s_client -connect example.com:443 </dev/null | latchkey cert show - --json`,
		Args: takes("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			certificate, err := p.readCertificate(args[0])
			if err != nil {
				return err
			}
			if p.json {
				return p.sayJSON(p.certView(certificate))
			}
			p.showCertificate(certificate)
			return nil
		},
	}
}

func (p *program) certVerifyCommand() *cobra.Command {
	var passphrase string
	command := &cobra.Command{
		Use:   "verify KEY CERT [--passphrase @FILE]",
		Short: "Check that a private key and a certificate belong together",
		Long: `Check that a private key and a certificate belong together, that the certificate is valid now, and that both are of
a kind that is used here. The exit code is 1 otherwise, and the reason is told. The passphrase of an encrypted key is
asked for, or read from a file.`,
		Example: `  latchkey cert verify private.key certificate_pub.crt
  latchkey cert verify private.key certificate_pub.crt --passphrase @passphrase.txt`,
		Args: takes("KEY", "CERT"),
	}
	command.Flags().StringVar(&passphrase, "passphrase", "", "passphrase of the private key: `@FILE`, or - for standard input")
	command.RunE = func(command *cobra.Command, args []string) error {
		if passphrase != "" && passphrase != "-" && !strings.HasPrefix(passphrase, "@") {
			return usagef(command, "--passphrase takes @FILE, or - for standard input: a passphrase in the command line is seen by everybody on this machine")
		}
		key, err := p.readPrivateKey(command.Context(), args[0], passphrase)
		if err != nil {
			return err
		}
		certificate, err := p.readCertificate(args[1])
		if err != nil {
			return err
		}
		now := p.Clock.Now()
		if err := certificate.CheckKey(key); err != nil {
			return withWords(args[1], err)
		}
		if err := certificate.Check(now); err != nil {
			return withWords(args[1], err)
		}
		if p.json {
			return p.sayJSON(p.certView(certificate))
		}
		p.say("the private key (%s) belongs to the certificate %s, which is valid for %s more", key.Kind(), certificate.SHA1, days(certificate.DaysLeft(now)))
		return nil
	}
	return command
}

// readCertificate reads a certificate's file. Of a private key that it turns out to be nothing is shown.
func (p *program) readCertificate(file string) (*keypair.Certificate, error) {
	text, err := p.readInput("the certificate", file)
	if err != nil {
		return nil, err
	}
	certificate, err := keypair.ParseCertificate(text)
	return certificate, withWords(file, err)
}

// readPrivateKey reads a private key's file, and asks for its passphrase where it needs one and somebody is there.
func (p *program) readPrivateKey(ctx context.Context, file, passphrase string) (*keypair.Key, error) {
	raw, err := p.readInput("the private key", file)
	if err != nil {
		return nil, err
	}
	text := secret.New(string(raw))
	clear(raw)
	word, err := p.value("--passphrase", passphrase)
	if err != nil {
		return nil, err
	}
	key, err := keypair.ParseEncrypted(text, secret.New(word))
	if ask := p.asker(); errors.Is(err, keypair.ErrEncrypted) && ask != nil {
		answer, asked := ask(ctx, "Passphrase of "+file+": ")
		if asked != nil {
			return nil, asked
		}
		key, err = keypair.ParseEncrypted(text, answer)
	}
	if errors.Is(err, keypair.ErrEncrypted) {
		return nil, withHint(fmt.Errorf("%s: %s", file, keypair.ErrEncrypted.Reason), "give it: --passphrase @FILE")
	}
	return key, withWords(file, err)
}

// withWords names the file, and makes the fix a hint.
func withWords(file string, err error) error {
	failure, ok := errors.AsType[*keypair.Error](err)
	if !ok {
		return err
	}
	return withHint(fmt.Errorf("%s: %s", file, failure.Reason), "%s", failure.Fix)
}

func (p *program) showCertificate(c *keypair.Certificate) {
	now := p.Clock.Now()
	state, issuer, others := "valid, "+days(c.DaysLeft(now))+" left", c.Issuer, ""
	if err := c.Check(now); err != nil {
		state = err.Error()
	}
	if c.SelfSigned {
		issuer = "itself"
	}
	if c.Others > 0 {
		others = fmt.Sprintf("the first of %d certificates; the others are not asked", c.Others+1)
	}
	p.say("%s", c.Subject)
	p.details([][2]string{
		{"SHA-1", c.SHA1}, {"SHA-256", c.SHA256}, {"status", state}, {"not before", moment(c.NotBefore)}, {"not after", moment(c.NotAfter)},
		{"key", c.Kind}, {"issued by", issuer}, {"serial", c.Serial}, {"in the file", others},
	})
}

func moment(at time.Time) string { return at.UTC().Format(time.DateTime) + " UTC" }

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// certView is what --json says of a certificate.
type certView struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	Key       string    `json:"key"`
	SHA1      string    `json:"sha1"`
	SHA256    string    `json:"sha256"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DaysLeft  int       `json:"days_left"`
	Usable    bool      `json:"usable"`
	Problem   string    `json:"problem,omitempty"`
	Others    int       `json:"others_in_file,omitempty"`
	Files     []string  `json:"files,omitempty"`
}

func (p *program) certView(c *keypair.Certificate) certView {
	now := p.Clock.Now()
	view := certView{
		Subject: c.Subject, Issuer: c.Issuer, Serial: c.Serial, Key: c.Kind, SHA1: c.SHA1, SHA256: c.SHA256,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, DaysLeft: c.DaysLeft(now), Usable: true, Others: c.Others,
	}
	if err := c.Check(now); err != nil {
		view.Usable, view.Problem = false, err.Error()
	}
	return view
}

func (p *program) sayJSON(view any) error {
	text, err := json.Marshal(view)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	p.say("%s", indentJSON(text))
	return nil
}
