package cli

import (
	"context"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) connectionCreateCommand() *cobra.Command {
	var input client.NewConnection
	var given givenFields
	var consent consentFlags
	command := &cobra.Command{
		Use:   "create DEFINITION [--label LABEL] [--field NAME=VALUE]… [flags]",
		Short: "Connect an account",
		Long: `Connect an account. On a terminal it asks for the fields that the definition needs; in a script each is passed.

` + fieldHelp + `

When the service wants the customer's consent, the page to open is printed, and opened when there is a browser; the
command then waits until the customer has agreed. Otherwise the first token is fetched at once, and nothing is stored
when that fails.`,
		Example: `  latchkey connection create moviestar --label acme
  latchkey connection create moviestar-cc --label acme-cc --field clientId=acme --field clientSecret=@secret.txt
  latchkey connection create moviestar --json --timeout 0 | jq -r .authorize_url`,
		Args:              takes("DEFINITION"),
		ValidArgsFunction: p.completeDefinitions,
		RunE: func(command *cobra.Command, args []string) error {
			input.Definition = args[0]
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := p.fillConnection(command.Context(), c, &input, given); err != nil {
				return err
			}
			connection, err := c.CreateConnection(command.Context(), input)
			if err != nil {
				return err
			}
			return p.finishConsent(command.Context(), c, connection, consent, nil)
		},
	}
	flags := command.Flags()
	flags.StringVar(&input.Label, "label", "", "unique `name` for the connection")
	given.flags(command)
	flags.StringVar(&input.ReturnURL, "return-url", "", "`URL` where the customer's browser goes in the end")
	consent.flags(command)
	configurationFlag(command, &input.Configuration)
	return command
}

// fillConnection gathers the fields of a new connection: from flags, then from the person.
func (p *program) fillConnection(
	ctx context.Context, c *client.Client, input *client.NewConnection, given givenFields,
) error {
	prompts, err := c.Prompts(ctx, input.Definition, input.Configuration)
	if err != nil {
		return err
	}
	if input.Fields, err = p.readFields(given, prompts.Items); err != nil {
		return err
	}
	if err := checkNames(input.Fields, prompts.Items, input.Definition); err != nil {
		return err
	}
	return p.completeFields(ctx, input.Fields, prompts.Items, given.empty())
}

func (p *program) connectionReauthorizeCommand() *cobra.Command {
	var consent consentFlags
	var returnURL string
	command := &cobra.Command{
		Use:   "reauthorize CONNECTION [flags]",
		Short: "Ask the customer to consent again",
		Long: `Begin a new consent for a connection: the page to open is printed, and the command waits until the customer has
agreed. Until then the old token is served as long as it is valid.`,
		Example:           "  latchkey connection reauthorize acme --no-browser",
		Args:              takes("CONNECTION"),
		ValidArgsFunction: p.completeConnections,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			before, err := c.Connection(ctx, args[0])
			if err != nil {
				return err
			}
			connection, err := c.ReauthorizeConnection(ctx, before.ID, returnURL)
			if err != nil {
				return err
			}
			return p.finishConsent(ctx, c, connection, consent, &before)
		}),
	}
	command.Flags().StringVar(&returnURL, "return-url", "", "`URL` where the customer's browser goes in the end")
	consent.flags(command)
	return command
}

func (p *program) connectionUpdateCommand() *cobra.Command {
	var given givenFields
	var consent consentFlags
	var patch client.ConnectionPatch
	var label string
	command := &cobra.Command{
		Use:   "update CONNECTION [--field NAME=VALUE]… [--label LABEL] [flags]",
		Short: "Change fields or the label of a connection",
		Long: `Change fields or the label of a connection. New fields are tried first: the old account stays until they have
worked.

` + fieldHelp,
		Example:           "  latchkey connection update acme --field clientSecret=@new-secret.txt",
		Args:              takes("CONNECTION"),
		ValidArgsFunction: p.completeConnections,
		RunE: func(command *cobra.Command, args []string) error {
			if command.Flags().Changed("label") {
				patch.Label = &label
			}
			if given.empty() && patch.Label == nil {
				return usagef(command, "there is nothing to change: pass --field or --label")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			before, err := c.Connection(command.Context(), args[0])
			if err != nil {
				return err
			}
			if patch.Fields, err = p.patchFields(command.Context(), c, before, given); err != nil {
				return err
			}
			connection, err := c.UpdateConnection(command.Context(), before.ID, patch)
			if err != nil {
				return err
			}
			return p.finishConsent(command.Context(), c, connection, consent, &before)
		},
	}
	given.flags(command)
	command.Flags().StringVar(&label, "label", "", "new unique `name` for the connection; empty takes it away")
	consent.flags(command)
	return command
}

// patchFields reads the fields to change. Their types come from the prompts of the definition as it is now; names are
// left to the server, because the connection may be at an older revision.
func (p *program) patchFields(
	ctx context.Context, c *client.Client, connection client.Connection, given givenFields,
) (map[string]any, error) {
	if given.empty() {
		return nil, nil
	}
	prompts, err := c.Prompts(ctx, connection.Definition.ID, connection.Definition.Configuration)
	if err != nil {
		return nil, err
	}
	return p.readFields(given, prompts.Items)
}
