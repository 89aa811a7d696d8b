package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/client"
)

func (p *program) frameworkCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "framework",
		Short: "Frameworks: what pages send to Target or Analytics",
		Long: `A framework of Target names the parameters of a page's context that are shared with it; one of Analytics sends variables
of components to props, eVars and events, of report suites by run mode. Pages name a framework, those below inherit it,
and pages on publish have what was published.`,
		Example: `  latchkey cloud-service framework create acme-analytics site --report-suite acmeprod:publish \
    --map foundation/components/page:pagedata.title=prop1,eVar3 --page /content/site
  latchkey cloud-service framework publish acme-analytics site
  latchkey cloud-service framework export acme-analytics site --run-mode publish`,
	}, p.frameworkCreateCommand(), p.frameworkListCommand(), p.frameworkShowCommand(), p.frameworkEditCommand(), p.frameworkDeleteCommand(), p.frameworkPublishCommand(),
		p.frameworkExportCommand(), p.frameworkPreviewCommand())
}

// frameworkFlags are the values of a framework as flags.
type frameworkFlags struct {
	title, server, secure, namespace string
	pages, share, keep               []string
	suites, maps                     []string
	file                             string
}

func (f *frameworkFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.title, "title", "", "what people call it, a `text`")
	flags.StringSliceVar(&f.pages, "page", nil, "`path` of a page that names it; repeat for more. Pages below inherit it")
	flags.StringSliceVar(&f.share, "share", nil, "Target: a `parameter` that is shared, as profile/gender; repeat for more")
	flags.StringSliceVar(&f.keep, "keep", nil, "Target: a `parameter` that is listed, and not shared")
	flags.StringSliceVar(&f.suites, "report-suite", nil, "Analytics: `suite[:all|author|publish]` that pages send to; repeat for more")
	flags.StringArrayVar(&f.maps, "map", nil, "Analytics: `component:variable=prop1,eVar3`; repeat for more")
	flags.StringVar(&f.server, "tracking-server", "", "Analytics: `host` that pages send to")
	flags.StringVar(&f.secure, "secure-tracking-server", "", "Analytics: `host` that pages send to by https")
	flags.StringVar(&f.namespace, "visitor-namespace", "", "Analytics: `name` of the visitors' cookies")
	flags.StringVar(&f.file, "file", "", "the values as JSON, as the API takes them: `@FILE`, or - for standard input")
}

// values gives those that were set: of the file, and of flags beside it.
func (p *program) frameworkValues(command *cobra.Command, f *frameworkFlags) (v client.FrameworkValues, err error) {
	flags := command.Flags()
	if f.file != "" {
		text, err := p.value("the framework", f.file)
		if err != nil {
			return v, err
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&v); err != nil {
			return v, usagef(command, "--file is no framework: %v", err)
		}
	}
	for name, set := range map[string]func() error{
		"title":                  func() error { v.Title = &f.title; return nil },
		"page":                   func() error { v.Pages = &f.pages; return nil },
		"tracking-server":        func() error { v.TrackingServer = &f.server; return nil },
		"secure-tracking-server": func() error { v.SecureTrackingServer = &f.secure; return nil },
		"visitor-namespace":      func() error { v.VisitorNamespace = &f.namespace; return nil },
		"report-suite":           func() error { v.ReportSuites = suiteUses(f.suites); return nil },
		"map":                    func() (err error) { v.Mappings, err = mappings(command, f.maps); return err },
	} {
		if flags.Changed(name) {
			if err := set(); err != nil {
				return v, err
			}
		}
	}
	if flags.Changed("share") || flags.Changed("keep") {
		parameters := []client.FrameworkParameter{}
		for _, name := range f.share {
			parameters = append(parameters, client.FrameworkParameter{Name: name, Share: true})
		}
		for _, name := range f.keep {
			parameters = append(parameters, client.FrameworkParameter{Name: name})
		}
		v.Parameters = &parameters
	}
	return v, nil
}

func suiteUses(all []string) *[]client.FrameworkSuite {
	out := []client.FrameworkSuite{}
	for _, text := range all {
		id, mode, _ := strings.Cut(text, ":")
		out = append(out, client.FrameworkSuite{ID: id, RunMode: mode})
	}
	return &out
}

func mappings(command *cobra.Command, all []string) (*[]client.FrameworkMapping, error) {
	out := []client.FrameworkMapping{}
	for _, text := range all {
		from, to, ok := strings.Cut(text, "=")
		component, variable, both := strings.Cut(from, ":")
		if !ok || !both {
			return nil, usagef(command, "--map %q is not of the form component:variable=prop1,eVar3", text)
		}
		out = append(out, client.FrameworkMapping{Component: component, Variable: variable, To: strings.Split(to, ",")})
	}
	return &out, nil
}

