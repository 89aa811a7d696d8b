package pipelined

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"latchkey/client"
	"latchkey/internal/pipelined/journal"
)

const (
	// newestLetters is how many dead letters the server is told of.
	newestLetters = 100
	// maxShown bounds a message that is sent to the server, maxWords an error's text there.
	maxShown = 64 << 10
	maxWords = 300
)

// deeds are the acts on dead letters that the server has asked for. They run beside the telling, one after the other, for
// a receiver may take long.
type deeds struct {
	mu sync.Mutex
	// known are those that were begun and are not settled at the server yet; done are those of them that have ended.
	known map[string]bool
	done  []client.DaemonActResult
	queue sync.Mutex // held by the act that runs
}

// begin begins the acts that are not known yet.
func (t *teller) begin(ctx context.Context, acts []client.DaemonAct) {
	t.deeds.mu.Lock()
	defer t.deeds.mu.Unlock()
	if t.deeds.known == nil {
		t.deeds.known = map[string]bool{}
	}
	var fresh []client.DaemonAct
	for _, a := range acts {
		if !t.deeds.known[a.ID] {
			t.deeds.known[a.ID] = true
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 {
		return
	}
	t.running.Go(func() {
		t.deeds.queue.Lock()
		defer t.deeds.queue.Unlock()
		for _, a := range fresh {
			result := t.act(ctx, &a)
			if ctx.Err() != nil {
				return // it is found again after the start
			}
			t.deeds.mu.Lock()
			t.deeds.done = append(t.deeds.done, result)
			t.deeds.mu.Unlock()
		}
	})
}

// results gives what is to be told of acts.
func (t *teller) results() []client.DaemonActResult {
	t.deeds.mu.Lock()
	defer t.deeds.mu.Unlock()
	return append([]client.DaemonActResult(nil), t.deeds.done...)
}

// settled lets go of results that the server has.
func (t *teller) settled(results []client.DaemonActResult) {
	t.deeds.mu.Lock()
	defer t.deeds.mu.Unlock()
	for _, r := range results {
		delete(t.deeds.known, r.ID)
	}
	t.deeds.done = t.deeds.done[len(results):]
}

// act does what the server asks for. Letters that have gone meanwhile are done.
func (t *teller) act(ctx context.Context, a *client.DaemonAct) client.DaemonActResult {
	r := client.DaemonActResult{ID: a.ID}
	ids, err := t.meant(ctx, a)
	if err != nil {
		r.Failed, r.Why = 1, bounded(err.Error())
		return r
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return r
		}
		var err error
		switch a.Action {
		case "replay":
			err = unless(t.Replay(ctx, id), journal.ErrNoLetter)
		case "drop":
			err = unless(t.journal.Drop(ctx, id), journal.ErrNoLetter)
		case "show":
			r.Shown, err = t.shown(ctx, id)
		default:
			err = fmt.Errorf("%q is nothing that this version knows", a.Action)
		}
		if err == nil {
			r.Done++
			continue
		}
		if r.Failed++; r.Failed == 1 {
			r.Why = bounded(fmt.Sprintf("letter %d: %v", id, err))
		}
	}
	t.log.Info(fmt.Sprintf("The server asked to %s dead letters: %d done, %d failed", a.Action, r.Done, r.Failed))
	return r
}

// meant gives the letters of an act: those that it names, or all that were given up before it was asked for.
func (t *teller) meant(ctx context.Context, a *client.DaemonAct) ([]int64, error) {
	if len(a.Letters) > 0 {
		return a.Letters, nil
	}
	return t.journal.LettersBefore(ctx, a.At)
}

func (t *teller) shown(ctx context.Context, id int64) (string, error) {
	letter, err := t.journal.Letter(ctx, id)
	switch {
	case errors.Is(err, journal.ErrNoLetter):
		return "", err
	case err != nil:
		return "", err
	case len(letter.Raw) > maxShown:
		return "", fmt.Errorf("its message has %d bytes, more than the %d that are sent; show it on its host: latchkey pipeline dead-letters show", len(letter.Raw), maxShown)
	}
	return string(letter.Raw), nil
}

// bounded cuts a text to what the server is told.
func bounded(text string) string {
	runes := []rune(text)
	if len(runes) <= maxWords {
		return text
	}
	return string(runes[:maxWords-1]) + "…"
}

// state tells how far the daemon is, and what it has given up.
func (t *teller) state(ctx context.Context) *client.DaemonState {
	s := &client.DaemonState{Lanes: []client.DaemonLane{}, Letters: client.DaemonDeadLetters{Newest: []client.DaemonLetter{}}}
	s.Trouble, s.TroubleSeconds = t.troubled()
	for _, l := range t.all() {
		pointers := map[int32]int64{}
		known, _ := l.journal.Pointers(ctx, l.topic, l.consumer) // a journal that can't be read shows as none; the log tells
		for _, p := range known {
			pointers[p.Partition] = p.Next
		}
		l.mu.Lock()
		for partition, lane := range l.lanes {
			one := client.DaemonLane{
				Topic: l.topic, Consumer: l.consumer, Partition: partition, Pointer: pointers[partition], Head: lane.head.Load(),
				Received: lane.received.Load(), Processed: lane.processed.Load(), Discarded: lane.discarded.Load(),
			}
			if _, ok := pointers[partition]; !ok {
				one.Pointer = lane.first
			}
			one.Lag = max(0, one.Head-one.Pointer)
			s.Lanes = append(s.Lanes, one)
		}
		l.mu.Unlock()
		for partition, runs := range l.audit.came() {
			s.Came = append(s.Came, client.DaemonCame{Topic: l.topic, Consumer: l.consumer, Partition: partition, Offsets: cameOffsets(runs)})
		}
	}
	sortLanes(s.Lanes)
	slices.SortFunc(s.Came, func(a, b client.DaemonCame) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Partition, b.Partition))
	})
	s.Letters.Count, _ = t.journal.CountLetters(ctx)
	letters, _ := t.journal.NewestLetters(ctx, newestLetters)
	for _, l := range letters {
		s.Letters.Newest = append(s.Letters.Newest, client.DaemonLetter{
			ID: l.ID, Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Trigger: bounded(l.Trigger), DeadAt: l.DeadAt.Truncate(time.Microsecond), Attempts: l.Attempts, Error: bounded(l.Error),
		})
	}
	return s
}

func sortLanes(lanes []client.DaemonLane) {
	slices.SortFunc(lanes, func(a, b client.DaemonLane) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Partition, b.Partition))
	})
}
