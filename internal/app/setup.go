package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// operator acts for whoever runs this program on the machine: it makes organizations.
func operator() access.Caller {
	return access.Caller{ID: "operator", Name: "Operator", Scopes: access.Scopes{access.Admin}}
}

// SetupOptions are what `latchkey setup` can be told.
type SetupOptions struct {
	Config string
	// Name is what the administrator's key is called.
	Name string
	// Email is a person to make System Administrator; "" is nobody.
	Email string
	JSON  bool
	Out   io.Writer
	// Ask puts a question to whoever runs the setup; nil where nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// Setup prepares the first start of production: the root key when its file is absent, the organization, an administrator's
// key, and where asked for a link by which a person becomes one, which it prints once. It runs where the server runs, while the server is stopped.
func Setup(ctx context.Context, options SetupOptions) (err error) {
	config, err := LoadConfig(options.Config, os.Environ())
	if err != nil {
		return err
	}
	if err := config.check(); err != nil {
		return err
	}
	if err := config.checkRoot(ctx); err != nil {
		return err
	}
	made := false
	if config.rootFile() != "" {
		if _, made, err = config.openOrCreateRoot(); err != nil {
			return err
		}
	}
	p, err := productionPlan(config, io.Discard, confirmed(options.Ask))
	if err != nil {
		return err
	}
	house, err := build(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.close(ctx)) }()
	organization, again, err := house.productionOrganization(ctx)
	if err != nil {
		return err
	}
	did := done{organization: organization, rootMade: made, again: again}
	if options.Email != "" {
		if did.invitation, err = house.firstPerson(ctx, administrator(organization.ID), options.Email); err != nil {
			return err
		}
	}
	did.key, err = house.keyring.Create(ctx, administrator(organization.ID), registry.NewKey{
		Name: cmp.Or(options.Name, "administrator"), Scopes: access.Scopes{access.Admin},
	})
	if err != nil {
		return fmt.Errorf("making the administrator's key: %w", err)
	}
	return options.print(config, did)
}

// toSetUp says by which link an installation without organizations is set up; "" where there is nothing to set up. The link is
// printed and not logged: logs go where more people look.
func (h *house) toSetUp(ctx context.Context) (string, error) {
	waiting, err := h.firstStart.Waiting(ctx)
	if err != nil || !waiting {
		return "", err
	}
	token, until, err := h.firstStart.Link(ctx)
	if errors.Is(err, registry.ErrSetUp) {
		return "", nil // by another node, at this moment
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`
There is no organization yet. Whoever opens this link makes the first one and is its System Administrator; it is good
once, until %s:
  %s
`, until.Format("2006-01-02 15:04 UTC"), strings.TrimRight(h.config.PublicURL, "/")+web.SetUpPath(token)), nil
}

// proposedName is what the configuration calls the organization, "" for what nobody has set.
func (c *Config) proposedName() string {
	if c.where("organization.name") == "" {
		return ""
	}
	return c.Organization
}

// firstPerson invites a System Administrator; one who is there already gets a link to set another password.
func (h *house) firstPerson(ctx context.Context, caller access.Caller, email string) (registry.Invitation, error) {
	invitation, err := h.users.Invite(ctx, caller, registry.NewUser{Email: email, Role: access.SystemAdministrator})
	if errors.Is(err, registry.ErrNameTaken) {
		invitation, err = h.users.Reset(ctx, caller, email)
	}
	if invalid, ok := errors.AsType[*registry.InvalidError](err); ok {
		return invitation, hinted(err, invalid.Fix)
	}
	return invitation, err
}

// checkRoot refuses to make a root key for a server's database that is sealed with one already.
func (c *Config) checkRoot(ctx context.Context) error {
	if _, err := os.Stat(c.rootFile()); err == nil || c.rootFile() == "" || c.DatabaseURL.Empty() {
		return nil
	}
	sealed, err := store.Sealed(ctx, c.DatabaseURL)
	if err != nil || !sealed {
		return err
	}
	return hinted(fmt.Errorf("there is no file %s, and the database %s is sealed with a root key", c.rootFile(), c.database()),
		"copy the root key file from the node that has it: all nodes share one")
}

// productionOrganization gives the organization; again tells that an earlier setup made it.
func (h *house) productionOrganization(ctx context.Context) (organization registry.Organization, again bool, err error) {
	existing, err := h.directory.Organizations(ctx, operator())
	if err != nil {
		return registry.Organization{}, false, err
	}
	if len(existing) > 0 {
		return existing[0], true, nil
	}
	id := cmp.Or(h.config.OrganizationID, ident.NewIMSOrg())
	organization, err = h.directory.CreateOrganization(ctx, operator(), id, h.config.Organization)
	return organization, false, err
}

// done is what a setup did.
type done struct {
	organization registry.Organization
	key          registry.CreatedKey
	invitation   registry.Invitation // zero for none
	// rootMade tells that the root key is new, again that the organization is not.
	rootMade, again bool
}

func (o SetupOptions) print(config *Config, d done) error {
	link := strings.TrimRight(config.PublicURL, "/") + "/invitation?token=" + d.invitation.Token.Reveal()
	if o.JSON {
		all := map[string]any{
			"organization": d.organization.ID, "organization_made": !d.again, "key_id": d.key.ID, "key_name": d.key.Name,
			"key": d.key.Value.Reveal(), "root_key_file": config.rootFile(), "root_key_made": d.rootMade,
		}
		if o.Email != "" {
			all["link"], all["link_until"] = link, d.invitation.Until
		}
		return json.NewEncoder(o.Out).Encode(all)
	}
	if d.rootMade {
		fmt.Fprintf(o.Out, "Made the root key %s: keep a copy apart from the data, nothing can be read without it.\n", config.rootFile())
	}
	whose := "Administrator's key"
	if d.again {
		fmt.Fprintln(o.Out, "This installation was set up before. A further administrator's key is added, earlier ones go on.")
		whose = "Further administrator's key"
	}
	_, err := fmt.Fprintf(o.Out, `Organization  %s  %s
%s “%s”, shown this once:
  %s

Start the server, then
  export LATCHKEY_URL=%s LATCHKEY_KEY=…
  latchkey definition list
`, d.organization.Name, d.organization.ID, whose, d.key.Name, d.key.Value.Reveal(), config.PublicURL)
	if err == nil && o.Email != "" {
		_, err = fmt.Fprintf(o.Out, `
%s sets a password by this link, once, until %s:
  %s
`, d.invitation.User.Email, d.invitation.Until.Format("2006-01-02 15:04 UTC"), link)
	}
	return err
}
