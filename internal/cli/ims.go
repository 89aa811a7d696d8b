package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/client"
)

func (p *program) imsCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "ims",
		Short: "IMS configurations, as AEM has them: create, check, migrate",
		Long: `An IMS configuration says who asks Adobe IMS for tokens: with which key or secret, for which product. What is pasted
out of the console is checked before anything is sent; "check" then looks at one layer after the other, says which one
refused, and what to change where. Its token is read like any other: latchkey token NAME.`,
		Example: `  latchkey ims certificate create acme --out .
  latchkey ims create --title "Acme Target" --solution target --key-alias acme
  latchkey ims edit acme-target --client-secret @secret.txt --payload @payload.json
  latchkey ims check acme-target`,
	}, p.imsCreateCommand(), p.imsListCommand(), p.imsShowCommand(), p.imsEditCommand(), p.imsDeleteCommand(), p.imsCheckCommand(), p.imsMigrateCommand(),
		p.imsImportCommand(), p.imsExportCommand(), p.imsCertificateCommand()))
}

// imsFlags are the values of a configuration as flags.
type imsFlags struct {
	title, solution, kind, server, apiKey, secret, payload, organization, account, alias string
	scopes, metascopes                                                                   []string
}

func (f *imsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.title, "title", "", "what people call it, a `text`")
	flags.StringVar(&f.solution, "solution", "", "cloud `solution`: target, analytics, launch, campaign, stock, brand-portal, experience-platform, io-management")
	flags.StringVar(&f.kind, "type", "", "`type`: jwt (Service Account) or oauth (OAuth Server-to-Server)")
	flags.StringVar(&f.server, "authorization-server", "", "scheme and host of the authorization server, a `URL`")
	flags.StringVar(&f.apiKey, "api-key", "", "API key, which is the client `ID`")
	flags.StringVar(&f.secret, "client-secret", "", "client secret: `@FILE`, or - for standard input")
	flags.StringVar(&f.payload, "payload", "", "claims as the console's tab Generate JWT shows them: `@FILE`, or - for standard input")
	flags.StringVar(&f.organization, "organization-id", "", "`id` of the organization, which ends in @AdobeOrg")
	flags.StringVar(&f.account, "technical-account", "", "`id` of the technical account, which ends in @techacct.adobe.com")
	flags.StringSliceVar(&f.scopes, "scope", nil, "a `scope` of OAuth, or several with commas; repeat for more")
	flags.StringSliceVar(&f.metascopes, "metascope", nil, "a `metascope` of the JWT; repeat for more")
	flags.StringVar(&f.alias, "key-alias", "", "`alias` of the certificate that signs")
}

// values gives those that were set.
func (p *program) imsValues(command *cobra.Command, f *imsFlags) (v client.IMSValues, err error) {
	flags := command.Flags()
	if flags.Changed("client-secret") && f.secret != "-" && !strings.HasPrefix(f.secret, "@") {
		return v, usagef(command, "--client-secret takes @FILE, or - for standard input: a secret in the command line is seen by everybody on this machine")
	}
	if f.secret, err = p.value("the client secret", f.secret); err != nil {
		return v, err
	}
	if f.payload, err = p.value("the payload", f.payload); err != nil {
		return v, err
	}
	v = client.IMSValues{
		Title: given(flags, "title", &f.title), Solution: given(flags, "solution", &f.solution), Type: given(flags, "type", &f.kind),
		Server: given(flags, "authorization-server", &f.server), APIKey: given(flags, "api-key", &f.apiKey), ClientSecret: given(flags, "client-secret", &f.secret),
		Payload: given(flags, "payload", &f.payload), OrganizationID: given(flags, "organization-id", &f.organization),
		TechnicalAccount: given(flags, "technical-account", &f.account), KeyAlias: given(flags, "key-alias", &f.alias),
	}
	if flags.Changed("scope") {
		v.Scopes = &f.scopes
	}
	if flags.Changed("metascope") {
		v.Metascopes = &f.metascopes
	}
	return v, nil
}

