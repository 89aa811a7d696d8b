package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) definitionApplyCommand() *cobra.Command {
	var name string
	var publish bool
	command := &cobra.Command{
		Use:   "apply FILE|- [--name NAME] [--publish]",
		Short: "Store a definition, or a new revision of it",
		Long: `Store a definition as a draft, or a new draft revision when one of its name is there; a file that is already
stored changes nothing. The name is --name, else the "name" in the file, else the file's own name.

The file holds a whole Destination SDK destination, {"name","description","authentication":{…}}, or one entry of
customerAuthenticationConfigurations. A secret that stands as its mask keeps its stored value.`,
		Example: `  latchkey definition apply moviestar.json --publish
  latchkey definition apply - --name moviestar < authentication.json`,
		Args: takes("FILE"),
		RunE: func(command *cobra.Command, args []string) error {
			document, err := p.readDocument(args[0], name)
			if err != nil {
				return err
			}
			if document.name == "" {
				return usagef(command, "the definition has no name: pass --name")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			return p.applyDefinition(command.Context(), c, document, publish)
		},
	}
	command.Flags().StringVar(&name, "name", "", "`name` to store it under")
	command.Flags().BoolVar(&publish, "publish", false, "publish it at once")
	return command
}

func (p *program) applyDefinition(ctx context.Context, c *client.Client, document *document, publish bool) error {
	before, err := c.Definition(ctx, document.name)
	var stored client.Definition
	verb := "stored"
	switch problem, _ := errors.AsType[*client.Error](err); {
	case err == nil:
		stored, err = c.UpdateDefinition(ctx, before.ID, document.body)
		if verb = "updated"; stored.Revision == before.Revision {
			verb = "unchanged"
		}
	case problem != nil && problem.Status == http.StatusNotFound:
		stored, err = c.CreateDefinition(ctx, document.body)
	}
	if err != nil {
		return document.explain(err)
	}
	if publish && (stored.Status != "published" || stored.PublishedRevision != stored.Revision) {
		published, err := c.PublishDefinition(ctx, stored.ID)
		if err != nil {
			return fmt.Errorf("revision %d of %s is stored as a draft and not published: %w",
				stored.Revision, stored.Name, document.explain(err))
		}
		stored = published
	}
	if p.answerJSON(stored) {
		return nil
	}
	p.say("%s %s: revision %d (%s)", verb, stored.Name, stored.Revision, stored.ID)
	p.printDocumentProblems(document, stored.Problems)
	if stored.Status == "published" {
		p.sayPublished(stored)
		return nil
	}
	p.tell("publish it: latchkey definition publish %s", word(stored.Name))
	return nil
}
