package pipelined

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/internal/pipelined/journal"
	"latchkey/internal/pipelined/message"
)

// Replay hands a dead letter to the connector of its trigger's route, as the routes are now, and removes it when that takes
// it. It comes after triggers that were fired later: that is what giving up cost.
func (d *Daemon) Replay(ctx context.Context, id int64) error {
	d.replays.Lock()
	defer d.replays.Unlock()
	letter, err := d.journal.Letter(ctx, id)
	if err != nil {
		return err
	}
	trigger, err := reread(letter)
	if err != nil {
		return fmt.Errorf("replaying: %w; show it, then drop it", err)
	}
	name := letter.Connector
	if topic := d.setup.Load().topic(letter.Topic, letter.Consumer); topic != nil {
		if route, ok := topic.Route(trigger.Type); ok {
			name = route.Connector
		}
	}
	if _, err := d.table.deliver(ctx, name, []*message.Trigger{trigger}); err != nil {
		return fmt.Errorf("replaying: %w", err)
	}
	if err := d.journal.Drop(ctx, id); err != nil && !errors.Is(err, journal.ErrNoLetter) {
		return err
	}
	d.counts.replayed.Add(1)
	d.log.Info(fmt.Sprintf("Dead letter %d (message %d:%d) was replayed", id, letter.Partition, letter.Offset))
	return nil
}

// reread makes a trigger of a dead letter.
func reread(letter *journal.Letter) (*message.Trigger, error) {
	e := &message.Envelope{Kind: message.Data, Topic: letter.Topic, Partition: letter.Partition, Offset: letter.Offset, Message: json.RawMessage(letter.Raw)}
	var shape struct {
		Header json.RawMessage `json:"header"`
	}
	if json.Unmarshal(letter.Raw, &shape) == nil && len(shape.Header) > 0 {
		e.Message, e.Older = nil, json.RawMessage(letter.Raw)
	}
	return e.Trigger()
}