// ofFramework takes the arguments SERVICE FRAMEWORK.
func ofFramework() cobra.PositionalArgs { return takes("NAME", "FRAMEWORK") }

func (p *program) frameworkCreateCommand() *cobra.Command {
	var f frameworkFlags
	command := &cobra.Command{
		Use:   "create NAME [FRAMEWORK] [--title TEXT] [--page PATH] …",
		Short: "Create a framework of a cloud service",
		Long: `Create a framework. Report suites and variables are held against what was synced of the account ("sync"); what was not
synced can't be checked, and is kept with a warning.`,
		Example: `  latchkey cloud-service framework create acme-target site --share profile/gender --page /content/site
  latchkey cloud-service framework create acme-analytics site --report-suite acmeprod:publish \
    --map foundation/components/page:pagedata.title=prop1,eVar3 --tracking-server acme.d1.sc.omtrdc.net`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(command, "NAME is missing")
			}
			if len(args) > 2 {
				return usagef(command, "unexpected argument %q", args[2])
			}
			return nil
		},
	}
	f.add(command.Flags())
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		values, err := p.frameworkValues(command, &f)
		if err != nil {
			return err
		}
		input := client.NewFramework{FrameworkValues: values}
		switch {
		case len(args) == 2:
			input.Name = args[1]
		case values.Title == nil:
			return usagef(command, "FRAMEWORK or --title is missing")
		}
		made, err := c.CreateFramework(ctx, args[0], input)
		if err != nil || p.answerJSON(made) {
			return err
		}
		p.tellFramework("created", args[0], made)
		return nil
	})
	return command
}

// tellFramework says what was kept, what is doubtful about it, and what comes next.
func (p *program) tellFramework(done, service string, f client.Framework) {
	p.say("%s %s (%s)", done, f.Name, f.ID)
	for _, problem := range f.Problems {
		p.tell("%s: %s", problem.Severity, problem)
	}
	if f.Changed {
		p.tell("pages on publish do not have it like that yet: latchkey cloud-service framework publish %s %s", service, f.Name)
	}
}

func (p *program) frameworkListCommand() *cobra.Command {
	var page string
	command := &cobra.Command{
		Use:     "list NAME [--page PATH]",
		Aliases: []string{"ls"},
		Short:   "List the frameworks of a cloud service",
		Long: `List the frameworks of a cloud service; with --page, the one that this page has: its own, or that of the nearest page
above.`,
		Example: `  latchkey cloud-service framework list acme-analytics
  latchkey cloud-service framework list acme-analytics --page /content/site/en/products`,
		Args: takes("NAME"),
	}
	command.Flags().StringVar(&page, "page", "", "`path` of a page")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		return list(p, c.Frameworks(ctx, args[0], page), []string{"NAME", "PAGES", "SENDS", "PUBLISHED"}, func(f client.Framework) []string {
			return []string{f.Name, orDash(strings.Join(f.Pages, " ")), frameworkSends(f), frameworkState(p, f)}
		}, "no frameworks yet; make one: latchkey cloud-service framework create "+args[0])
	})
	return command
}

func frameworkSends(f client.Framework) string {
	if f.Kind == "target" {
		return fmt.Sprintf("%d parameters", len(f.Parameters))
	}
	return fmt.Sprintf("%d mappings, %d report suites", len(f.Mappings), len(f.ReportSuites))
}

func frameworkState(p *program, f client.Framework) string {
	switch {
	case f.PublishedAt == nil:
		return "no"
	case f.Changed:
		return p.ago(*f.PublishedAt) + ", changed since"
	}
	return p.ago(*f.PublishedAt)
}

func (p *program) frameworkShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME FRAMEWORK",
		Short:   "Show a framework",
		Long:    "Show a framework of a cloud service.",
		Example: "  latchkey cloud-service framework show acme-analytics site",
		Args:    ofFramework(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			f, err := c.Framework(ctx, args[0], args[1])
			if err != nil || p.answerJSON(f) {
				return err
			}
			rows := [][2]string{
				{"id", f.ID}, {"name", f.Name}, {"title", f.Title}, {"kind", f.Kind}, {"pages", strings.Join(f.Pages, " ")}, {"published", frameworkState(p, f)},
				{"tracking server", f.TrackingServer}, {"secure", f.SecureTrackingServer}, {"visitor namespace", f.VisitorNamespace},
			}
			for _, suite := range f.ReportSuites {
				rows = append(rows, [2]string{"report suite", suite.ID + " (" + suite.RunMode + ")"})
			}
			for _, m := range f.Mappings {
				rows = append(rows, [2]string{"mapping", m.Component + ":" + m.Variable + " → " + strings.Join(m.To, ", ")})
			}
			for _, one := range f.Parameters {
				shared := " (not shared)"
				if one.Share {
					shared = ""
				}
				rows = append(rows, [2]string{"parameter", one.Name + shared})
			}
			p.details(rows)
			return nil
		}),
	}
}

