package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/access"
)

// trouble is something that needs somebody: what, since when, what comes of it, and the way out.
type trouble struct {
	Tone string // "bad" is broken, "warn" is about to be
	// Before, Name and What make its first sentence: "The certificate of " "campaign" " ends in 9 days."
	Before, Name, What string
	// Path is where the thing is, "" for nowhere.
	Path string
	// Text says the cause and what comes of it.
	Text  string
	Since time.Time
	// Act is the way out: a link to the page that mends it; Command is what to type where there is none.
	Act, ActPath string
	Command      string
}

// watch looks for troubles in one room.
type watch struct {
	// room is what the page says when it did not answer.
	room string
	look func(ctx context.Context, v *visit) ([]trouble, error)
}

// watches are asked all at once.
var watches = []watch{
	{"the connections", connectionTroubles},
	{"the other sandboxes", sandboxTroubles},
	{"the providers", providerTroubles},
	{"the calendar", endingTroubles},
	{"the IMS configurations", imsTroubles},
	{"the cloud services", cloudServiceTroubles},
	{"the webhooks", webhookTroubles},
	{"the pipeline", pipelineTroubles},
	{"the revocations", revocationTroubles},
	{"the root keys", rootKeyTroubles},
	{"the daemons of instances", daemonTroubles},
	{"the audit record", auditTroubles},
	{"the mail", mailTroubles},
}

const (
	// troubleTime is how long the rooms may take together; perRoom is how many troubles of a kind are told one by one.
	troubleTime = time.Second
	perRoom     = 5
)

// troubles asks every room, and gives what is broken before what is about to be. Rooms that do not answer are named.
func (v *visit) troubles(ctx context.Context) (all []trouble, unasked []string) {
	ctx, cancel := context.WithTimeout(ctx, troubleTime)
	defer cancel()
	found, errs := make([][]trouble, len(watches)), make([]error, len(watches))
	var rooms sync.WaitGroup
	for i, w := range watches {
		rooms.Go(func() { found[i], errs[i] = w.look(ctx, v) })
	}
	rooms.Wait()
	for i, w := range watches {
		all = append(all, found[i]...)
		if _, denied := errors.AsType[*access.DeniedError](errs[i]); errs[i] != nil && !denied {
			v.Log.WarnContext(ctx, "a room could not tell what is broken", slog.String("room", w.room), slog.Any("error", errs[i]))
			unasked = append(unasked, w.room)
		}
	}
	slices.SortStableFunc(all, func(a, b trouble) int { return strings.Compare(a.Tone, b.Tone) }) // bad before warn
	return all, unasked
}

// bounded tells the first of many one by one, and of the rest how many they are.
func bounded(all []trouble, rest func(n int) trouble) []trouble {
	if len(all) <= perRoom {
		return all
	}
	return append(all[:perRoom:perRoom], rest(len(all)-perRoom))
}

// counts remember how many things needed somebody when the Overview was last looked at, for the navigation of other pages.
type counts struct {
	mu    sync.Mutex
	known map[countKey]waiting
}

type countKey struct {
	organization, sandbox string
	role                  access.Role
}

type waiting struct {
	n  int
	at time.Time
}

const (
	// countLife is for how long a count is shown; countsMost bounds them.
	countLife  = 5 * time.Minute
	countsMost = 10_000
)

func (c *counts) put(caller access.Caller, sandbox string, n int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= countsMost {
		c.known = map[countKey]waiting{}
	}
	c.known[countKey{caller.Organization, sandbox, caller.Role}] = waiting{n, now}
}

// of gives the count, 0 where none is known.
func (c *counts) of(caller access.Caller, sandbox string, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.known[countKey{caller.Organization, sandbox, caller.Role}]
	if now.Sub(known.at) > countLife {
		return 0
	}
	return known.n
}

// many says a number of things, with "or more" at a bound.
func many(n, bound int, noun string) string {
	if n >= bound {
		return fmt.Sprintf("%d or more %ss", bound, noun)
	}
	return plural(n, noun)
}
