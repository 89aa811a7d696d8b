package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// faults decides what goes wrong with a reply. A storm of one kind passes over the provider every few seconds; between
// storms little goes wrong. However bad the luck, the third presentation of a refresh token is answered: a provider
// that never answers loses the grant whatever anyone does. Refusals alone cost nothing, and may go on.
type faults struct {
	mu     sync.Mutex
	chance *rand.Rand
	kinds  []string
	storm  string // "" between storms
	off    bool
}

// fate is what happens to one request.
type fate struct {
	kind string // one of the faults, or "" for an answer
	// where a lost reply is cut: before the token is used, before the head, in the midst.
	cut cut
	// reset cuts by RST rather than FIN.
	reset bool
	// delay comes before the answer.
	delay time.Duration
}

type cut int

const (
	cutUnread cut = iota
	cutHead
	cutBody
)

func newFaults(config Config) *faults {
	f := &faults{chance: config.source(1), off: true}
	for _, kind := range []string{FaultDrop, FaultSlow, FaultBusy, FaultBroken, FaultLate} {
		if config.has(kind) {
			f.kinds = append(f.kinds, kind)
		}
	}
	return f
}

// unansweredAtMost is how many presentations of one refresh token go without an answer, from the first lost one on.
const unansweredAtMost = 2

// fate draws what happens to a request whose token has been presented so many times without an answer.
func (f *faults) fate(unanswered int) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := fate{delay: between(f.chance, time.Millisecond, 30*time.Millisecond)}
	if f.off || len(f.kinds) == 0 {
		return out
	}
	if f.chance.IntN(50) == 0 {
		out.delay = between(f.chance, 100*time.Millisecond, 1500*time.Millisecond)
	}
	kind := f.storm
	odds := map[string]float64{FaultBusy: 1, FaultBroken: 0.9, FaultDrop: 0.4, FaultSlow: 0.3, FaultLate: 0.3}
	if kind == "" {
		kind = f.kinds[f.chance.IntN(len(f.kinds))]
		odds = map[string]float64{FaultDrop: 0.03, FaultSlow: 0.01, FaultBroken: 0.01, FaultLate: 0.02}
	}
	if f.chance.Float64() >= odds[kind] || unanswered >= unansweredAtMost {
		return out
	}
	out.kind, out.cut, out.reset = kind, cut(f.chance.IntN(3)), f.chance.IntN(2) == 0
	return out
}

// run lets storms pass until ctx ends.
func (f *faults) run(ctx context.Context, chance *rand.Rand) {
	f.set("", false)
	defer f.set("", true)
	for turn := []string(nil); len(f.kinds) > 0; turn = turn[1:] {
		if len(turn) == 0 { // each kind before one comes again
			turn = slices.Clone(f.kinds)
			chance.Shuffle(len(turn), func(i, j int) { turn[i], turn[j] = turn[j], turn[i] })
		}
		if !pause(ctx, between(chance, 3*time.Second, 7*time.Second)) {
			return
		}
		f.set(turn[0], false)
		if !pause(ctx, between(chance, 500*time.Millisecond, 2500*time.Millisecond)) {
			return
		}
		f.set("", false)
	}
}

func (f *faults) set(storm string, off bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.storm, f.off = storm, off
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
