package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/access"
	"latchkey/internal/suggest"
)

func (p *program) keyCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "key",
		Short: "API keys: who may call, and what for",
		Long: `An API key lets a program call the server. It holds scopes, and may be bound to a sandbox. The scope admin implies
every other, and write implies read. (The key that everything at rest is sealed with is under "latchkey keys".) The
scopes are:

  ` + strings.Join(access.Scopes(access.AllScopes()).Strings(), "\n  "),
		Example: `  latchkey key create billing --scope tokens:read --expires 90d`,
	}, p.keyCreateCommand(), p.keyListCommand(), p.keyRevokeCommand()))
}

func (p *program) keyCreateCommand() *cobra.Command {
	var input client.NewKey
	var calls client.Calls
	var expires string
	command := &cobra.Command{
		Use:   "create NAME --scope SCOPE… [--sandbox NAME] [--expires 90d]",
		Short: "Make a key",
		Long: `Make a key and print it, this once: the server keeps only a hash of it. With --sandbox the key sees no other
sandbox. Without --expires it works until it is revoked. A key with the scope proxy:call may be bound to the
methods and paths of the services that it calls.`,
		Example: `  latchkey key create billing --scope tokens:read --expires 90d > billing.key
  latchkey key create ci --scope definitions:write --scope connections:write --sandbox stage
  latchkey key create report --scope proxy:call --call-method GET --call-path '/v1/contacts/**'`,
		Args: takes("NAME"),
		RunE: func(command *cobra.Command, args []string) error {
			scopes, err := access.ParseScopes(input.Scopes)
			if err != nil {
				return scopeError(err, input.Scopes)
			}
			if len(scopes) == 0 {
				known := access.Scopes(access.AllScopes()).String()
				return &usageError{text: "--scope is missing", hint: "the scopes are " + known}
			}
			input.Name, input.Scopes = args[0], scopes.Strings()
			input.Sandbox = p.flagOrEnv(p.remote.sandbox, "LATCHKEY_SANDBOX")
			if input.ExpiresAt, err = parseExpiry(expires, p.Clock.Now()); err != nil {
				return usagef(command, "%v", err)
			}
			if len(calls.Methods) > 0 || len(calls.Paths) > 0 {
				input.Calls = &calls
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			key, err := c.CreateKey(command.Context(), input)
			if err != nil || p.answerJSON(key) {
				return err
			}
			p.tell("key %s (%s), for %s; it is shown this once:", key.ID, key.Name, strings.Join(key.Scopes, " "))
			p.say("%s", key.Secret.Reveal())
			return nil
		},
	}
	command.Flags().StringSliceVar(&input.Scopes, "scope", nil, "a `scope` that the key holds; repeat for more")
	command.Flags().StringSliceVar(&calls.Methods, "call-method", nil, "a `method` that the key may call through the proxy; repeat for more")
	command.Flags().StringSliceVar(&calls.Paths, "call-path", nil, "a `pattern` of the paths that it may call, as /v1/contacts/**; repeat for more")
	command.Flags().StringVar(&expires, "expires", "", "when the key ends: a `time` such as 90d or 12h, or a date")
	return command
}

// scopeError names the scope that was probably meant.
func scopeError(err error, given []string) error {
	known := access.Scopes(access.AllScopes()).Strings()
	out := &usageError{text: err.Error()}
	for _, scope := range given {
		if near, ok := suggest.Closest(scope, known); ok && near != scope {
			out.hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return out
}

// parseExpiry reads a duration from now (days and weeks too), a date or an instant; "" is never.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" || text == "never" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return notPast(at, now)
		}
	}
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, err := strconv.Atoi(strings.TrimSuffix(text, suffix)); err == nil && strings.HasSuffix(text, suffix) {
			if n > 36500 {
				return time.Time{}, fmt.Errorf("--expires %s is too far away", text)
			}
			return notPast(now.Add(time.Duration(n)*unit), now)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--expires %q is not a time such as 90d, 12h or 2027-01-31", text)
	}
	return notPast(now.Add(d), now)
}

func notPast(at, now time.Time) (time.Time, error) {
	if !at.After(now) {
		return time.Time{}, fmt.Errorf("--expires has passed")
	}
	return at.UTC().Truncate(time.Second), nil
}

func (p *program) keyListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List keys",
		Long:    "List the keys of the organization, with what each may do and when it was used last.",
		Example: "  latchkey key list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			head := []string{"NAME", "STATUS", "SCOPES", "SANDBOX", "LAST USED", "EXPIRES", "PREFIX", "ID"}
			return list(p, c.Keys(ctx), head, func(k client.Key) []string {
				return []string{
					k.Name, p.keyStatus(k), strings.Join(k.Scopes, " "), orDash(k.Sandbox),
					orDash(p.ago(k.LastUsedAt)), orDash(p.ago(k.ExpiresAt)), k.Prefix, k.ID,
				}
			}, "no keys yet; make one: latchkey key create NAME --scope tokens:read")
		}),
	}
}

func (p *program) keyStatus(k client.Key) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.ExpiresAt.IsZero() && k.ExpiresAt.Before(p.Clock.Now()):
		return "expired"
	}
	return "active"
}

func (p *program) keyRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "End a key's life now",
		Long:    "End a key's life now: the next call with it is refused. The id is that of \"latchkey key list\", key_….",
		Example: "  latchkey key revoke key_01JD3W5Q0V8Z2M4N6P8R0T2V4X",
		Args:    takes("ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RevokeKey(ctx, args[0]); err != nil || p.doneJSON() {
				return err
			}
			p.say("revoked %s", args[0])
			return nil
		}),
	}
}
