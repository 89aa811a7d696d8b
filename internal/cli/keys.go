package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) keysCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "keys",
		Short: "Root keys: what everything at rest is sealed with",
		Long: `A root key wraps the data key of each organization, with which its secrets are sealed. It is in a file, made of a
passphrase, in Vault or in a KMS. (The keys with which programs call are under "latchkey key".)

To rotate it: name the new root key in seal.root and the present one in seal.previous_root, on every node; restart
them one by one; run "latchkey keys rotate". The server goes on serving. When it is complete the old root key is
refused, and seal.previous_root can go.`,
		Example: `  latchkey keys new /etc/latchkey/root-2027.key
  latchkey keys rotate
  latchkey keys status`,
	}, p.keysRotateCommand(), p.keysStatusCommand(), p.keysNewCommand()))
}

func (p *program) keysNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new FILE",
		Short: "Make a root key in a file",
		Long: `Make a root key in a file that its owner alone may read, for a rotation to it. This works without a server. Keep a
copy of the file apart from the data: nothing can be read without it.`,
		Example: "  latchkey keys new /etc/latchkey/root-2027.key",
		Args:    takes("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			if p.Server.NewRootKey == nil {
				return errNoServer
			}
			id, err := p.Server.NewRootKey(args[0])
			if err != nil {
				return err
			}
			if p.json {
				text, err := json.Marshal(map[string]string{"id": id, "file": args[0]})
				if err != nil {
					return fmt.Errorf("encoding the answer: %w", err)
				}
				p.say("%s", indentJSON(text))
				return nil
			}
			p.say("made the root key %s in %s", id, args[0])
			return nil
		},
	}
}

func (p *program) keysRotateCommand() *cobra.Command {
	var detached bool
	command := &cobra.Command{
		Use:   "rotate [--detach]",
		Short: "Wrap every data key with the new root key",
		Long: `Wrap every data key with the root key that seal.root names, while the server serves, and wait for the end. The one
that seal.previous_root names is refused from then on. Without a previous one, data keys in Vault or a KMS move to the
newest version of their key. A rotation that was interrupted goes on; the server does that by itself, too.`,
		Example: "  latchkey keys rotate",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			rotation, err := c.RotateRootKey(ctx)
			if err == nil && !detached {
				rotation, err = p.awaitRotation(ctx, c, rotation)
			}
			if err != nil || p.answerJSON(rotation) {
				return err
			}
			p.say("%s", rotationLine(rotation))
			if rotation.State == "finished" && rotation.From != rotation.To {
				p.tell("the old root key is refused from now on; take seal.previous_root out of the configuration")
			}
			return nil
		}),
	}
	command.Flags().BoolVar(&detached, "detach", false, "do not wait for the end")
	return command
}

// awaitRotation shows how the rotation gets on until it is complete.
func (p *program) awaitRotation(ctx context.Context, c *client.Client, rotation client.Rotation) (client.Rotation, error) {
	shown := &progress{program: p, terminal: atTerminal(p.Err)}
	defer shown.clear()
	started := p.Clock.Now()
	pause := p.PollEvery / 10
	for rotation.State == "running" {
		if rotation.Problem != "" {
			return rotation, withHint(errors.New(rotationLine(rotation)+": "+rotation.Problem), `the server tries again by itself; "latchkey keys status" tells how it gets on`)
		}
		shown.line(rotationLine(rotation), p.Clock.Now().Sub(started))
		timer := p.Clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return rotation, withHint(ctx.Err(), `the rotation goes on; "latchkey keys status" tells how`)
		case <-timer.C():
		}
		pause = min(2*pause, p.PollEvery)
		var err error
		if rotation, err = c.Rotation(ctx); err != nil {
			return rotation, err
		}
	}
	return rotation, nil
}

// rotationLine says how a rotation stands.
func rotationLine(r client.Rotation) string {
	switch {
	case r.State == "none":
		return "the root key was not rotated yet"
	case r.State == "running" && r.Total > 0:
		return fmt.Sprintf("rotating to %s: %d of %d data keys (%d %%)", r.To, r.Done, r.Total, 100*r.Done/r.Total)
	case r.State == "running":
		return "rotating to " + r.To
	case r.From == r.To:
		return fmt.Sprintf("moved %d data keys to the newest version of %s in %s", r.Total, r.To, r.FinishedAt.Sub(r.StartedAt).Round(time.Millisecond))
	}
	return fmt.Sprintf("rotated %d data keys from %s to %s in %s", r.Total, r.From, r.To, r.FinishedAt.Sub(r.StartedAt).Round(time.Millisecond))
}

func (p *program) keysStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show root keys and how a rotation stands",
		Long: `Show the root keys of the installation: what state each is in, how many data keys it wraps, and whether the server
that answers has it; then how the last rotation stands. With --json, the rotation and the keys in one object.`,
		Example: "  latchkey keys status",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			roots, err := client.Collect(c.RootKeys(ctx))
			if err != nil {
				return err
			}
			rotation, err := c.Rotation(ctx)
			if err != nil {
				return err
			}
			if p.json {
				return p.statusJSON(roots, rotation)
			}
			rows := [][]string{{"ROOT KEY", "STATE", "KIND", "DATA KEYS", "HERE", "SINCE", "RETIRED"}}
			for _, r := range roots {
				here := "yes"
				if !r.Held {
					here = "no"
				}
				rows = append(rows, []string{r.ID, r.State, r.Kind, fmt.Sprint(r.DataKeys), here, orDash(p.ago(r.CreatedAt)), orDash(p.ago(r.RetiredAt))})
			}
			p.table(rows)
			p.say("%s", rotationLine(rotation))
			if rotation.Problem != "" {
				p.say("it does not get on: %s", rotation.Problem)
			}
			return nil
		}),
	}
}

func (p *program) statusJSON(roots []client.RootKey, rotation client.Rotation) error {
	out := struct {
		Rotation json.RawMessage   `json:"rotation"`
		Items    []json.RawMessage `json:"items"`
	}{Rotation: rotation.JSON(), Items: []json.RawMessage{}}
	for _, root := range roots {
		out.Items = append(out.Items, root.JSON())
	}
	text, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	p.say("%s", indentJSON(text))
	return nil
}
