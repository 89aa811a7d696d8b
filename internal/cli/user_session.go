package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) userSessionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "sessions USER",
		Short:   "List where a person is signed in",
		Long:    "List the browsers at which a person is signed in: since when, from where, by which proofs.",
		Example: "  latchkey user sessions ada@example.com",
		Args:    takes("USER"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.Sessions(ctx, args[0]), []string{"ID", "BY", "FROM", "BEGAN", "SEEN", "BROWSER"}, func(s client.Session) []string {
				by := s.Proof
				if s.Second != "" && s.Second != s.Proof {
					by += "+" + s.Second
				}
				return []string{s.ID, by, orDash(s.Address), p.ago(s.BeganAt), p.ago(s.SeenAt), orDash(s.Agent)}
			}, args[0]+" is signed in nowhere")
		}),
	}
}

func (p *program) userSignOutCommand() *cobra.Command {
	var yes bool
	var session string
	command := &cobra.Command{
		Use:   "sign-out USER [--session ID] [--yes]",
		Short: "End a person's sessions",
		Long: `End a person's sessions at browsers, or one of them. Links that would sign the person in end with all of them. Access
tokens that applications hold go on until they end: "latchkey user withdraw" revokes those.`,
		Example: "  latchkey user sign-out ada@example.com --yes",
		Args:    takes("USER"),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.Flags().StringVar(&session, "session", "", "`id` of the one session to end")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := p.confirm(ctx, yes, "Sign "+args[0]+" out?"); err != nil {
			return err
		}
		end := func() error { return c.EndSessions(ctx, args[0]) }
		if session != "" {
			end = func() error { return c.EndSession(ctx, args[0], session) }
		}
		if err := end(); err != nil || p.doneJSON() {
			return err
		}
		p.say("signed %s out", args[0])
		return nil
	})
	return command
}

func (p *program) userFactorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "factors USER",
		Short:   "Show a person's second factors",
		Long:    "Show what a person is asked for after the password: the authenticator app, passkeys, recovery codes.",
		Example: "  latchkey user factors ada@example.com",
		Args:    takes("USER"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			f, err := c.UserFactors(ctx, args[0])
			if err != nil || p.answerJSON(f) {
				return err
			}
			var passkeys []string
			for _, k := range f.Passkeys {
				one := k.Name + " (" + k.Host + ")"
				if k.Doubted {
					one += ", may have been copied"
				}
				passkeys = append(passkeys, one)
			}
			required := "no"
			if f.Required {
				required = "yes"
			}
			p.details([][2]string{
				{"authenticator app", orDash(p.ago(f.AuthenticatorSince))}, {"passkeys", orDash(strings.Join(passkeys, "; "))},
				{"recovery codes left", strconv.Itoa(f.RecoveryCodes)}, {"asked of everybody", required},
			})
			return nil
		}),
	}
}

func (p *program) userResetFactorsCommand() *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:   "reset-factors USER [--yes]",
		Short: "Take a person's second factors away",
		Long: `Take the authenticator app, the passkeys and the recovery codes of a person away who has lost the device: the password
alone signs in then. The link with the identity provider goes, too. Make sure that it is that person who asks.`,
		Example: "  latchkey user reset-factors ada@example.com --yes",
		Args:    takes("USER"),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := p.confirm(ctx, yes, "Take the second factors of "+args[0]+" away?"); err != nil {
			return err
		}
		if err := c.ResetFactors(ctx, args[0]); err != nil || p.doneJSON() {
			return err
		}
		p.say("took the second factors of %s away", args[0])
		return nil
	})
	return command
}

func (p *program) userRulesCommand() *cobra.Command {
	var second string
	command := &cobra.Command{
		Use:   "rules [--second-factor required|optional]",
		Short: "Show or change what everybody is asked for at the sign-in",
		Long: `Show what everybody in the organization is asked for at the sign-in, or change it. Where a second factor is required,
who has none adds an authenticator app at the next sign-in.`,
		Example: "  latchkey user rules --second-factor required",
		Args:    takes(),
	}
	command.Flags().StringVar(&second, "second-factor", "", "required or optional")
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
		rules, err := c.SignInRules(ctx)
		switch second {
		case "":
		case "required", "optional":
			rules, err = c.RequireSecondFactor(ctx, second == "required")
		default:
			return usagef(command, "--second-factor is required or optional, not %q", second)
		}
		if err != nil || p.answerJSON(rules) {
			return err
		}
		words := "optional"
		if rules.SecondFactor {
			words = "required"
		}
		p.details([][2]string{{"second factor", words}})
		return nil
	})
	return command
}
