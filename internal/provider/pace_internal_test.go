package provider

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// Whatever comes and goes: never more under way than the cap, and in no window more begun than the burst and what the
// rate allows.
func TestPaceKeepsItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{
			Rate:        rapid.SampledFrom([]float64{0.5, 1, 7, 50, 200, 1000}).Draw(t, "rate"),
			Concurrency: rapid.IntRange(1, 20).Draw(t, "concurrency"),
		}
		p := newPace(limits)
		now := start
		var begun []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "pause")))
			case 1:
				p.restart(now)
			case 2, 3, 4:
				if p.inFlight > 0 {
					p.end(now, false)
					p.hear(now, rapid.SampledFrom([]Class{Good, Good, Timeout, Throttled, BadResponse}).Draw(t, "class"))
				}
			default:
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Millisecond)).Draw(t, "moment")))
				if p.free() && p.wait(now) == 0 {
					p.begin(now)
					begun = append(begun, now)
				}
			}
			if p.inFlight > limits.Concurrency || p.allowed < 1 || p.allowed > limits.Concurrency {
				t.Fatalf("%d under way, %d allowed, the cap is %d", p.inFlight, p.allowed, limits.Concurrency)
			}
			if r := p.rate(now); r > limits.Rate || r < min(limits.Rate, slowest)-1e-9 {
				t.Fatalf("the rate is %v of %v", r, limits.Rate)
			}
		}
		burst := max(1, limits.Rate/5)
		for i := range begun {
			for j := i; j < len(begun); j++ {
				window := begun[j].Sub(begun[i]).Seconds()
				if most := math.Floor(burst + limits.Rate*window + 1e-6); float64(j-i+1) > most {
					t.Fatalf("%d began within %v s, at %v/s with a burst of %v", j-i+1, window, limits.Rate, burst)
				}
			}
		}
	})
}

func TestPaceSlowsAndComesBack(t *testing.T) {
	p := newPace(Limits{Rate: 100, Concurrency: 8})
	p.hear(start, Throttled)
	p.hear(start.Add(100*time.Millisecond), Throttled) // the same burst of answers
	if got := p.rate(start); got != 50 {
		t.Errorf("after a 429 the rate is %v, want 50", got)
	}
	if got := p.rate(start.Add(15 * time.Second)); got != 75 {
		t.Errorf("15 s later it is %v, want 75", got)
	}
	if got := p.rate(start.Add(time.Hour)); got != 100 {
		t.Errorf("an hour later it is %v, want 100", got)
	}
	for i := range 20 {
		p.hear(start.Add(time.Duration(i)*time.Second), Throttled)
	}
	if got := p.rate(start.Add(19 * time.Second)); got < 1 || got > 4 {
		t.Errorf("after many 429s the rate is %v, want close to 1", got)
	}
}

func TestPaceRestartsSlowly(t *testing.T) {
	p := newPace(Limits{Rate: 1000, Concurrency: 64})
	p.restart(start)
	if !p.free() || p.wait(start) != 0 {
		t.Fatal("nobody is let through after an outage")
	}
	var rounds []int
	now := start
	for range 8 { // each round trip doubles what is under way
		n := 0
		for p.free() {
			now = now.Add(p.wait(now))
			p.begin(now)
			n++
		}
		rounds = append(rounds, n)
		for range n {
			p.end(now, false)
			p.hear(now, Good)
		}
	}
	if want := []int{1, 2, 4, 8, 16, 32, 64, 64}; !slices.Equal(rounds, want) {
		t.Errorf("let through %v at a time, want %v", rounds, want)
	}
}

func TestLatencyQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Int64Range(int64(time.Millisecond), int64(2*time.Minute)), 1, 200).Draw(t, "samples")
		var l latency
		for _, d := range samples {
			l.add(start, time.Duration(d))
		}
		slices.Sort(samples)
		for _, q := range []float64{.5, .95, .99} {
			exact := time.Duration(samples[max(0, int(math.Ceil(q*float64(len(samples))))-1)])
			got := l.quantile(q)
			if got < exact || float64(got) > 1.126*float64(exact) {
				t.Fatalf("quantile(%v) = %v, exactly it is %v", q, got, exact)
			}
		}
	})
}

func TestLatencyFades(t *testing.T) {
	var l latency
	for range 1000 {
		l.add(start, 20*time.Second)
	}
	if got := l.quantile(.99); got < 20*time.Second {
		t.Errorf("p99 = %v, want 20 s", got)
	}
	now := start
	for range 240 { // two hours, every half minute
		now = now.Add(30 * time.Second)
		l.add(now, 100*time.Millisecond)
	}
	if got := l.quantile(.99); got > 150*time.Millisecond {
		t.Errorf("two hours later p99 = %v, want the new 100 ms", got)
	}
	if got := (&latency{}).quantile(.99); got != 0 {
		t.Errorf("without samples p99 = %v", got)
	}
}

func TestTally(t *testing.T) {
	var l tally
	l.add(start, true)
	l.add(start.Add(time.Minute), false)
	if calls, failed := l.sum(start.Add(2 * time.Minute)); calls != 2 || failed != 1 {
		t.Errorf("sum = %d, %d, want 2, 1", calls, failed)
	}
	if calls, failed := l.sum(start.Add(5*time.Minute + 30*time.Second)); calls != 1 || failed != 0 {
		t.Errorf("five minutes later sum = %d, %d, want 1, 0", calls, failed)
	}
	if calls, _ := l.sum(start.Add(24 * time.Hour)); calls != 0 {
		t.Errorf("a day later sum = %d", calls)
	}
}
