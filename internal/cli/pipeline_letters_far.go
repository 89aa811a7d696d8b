package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/client"
)

// farLetters are the flags for the dead letters of other hosts, through the server that their daemons tell of themselves.
type farLetters struct {
	server bool
	host   string
}

func (f *farLetters) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.server, "from-server", false, "the dead letters of all hosts, as their daemons tell the server")
	flags.StringVar(&f.host, "host", "", "with --from-server: those of one `host`")
}

// actTime is how long a command waits for daemons to do what they were asked.
const actTime = 2 * time.Minute

// farLetter is a dead letter of a host as it is printed.
type farLetter struct {
	Host string `json:"host"`
	client.DaemonLetter
}

func (p *program) listFar(ctx context.Context, c *client.Client, instance, host string) error {
	daemons, err := client.Collect(c.Daemons(ctx, instance))
	if err != nil {
		return err
	}
	letters, more := []farLetter{}, int64(0)
	rows := [][]string{{"HOST", "ID", "TRIGGER", "PARTITION:OFFSET", "GIVEN UP", "ATTEMPTS", "WHY"}}
	for _, d := range daemons {
		if d.State == nil || host != "" && d.Host != host {
			continue
		}
		more += d.State.Letters.Count - int64(len(d.State.Letters.Newest))
		for _, l := range d.State.Letters.Newest {
			letters = append(letters, farLetter{d.Host, l})
			rows = append(rows, []string{d.Host, strconv.FormatInt(l.ID, 10), orDash(l.Trigger), fmt.Sprintf("%d:%d", l.Partition, l.Offset), p.ago(l.DeadAt), strconv.Itoa(l.Attempts), l.Error})
		}
	}
	if p.json {
		return p.sayJSON(map[string]any{"items": letters, "older": more})
	}
	if len(letters) == 0 {
		p.tell("no dead letters")
		return nil
	}
	p.table(rows)
	if more > 0 {
		p.tell("and %d older ones: latchkey pipeline dead-letters list on their hosts has them all", more)
	}
	return nil
}

// askFar has daemons do something with their dead letters, waits for them, and tells what came of it.
func (p *program) askFar(command *cobra.Command, instance, host, action string, ids []int64) error {
	if len(ids) > 0 && host == "" {
		return usagef(command, "each host numbers its own dead letters: say which one with --host")
	}
	return p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
		asked, err := c.AskDaemons(ctx, instance, host, action, ids...)
		if err != nil {
			return err
		}
		done, waiting, err := p.awaitActs(ctx, c, instance, asked)
		if err != nil {
			return err
		}
		return p.sayActs(action, done, waiting)
	})(command, nil)
}

// awaitActs waits until acts are done; waiting are the hosts that have not done theirs in time.
func (p *program) awaitActs(ctx context.Context, c *client.Client, instance string, asked []client.DaemonAct) (done []client.DaemonAct, waiting []string, err error) {
	wanted := map[string]bool{}
	for _, a := range asked {
		wanted[a.ID] = true
	}
	end := p.Clock.Now().Add(actTime)
	for {
		all, err := client.Collect(c.DaemonActs(ctx, instance))
		if err != nil {
			return nil, nil, err
		}
		done, waiting = nil, nil
		for _, a := range all {
			switch {
			case !wanted[a.ID]:
			case a.DoneAt == nil:
				waiting = append(waiting, a.Host)
			default:
				done = append(done, a)
			}
		}
		if len(waiting) == 0 || !p.Clock.Now().Before(end) {
			return done, waiting, nil
		}
		if err := p.rest(ctx); err != nil {
			return nil, nil, err
		}
	}
}

func (p *program) sayActs(action string, acts []client.DaemonAct, waiting []string) error {
	failed := int64(0)
	for _, a := range acts {
		failed += a.Failed
	}
	switch {
	case p.json:
		if acts == nil {
			acts = []client.DaemonAct{}
		}
		if err := p.sayJSON(map[string]any{"items": acts, "waiting": waiting}); err != nil {
			return err
		}
	case action == "show" && len(acts) == 1 && acts[0].Failed == 0:
		p.say("%s", acts[0].Shown)
	default:
		rows := [][]string{{"HOST", "DONE", "FAILED", "WHY"}}
		for _, a := range acts {
			rows = append(rows, []string{a.Host, strconv.FormatInt(a.Done, 10), strconv.FormatInt(a.Failed, 10), orDash(a.Why)})
		}
		p.table(rows)
	}
	if len(waiting) > 0 {
		return withHint(fmt.Errorf("not done within %s by %s", actTime, strings.Join(waiting, ", ")), "they do it when they run again, within a day")
	}
	if failed > 0 {
		return errTold
	}
	return nil
}
