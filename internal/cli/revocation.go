package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) revocationCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "revocation",
		Short: "Grants of deleted connections: whether their providers ended them",
		Long: `When a connection is deleted, its grant is revoked at the provider, where the definition says how. That is tried for
three days. What could not be revoked stands in the list as failed: the grant may still be alive there.`,
		Example: `  latchkey revocation list --state failed
  latchkey revocation retry rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN`,
	}, p.revocationListCommand(), p.revocationShowCommand(), p.revocationRetryCommand(), p.revocationForgetCommand()))
}

func revocationStates() []string {
	return []string{string(client.RevocationWaiting), string(client.RevocationRevoked), string(client.RevocationFailed), string(client.RevocationNone)}
}

func (p *program) revocationListCommand() *cobra.Command {
	var state string
	command := &cobra.Command{
		Use:     "list [--state STATE]",
		Aliases: []string{"ls"},
		Short:   "List revocations, newest first",
		Long:    "List the grants of deleted connections. What ended is kept for 30 days.",
		Example: `  latchkey revocation list
  latchkey revocation list --state failed --json`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			if state != "" && !slices.Contains(revocationStates(), state) {
				return usagef(command, "--state is one of %s", strings.Join(revocationStates(), ", "))
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"ID", "STATE", "CONNECTION", "PROVIDER", "TRIED", "DELETED", "NEXT", "LAST FAILURE"}
			empty := "no connection with a grant to revoke was deleted"
			if state != "" {
				empty = "no such revocations; all of them: latchkey revocation list"
			}
			return list(p, c.Revocations(command.Context(), client.RevocationState(state)), head, p.revocationRow, empty)
		},
	}
	command.Flags().StringVar(&state, "state", "", "only those in this `state`: waiting, revoked, failed or none")
	return command
}

func (p *program) revocationRow(r client.Revocation) []string {
	name := r.Label
	if name == "" {
		name = r.Connection
	}
	failure := "-"
	if r.LastFailure != nil {
		failure = revocationFailure(*r.LastFailure)
	}
	return []string{
		r.ID, string(r.State), name, orDash(r.Provider), strconv.Itoa(r.Attempts), orDash(p.ago(r.CreatedAt)), orDash(p.ago(r.NextAttemptAt)), failure,
	}
}

func revocationFailure(f client.RevocationFailure) string {
	text := f.Class
	if f.Code != "" && f.Code != f.Class {
		text += " " + f.Code
	}
	if f.Status != 0 {
		text += fmt.Sprintf(" (status %d)", f.Status)
	}
	return text
}

func (p *program) revocationShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show REVOCATION",
		Short:             "Show a revocation",
		Long:              "Show how the revocation of a grant stands, and how the last attempt failed.",
		Example:           "  latchkey revocation show rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
		Args:              takes("REVOCATION"),
		ValidArgsFunction: p.completeRevocations,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			r, err := c.Revocation(ctx, args[0])
			if err != nil || p.answerJSON(r) {
				return err
			}
			p.showRevocation(r)
			return nil
		}),
	}
}

func (p *program) showRevocation(r client.Revocation) {
	p.say("%s", r.ID)
	rows := [][2]string{
		{"state", string(r.State)},
		{"connection", r.Connection},
		{"label", r.Label},
		{"sandbox", r.Sandbox},
		{"definition", r.Definition},
		{"provider", r.Provider},
		{"deleted", p.ago(r.CreatedAt) + " by " + r.DeletedBy},
		{"tried", strconv.Itoa(r.Attempts) + " times"},
		{"next attempt", p.ago(r.NextAttemptAt)},
		{"ended", p.ago(r.EndedAt)},
	}
	if f := r.LastFailure; f != nil {
		text := revocationFailure(*f)
		if f.Description != "" {
			text += ": " + f.Description
		}
		rows = append(rows, [2]string{"last failure", text + ", " + p.ago(f.At)}, [2]string{"endpoint", f.Endpoint})
	}
	p.details(rows)
	if r.State == client.RevocationFailed {
		p.tell("end the grant at %s by hand and forget it here: latchkey revocation forget %s; or try again: latchkey revocation retry %s",
			r.Provider, word(r.ID), word(r.ID))
	}
}

func (p *program) revocationRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "retry REVOCATION",
		Short:             "Try a revocation again now",
		Long:              "Try a revocation again now, and for three days more.",
		Example:           "  latchkey revocation retry rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
		Args:              takes("REVOCATION"),
		ValidArgsFunction: p.completeRevocations,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			r, err := c.RetryRevocation(ctx, args[0])
			if err != nil || p.answerJSON(r) {
				return err
			}
			p.say("%s is tried again", r.ID)
			return nil
		}),
	}
}

func (p *program) revocationForgetCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:   "forget REVOCATION [--yes]",
		Short: "Forget a revocation, and the tokens that are kept for it",
		Long: `Forget a revocation with the tokens that are kept for it. The grant at the provider is not touched: end it there by
hand first.`,
		Example:           "  latchkey revocation forget rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN --yes",
		Args:              takes("REVOCATION"),
		ValidArgsFunction: p.completeRevocations,
	}, "Forget the revocation %s?", (*client.Client).ForgetRevocation)
}

func (p *program) completeRevocations(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	words := complete(p, command, args, func(ctx context.Context, c *client.Client) iter.Seq2[client.Revocation, error] {
		return c.Revocations(ctx, "")
	}, func(r client.Revocation) string { return r.ID + "\t" + string(r.State) + " " + r.Label })
	return words, cobra.ShellCompDirectiveNoFileComp
}
