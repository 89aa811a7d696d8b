package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) definitionShowCommand() *cobra.Command {
	var revision int
	command := &cobra.Command{
		Use:   "show DEFINITION [--revision N]",
		Short: "Show a definition",
		Long: `Show a definition: how it stands, what is wrong with it, the callback to register with the provider, and its
document with secrets masked.`,
		Example:           "  latchkey definition show moviestar --revision 2",
		Args:              takes("DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			d, err := c.DefinitionRevision(ctx, args[0], revision)
			if err != nil || p.answerJSON(d) {
				return err
			}
			p.showDefinition(d)
			p.printProblems(d.Name, d.Problems)
			return nil
		}),
	}
	command.Flags().IntVar(&revision, "revision", 0, "`number` of the revision; 0 is the newest")
	return command
}

func (p *program) showDefinition(d client.Definition) {
	published := ""
	if d.PublishedRevision > 0 {
		published = "revision " + strconv.Itoa(d.PublishedRevision)
	}
	p.say("%s", d.Name)
	rows := [][2]string{
		{"status", d.Status},
		{"id", d.ID},
		{"description", d.Description},
		{"grant", grantOf(d.Grant, d.AuthType)},
		{"sandbox", d.Sandbox},
		{"revision", strconv.Itoa(d.Revision)},
		{"published", published},
		{"connections", strconv.Itoa(d.Connections)},
		{"updated", p.ago(d.UpdatedAt)},
	}
	for _, url := range d.CallbackURLs {
		rows = append(rows, [2]string{"callback to register", url})
	}
	p.details(rows)
	document := d.Authentication
	if len(d.Destination) > 0 && string(d.Destination) != "null" {
		document = d.Destination
	}
	if len(document) > 0 {
		p.say("%s", indentJSON(document))
	}
}

func (p *program) definitionPromptsCommand() *cobra.Command {
	var configuration int
	command := &cobra.Command{
		Use:   "prompts DEFINITION [--configuration INDEX]",
		Short: "List what a customer is asked when connecting",
		Long: `List the fields that a connection needs, those that the grant implies included. Their names are what --field of
"latchkey connection create" takes.`,
		Example:           "  latchkey definition prompts moviestar",
		Args:              takes("DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			prompts, err := c.Prompts(ctx, args[0], configuration)
			if err != nil || p.answerJSON(prompts) {
				return err
			}
			if len(prompts.Items) == 0 {
				p.tell("%s asks for nothing: latchkey connection create %s", args[0], word(args[0]))
				return nil
			}
			rows := [][]string{{"FIELD", "TYPE", "NEEDED", "SECRET", "TITLE"}}
			for _, prompt := range prompts.Items {
				rows = append(rows, []string{
					prompt.Name, orDash(prompt.Type), neededWhen(prompt), yesNo(prompt.Secret), prompt.Title,
				})
			}
			p.table(rows)
			return nil
		}),
	}
	configurationFlag(command, &configuration)
	return command
}

// neededWhen tells whether a field has to be given, and on what that depends.
func neededWhen(prompt client.Prompt) string {
	if prompt.Required && prompt.Condition != nil {
		return fmt.Sprintf("when %s is %s", prompt.Condition.Field, scalarText(prompt.Condition.Value))
	}
	return yesNo(prompt.Required)
}
