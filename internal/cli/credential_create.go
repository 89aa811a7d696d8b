package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/keypair"
)

// credentialAsk are the flags of `latchkey credential create`.
type credentialAsk struct {
	client.NewCredential
	services, profiles     []string
	redirect, cert, folder string
	patterns               []string
	generate               bool
}

func (p *program) credentialCreateCommand() *cobra.Command {
	var ask credentialAsk
	command := &cobra.Command{
		Use:   "create NAME --project PROJECT --type TYPE [--service CODE…] [--profile PROFILE…] [--cert FILE | --generate --out DIR] [--redirect-uri URI]",
		Short: "Make a credential",
		Long: `Make a credential in a workspace of a project: the only one it has, or the one that --workspace names.

A service_account_jwt needs a key pair: --cert uploads the certificate of yours, --generate makes a pair here and
writes private.key and certificate_pub.crt to --out; the private key does not leave this machine. With one, an
oauth_server_to_server or an oauth_web_app may prove itself by private_key_jwt, beside its secret. A service with
product profiles takes those of --profile, by id or name; where there is one alone, that one. The first client secret
is in the answer.

The types are service_account_jwt, oauth_server_to_server, oauth_web_app, oauth_single_page_app, oauth_native_app and
api_key.`,
		Example: `  latchkey credential create moviestar-target --project Moviestar --type oauth_server_to_server --service AdobeTargetSDK
  latchkey credential create moviestar-jwt --project Moviestar --type service_account_jwt --generate --out keys
  latchkey credential create shop --project Shop --type oauth_web_app --redirect-uri https://shop.example.com/callback`,
		Args: takes("NAME"),
	}
	flags := command.Flags()
	flags.StringVar(&ask.Project, "project", "", "`project` to make it in: its id or name")
	flags.StringVar(&ask.Workspace, "workspace", "", "`workspace`: its name in the project, or its id")
	flags.StringVar(&ask.Kind, "type", "", "`type` of the credential")
	flags.StringVar(&ask.Description, "description", "", "what people should know of it, a `text`")
	flags.StringSliceVar(&ask.services, "service", nil, "`code` of a service to subscribe to; repeat for more")
	flags.StringSliceVar(&ask.profiles, "profile", nil, "a product `profile`, by id or name; repeat for more")
	flags.StringVar(&ask.cert, "cert", "", "certificate `file` to upload: CRT, CER, DER or PEM")
	flags.BoolVar(&ask.generate, "generate", false, "make a key pair")
	flags.StringVar(&ask.folder, "out", ".", "`directory` for the generated key pair")
	flags.BoolVar(&ask.RequireJTI, "require-jti", false, "refuse JWTs without a jti, and each jti a second time")
	flags.StringVar(&ask.redirect, "redirect-uri", "", "`URI` that browsers come back to")
	flags.StringSliceVar(&ask.patterns, "redirect-pattern", nil, "a `pattern` of other URIs, a regular expression; repeat for more")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		switch {
		case ask.Kind == "":
			return usagef(command, "--type is missing")
		case ask.Project == "" && ask.Workspace == "":
			return usagef(command, "--project is missing")
		}
		if err := exclusive(command, "cert", "generate"); err != nil {
			return err
		}
		ask.Name = args[0]
		return p.createCredential(ctx, c, ask)
	})
	return command
}

func (p *program) createCredential(ctx context.Context, c *client.Client, ask credentialAsk) (err error) {
	if ask.redirect != "" || len(ask.patterns) > 0 {
		ask.Redirect = &client.Redirect{Default: ask.redirect, Patterns: ask.patterns}
	}
	if ask.NewCredential.Services, err = p.wishes(ctx, c, ask.services, ask.profiles); err != nil {
		return err
	}
	pair, err := p.certificateFor(ask.Name, ask.cert, ask.folder, ask.generate)
	if err != nil {
		return err
	}
	ask.Certificate = pair.certificate
	made, err := c.CreateCredential(ctx, ask.NewCredential)
	if err != nil {
		pair.drop()
		return err
	}
	if p.answerJSON(made) {
		return nil
	}
	p.showCredential(made.Credential)
	if secret := made.ClientSecret.Reveal(); secret != "" {
		p.say("  %s  %s", p.paint(dim, "client secret"), secret)
	}
	if len(pair.files) > 0 {
		p.tell("wrote %s; the private key is in that file alone", strings.Join(pair.files, " and "))
	}
	return nil
}

// wishes asks for services, each with those of the product profiles that are its own. Every profile has to be of one.
func (p *program) wishes(ctx context.Context, c *client.Client, services, profiles []string) ([]client.SubscriptionRequest, error) {
	var out []client.SubscriptionRequest
	left := slices.Clone(profiles)
	for _, code := range services {
		ask := client.SubscriptionRequest{Service: code}
		s, err := c.Service(ctx, code)
		if err != nil {
			return nil, err
		}
		for _, offered := range s.Profiles {
			is := func(name string) bool { return name == offered.ID || strings.EqualFold(name, offered.Name) }
			if slices.ContainsFunc(profiles, is) {
				ask.Profiles = append(ask.Profiles, offered.ID)
				left = slices.DeleteFunc(left, is)
			}
		}
		if s.HasProfiles && len(ask.Profiles) == 0 && len(s.Profiles) == 1 {
			ask.Profiles = []string{s.Profiles[0].ID}
			p.tell("%s: with its product profile %s (%s)", s.Code, s.Profiles[0].ID, s.Profiles[0].Name)
		}
		out = append(out, ask)
	}
	if len(left) > 0 {
		return nil, &usageError{text: fmt.Sprintf("the product profile %q is of none of the services", left[0]), hint: "these are there: latchkey profile list"}
	}
	return out, nil
}

// uploadedPair is a certificate to upload, with the files of the pair when it was made here.
type uploadedPair struct {
	certificate string
	signer      *keypair.Key // nil when only the certificate is known
	files       []string
}

// drop removes the files of a pair that came to nothing.
func (u uploadedPair) drop() {
	for _, path := range u.files {
		_ = os.Remove(path)
	}
}

// certificateFor reads a certificate, or makes a pair and writes its files; neither asked for is an empty one.
func (p *program) certificateFor(name, path, folder string, generate bool) (uploadedPair, error) {
	var out uploadedPair
	if path != "" {
		read, err := p.readInput("the certificate", path)
		if err != nil {
			return out, err
		}
		parsed, err := keypair.ParseCertificate(read) // what is wrong is said here, before anything leaves this machine
		if err != nil {
			return out, withWords(path, err)
		}
		out.certificate = string(parsed.PEM())
		return out, nil
	}
	if !generate {
		return out, nil
	}
	p.tell("making a key pair…")
	return p.generatePair(name, folder)
}
