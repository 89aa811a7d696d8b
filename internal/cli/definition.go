package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) definitionCommand() *cobra.Command {
	return p.withRemote(p.group(
		&cobra.Command{
			Use:     "definition",
			Aliases: []string{"def"},
			Short:   "How services authenticate: store, check, publish",
			Long: `A definition says how a service authenticates: Destination SDK JSON, or one entry of its
customerAuthenticationConfigurations. It is stored as a draft and can be connected to once it is published.
Each change makes a new numbered revision; connections stay with theirs.`,
			Example: `  latchkey definition apply moviestar.json --publish
  latchkey definition explain moviestar --field clientId=acme`,
		},
		p.definitionApplyCommand(), p.definitionListCommand(), p.definitionShowCommand(), p.definitionLintCommand(),
		p.definitionExplainCommand(), p.definitionPublishCommand(), p.definitionDeleteCommand(),
		p.definitionRevisionsCommand(), p.definitionDiffCommand(), p.definitionPromptsCommand(),
	))
}

func (p *program) definitionListCommand() *cobra.Command {
	var filter client.DefinitionFilter
	command := &cobra.Command{
		Use:     "list [--query TEXT]",
		Aliases: []string{"ls"},
		Short:   "List definitions",
		Long:    "List the definitions of the sandbox.",
		Example: "  latchkey definition list --query movie",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			head := []string{"NAME", "STATUS", "GRANT", "REVISION", "CONNECTIONS", "UPDATED"}
			return list(p, c.Definitions(ctx, filter), head, func(d client.Definition) []string {
				return []string{
					d.Name, d.Status, grantOf(d.Grant, d.AuthType), strconv.Itoa(d.Revision),
					strconv.Itoa(d.Connections), orDash(p.ago(d.UpdatedAt)),
				}
			}, "no definitions yet; store one: latchkey definition apply FILE --publish")
		}),
	}
	command.Flags().StringVar(&filter.Query, "query", "", "only those with this `text` in their name or description")
	return command
}

// grantOf names the way a definition gets tokens.
func grantOf(grant, authType string) string {
	if grant != "" {
		return grant
	}
	return authType
}

func (p *program) definitionPublishCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "publish DEFINITION",
		Short: "Publish the draft of a definition",
		Long: `Publish the draft of a definition: new connections use it. A draft that could not run is refused, with each
thing that is missing and how to mend it. Connections that are there stay with their revision.`,
		Example:           "  latchkey definition publish moviestar",
		Args:              takes("DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			d, err := c.PublishDefinition(ctx, args[0])
			if err != nil || p.answerJSON(d) {
				return err
			}
			p.sayPublished(d)
			return nil
		}),
	}
}

func (p *program) sayPublished(d client.Definition) {
	p.say("published %s: revision %d", d.Name, d.PublishedRevision)
	for _, url := range d.CallbackURLs {
		p.say("register this callback with the provider: %s", url)
	}
	p.tell("connect an account: latchkey connection create %s", word(d.Name))
}

func (p *program) definitionDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:               "delete DEFINITION [--yes]",
		Short:             "Delete a definition that no connection uses",
		Long:              "Delete a definition with all its revisions. It is refused while connections use it.",
		Example:           "  latchkey definition delete moviestar --yes",
		Args:              takes("DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
	}, "Delete the definition %s?", (*client.Client).DeleteDefinition)
}

func (p *program) definitionRevisionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "revisions DEFINITION",
		Short:             "List the revisions of a definition",
		Long:              "List the numbered revisions of a definition: who made them when, and which were published.",
		Example:           "  latchkey definition revisions moviestar",
		Args:              takes("DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			head := []string{"REVISION", "STATUS", "CREATED", "BY"}
			return list(p, c.Revisions(ctx, args[0]), head, func(r client.Revision) []string {
				status := "draft"
				if r.Published {
					status = "published"
				}
				return []string{strconv.Itoa(r.Number), status, orDash(p.ago(r.CreatedAt)), orDash(r.CreatedBy)}
			}, "no revisions")
		}),
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func configurationFlag(command *cobra.Command, target *int) {
	command.Flags().IntVar(target, "configuration", 0, "`index` of the definition's authentication configuration")
}
