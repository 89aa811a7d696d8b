package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) credentialDecisionsCommand() *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "decisions CREDENTIAL [--limit N]",
		Short: "List why a credential got no token",
		Long: `List the requests for tokens that the authorization server refused to a credential, the newest first. Refusals that are
alike within a minute are one row that counts. They are kept for 7 days. It takes the role Developer.`,
		Example: `  latchkey credential decisions moviestar-target
  latchkey credential decisions moviestar-target --limit 200 --json`,
		Args: takes("CREDENTIAL"),
		RunE: func(command *cobra.Command, args []string) error {
			if limit < 1 {
				return usagef(command, "--limit is how many to list, 1 at least")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"LAST", "TIMES", "ERROR", "WHAT THE CLIENT WAS TOLD", "FROM", "DEBUG ID"}
			any := false
			err = list(p, first(limit, c.Decisions(command.Context(), args[0])), head, func(d client.Decision) []string {
				any = true
				return []string{p.ago(d.LastAt), strconv.FormatInt(d.Count, 10), d.Error, d.Description, orMany(d.From), lastOf(d.DebugIDs)}
			}, "no token was refused to this credential in the last 7 days; a request whose client_id is wrong belongs to no credential")
			if any && !p.json {
				p.tell("what was wrong with one, and what to do: latchkey credential explain DEBUG_ID")
			}
			return err
		},
	}
	command.Flags().IntVar(&limit, "limit", 20, "how many to list, a `number`")
	return command
}

func orMany(place string) string {
	if place == "" {
		return "many places"
	}
	return place
}

func lastOf(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return list[len(list)-1]
}

func (p *program) credentialExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain DEBUG_ID",
		Short: "Explain why a token was refused",
		Long: `Explain a refusal of the authorization server by the x-debug-id of its answer: what was wrong, what was tried or
expected, and what to do. The client was told less. It takes the role Developer.`,
		Example: "  latchkey credential explain ca8hxkKH2ZtT",
		Args:    takes("DEBUG_ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			d, known, err := c.ExplainRefusal(ctx, args[0])
			if err != nil {
				return err
			}
			if !known {
				return withHint(fmt.Errorf("nothing is known of the debug id %q", args[0]),
					"it may be older than 7 days, of another organization, or of a request whose client_id nobody has: that is in the server's log; what another node refused is there after some seconds")
			}
			if !p.answerJSON(d) {
				p.showDecision(d)
			}
			return nil
		}),
	}
}

func (p *program) showDecision(d client.Decision) {
	p.say("%s: %s", d.Error, d.Description)
	times := p.ago(d.LastAt)
	if d.Count > 1 {
		times += fmt.Sprintf(", %d times since %s", d.Count, p.ago(d.FirstAt))
	}
	rows := [][2]string{{"when", times}, {"from", strings.TrimSpace(orMany(d.From) + " " + d.UserAgent)}, {"client id", d.ClientID},
		{"grant", d.Grant}, {"path", d.Path}}
	for _, r := range d.Reasons {
		if r.Name != "fix" {
			rows = append(rows, [2]string{strings.ReplaceAll(r.Name, "_", " "), r.Value})
		}
	}
	p.details(rows)
	p.tell("what to do: %s", d.Advice)
}
