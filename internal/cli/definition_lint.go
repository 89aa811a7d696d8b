package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) definitionLintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE|-|DEFINITION",
		Short: "Check a definition without storing it",
		Long: `Check a file, or a definition that is stored: what keeps it from running, with the place and a fix, and what is
probably not meant. The exit code is 1 when it could not be published; warnings alone do not count.`,
		Example: `  latchkey definition lint moviestar.json
  latchkey definition lint moviestar`,
		Args:              takes("FILE or DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: func(command *cobra.Command, args []string) error {
			lint, document, err := p.lint(command.Context(), args[0])
			if err != nil {
				return err
			}
			if !p.answerJSON(lint) {
				p.printLint(args[0], lint, document)
			}
			if !lint.Publishable {
				return errTold
			}
			return nil
		},
	}
}

// lint checks a file or a stored definition; the document is nil for the latter.
func (p *program) lint(ctx context.Context, arg string) (client.Lint, *document, error) {
	if !isFile(arg) {
		c, err := p.client()
		if err != nil {
			return client.Lint{}, nil, err
		}
		lint, err := c.LintDefinition(ctx, arg)
		return lint, nil, err
	}
	document, err := p.readDocument(arg, "")
	if err != nil {
		return client.Lint{}, nil, err
	}
	c, err := p.client()
	if err != nil {
		return client.Lint{}, nil, err
	}
	lint, err := c.LintDocument(ctx, document.body)
	return lint, document, document.explain(err)
}

func (p *program) printLint(name string, lint client.Lint, document *document) {
	for _, problem := range lint.Problems {
		at := name
		if document != nil {
			at = document.at(problem)
		}
		p.say("%s: %s", at, problemText(problem))
	}
	if lint.Publishable {
		p.tell("%s can be published", name)
		return
	}
	p.tell("%s cannot be published", name)
}

// problemText says a problem in a line, and its fix in a second one.
func problemText(problem client.Problem) string {
	out := severityWord(problem.Severity)
	if at := cmp.Or(problem.Pointer, problem.Parameter); at != "" {
		out += " at " + at
	}
	out += ": " + problem.Text()
	if problem.Fix != "" {
		out += "\n    fix: " + problem.Fix
	}
	return out
}

// severityWord calls an error whatever keeps a definition from being published.
func severityWord(severity string) string {
	if severity == "publish" || severity == "" {
		return "error"
	}
	return severity
}

// printProblems tells of problems beside what was asked for.
func (p *program) printProblems(name string, problems []client.Problem) {
	for _, problem := range problems {
		p.tell("%s: %s", name, problemText(problem))
	}
}

func (p *program) printDocumentProblems(document *document, problems []client.Problem) {
	for _, problem := range problems {
		p.tell("%s", fmt.Sprintf("%s: %s", document.at(problem), problemText(problem)))
	}
}
