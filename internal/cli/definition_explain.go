package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) definitionExplainCommand() *cobra.Command {
	var given givenFields
	var configuration int
	command := &cobra.Command{
		Use:   "explain FILE|-|DEFINITION [--field NAME=VALUE]… [--fields FILE]",
		Short: "Show the exact requests that a connection would send",
		Long: `Show the requests that a connection with these fields would send, in order, with secrets masked. Nothing is
sent to the provider, and a file is not stored.

` + fieldHelp,
		Example: `  latchkey definition explain moviestar.json
  latchkey definition explain moviestar --field moviestarId=movie-42 --field clientSecret=@secret.txt`,
		Args:              takes("FILE or DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: func(command *cobra.Command, args []string) error {
			explanation, err := p.explain(command.Context(), args[0], configuration, given)
			if err != nil || p.answerJSON(explanation) {
				return err
			}
			for i, request := range explanation.Requests {
				if i > 0 {
					p.say("")
				}
				p.printRequest(request)
			}
			p.printProblems(args[0], explanation.Problems)
			return nil
		},
	}
	given.flags(command)
	configurationFlag(command, &configuration)
	return command
}

func (p *program) explain(
	ctx context.Context, arg string, configuration int, given givenFields,
) (client.Explanation, error) {
	input := client.ExplainInput{Configuration: configuration}
	var prompts []client.Prompt
	var document *document
	var err error
	if isFile(arg) {
		if document, err = p.readDocument(arg, ""); err != nil {
			return client.Explanation{}, err
		}
		input.Document = document.body
	}
	c, err := p.client()
	if err != nil {
		return client.Explanation{}, err
	}
	if document == nil {
		input.Definition = arg
		asked, err := c.Prompts(ctx, arg, configuration)
		if err != nil {
			return client.Explanation{}, err
		}
		prompts = asked.Items
	}
	if input.Fields, err = p.readFields(given, prompts); err != nil {
		return client.Explanation{}, err
	}
	explanation, err := c.Explain(ctx, input)
	return explanation, document.explain(err)
}

// printRequest lays a request out as it goes over the wire, under a line that says what it is for.
func (p *program) printRequest(request client.ExplainedRequest) {
	title := "# " + request.Purpose
	if request.When != "" {
		title += ": " + request.When
	}
	p.say("%s", p.paint(dim, title))
	for _, note := range request.Notes {
		p.say("%s", p.paint(dim, "# "+note))
	}
	p.say("%s %s", request.Method, request.URL)
	typed := false
	for _, header := range request.Headers {
		typed = typed || strings.EqualFold(header.Name, "Content-Type")
		p.say("%s: %s", header.Name, header.Value)
	}
	if !typed && request.ContentType != "" {
		p.say("Content-Type: %s", request.ContentType)
	}
	if request.Body != "" {
		p.say("\n%s", strings.TrimRight(request.Body, "\n"))
	}
}
