package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/importer"
)

func (p *program) importCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "import",
		Short: "Bring accounts and credentials from elsewhere",
		Long: `Make connections and IMS configurations of what other products keep. Files of AEM and of the vendor's console are read
by "latchkey ims import". With --dry-run nothing is made: what would be is told.`,
		Example: `  latchkey import nango connections.json --definition hubspot=hubspot-eu --dry-run
  latchkey import campaign prod --conf /usr/local/neolane/nl6/conf
  latchkey import dotenv .env --name acme-target`,
	}, p.importNangoCommand(), p.importCampaignCommand(), p.importDotenvCommand()))
}

func dryRunFlag(command *cobra.Command, dry *bool) {
	command.Flags().BoolVar(dry, "dry-run", false, "tell what would be made, and make nothing")
}

func (p *program) importNangoCommand() *cobra.Command {
	var pairs []string
	var dry bool
	command := &cobra.Command{
		Use:   "nango FILE... [--definition PROVIDER=NAME…] [--dry-run]",
		Short: "Import connections of Nango with their tokens",
		Long: `Make a connection of each that Nango's API answered (GET /connection/{connectionId} with credentials; one a file, or
a list), with its tokens, so that no customer has to agree once more. Its label is Nango's connection id; one that is
there already is passed over. The definition is the one that --definition gives for the provider or the integration,
else the one of that name, published here with the same OAuth client.

All files are checked before anything is made. End Nango's own renewals then: where a provider rotates refresh tokens,
whoever renews second loses the account.`,
		Example: `  latchkey import nango acme.json globex.json --dry-run
  latchkey import nango connections.json --definition hubspot=hubspot-eu`,
		Args: takes("FILE..."),
	}
	command.Flags().StringArrayVar(&pairs, "definition", nil, "definition for a provider or an integration, as `PROVIDER=NAME`; repeat for more")
	dryRunFlag(command, &dry)
	command.RunE = func(command *cobra.Command, args []string) error {
		names := map[string]string{}
		for _, pair := range pairs {
			from, to, ok := strings.Cut(pair, "=")
			if !ok || from == "" || to == "" {
				return usagef(command, "--definition takes PROVIDER=NAME, not %q", pair)
			}
			names[from] = to
		}
		found, err := p.readNango(args)
		if err != nil {
			return p.notImported(err)
		}
		c, err := p.client()
		if err != nil {
			return err
		}
		arrivals, err := p.arrivals(command.Context(), c, found, names)
		if err != nil {
			return p.notImported(err)
		}
		return p.arrive(command.Context(), c, arrivals, dry)
	}
	return command
}

