package provider

import (
	"math/rand/v2"
	"time"
)

// Incident is a client that a provider refuses: all connections that use it are paused, and none is ended. One of them
// probes now and then; the first call in which the client is accepted ends it.
type Incident struct {
	// ID is `inc_` and a ULID.
	ID                    string
	Host                  Host
	Organization, Sandbox string
	Definition            string
	Revision              int
	// Client is the client id.
	Client string
	// Mark is a keyed hash of what the provider refused: definition, endpoint, client and its secret.
	Mark     Mark
	OpenedAt time.Time
	// ClosedAt is zero while it is open; EndedBy says why it ended.
	ClosedAt time.Time
	EndedBy  Ending
	// ProbeAt is when the next call goes through; Probes counts those that did.
	ProbeAt time.Time
	Probes  int
	// Held is how many connections wished to call since and were held back, [heldMost] at most.
	Held int
	// Last is what the provider said last.
	Last Failure
}

// Mark is a keyed hash of a client and its secret.
type Mark [32]byte

// Ending is why an incident ended.
type Ending string

// The endings.
const (
	// Accepted: the provider accepted the client.
	Accepted Ending = "accepted"
	// Replaced: a newer revision of the definition has another secret.
	Replaced Ending = "replaced"
	// Idle: no connection uses the client any more.
	Idle Ending = "idle"
)

const (
	// A probe goes through after probeFirst and a random part of probeFirst, which doubles up to probeSpread.
	probeFirst  = time.Minute
	probeSpread = 14 * time.Minute
	// incidentIdle is after what an incident ends that nobody has asked under.
	incidentIdle = time.Hour
	heldMost     = 100_000
	// trusted is how long a success speaks for a client: one connection's refusal is then that connection's own matter
	// (some providers refuse a client in one tenant alone), until refusals in a row are more.
	trusted       = time.Minute
	distrustAfter = 3
)

// trouble is an open incident at work.
type trouble struct {
	Incident
	// probing is until when a probe is under way.
	probing time.Time
	asked   time.Time
	// stored tells that the store has it: when it is gone from there, another node has ended it.
	stored bool
	held   map[string]struct{} // ids of connections
}

// ask decides for a call of the client. The caller counts what is held back.
func (t *trouble) ask(now time.Time, forced bool) verdict {
	t.asked = now
	if now.Before(t.probing) || now.Before(t.ProbeAt) && !forced {
		return refuse
	}
	return probe
}

func (t *trouble) retryAt(now time.Time) time.Time {
	return later(t.ProbeAt, now.Add(5*time.Second))
}

func (t *trouble) hold(connection string) {
	if len(t.held) >= heldMost || connection == "" {
		return
	}
	if t.held == nil {
		t.held = map[string]struct{}{}
	}
	t.held[connection] = struct{}{}
	t.Held = len(t.held)
}

func (t *trouble) begin(now time.Time) { t.probing = now.Add(probePatience) }

// hear takes in how a probe went, and tells whether the client was accepted: a dead grant is told only to a client that
// has authenticated itself.
func (t *trouble) hear(now time.Time, o Outcome, spread float64) (ended bool) {
	t.probing = time.Time{}
	switch o.Class {
	case Good, GrantDead:
		return true
	case ClientDead:
		t.Last = failureOf(o, now)
		t.Probes++
		t.ProbeAt = now.Add(cadence(t.Probes, spread))
	case Unused:
	default:
		t.ProbeAt = now.Add(cadence(0, spread))
	}
	return false
}

// cadence is how long to wait for the next probe after n; spread is a number in [0, 1).
func cadence(n int, spread float64) time.Duration {
	ceiling := min(probeSpread, probeFirst<<min(n, 8))
	return probeFirst + time.Duration(spread*float64(ceiling))
}

// credit is what is remembered of a client that works.
type credit struct {
	who      uint64 // hash of its mark
	good     time.Time
	refusals int
}

// credits remembers the clients that worked last, as many as fit: forgetting one only makes its next refusal count at once.
type credits [64]credit

func (c *credits) good(who uint64, now time.Time) {
	c[who%uint64(len(c))] = credit{who: who, good: now}
}

// refused counts a refusal, and tells whether it is to be believed.
func (c *credits) refused(who uint64, now time.Time) bool {
	known := &c[who%uint64(len(c))]
	if known.who != who || now.Sub(known.good) > trusted {
		return true
	}
	known.refusals++
	return known.refusals >= distrustAfter
}

func chance() float64 { return rand.Float64() }
