package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) credentialCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "credential",
		Short: "Credentials: what your systems call services with",
		Long: `A credential is a client id with what proves it: a certificate, a client secret, or a redirect URI. It subscribes to
services, by product profiles where those have any. It is named by its id, its client id or its name.`,
		Example: `  latchkey credential create moviestar-target --project Moviestar --type oauth_server_to_server --service AdobeTargetSDK
  latchkey credential renew moviestar-target`,
	}, p.credentialCreateCommand(), p.credentialListCommand(), p.credentialShowCommand(), p.credentialEditCommand(), p.credentialDeleteCommand(),
		p.credentialSecretCommand(), p.credentialCertCommand(), p.credentialServiceCommand(), p.credentialMigrateCommand(), p.credentialRenewCommand(),
		p.credentialDecisionsCommand(), p.credentialExplainCommand()))
}

func (p *program) credentialListCommand() *cobra.Command {
	var filter client.CredentialFilter
	command := &cobra.Command{
		Use:     "list [--project PROJECT] [--type TYPE] [--service CODE] [--profile ID]",
		Aliases: []string{"ls"},
		Short:   "List credentials",
		Long:    "List credentials, with when each was used last and when its certificates end.",
		Example: `  latchkey credential list --type service_account_jwt`,
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			head := []string{"NAME", "TYPE", "STATUS", "LAST USED", "ENDS", "CLIENT ID"}
			return list(p, c.Credentials(ctx, filter), head, func(o client.Credential) []string {
				return []string{o.Name, o.Kind, credentialStatus(o), orDash(p.ago(lastUsed(o))), orDash(p.ago(lastEnd(o))), o.ClientID}
			}, "no credentials yet; make one: latchkey credential create NAME --project PROJECT --type TYPE")
		}),
	}
	flags := command.Flags()
	flags.StringVar(&filter.Project, "project", "", "only those of this `project`")
	flags.StringVar(&filter.Workspace, "workspace", "", "only those of this `workspace`: its id, or its name with --project")
	flags.StringVar(&filter.Kind, "type", "", "only those of the `type`")
	flags.StringVar(&filter.Service, "service", "", "only those subscribed to the service of this `code`")
	flags.StringVar(&filter.Profile, "profile", "", "only those with the product profile of this `id`")
	return command
}

func credentialStatus(o client.Credential) string {
	switch {
	case !o.Enabled:
		return "disabled"
	case o.Migration.State == "started":
		return "migrating"
	}
	return "active"
}

// lastUsed gives when any of its secrets and certificates was used last.
func lastUsed(o client.Credential) (last time.Time) {
	for _, s := range o.Secrets {
		last = later(last, s.LastUsedAt)
	}
	for _, b := range o.Certificates {
		last = later(last, b.LastUsedAt)
	}
	return last
}

// lastEnd gives when the last of its certificates ends.
func lastEnd(o client.Credential) (last time.Time) {
	for _, b := range o.Certificates {
		last = later(last, b.NotAfter)
	}
	return last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (p *program) credentialShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show CREDENTIAL",
		Short: "Show a credential",
		Long: `Show a credential: its ids, its services and scopes, its certificates and secrets, and when and from where each was
used. No secret is shown; "latchkey credential secret reveal" does that.`,
		Example: "  latchkey credential show moviestar-target",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			o, err := c.Credential(ctx, args[0])
			if err != nil || p.answerJSON(o) {
				return err
			}
			p.showCredential(o)
			return nil
		}),
	}
}

