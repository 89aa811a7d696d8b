package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/client"
)

func (p *program) cloudServiceCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:     "cloud-service",
		Aliases: []string{"cs"},
		Short:   "Cloud services, as AEM has them: Adobe Target and Adobe Analytics",
		Long: `A cloud service is a configured use of Adobe Target or Adobe Analytics. It calls the product with the token of an IMS
configuration. "connect" looks at one layer after the other (token, profile, product), says which one refused, and what
to change where.`,
		Example: `  latchkey cloud-service create target --title "Acme Target" --ims-configuration acme-target --tenant-id acme
  latchkey cloud-service connect acme-target
  latchkey cloud-service create analytics --title "Acme Analytics" --ims-configuration acme-analytics`,
	}, p.cloudCreateCommand(), p.cloudListCommand(), p.cloudShowCommand(), p.cloudEditCommand(), p.cloudDeleteCommand(), p.cloudConnectCommand(), p.cloudSyncCommand(),
		p.cloudItemsCommand(), p.cloudReportCommand(), p.frameworkCommand(), p.cloudAudiencesCommand(), p.cloudOfferCommand(), p.cloudActivitiesCommand(), p.cloudMboxesCommand(),
		p.cloudPropertiesCommand(), p.cloudSnippetCommand(), p.cloudLibraryCommand(), p.cloudExportCommand(), p.cloudImportCommand(), p.cloudProvisionCommand()))
}

// cloudFlags are the values of a service as flags. Each product has flags of its own.
type cloudFlags struct {
	title, authentication, configuration, secret string
	target                                       targetFlags
	analytics                                    analyticsFlags
}

func (f *cloudFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.title, "title", "", "what people call it, a `text`")
	flags.StringVar(&f.authentication, "authentication", "", "`way`: ims, or credentials for the products' older APIs")
	flags.StringVar(&f.configuration, "ims-configuration", "", "`name` of the IMS configuration whose token it calls with")
	flags.StringVar(&f.secret, "secret", "", "password of Target Classic, or shared secret of Analytics 1.4: `@FILE`, or - for standard input")
	f.target.add(flags)
	f.analytics.add(flags)
}

// cloudValues gives those that were set.
func (p *program) cloudValues(command *cobra.Command, f *cloudFlags) (v client.CloudServiceValues, err error) {
	flags := command.Flags()
	for _, one := range []struct {
		flag string
		text *string
	}{{"secret", &f.secret}, {"password", &f.analytics.password}} {
		if flags.Changed(one.flag) && *one.text != "-" && !strings.HasPrefix(*one.text, "@") {
			return v, usagef(command, "--%s takes @FILE, or - for standard input: a secret in the command line is seen by everybody on this machine", one.flag)
		}
		if *one.text, err = p.value("the "+one.flag, *one.text); err != nil {
			return v, err
		}
	}
	return client.CloudServiceValues{
		Title: given(flags, "title", &f.title), Authentication: given(flags, "authentication", &f.authentication),
		Configuration: given(flags, "ims-configuration", &f.configuration), Secret: given(flags, "secret", &f.secret),
		Target: f.target.values(flags), Analytics: f.analytics.values(flags),
	}, nil
}

func (p *program) cloudCreateCommand() *cobra.Command {
	var f cloudFlags
	command := &cobra.Command{
		Use:   "create target|analytics [NAME] [--title TEXT] [--ims-configuration NAME] …",
		Short: "Create a cloud service",
		Long: `Create a cloud service of what is known already; the rest can be given later, with "edit". The name is made of the title
unless it is given. Nothing is sent to the product: "connect" calls it.`,
		Example: `  latchkey cloud-service create target --title "Acme Target" --ims-configuration acme-target --tenant-id acme
  latchkey cloud-service create analytics acme-analytics --ims-configuration acme-analytics`,
		Args: func(command *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usagef(command, "target or analytics is missing")
			case len(args) > 2:
				return usagef(command, "unexpected argument %q", args[2])
			}
			return nil
		},
	}
	f.add(command.Flags())
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		values, err := p.cloudValues(command, &f)
		if err != nil {
			return err
		}
		input := client.NewCloudService{Kind: args[0], CloudServiceValues: values}
		switch {
		case len(args) == 2:
			input.Name = args[1]
		case values.Title == nil:
			return usagef(command, "NAME or --title is missing")
		}
		made, err := c.CreateCloudService(ctx, input)
		if err != nil || p.answerJSON(made) {
			return err
		}
		p.tellCloud("created", made)
		return nil
	})
	return command
}

