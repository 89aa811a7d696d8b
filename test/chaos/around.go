package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// happening is a thing that befell a node or its store.
type happening struct {
	at   time.Time
	what string
}

// around tells what befell the nodes and their store in the time of a history, in seconds since its first presentation:
// with it, and with the nodes' logs, a breach can be understood.
func (s *subject) around(h *history) string {
	if len(h.list) == 0 {
		return "never presented"
	}
	first := h.list[0].at
	until := h.list[len(h.list)-1].at.Add(slack)
	var all []happening
	for _, n := range s.nodes {
		all = append(all, n.happenings()...)
	}
	for _, bad := range s.away {
		all = append(all, happening{bad.from, "store away"}, happening{bad.to, "store back"})
	}
	slices.SortFunc(all, func(a, b happening) int { return a.at.Compare(b.at) })
	var b strings.Builder
	fmt.Fprintf(&b, "first at %s", first.UTC().Format("15:04:05.000"))
	for _, one := range all {
		if one.at.After(first.Add(-commitTime)) && one.at.Before(until) {
			fmt.Fprintf(&b, ", %+.3f %s", one.at.Sub(first).Seconds(), one.what)
		}
	}
	return b.String()
}

// happenings gives when the node was killed, ended, and was ready again.
func (n *node) happenings() (all []happening) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, at := range n.kills {
		all = append(all, happening{at, n.name + " killed"})
	}
	for _, at := range n.ends {
		if !slices.ContainsFunc(n.kills, func(kill time.Time) bool { return at.Sub(kill).Abs() < slack }) {
			all = append(all, happening{at, n.name + " ended"})
		}
	}
	for _, ready := range n.ready {
		all = append(all, happening{ready.from, n.name + " ready"})
		if !ready.to.IsZero() {
			all = append(all, happening{ready.to, n.name + " not ready"})
		}
	}
	return all
}
