package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/ident"
)

// produceBatch is how many messages go out in one call, and produceBytes about how much.
const (
	produceBatch = 100
	produceBytes = 1 << 20
)

func (p *program) pipelineProduceCommand() *cobra.Command {
	var message client.Message
	var lines string
	var whole bool
	command := &cobra.Command{
		Use:   "produce TOPIC [VALUE] [--event-key KEY] [--source SOURCE] [--id ID] [--lines FILE]",
		Short: "Put events into a topic",
		Long: `Put an event into a topic: VALUE is its JSON, @FILE or - for standard input. With --lines each line of a file (- for
standard input) is the value of an event; with --messages besides, each is a whole message: {"key": …, "value": …}.
What is answered is durable. Lines are sent in groups; one that has to be sent again is kept once all the same.`,
		Example: `  latchkey pipeline produce triggers '{"cart": "abandoned"}' --event-key ada
  latchkey pipeline produce triggers --lines events.jsonl`,
		Args: func(command *cobra.Command, args []string) error {
			if lines != "" {
				return takes("TOPIC")(command, args)
			}
			return takes("TOPIC", "VALUE")(command, args)
		},
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := exclusive(command, "lines", "id"); err != nil {
			return err
		}
		if lines != "" {
			return p.produceLines(ctx, c, args[0], lines, message, whole)
		}
		text, err := p.value("VALUE", args[1])
		if err != nil {
			return err
		}
		if message.Value = json.RawMessage(strings.TrimSpace(text)); !json.Valid(message.Value) {
			return usagef(command, "VALUE is not JSON; a text stands between quotes: '\"…\"'")
		}
		made, err := c.Produce(ctx, args[0], message)
		if err != nil || p.answerJSON(made) {
			return err
		}
		for _, at := range made.Positions {
			if at.Duplicate {
				p.say("partition %d has it already, at offset %d", at.Partition, at.Offset)
				continue
			}
			p.say("partition %d, offset %d", at.Partition, at.Offset)
		}
		return nil
	})
	flags := command.Flags()
	flags.StringVar(&message.Key, "event-key", "", "events of one `key` stay in their order")
	flags.StringVar(&message.Source, "source", "", "where it comes from, a `name` that consumers can choose by")
	flags.StringVar(&message.ID, "id", "", "an `id` by which a repetition is known")
	flags.StringVar(&message.IMSOrg, "org", "", "IMS organization `id` that it concerns")
	flags.StringVar(&lines, "lines", "", "read events from the lines of a `file`, - for standard input")
	flags.BoolVar(&whole, "messages", false, "with --lines: each line is a whole message")
	return command
}

// producing is a run of produce --lines.
type producing struct {
	*program
	client   *client.Client
	topic    string
	model    client.Message // what every value gets
	whole    bool
	messages []client.Message
	size     int
	sent     client.Produced // counts alone
	progress *progress
	begun    time.Time
}

func (p *program) produceLines(ctx context.Context, c *client.Client, topic, file string, model client.Message, whole bool) error {
	var source io.Reader = p.lines
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("reading the events: %w", err)
		}
		defer func() { _ = opened.Close() }()
		source = opened
	}
	run := &producing{
		program: p, client: c, topic: topic, model: model, whole: whole,
		progress: &progress{program: p, terminal: atTerminal(p.Err), next: reportEvery}, begun: p.Clock.Now(),
	}
	err := run.all(ctx, source)
	run.progress.clear()
	if err != nil {
		return fmt.Errorf("%w (%d events were kept before)", err, run.sent.Accepted)
	}
	if p.json {
		return p.sayJSON(map[string]int{"accepted": run.sent.Accepted, "duplicates": run.sent.Duplicates})
	}
	p.say("%d events kept, %d were there already", run.sent.Accepted, run.sent.Duplicates)
	return nil
}

func (r *producing) all(ctx context.Context, source io.Reader) error {
	scanner := bufio.NewScanner(source)
	scanner.Buffer(make([]byte, 64<<10), maxInput)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" {
			continue
		}
		m := r.model
		m.Value = json.RawMessage(line)
		if !json.Valid(m.Value) {
			return fmt.Errorf("line %d is not JSON", number)
		}
		if r.whole {
			m = client.Message{}
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				return fmt.Errorf("line %d is no message: %w", number, err)
			}
		}
		if m.ID == "" {
			m.ID = ident.New("msg")
		}
		r.messages, r.size = append(r.messages, m), r.size+len(line)
		if len(r.messages) >= produceBatch || r.size >= produceBytes {
			if err := r.send(ctx); err != nil {
				return err
			}
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	return r.send(ctx)
}

// send sends what was gathered, again when the server is busy or the answer was lost: each message has its id.
func (r *producing) send(ctx context.Context) error {
	if len(r.messages) == 0 {
		return nil
	}
	for try := 1; ; try++ {
		made, err := r.client.Produce(ctx, r.topic, r.messages...)
		if err == nil {
			r.sent.Accepted, r.sent.Duplicates = r.sent.Accepted+made.Accepted, r.sent.Duplicates+made.Duplicates
			r.messages, r.size = r.messages[:0], 0
			r.progress.line(fmt.Sprintf("%d events", r.sent.Accepted+r.sent.Duplicates), r.Clock.Now().Sub(r.begun))
			return nil
		}
		if try == 10 || !passing(err) || r.pause(ctx, time.Second) != nil {
			return err
		}
	}
}

// passing tells whether it is worth another try.
func passing(err error) bool {
	if _, ok := errors.AsType[*client.UnreachableError](err); ok {
		return true
	}
	failed, ok := errors.AsType[*client.Error](err)
	return ok && (failed.Status == http.StatusTooManyRequests || failed.Status == http.StatusServiceUnavailable)
}
