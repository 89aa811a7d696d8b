// Package triggers_test runs the pipeline from a producer to a receiver through what loses triggers elsewhere, and counts:
// the broker and pipelined, both the real program, are killed (kill -9) at random, the receiver refuses for a while, and the
// credential moves under load from the legacy gateway to JWT to OAuth Server-to-Server.
//
// The producer knows what was acknowledged, the receiver what arrived and in which order. Nothing is asked of either program.
package triggers_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"
)

// What `make chaos-pipeline ARGS=…` can be told.
var (
	long     = flag.Bool("long", false, "the long version; the other flags change it")
	duration = flag.Duration("duration", 5*time.Minute, "how long triggers are produced")
	rate     = flag.Int("rate", 300, "how many triggers are produced a second")
	every    = flag.Duration("every", 12*time.Second, "how often a process is killed, about")
	outage   = flag.Duration("outage", 90*time.Second, "how long the receiver refuses")
	seed     = flag.Uint64("seed", uint64(time.Now().UnixNano()), "makes the schedule of faults")
)

func TestChaosPipeline(t *testing.T) {
	if !*long {
		*duration, *rate, *every, *outage = 14*time.Second, 100, 3500*time.Millisecond, 2*time.Second
	}
	t.Logf("seed %d", *seed)
	chance := rand.New(rand.NewPCG(*seed, 1))
	p := newPlace(t, chance)
	p.broker.keep(t)
	p.ready()
	p.daemon.keep(t)

	begun := time.Now()
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() { p.source.run(*rate, stop) })
	work.Go(func() { p.kill(chance, *every, *duration) })
	work.Go(func() { // in the first half of the run, so that what waited is through before it ends
		time.Sleep(*duration / 5)
		p.sink.refuse(true)
		time.Sleep(*outage)
		p.sink.refuse(false)
	})
	time.Sleep(*duration * 2 / 5)
	p.migrate("jwt")
	time.Sleep(max(0, *duration*7/10-time.Since(begun)))
	p.migrate("oauth")
	time.Sleep(max(0, *duration-time.Since(begun)))
	close(stop)
	work.Wait()

	made := p.source.acknowledged()
	waited := time.Now()
	for p.sink.distinct() < made && time.Since(waited) < *duration+time.Minute {
		time.Sleep(50 * time.Millisecond)
	}
	p.check(t, made, time.Since(begun))
}

// check counts what was lost, what overtook, and what came twice.
func (p *place) check(t *testing.T, made int, took time.Duration) {
	t.Helper()
	got, lost, duplicates, overtaken := p.sink.count(p.source.ids())
	letters := p.letters()
	fmt.Fprintf(os.Stdout, "%d triggers in %s: %d arrived, %d lost, %d duplicates, %d overtaken, %d dead letters; kill -9: %d of the broker, %d of pipelined; last credential %s\n",
		made, took.Round(time.Second), got, lost, duplicates, overtaken, letters, p.broker.killed(), p.daemon.killed(), p.credential)
	if made == 0 {
		t.Error("nothing was produced")
	}
	if lost > 0 {
		t.Errorf("%d triggers were lost", lost)
	}
	if overtaken > 0 {
		t.Errorf("%d triggers overtook one of their partition", overtaken)
	}
	if letters > 0 {
		t.Errorf("%d dead letters while the receiver was away for less than the retry window", letters)
	}
	// What is at the receiver when pipelined is killed comes again: at most one of each of the 15 partitions.
	if most := 15 * p.daemon.killed(); duplicates > most {
		t.Errorf("%d duplicates, want %d at most", duplicates, most)
	}
	if p.broker.killed() == 0 || p.daemon.killed() == 0 {
		t.Error("nothing was killed")
	}
}
