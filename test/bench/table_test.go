package bench_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// turn is what one contender came to in one round.
type turn struct {
	rate float64       // a second
	cpu  time.Duration // of the server, for one; 0 where it is not known
	p99  time.Duration // 0 where nobody waits
}

// contender is measured in turn with the others, so that whatever else the machine does slows all alike.
type contender struct {
	name string
	run  func() turn
}

// table holds the turns of all contenders.
type table struct {
	contenders []contender
	turns      map[string][]turn // :: contender's name → its turn in each round
}

// play runs the rounds: there and back, as the machine's speed drifts.
func (t *table) play(rounds int) {
	t.turns = map[string][]turn{}
	order := slices.Clone(t.contenders)
	for range rounds {
		for _, c := range order {
			t.turns[c.name] = append(t.turns[c.name], c.run())
		}
		slices.Reverse(order)
	}
}

// print writes a line a contender, each with its medians.
func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "%-66s %10s %8s %8s\n", "", "a second", "CPU µs", "p99 ms")
	for _, c := range t.contenders {
		all := t.turns[c.name]
		fmt.Fprintf(w, "%-66s %10.0f %8s %8s\n", c.name, median(all, func(t turn) float64 { return t.rate }),
			orNone("%.0f", 1e6*median(all, func(t turn) float64 { return t.cpu.Seconds() })),
			orNone("%.1f", 1e3*median(all, func(t turn) float64 { return t.p99.Seconds() })))
	}
}

func orNone(format string, value float64) string {
	if value == 0 {
		return "–"
	}
	return fmt.Sprintf(format, value)
}

// compare prints how a contender stands to another: by the rate, in which the clients' share of the machine counts too, and by
// the processor time that the server takes, which others' work beside changes little. The goal is reached by both.
func (t *table) compare(w io.Writer, what, reference string, goal float64) {
	ours, theirs := t.turns[what], t.turns[reference]
	if len(theirs) == 0 {
		fmt.Fprintf(w, "%s ÷ %s: not measured\n", what, reference)
		return
	}
	pairs := make([][2]turn, len(ours))
	for i := range ours {
		pairs[i] = [2]turn{ours[i], theirs[i]}
	}
	rate := median(pairs, func(p [2]turn) float64 { return p[0].rate / p[1].rate })
	least, byTime := rate, ""
	if ours[0].cpu > 0 && theirs[0].cpu > 0 {
		time := median(pairs, func(p [2]turn) float64 { return p[1].cpu.Seconds() / max(p[0].cpu.Seconds(), 1e-9) })
		least, byTime = min(rate, time), fmt.Sprintf(", %.2f by processor time", time)
	}
	fmt.Fprintf(w, "%s ÷ %s\n    %.2f by rate%s%s\n", what, reference, rate, byTime, verdict(least, goal))
}

func verdict(value, goal float64) string {
	switch {
	case goal == 0:
		return ""
	case value >= goal:
		return fmt.Sprintf("   (goal %.2f: reached)", goal)
	}
	return fmt.Sprintf("   (goal %.2f: NOT reached)", goal)
}

// busy says whether others work beside: figures taken then are for a look alone.
func busy(w io.Writer) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return
	}
	field, _, _ := strings.Cut(string(text), " ")
	if load, err := strconv.ParseFloat(field, 64); err == nil && load > float64(runtime.NumCPU())/2 {
		fmt.Fprintf(w, "others work on this machine (load %.1f): only ratios tell something, and little\n", load)
	}
}

func median[T any](all []T, value func(T) float64) float64 {
	var values []float64
	for _, one := range all {
		values = append(values, value(one))
	}
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return values[len(values)/2]
}