func (p *program) showCredential(o client.Credential) {
	rows := [][2]string{
		{"id", o.ID}, {"name", o.Name}, {"description", o.Description}, {"type", o.Kind}, {"status", credentialStatus(o)}, {"client id", o.ClientID},
	}
	if o.TechnicalAccount != nil {
		rows = append(rows, [2]string{"technical account", o.TechnicalAccount.ID}, [2]string{"its e-mail", o.TechnicalAccount.Email})
	}
	rows = append(rows, [2]string{"organization", o.Organization}, [2]string{"project", o.Project}, [2]string{"workspace", o.Workspace})
	if o.Redirect != nil {
		rows = append(rows, [2]string{"redirect URI", o.Redirect.Default}, [2]string{"patterns", strings.Join(o.Redirect.Patterns, " ")})
	}
	rows = append(rows, [2]string{"scopes", strings.Join(o.Scopes, ",")}, [2]string{"metascopes", strings.Join(o.Metascopes, " ")})
	for _, s := range o.Services {
		var profiles []string
		for _, a := range s.Profiles {
			profiles = append(profiles, strings.TrimSpace(a.ID+" "+a.Role))
		}
		text := s.Service
		if len(profiles) > 0 {
			text += ": " + strings.Join(profiles, ", ")
		}
		rows = append(rows, [2]string{"service", text})
	}
	for _, b := range o.Certificates {
		rows = append(rows, [2]string{"certificate", fmt.Sprintf("%s, ends %s%s", b.SHA1, p.ago(b.NotAfter), p.used(b.Uses))})
	}
	for _, s := range o.Secrets {
		rows = append(rows, [2]string{"secret", fmt.Sprintf("%s, made %s%s", s.UUID, p.ago(s.CreatedAt), p.used(s.Uses))})
	}
	if o.Migration.State != "none" && o.Migration.State != "not_started" {
		rows = append(rows, [2]string{"migration to OAuth", o.Migration.State + " " + p.ago(o.Migration.At)})
	}
	p.details(rows)
}

// used says when and from where something was used, the three latest places.
func (p *program) used(uses []client.ProofUse) string {
	if len(uses) == 0 {
		return ", not used yet"
	}
	var places []string
	for _, u := range uses[:min(len(uses), 3)] {
		places = append(places, p.ago(u.At)+" from "+orUnknown(u.From))
	}
	more := ""
	if len(uses) > 3 {
		more = fmt.Sprintf(" and %d other places", len(uses)-3)
	}
	return ", used " + strings.Join(places, ", ") + more
}

func orUnknown(from string) string {
	if from == "" {
		return "an unknown place"
	}
	return from
}

func (p *program) credentialEditCommand() *cobra.Command {
	var name, description, redirect string
	var patterns []string
	var enable, disable bool
	command := &cobra.Command{
		Use:   "edit CREDENTIAL [--name NAME] [--description TEXT] [--enable] [--disable] [--redirect-uri URI [--redirect-pattern RE…]]",
		Short: "Change a credential",
		Long: `Change what is given, and leave the rest. A disabled credential gets no tokens; those that it has got live on until
they end. --redirect-uri replaces the patterns too.`,
		Example: `  latchkey credential edit moviestar-target --disable`,
		Args:    takes("CREDENTIAL"),
	}
	flags := command.Flags()
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := exclusive(command, "enable", "disable"); err != nil {
			return err
		}
		patch := client.CredentialPatch{Name: given(flags, "name", &name), Description: given(flags, "description", &description)}
		if enable || disable {
			patch.Enabled = &enable
		}
		if flags.Changed("redirect-uri") {
			patch.Redirect = &client.Redirect{Default: redirect, Patterns: patterns}
		}
		if patch == (client.CredentialPatch{}) {
			return usagef(command, "nothing to change was given")
		}
		o, err := c.UpdateCredential(ctx, args[0], patch)
		if err != nil || p.answerJSON(o) {
			return err
		}
		p.say("changed %s: %s", o.Name, credentialStatus(o))
		return nil
	})
	flags.StringVar(&name, "name", "", "a new `name`")
	flags.StringVar(&description, "description", "", "what people should know of it, a `text`")
	flags.BoolVar(&enable, "enable", false, "give it tokens")
	flags.BoolVar(&disable, "disable", false, "give it no tokens")
	flags.StringVar(&redirect, "redirect-uri", "", "`URI` that browsers come back to")
	flags.StringSliceVar(&patterns, "redirect-pattern", nil, "a `pattern` of other URIs; repeat for more")
	return command
}

func (p *program) credentialDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete CREDENTIAL [--yes]",
		Short:   "Delete a credential",
		Long:    "Delete a credential. Tokens that it has got live on until they end.",
		Example: "  latchkey credential delete moviestar-target --yes",
		Args:    takes("CREDENTIAL"),
	}, "Delete the credential %s?", (*client.Client).DeleteCredential)
}
