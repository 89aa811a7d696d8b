package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) userCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "user",
		Short: "People: who may do what in the organization",
		Long: `A person is system_administrator, developer or viewer. A developer makes projects and credentials, and attaches the
product profiles that he or she was made developer of. A user is named by id or e-mail address.`,
		Example: `  latchkey user create ada@example.com --role developer --profile 419584532`,
	}, p.userCreateCommand(), p.userListCommand(), p.userShowCommand(), p.userEditCommand(), p.userDeleteCommand(),
		p.userActCommand("disable", "Keep a user out", "Keep a person out until he or she is enabled again.", (*client.Client).DisableUser),
		p.userActCommand("enable", "Let a user in again", "Let a disabled person in again.", (*client.Client).EnableUser), p.userResetCommand(),
		p.userConsentsCommand(), p.userWithdrawCommand(),
		p.userSessionsCommand(), p.userSignOutCommand(), p.userFactorsCommand(), p.userResetFactorsCommand(), p.userRulesCommand()))
}

func (p *program) userCreateCommand() *cobra.Command {
	var input client.NewUser
	command := &cobra.Command{
		Use:     "create EMAIL --role ROLE [--profile ID…] [--first-name TEXT] [--last-name TEXT]",
		Aliases: []string{"invite"},
		Short:   "Invite a person",
		Long: `Invite a person, and print the link by which he or she sets a password, this once: send it to the person. It is good
for seven days.`,
		Example: `  latchkey user create ada@example.com --role developer --profile 419584532
  latchkey user create bob@example.com --role viewer`,
		Args: takes("EMAIL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Email = args[0]
			made, err := c.InviteUser(ctx, input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.showLink(made)
			return nil
		}),
	}
	flags := command.Flags()
	flags.StringVar(&input.Role, "role", "viewer", "`role`: system_administrator, developer or viewer")
	flags.StringSliceVar(&input.Profiles, "profile", nil, "`id` of a product profile that a developer may attach, * for all; repeat for more")
	flags.StringVar(&input.FirstName, "first-name", "", "first `name`")
	flags.StringVar(&input.LastName, "last-name", "", "last `name`")
	return command
}

func (p *program) showLink(made client.Invitation) {
	p.tell("%s sets a password by this link until %s; it is shown this once:", made.Email, made.LinkUntil.UTC().Format("2006-01-02 15:04 UTC"))
	p.say("%s", made.Link.Reveal())
}

func (p *program) userListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List people",
		Long:    "List the organization's people.",
		Example: "  latchkey user list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.Users(ctx), []string{"EMAIL", "STATUS", "ROLE", "PROFILES", "LAST SIGN-IN"}, func(u client.User) []string {
				return []string{u.Email, u.Status, u.Role, orDash(strings.Join(u.Profiles, " ")), orDash(p.ago(u.LastSignInAt))}
			}, "nobody yet; invite a person: latchkey user create EMAIL --role developer")
		}),
	}
}

func (p *program) userShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show USER",
		Short:   "Show a person",
		Long:    "Show a person.",
		Example: "  latchkey user show ada@example.com",
		Args:    takes("USER"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			u, err := c.User(ctx, args[0])
			if err != nil || p.answerJSON(u) {
				return err
			}
			p.details([][2]string{
				{"id", u.ID}, {"email", u.Email}, {"name", strings.TrimSpace(u.FirstName + " " + u.LastName)}, {"status", u.Status}, {"role", u.Role},
				{"profiles", strings.Join(u.Profiles, " ")}, {"invited", p.ago(u.CreatedAt)}, {"last sign-in", p.ago(u.LastSignInAt)},
			})
			return nil
		}),
	}
}

func (p *program) userEditCommand() *cobra.Command {
	var first, last, role string
	var profiles []string
	command := &cobra.Command{
		Use:   "edit USER [--role ROLE] [--profile ID…] [--first-name TEXT] [--last-name TEXT]",
		Short: "Change what a person is called and may do",
		Long: `Change what is given, and leave the rest. --profile replaces the list; --profile "*" makes a developer of every
product profile, those made later too.`,
		Example: `  latchkey user edit ada@example.com --role developer --profile "*"`,
		Args:    takes("USER"),
	}
	flags := command.Flags()
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		patch := client.UserPatch{FirstName: given(flags, "first-name", &first), LastName: given(flags, "last-name", &last), Role: given(flags, "role", &role)}
		if flags.Changed("profile") {
			patch.Profiles = &profiles
		}
		if patch == (client.UserPatch{}) {
			return usagef(command, "nothing to change was given")
		}
		u, err := c.UpdateUser(ctx, args[0], patch)
		if err != nil || p.answerJSON(u) {
			return err
		}
		p.say("changed %s: %s", u.Email, u.Role)
		return nil
	})
	flags.StringVar(&role, "role", "", "`role`: system_administrator, developer or viewer")
	flags.StringSliceVar(&profiles, "profile", nil, "`id` of a product profile that a developer may attach, * for all; repeat for more")
	flags.StringVar(&first, "first-name", "", "first `name`")
	flags.StringVar(&last, "last-name", "", "last `name`")
	return command
}

func (p *program) userDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete USER [--yes]",
		Short:   "Remove a person",
		Long:    "Remove a person. What he or she made stays.",
		Example: "  latchkey user delete ada@example.com --yes",
		Args:    takes("USER"),
	}, "Remove %s?", (*client.Client).DeleteUser)
}

// userActCommand makes a command that does one thing to a person.
func (p *program) userActCommand(verb, short, long string, act func(*client.Client, context.Context, string) (client.User, error)) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " USER",
		Short:   short,
		Long:    long,
		Example: "  latchkey user " + verb + " ada@example.com",
		Args:    takes("USER"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			u, err := act(c, ctx, args[0])
			if err != nil || p.answerJSON(u) {
				return err
			}
			p.say("%s is %s", u.Email, u.Status)
			return nil
		}),
	}
}

func (p *program) userResetCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reset USER",
		Short:   "End a person's password, and make a link to set another",
		Long:    "End a person's password, and print a link to set another, this once.",
		Example: "  latchkey user reset ada@example.com",
		Args:    takes("USER"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.ResetUser(ctx, args[0])
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.showLink(made)
			return nil
		}),
	}
}

func (p *program) userConsentsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "consents USER",
		Short:   "List what a person agreed to",
		Long:    "List the clients that a person signed in to and agreed for, with the scopes.",
		Example: "  latchkey user consents ada@example.com",
		Args:    takes("USER"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.Consents(ctx, args[0]), []string{"CLIENT", "SCOPES", "AGREED"}, func(one client.Consent) []string {
				return []string{one.ClientID, strings.Join(one.Scopes, " "), p.ago(one.UpdatedAt)}
			}, args[0]+" has agreed to nothing yet")
		}),
	}
}

func (p *program) userWithdrawCommand() *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:   "withdraw USER CLIENT [--yes]",
		Short: "Take back what a person agreed to for a client",
		Long: `Take back what a person agreed to for a client: the tokens that came of it count no more, and the person is asked when
the client comes again. CLIENT is the credential's client id.`,
		Example: "  latchkey user withdraw ada@example.com e053e1a87cf74c68a6ec8e71d4a82662 --yes",
		Args:    takes("USER", "CLIENT"),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := p.confirm(ctx, yes, "Take back what "+args[0]+" agreed to for "+args[1]+"?"); err != nil {
			return err
		}
		if err := c.WithdrawConsent(ctx, args[0], args[1]); err != nil || p.doneJSON() {
			return err
		}
		p.say("withdrew the consent of %s for %s", args[0], args[1])
		return nil
	})
	return command
}