func (p *program) frameworkEditCommand() *cobra.Command {
	var f frameworkFlags
	command := &cobra.Command{
		Use:   "edit NAME FRAMEWORK [--page PATH] [--map MAPPING] …",
		Short: "Change a framework",
		Long: `Change what is given, and leave the rest. A list that is given takes the place of the one before. Pages on publish have
what was published, until it is published anew.`,
		Example: "  latchkey cloud-service framework edit acme-analytics site --visitor-namespace acme",
		Args:    ofFramework(),
	}
	f.add(command.Flags())
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		values, err := p.frameworkValues(command, &f)
		if err != nil {
			return err
		}
		if values == (client.FrameworkValues{}) {
			return usagef(command, "nothing to change was given")
		}
		changed, err := c.UpdateFramework(ctx, args[0], args[1], values)
		if err != nil || p.answerJSON(changed) {
			return err
		}
		p.tellFramework("changed", args[0], changed)
		return nil
	})
	return command
}

func (p *program) frameworkDeleteCommand() *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:     "delete NAME FRAMEWORK [--yes]",
		Short:   "Delete a framework",
		Long:    "Delete a framework of a cloud service. Pages that name it inherit from above then.",
		Example: "  latchkey cloud-service framework delete acme-analytics site --yes",
		Args:    ofFramework(),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := p.confirm(ctx, yes, fmt.Sprintf("Delete the framework %s of %s?", args[1], args[0])); err != nil {
			return err
		}
		if err := c.DeleteFramework(ctx, args[0], args[1]); err != nil || p.doneJSON() {
			return err
		}
		p.say("deleted %s", args[1])
		return nil
	})
	return command
}

func (p *program) frameworkPublishCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "publish NAME FRAMEWORK",
		Short:   "Publish a framework",
		Long:    "Let pages on publish have the framework as it is now. It is held against the synced lists once more.",
		Example: "  latchkey cloud-service framework publish acme-analytics site",
		Args:    ofFramework(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			done, err := c.PublishFramework(ctx, args[0], args[1])
			if err != nil || p.answerJSON(done) {
				return err
			}
			p.tellFramework("published", args[0], done)
			return nil
		}),
	}
}

func (p *program) frameworkExportCommand() *cobra.Command {
	var mode string
	command := &cobra.Command{
		Use:   "export NAME FRAMEWORK [--run-mode author|publish]",
		Short: "Print a framework as JSON for a page",
		Long: `Print what a page sends, and where, as JSON. Pages on author have the framework as it is, those on publish as it was
published.`,
		Example: `  latchkey cloud-service framework export acme-analytics site
  latchkey cloud-service framework export acme-target site --run-mode author`,
		Args: ofFramework(),
	}
	command.Flags().StringVar(&mode, "run-mode", "publish", "`mode`: author or publish")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		out, err := c.ExportFramework(ctx, args[0], args[1], mode)
		if err != nil {
			return err
		}
		p.say("%s", indentJSON(out.JSON()))
		return nil
	})
	return command
}

func (p *program) frameworkPreviewCommand() *cobra.Command {
	var mode, page string
	command := &cobra.Command{
		Use:   "preview NAME FRAMEWORK --context @FILE [--run-mode author|publish]",
		Short: "See what Target gets of a page's context",
		Long: `Say which parameters Target gets of a page's context: those that are shared and are strings. Of the others it says why
not.`,
		Example: "  latchkey cloud-service framework preview acme-target site --context @context.json --run-mode author",
		Args:    ofFramework(),
	}
	command.Flags().StringVar(&mode, "run-mode", "publish", "`mode`: author or publish")
	command.Flags().StringVar(&page, "context", "", "the context as JSON, by store: `@FILE`, or - for standard input")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if page == "" {
			return usagef(command, "--context is missing")
		}
		text, err := p.value("the context", page)
		if err != nil {
			return err
		}
		if !json.Valid([]byte(text)) {
			return usagef(command, "--context is not JSON")
		}
		sent, err := c.PreviewFramework(ctx, args[0], args[1], mode, json.RawMessage(text))
		if err != nil || p.answerJSON(sent) {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(sent.Parameters)) {
			p.say("%s=%s", name, sent.Parameters[name])
		}
		for _, name := range slices.Sorted(maps.Keys(sent.LeftOut)) {
			p.tell("%s is not sent: %s", name, sent.LeftOut[name])
		}
		return nil
	})
	return command
}
