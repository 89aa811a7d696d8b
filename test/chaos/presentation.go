package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// answer is what the provider made of a refresh token that was presented.
type answer int

const (
	untouched answer = iota // not read: the connection was cut before
	granted                 // rotated
	repeated                // used before, answered with the same successor
	refused                 // 429 or 500, not rotated
	dead                    // invalid_grant
)

func (a answer) String() string {
	return [...]string{"not read", "rotated", "same successor", "refused", "invalid_grant"}[a]
}

// presentation is one arrival of a refresh token.
type presentation struct {
	node   string
	at     time.Time
	end    time.Time // the reply is out, the connection cut, or the client gone; zero while it goes on
	answer answer
	whole  bool // the whole reply went out
}

// history is all presentations of one refresh token, in their order.
type history struct {
	token string // for people: grant and serial
	list  []presentation
	// usable is until when the access token that came with it is good.
	usable time.Time
	// served is when a caller was first seen with an access token of the successor; zero for never.
	served time.Time
}

// rule is what a repeated presentation keeps to: after a send without a whole reply, within a second or at once after a
// restart, so many times, and never later than the grace after the first.
type rule struct {
	grace    time.Duration
	repeats  int
	within   time.Duration
	afterEnd bool // the access token has to have ended first; then there is no grace to keep
}

// slack is what the network and two goroutines may add to a time that is measured at the provider: a request may arrive
// after its node was killed.
const (
	slack = 250 * time.Millisecond
	// commitTime is how long a node may take to make a reply durable while its store is well: one that is killed so soon
	// after it may not have.
	commitTime = 2 * time.Second
)

// witness knows what happened to the nodes.
type witness interface {
	// killed tells whether the node was killed in that time.
	killed(node string, from, to time.Time) bool
	// restarted tells whether the node ended in that time, by a kill or in order.
	restarted(node string, from, to time.Time) bool
	// durable gives when what was known then is durable at the latest, unless the node was killed before.
	durable(known time.Time) time.Time
}

// breach says what rule the i-th presentation breaks, "" for none; repeat tells whether it is one at all. One that
// follows nothing but whole refusals is none: the provider has not used the token. A refusal after a send without a whole
// reply settles nothing, and counts.
func (r rule) breach(h *history, i int, w witness) (repeat bool, why string) {
	first := h.firstOpen()
	if first < 0 || first >= i {
		return false, ""
	}
	now, before := h.list[i], h.list[i-1]
	for _, p := range h.list[first:i] {
		// That the client is gone is noticed a little late; that a reply went out is not.
		if late := p.end.Sub(now.at); p.end.IsZero() || late > slack || p.whole && late > 0 {
			return true, "while another one was under way"
		}
	}
	whole := before.whole && before.answer != refused
	switch {
	case !h.served.IsZero() && h.served.Before(now.at) && !h.spilled(i, w):
		return true, "after a token of its successor was served"
	case r.confirms(h, i):
		return true, ""
	case whole && before.known(w):
		return true, "after a whole reply to a node that lived on"
	case r.lastResort(h, first, i, w):
		return true, ""
	case i-first > r.repeats:
		return true, fmt.Sprintf("more than %d × again", r.repeats)
	case r.afterEnd && now.at.Before(h.usable):
		return true, "before the access token had ended"
	case r.afterEnd:
		return true, ""
	case now.at.Sub(h.list[first].at) > r.grace+slack:
		return true, fmt.Sprintf("more than %s after the first", r.grace)
	case !before.whole && !w.restarted(before.node, before.at.Add(-slack), now.at) && now.at.Sub(before.end) > r.within+slack:
		return true, fmt.Sprintf("more than %s after the failed one, and no restart between", r.within)
	}
	return true, ""
}

// confirmAfter is how long after a provider with trouble called a grant dead it may be asked once more.
const confirmAfter = 5 * time.Second

// confirms tells whether a presentation asks once more about a grant that the provider called dead, with nothing to lose.
func (r rule) confirms(h *history, i int) bool {
	dying := 0
	for _, p := range h.list[:i] {
		if p.whole && p.answer == dead {
			dying++
		}
	}
	before := h.list[i-1]
	return dying == 1 && before.whole && before.answer == dead && h.list[i].at.Sub(before.end) > confirmAfter-slack
}

// known tells whether the keeper has to know the reply: its node was not killed before it could make it durable.
func (p presentation) known(w witness) bool {
	return !w.killed(p.node, p.at.Add(-slack), w.durable(p.end))
}

// lastResort tells whether a presentation comes when the repeats or the grace are used up, and nothing is left to lose:
// the access token has ended, and the provider has said nothing of the refresh token since that the keeper has to know.
func (r rule) lastResort(h *history, first, i int, w witness) bool {
	if r.afterEnd || h.list[i].at.Before(h.usable) || !r.usedUp(h, first, i) {
		return false
	}
	for j := first; j < i; j++ {
		if p := h.list[j]; r.usedUp(h, first, j) && p.whole && p.answer != refused && p.known(w) {
			return false
		}
	}
	return true
}

func (r rule) usedUp(h *history, first, i int) bool {
	return i-first > r.repeats || h.list[i].at.Sub(h.list[first].at) > r.grace
}

// spilled tells whether what the provider answered before was on the disk of a node alone, because the database was
// away, and that node was killed before it came back: another can't know of it.
func (h *history) spilled(i int, w witness) bool {
	if !w.durable(h.served).After(h.served.Add(commitTime)) {
		return false // the database was there
	}
	for _, p := range slices.Backward(h.list[:i]) {
		if p.whole && p.answer != refused {
			return w.killed(p.node, p.at.Add(-slack), w.durable(h.served))
		}
	}
	return false
}

// firstOpen gives the first presentation that was not refused as a whole, the one from which times count; -1 for none.
func (h *history) firstOpen() int {
	return slices.IndexFunc(h.list, func(p presentation) bool { return !p.whole || p.answer != refused })
}

// String tells the history to people, in seconds since the first presentation.
func (h *history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", h.token)
	for _, p := range h.list {
		fmt.Fprintf(&b, " [+%.3f s %s: %s", p.at.Sub(h.list[0].at).Seconds(), p.node, p.answer)
		switch {
		case p.end.IsZero():
			b.WriteString(", still going on]")
		case p.whole:
			fmt.Fprintf(&b, ", whole reply +%.3f]", p.end.Sub(h.list[0].at).Seconds())
		default:
			fmt.Fprintf(&b, ", no whole reply, over +%.3f]", p.end.Sub(h.list[0].at).Seconds())
		}
	}
	if !h.served.IsZero() {
		fmt.Fprintf(&b, " successor served +%.3f", h.served.Sub(h.list[0].at).Seconds())
	}
	return b.String()
}