func (p *program) imsCreateCommand() *cobra.Command {
	var f imsFlags
	command := &cobra.Command{
		Use:   "create [NAME] [--title TEXT] [--solution SOLUTION] [--type TYPE] [--payload @FILE] …",
		Short: "Create an IMS configuration",
		Long: `Create a configuration of what is known already; the rest can be given later, with "edit". The name is made of the
title unless it is given. Nothing is sent: "check" asks for the first token.

A JWT's payload is pasted as the console shows it. It fills in authorization server, API key, organization, technical
account and metascopes where these are not given; its exp is ignored, for each request is signed with a fresh one.`,
		Example: `  latchkey ims create --title "Acme Target" --solution target --key-alias acme
  latchkey ims create acme-target --client-secret @secret.txt --payload @payload.json --key-alias acme
  latchkey ims create acme-analytics --type oauth --solution analytics --api-key e053e1a87cf74c68a6ec8e71d4a82662 \
    --client-secret @secret.txt --organization-id 6096892F54B5819E0A4C98A2@AdobeOrg \
    --scope openid,AdobeID,read_organizations,additional_info.projectedProductContext`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(command, "unexpected argument %q", args[1])
			}
			return nil
		},
	}
	f.add(command.Flags())
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		values, err := p.imsValues(command, &f)
		if err != nil {
			return err
		}
		input := client.NewIMSConfiguration{IMSValues: values}
		switch {
		case len(args) == 1:
			input.Name = args[0]
		case values.Title == nil:
			return usagef(command, "NAME or --title is missing")
		}
		made, err := c.CreateIMSConfiguration(ctx, input)
		if err != nil || p.answerJSON(made) {
			return err
		}
		p.tellIMS("created", made)
		return nil
	})
	return command
}

// tellIMS says what was kept, what is doubtful about it, and what comes next.
func (p *program) tellIMS(done string, c client.IMSConfiguration) {
	p.say("%s %s (%s)", done, c.Name, c.ID)
	for _, problem := range c.Problems {
		p.tell("%s: %s", problem.Severity, problem)
	}
	if c.Retired != "" {
		p.warn("%s", c.Retired)
	}
	if len(c.Missing) > 0 {
		p.tell("it is a draft: %s missing; add with latchkey ims edit %s", strings.Join(c.Missing, ", "), c.Name)
		return
	}
	p.tell("check it: latchkey ims check %s", c.Name)
}

func (p *program) imsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List IMS configurations",
		Long:    "List the IMS configurations of a sandbox, by name.",
		Example: "  latchkey ims list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.IMSConfigurations(ctx), []string{"NAME", "SOLUTION", "TYPE", "STATE", "SERVER", "CERTIFICATE"}, func(o client.IMSConfiguration) []string {
				kind := o.Type
				if o.Retired != "" {
					kind += " (retired)"
				}
				return []string{o.Name, orDash(o.Solution), kind, o.State, orDash(strings.TrimPrefix(o.Server, "https://")), orDash(o.KeyAlias)}
			}, "no IMS configurations yet; make one: latchkey ims create, or latchkey ims import FILE")
		}),
	}
}

func (p *program) imsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show an IMS configuration",
		Long:    "Show an IMS configuration. Its secret and its key are not shown.",
		Example: "  latchkey ims show acme-target",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			o, err := c.IMSConfiguration(ctx, args[0])
			if err != nil || p.answerJSON(o) {
				return err
			}
			migration := ""
			if o.Migration != nil {
				migration = "to OAuth, since " + p.ago(o.Migration.Since)
			}
			p.details([][2]string{
				{"id", o.ID}, {"name", o.Name}, {"title", o.Title}, {"solution", o.Solution}, {"type", o.Type}, {"state", o.State}, {"missing", strings.Join(o.Missing, ", ")},
				{"authorization server", o.Server}, {"API key", o.APIKey}, {"organization", o.OrganizationID}, {"technical account", o.TechnicalAccount},
				{"metascopes", strings.Join(o.Metascopes, " ")}, {"scopes", strings.Join(o.Scopes, ",")}, {"certificate", o.KeyAlias}, {"connection", o.Connection},
				{"migration", migration}, {"requires", strings.Join(o.Requires, "; ")}, {"created", p.ago(o.CreatedAt)},
			})
			if o.Retired != "" {
				p.warn("%s", o.Retired)
			}
			return nil
		}),
	}
}

func (p *program) imsEditCommand() *cobra.Command {
	var f imsFlags
	command := &cobra.Command{
		Use:   "edit NAME [--client-secret @FILE] [--payload @FILE] …",
		Short: "Change an IMS configuration, or complete a draft",
		Long: `Change what is given, and leave the rest. One that has had a token is asked for another with the new values first; when
that is refused, the old ones stay.`,
		Example: `  latchkey ims edit acme-target --client-secret @secret.txt --payload @payload.json
  latchkey ims edit acme-target --key-alias acme`,
		Args: takes("NAME"),
	}
	f.add(command.Flags())
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		values, err := p.imsValues(command, &f)
		if err != nil {
			return err
		}
		if values == (client.IMSValues{}) {
			return usagef(command, "nothing to change was given")
		}
		changed, err := c.UpdateIMSConfiguration(ctx, args[0], values)
		if err != nil || p.answerJSON(changed) {
			return err
		}
		p.tellIMS("changed", changed)
		return nil
	})
	return command
}

