package fleet

import (
	"context"
	"slices"
	"time"

	"latchkey/internal/event"
)

// troubleFor is how long a daemon may consume nothing before somebody is told: a broker that starts anew takes less.
const troubleFor = time.Minute

// lasting gives since when a daemon that told at an instant has consumed nothing, when that is for long; zero otherwise.
func (s State) lasting(at time.Time) time.Time {
	lasts := time.Duration(min(s.TroubleSeconds, 1<<31)) * time.Second
	if s.Trouble == "" || lasts < troubleFor {
		return time.Time{}
	}
	return at.Add(-lasts)
}

// turns gives the events of what a daemon tells: that its trouble lasts, once, and that it is over.
func (f *Fleet) turns(ctx context.Context, d *Daemon) ([]event.Event, error) {
	known, err := f.store.Daemons(ctx, d.Organization, d.Instance)
	if err != nil {
		return nil, err
	}
	var before time.Time
	if i := slices.IndexFunc(known, func(one Daemon) bool { return one.Host == d.Host }); i >= 0 {
		before = known[i].Told().lasting(known[i].SeenAt)
	}
	state := d.Told()
	now := state.lasting(d.SeenAt)
	switch {
	case before.IsZero() && !now.IsZero():
		data := map[string]any{"host": d.Host, "trouble": bounded(state.Trouble), "since": now.UTC().Format(time.RFC3339)}
		return []event.Event{event.New(event.PipelinedTrouble, d.Organization, d.Instance, d.SeenAt, data)}, nil
	case !before.IsZero() && state.Trouble == "":
		data := map[string]any{"host": d.Host, "since": before.UTC().Format(time.RFC3339)}
		return []event.Event{event.New(event.PipelinedRecovered, d.Organization, d.Instance, d.SeenAt, data)}, nil
	}
	return nil, nil
}