// tellCloud says what was kept, what is doubtful about it, and what comes next.
func (p *program) tellCloud(done string, s client.CloudService) {
	p.say("%s %s (%s)", done, s.Name, s.ID)
	for _, problem := range s.Problems {
		p.tell("%s: %s", problem.Severity, problem)
	}
	for _, note := range s.Notes {
		p.warn("%s", note)
	}
	switch {
	case len(s.Missing) > 0:
		p.tell("it is a draft: %s missing; add with latchkey cloud-service edit %s", strings.Join(s.Missing, ", "), s.Name)
	case s.Status == "ready":
		p.tell("connect it: latchkey cloud-service connect %s", s.Name)
	}
}

func (p *program) cloudListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List cloud services",
		Long:    "List the cloud services of a sandbox, by name.",
		Example: "  latchkey cloud-service list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.CloudServices(ctx), []string{"NAME", "KIND", "STATUS", "ACCOUNT", "AUTHENTICATION"}, func(s client.CloudService) []string {
				return []string{s.Name, s.Kind, s.Status, orDash(account(s)), s.Authentication}
			}, "no cloud services yet; make one: latchkey cloud-service create target, or analytics")
		}),
	}
}

// account names the account that a service uses.
func account(s client.CloudService) string {
	if s.Target != nil {
		return s.Target.TenantID
	}
	if s.Analytics != nil {
		return s.Analytics.Company
	}
	return ""
}

func (p *program) cloudShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a cloud service",
		Long:    "Show a cloud service, and what Connect has learned of the product. Its secret is not shown.",
		Example: "  latchkey cloud-service show acme-target",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			s, err := c.CloudService(ctx, args[0])
			if err != nil || p.answerJSON(s) {
				return err
			}
			if err := nameA4T(ctx, c, &s); err != nil {
				return err
			}
			connected := ""
			if s.ConnectedAt != nil {
				connected = p.ago(*s.ConnectedAt)
			}
			rows := [][2]string{
				{"id", s.ID}, {"name", s.Name}, {"title", s.Title}, {"kind", s.Kind}, {"status", s.Status}, {"missing", strings.Join(s.Missing, ", ")},
				{"authentication", s.Authentication}, {"IMS configuration", s.Configuration},
			}
			rows = append(append(rows, targetRows(s.Target)...), analyticsRows(s.Analytics)...)
			p.details(append(rows, [2]string{"connected", connected}, [2]string{"requires", strings.Join(s.Requires, "; ")}, [2]string{"created", p.ago(s.CreatedAt)}))
			for _, note := range s.Notes {
				p.warn("%s", note)
			}
			return nil
		}),
	}
}

func (p *program) cloudEditCommand() *cobra.Command {
	var f cloudFlags
	command := &cobra.Command{
		Use:   "edit NAME [--ims-configuration NAME] [--tenant-id ID] …",
		Short: "Change a cloud service, or complete a draft",
		Long:  "Change what is given, and leave the rest. When the account or what it is reached with changes, connect it anew.",
		Example: `  latchkey cloud-service edit acme-target --tenant-id acme
  latchkey cloud-service edit acme-analytics --company acme0`,
		Args: takes("NAME"),
	}
	f.add(command.Flags())
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		values, err := p.cloudValues(command, &f)
		if err != nil {
			return err
		}
		if values == (client.CloudServiceValues{}) {
			return usagef(command, "nothing to change was given")
		}
		changed, err := c.UpdateCloudService(ctx, args[0], values)
		if err != nil || p.answerJSON(changed) {
			return err
		}
		p.tellCloud("changed", changed)
		return nil
	})
	return command
}

func (p *program) cloudDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete NAME [--yes]",
		Short:   "Delete a cloud service",
		Long:    "Delete a cloud service with all that was synced for it here. In the product nothing is removed.",
		Example: "  latchkey cloud-service delete acme-target --yes",
		Args:    takes("NAME"),
	}, "Delete the cloud service %s and what was synced for it?", (*client.Client).DeleteCloudService)
}

func (p *program) cloudConnectCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "connect NAME",
		Short: "Connect: token, profile, product",
		Long: `Look at a cloud service in layers: whether there is a token; which products its profile has; whether the product lets
it in. The first layer that fails ends it, with exit code 1, and says what to change where. What the product tells
(workspaces, companies) is kept.`,
		Example: `  latchkey cloud-service connect acme-target
  latchkey cloud-service connect acme-target --json`,
		Args: takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			found, err := c.ConnectCloudService(ctx, args[0])
			if err != nil {
				return err
			}
			if !p.answerJSON(found) {
				for _, layer := range found.Layers {
					p.sayLayer(layer)
				}
				for _, note := range found.Notes {
					p.warn("%s", note)
				}
				if found.Connected {
					p.say("%s", found.Message)
				}
			}
			if !found.Connected {
				return errTold
			}
			return nil
		}),
	}
}