func (p *program) imsDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete NAME [--yes]",
		Short:   "Delete an IMS configuration",
		Long:    "Delete an IMS configuration with its connection and token. Its certificate stays.",
		Example: "  latchkey ims delete acme-target --yes",
		Args:    takes("NAME"),
	}, "Delete the IMS configuration %s and its connection?", (*client.Client).DeleteIMSConfiguration)
}

func (p *program) imsMigrateCommand() *cobra.Command {
	var secret string
	var input client.IMSMigrate
	var cancel bool
	command := &cobra.Command{
		Use:   "migrate NAME [--client-secret @FILE] [--scope SCOPES] | --cancel",
		Short: "Migrate from JWT to OAuth server-to-server",
		Long: `Migrate from Service Account (JWT) to OAuth server-to-server, on the same API key: add the OAuth credential to the same
project in the console first. The JWT part, with its certificate, serves on until a token was had by OAuth; after a
refusal, call it again with what is to be different. --cancel forgets a migration that is not through.`,
		Example: `  latchkey ims migrate acme-target --client-secret @oauth-secret.txt --scope openid,AdobeID,target_sdk
  latchkey ims migrate acme-target --cancel`,
		Args: takes("NAME"),
	}
	flags := command.Flags()
	flags.StringVar(&secret, "client-secret", "", "secret of the OAuth credential: `@FILE`, or - for standard input; else the present one")
	flags.StringSliceVar(&input.Scopes, "scope", nil, "`scopes` that the console shows; else the solution's usual ones")
	flags.BoolVar(&cancel, "cancel", false, "forget a migration that is not through")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
		if err := exclusive(command, "cancel", "client-secret", "scope"); err != nil {
			return err
		}
		if cancel {
			kept, err := c.CancelIMSMigration(ctx, args[0])
			if err == nil && !p.answerJSON(kept) {
				p.say("cancelled; %s stays as it was", kept.Name)
			}
			return err
		}
		if secret != "" && secret != "-" && !strings.HasPrefix(secret, "@") {
			return usagef(command, "--client-secret takes @FILE, or - for standard input: a secret in the command line is seen by everybody on this machine")
		}
		if input.ClientSecret, err = p.value("the client secret", secret); err != nil {
			return err
		}
		got, err := c.MigrateIMSConfiguration(ctx, args[0], input)
		if err != nil {
			return err
		}
		return p.tellMigrated(got)
	})
	return command
}

func (p *program) tellMigrated(got client.IMSMigrated) error {
	if !p.answerJSON(got) {
		if got.Done {
			p.say("migrated %s; it had a token by OAuth, and needs no certificate any more", got.Configuration.Name)
		} else {
			p.sayLayer(*got.Refused)
			p.tell("the migration has begun and is not through; the JWT serves on. Call it again, or cancel it: latchkey ims migrate %s --cancel", got.Configuration.Name)
		}
	}
	if !got.Done {
		return errTold
	}
	return nil
}

// marks are how a layer's status is shown.
var marks = map[string]string{"ok": "ok", "failed": "FAILED", "not_needed": "-", "unchecked": "?", "skipped": "-"}

func (p *program) sayLayer(l client.HealthLayer) {
	p.say("%-6s  %-11s  %s", marks[l.Status], l.Layer, l.Message)
	const indent = "                     "
	if l.Code+l.Description != "" {
		p.say("%sthe server says: %s", indent, strings.TrimSpace(fmt.Sprintf("%s %s", l.Code, l.Description)))
	}
	for _, a := range l.Advice {
		p.say("%schange: %s", indent, a.Do)
		p.say("%s where: %s", indent, a.Where)
	}
	for _, w := range l.Warnings {
		p.say("%swarning: %s", indent, w)
	}
}

func (p *program) imsCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check NAME",
		Short: "Check Health: key, token, profile, product",
		Long: `Look at a configuration in layers: whether key and certificate belong together and are valid; whether a token is given;
which organization and products it is for; whether the product takes it. The first layer that fails ends it, with exit
code 1, and says what to change where. A new token is asked for, whether there is one or not.`,
		Example: `  latchkey ims check acme-target
  latchkey ims check acme-target --json`,
		Args: takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			health, err := c.CheckIMSConfiguration(ctx, args[0])
			if err != nil {
				return err
			}
			if !p.answerJSON(health) {
				for _, layer := range health.Layers {
					p.sayLayer(layer)
				}
				for _, note := range health.Notes {
					p.warn("%s", note)
				}
				for _, version := range health.Requires {
					p.say("needs   %s", version)
				}
			}
			if !health.Healthy {
				return errTold
			}
			return nil
		}),
	}
}
