package provider

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever happens: while it is not closed no more than one call is out that counts, edges alternate, and it never stays
// open for longer than it may.
func TestBreakerLetsOneThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b breaker
		now := start
		down := false
		type call struct {
			epoch uint32
			probe bool
		}
		var out []call
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(90*time.Second)).Draw(t, "pause")))
			case 1, 2:
				verdict := b.ask(now, rapid.IntRange(0, 20).Draw(t, "forced") == 0)
				switch {
				case verdict == refuse && b.retryAt(now).After(now.Add(holdCap)):
					t.Fatalf("refused for %v", b.retryAt(now).Sub(now))
				case verdict == refuse:
					continue
				case verdict == probe:
					for _, c := range out {
						if c.probe && c.epoch == b.epoch && b.phase == halfOpen && now.Before(b.probeUntil) {
							t.Fatal("a second probe was let through")
						}
					}
					b.begin(now)
				case b.phase != closed:
					t.Fatal("passed through a breaker that is not closed")
				}
				out = append(out, call{b.epoch, verdict == probe})
			default:
				if len(out) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				c := out[i]
				out = append(out[:i], out[i+1:]...)
				n := news{word: rapid.SampledFrom([]word{nothing, alive, sick, sick, sick}).Draw(t, "word"), epoch: c.epoch, spread: 0.5}
				if n.word == sick {
					n.hold = time.Duration(rapid.SampledFrom([]int64{0, 0, 0, int64(time.Hour)}).Draw(t, "hold"))
				}
				switch b.hear(now, n) {
				case wentDown:
					if down {
						t.Fatal("went down twice")
					}
					down = true
				case cameUp:
					if !down || n.word != alive {
						t.Fatal("came up though it was up, or by a failure")
					}
					down = false
				}
				if b.down != down {
					t.Fatal("moved without an edge")
				}
			}
		}
	})
}

func hears(b *breaker, now time.Time, words ...word) (last edge) {
	for _, w := range words {
		last = b.hear(now, news{word: w, epoch: b.epoch})
	}
	return last
}

func TestBreakerTrips(t *testing.T) {
	half := make([]word, 0, 20)
	for range 10 {
		half = append(half, sick, alive)
	}
	for name, test := range map[string]struct {
		words []word
		want  edge
	}{
		"five failures in a row":     {[]word{sick, sick, sick, sick, sick}, wentDown},
		"four":                       {[]word{sick, sick, sick, sick}, none},
		"a success between":          {[]word{sick, sick, sick, sick, alive, sick}, none},
		"half of twenty":             {append(half, sick), wentDown},
		"grants and clients refused": {[]word{alive, alive, alive, alive, alive, alive, alive}, none},
		"answers nobody can read":    {[]word{nothing, nothing, nothing, nothing, nothing, nothing}, none},
	} {
		if got := hears(&breaker{}, start, test.words...); got != test.want {
			t.Errorf("%s: edge %v, want %v", name, got, test.want)
		}
	}
}

func TestBreakerHonoursRetryAfter(t *testing.T) {
	var b breaker
	if got := b.hear(start, news{word: sick, hold: 40 * time.Second}); got != opened || b.down {
		t.Fatalf("edge %v, down %v; want a hold that is no outage", got, b.down)
	}
	if b.ask(start.Add(39*time.Second), false) != refuse {
		t.Error("called before the provider's time")
	}
	if b.ask(start.Add(39*time.Second), true) != probe {
		t.Error("a person's order is refused")
	}
	if b.ask(start.Add(40*time.Second), false) != probe {
		t.Error("not called at the provider's time")
	}
	b.begin(start.Add(40 * time.Second))
	if got := hears(&b, start.Add(41*time.Second), alive); got != resumed || b.phase != closed {
		t.Errorf("edge %v, phase %v after the probe", got, b.phase)
	}
}

func TestBreakerOpensLonger(t *testing.T) {
	var b breaker
	now := start
	hears(&b, now, sick, sick, sick, sick, sick)
	var waits []time.Duration
	for range 6 {
		waits = append(waits, b.until.Sub(now))
		now = b.until
		b.begin(now)
		hears(&b, now, sick)
	}
	for i, w := range waits {
		if longest := min(openCap, openBase<<i); w < longest/2 || w > longest {
			t.Errorf("probe %d after %v, want %v to %v", i, w, longest/2, longest)
		}
	}
	b.begin(b.until)
	if got := hears(&b, b.until, alive); got != cameUp {
		t.Errorf("edge %v after a good probe, want cameUp", got)
	}
}

func TestCreditsBelieveTheThirdRefusal(t *testing.T) {
	var c credits
	if !c.refused(7, start) {
		t.Error("a client that never worked: its refusal is not believed")
	}
	c.good(7, start)
	for i, want := range []bool{false, false, true} {
		if got := c.refused(7, start.Add(time.Second)); got != want {
			t.Errorf("refusal %d just after a success: believed %v, want %v", i+1, got, want)
		}
	}
	c.good(7, start)
	if !c.refused(7, start.Add(2*time.Minute)) {
		t.Error("two minutes after a success a refusal is not believed")
	}
}