func (p *program) readNango(files []string) ([]importer.Connection, error) {
	var all []importer.Connection
	var problems importer.Problems
	for _, name := range files {
		text, err := p.readInput(name, name)
		if err != nil {
			return nil, err
		}
		found, err := importer.Nango(name, text)
		if wrong, ok := errors.AsType[importer.Problems](err); ok {
			problems = append(problems, wrong...)
		}
		all = append(all, found...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return all, nil
}

// notImported tells what is wrong with files, one a line.
func (p *program) notImported(err error) error {
	problems, ok := errors.AsType[importer.Problems](err)
	if !ok || p.json {
		return err
	}
	for _, one := range problems {
		p.tell("%s", one)
	}
	return errors.New("nothing was imported")
}

// arrival is a connection that is to be made; there says that one of its label is there.
type arrival struct {
	input client.NewConnection
	there bool
}

// arrivals finds the definition and the fields of each connection.
func (p *program) arrivals(ctx context.Context, c *client.Client, found []importer.Connection, names map[string]string) ([]arrival, error) {
	var out []arrival
	var problems importer.Problems
	prompts := map[string]client.Prompts{}
	labels := map[string]bool{}
	for i := range found {
		one := &found[i]
		name := firstOf(names[one.Integration], names[one.Provider], one.Integration, one.Provider)
		asked, ok := prompts[name]
		if !ok {
			var err error
			if asked, err = c.Prompts(ctx, name, 0); isNotFound(err) && name == one.Integration {
				name = one.Provider
				asked, err = c.Prompts(ctx, name, 0)
			}
			if isNotFound(err) {
				problems = append(problems, one.Problem(fmt.Sprintf("there is no definition %q here", name), "store and publish one with the same OAuth client, or name another: --definition "+one.Provider+"=NAME"))
				continue
			}
			if err != nil {
				return nil, err
			}
			prompts[name] = asked
		}
		input := client.NewConnection{Definition: name, Label: one.ID, Fields: map[string]any{}}
		for _, prompt := range asked.Items {
			if value, ok := importer.Field(one.Fields, prompt.Name); ok {
				input.Fields[prompt.Name] = value
			} else if prompt.Required && prompt.Default == nil && prompt.Condition == nil {
				problems = append(problems, one.Problem(fmt.Sprintf("the definition %s asks for %s, which is not among its connection_config", name, prompt.Name), "give the field a default in the definition, or connect the account anew"))
			}
		}
		if labels[one.ID] {
			problems = append(problems, one.Problem("another connection has the same connection_id", "import the files of one integration after the other, and rename what is there between"))
		}
		labels[one.ID] = true
		if one.Access.Reveal() != "" {
			input.Tokens = &client.HeldTokens{AccessToken: one.Access.Reveal(), RefreshToken: one.Refresh.Reveal(), TokenType: one.TokenType, Scope: one.Scope, ExpiresAt: one.ExpiresAt}
		}
		_, err := c.Connection(ctx, one.ID)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		out = append(out, arrival{input, err == nil})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return out, nil
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func isNotFound(err error) bool {
	problem, ok := errors.AsType[*client.Error](err)
	return ok && problem.Status == 404
}

func (p *program) arrive(ctx context.Context, c *client.Client, arrivals []arrival, dry bool) error {
	var made []client.Connection
	for _, one := range arrivals {
		what := "with its tokens"
		if one.input.Tokens == nil {
			what = "with a token of its own"
		}
		switch {
		case one.there:
			p.tell("%s is there already", one.input.Label)
			continue
		case dry:
			p.say("would import %s for %s, %s", one.input.Label, one.input.Definition, what)
			continue
		}
		connection, err := c.CreateConnection(ctx, one.input)
		if err != nil {
			return withHint(fmt.Errorf("importing %s: %w", one.input.Label, err), "import again once that is mended: what is there is passed over")
		}
		made = append(made, connection)
		if !p.json {
			p.say("imported %s for %s, %s", one.input.Label, one.input.Definition, what)
		}
	}
	if p.json && !dry {
		return listJSON(p, made)
	}
	return nil
}

func (p *program) importCampaignCommand() *cobra.Command {
	var conf, name string
	var dry bool
	command := &cobra.Command{
		Use:   "campaign INSTANCE [--conf DIR] [--name NAME] [--dry-run]",
		Short: "Import the technical account of a Campaign instance",
		Long: `Make an IMS configuration of the technical account in config-INSTANCE.xml and serverConf.xml, and a key pair of its
private key when it has one. What the vendor's own server has encrypted can't be read, and is told. Nothing is sent to
IMS: "latchkey ims check" asks for the first token.`,
		Example: "  latchkey import campaign prod --conf /usr/local/neolane/nl6/conf --dry-run",
		Args:    takes("INSTANCE"),
	}
	flags := command.Flags()
	flags.StringVar(&conf, "conf", "", "`folder` of the XML files (else NLSERVER_CONF, else /usr/local/neolane/nl6/conf)")
	flags.StringVar(&name, "name", "", "`name` of the configuration; without it campaign-INSTANCE")
	dryRunFlag(command, &dry)
	command.RunE = func(command *cobra.Command, args []string) error {
		folder := firstOf(conf, p.Getenv("NLSERVER_CONF"), "/usr/local/neolane/nl6/conf")
		found, err := importer.Campaign(folder, args[0])
		if err != nil {
			return p.notImported(err)
		}
		name = firstOf(name, "campaign-"+strings.ToLower(args[0]))
		title, solution, kind := "Campaign "+args[0], "campaign", "oauth"
		values := client.IMSValues{Title: &title, Solution: &solution, Type: &kind, APIKey: &found.ClientID}
		values.Server, values.OrganizationID, values.TechnicalAccount = nonEmpty(found.Server), nonEmpty(found.Organization), nonEmpty(found.Account)
		values.ClientSecret = nonEmpty(found.Secret.Reveal())
		var pair *client.NewIMSCertificate
		if found.JWT {
			kind = "jwt"
			pair = &client.NewIMSCertificate{Alias: name, PrivateKey: found.Key.Reveal()}
			values.KeyAlias = &pair.Alias
		}
		return p.importIMS(command.Context(), client.NewIMSConfiguration{Name: name, IMSValues: values}, pair, dry)
	}
	return command
}

func nonEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// importIMS makes a configuration, and the key pair that it signs with before it.
func (p *program) importIMS(ctx context.Context, input client.NewIMSConfiguration, pair *client.NewIMSCertificate, dry bool) error {
	if dry {
		p.say("would make the IMS configuration %s (%s) of the client id %s", input.Name, *input.Type, *input.APIKey)
		if pair != nil {
			p.say("would keep its private key as the key pair %s", pair.Alias)
		}
		return nil
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	if pair != nil {
		if _, err := c.CreateIMSCertificate(ctx, *pair); err != nil {
			return fmt.Errorf("keeping the key pair %s: %w", pair.Alias, err)
		}
	}
	made, err := c.CreateIMSConfiguration(ctx, input)
	if err != nil || p.answerJSON(made) {
		return err
	}
	p.tellIMS("imported", made)
	return nil
}

func (p *program) importDotenvCommand() *cobra.Command {
	var name, prefix, definition string
	var dry bool
	command := &cobra.Command{
		Use:   "dotenv FILE [--name NAME] [--prefix PREFIX] [--definition NAME] [--dry-run]",
		Short: "Import credentials from a dotenv file",
		Long: `Make an IMS configuration of CLIENT_ID, CLIENT_SECRET (or CLIENT_SECRETS), IMS_ORG_ID, SCOPES and so on, with or without
the prefixes of the vendor's tools (IMS_OAUTH_S2S_, ADOBE_, AIO_) or the one of --prefix. With --definition a connection
is made instead, whose fields are the variables of their names: clientId is CLIENT_ID.`,
		Example: `  latchkey import dotenv .env --name acme-target --dry-run
  latchkey import dotenv .env --definition moviestar --prefix MOVIESTAR_ --name acme`,
		Args: takes("FILE"),
	}
	flags := command.Flags()
	flags.StringVar(&name, "name", "", "`name` of what is made; without it that of the file")
	flags.StringVar(&prefix, "prefix", "", "what stands before the names of the variables, a `text`")
	flags.StringVar(&definition, "definition", "", "make a connection to the definition of this `name`")
	dryRunFlag(command, &dry)
	command.RunE = func(command *cobra.Command, args []string) error {
		text, err := p.readInput("the dotenv file", args[0])
		if err != nil {
			return err
		}
		variables, err := importer.Dotenv(args[0], text)
		if err != nil {
			return p.notImported(err)
		}
		if name == "" {
			name = strings.Trim(strings.TrimSuffix(filepath.Base(args[0]), ".env"), ".-")
		}
		if name == "" {
			return usagef(command, "the file's name gives no name: pass --name")
		}
		if definition != "" {
			return p.importFields(command.Context(), variables, importer.Connection{ID: name, Provider: definition}, prefix, dry)
		}
		values, _ := importer.IMSOf(variables, prefix)
		if values.ClientID == "" {
			return p.notImported(importer.Problems{{File: args[0], Message: "there is no CLIENT_ID or API_KEY in it", Fix: "pass what stands before it with --prefix, or the definition of another service with --definition"}})
		}
		kind := "oauth"
		input := client.IMSValues{
			Type: &kind, Title: &name, APIKey: &values.ClientID, ClientSecret: nonEmpty(values.ClientSecret), OrganizationID: nonEmpty(values.Organization),
			TechnicalAccount: nonEmpty(values.TechnicalAccount), Server: nonEmpty(values.Server),
		}
		if len(values.Scopes) > 0 {
			input.Scopes = &values.Scopes
		}
		if len(values.Metascopes) > 0 && len(values.Scopes) == 0 {
			kind, input.Metascopes = "jwt", &values.Metascopes
		}
		return p.importIMS(command.Context(), client.NewIMSConfiguration{Name: name, IMSValues: input}, nil, dry)
	}
	return command
}

// importFields makes a connection whose fields are variables.
func (p *program) importFields(ctx context.Context, variables []importer.Variable, one importer.Connection, prefix string, dry bool) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	asked, err := c.Prompts(ctx, one.Provider, 0)
	if err != nil {
		return err
	}
	values := map[string]any{}
	for _, v := range variables {
		if name, ok := strings.CutPrefix(v.Name, prefix); ok {
			values[name] = v.Value
		}
	}
	input := client.NewConnection{Definition: one.Provider, Label: one.ID, Fields: map[string]any{}}
	for _, prompt := range asked.Items {
		value, ok := importer.Field(values, prompt.Name)
		if !ok {
			continue
		}
		if input.Fields[prompt.Name], err = typed(prompt, fmt.Sprint(value)); err != nil {
			return err
		}
	}
	return p.arrive(ctx, c, []arrival{{input: input}}, dry)
}
