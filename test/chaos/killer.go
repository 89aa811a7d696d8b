package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// killer kills nodes: at random points in time, and where it hurts most: as a refresh token arrives at the provider, when
// it is used and the reply has not left, and right after the reply has left.
type killer struct {
	nodes  nodes
	kills  int
	over   time.Duration
	chance *rand.Rand

	armed atomic.Pointer[trap]
	done  atomic.Int64
	late  sync.WaitGroup
}

// trap waits for a moment of a refresh request, and kills the node that sent it.
type trap struct {
	moment moment
	delay  time.Duration
	sprung chan struct{}
}

// run spreads the kills over the time, or until ctx ends.
func (k *killer) run(ctx context.Context) {
	defer k.late.Wait()
	if k.kills == 0 {
		return
	}
	gap := k.over / time.Duration(k.kills)
	ends := time.Now().Add(k.over)
	for k.done.Load() < int64(k.kills) {
		// What is behind catches up: a gap is what is left of the time, shared by what is left of the kills.
		left := max(1, int64(k.kills)-k.done.Load())
		gap = min(gap, max(0, time.Until(ends))/time.Duration(left))
		if !pause(ctx, between(k.chance, gap/2, gap*3/2)) {
			return
		}
		k.strike(ctx)
	}
}

// strike kills one node, or all at once.
func (k *killer) strike(ctx context.Context) {
	n := k.nodes[k.chance.IntN(len(k.nodes))]
	if k.chance.IntN(10) > 0 { // else it may be killed while it starts
		for !n.isReady() {
			if !pause(ctx, 5*time.Millisecond) {
				return
			}
		}
	}
	switch draw := k.chance.IntN(20); {
	case draw < 2:
		for _, each := range k.nodes {
			k.kill(each)
		}
	case draw < 8:
		k.kill(n)
	default:
		k.trap(ctx, n)
	}
}

func (k *killer) kill(n *node) bool {
	if !n.kill() {
		return false
	}
	k.done.Add(1)
	return true
}

// trap lets the next refresh request kill its node. When none comes, the node is killed all the same.
func (k *killer) trap(ctx context.Context, n *node) {
	t := &trap{moment: moment(k.chance.IntN(3)), sprung: make(chan struct{})}
	if t.moment == whenReplied {
		t.delay = between(k.chance, 0, 15*time.Millisecond)
	}
	k.armed.Store(t)
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-t.sprung:
	case <-timer.C:
	case <-ctx.Done():
	}
	if k.armed.CompareAndSwap(t, nil) && ctx.Err() == nil {
		k.kill(n)
	}
}

// at is what the provider calls in the moments of a request.
func (k *killer) at(node string, m moment) {
	t := k.armed.Load()
	if t == nil || t.moment != m || !k.armed.CompareAndSwap(t, nil) {
		return
	}
	defer close(t.sprung)
	n := k.nodes.named(node)
	if n == nil {
		return
	}
	if t.delay == 0 {
		k.kill(n)
		return
	}
	k.late.Go(func() {
		time.Sleep(t.delay)
		k.kill(n)
	})
}
