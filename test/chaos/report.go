package chaos

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what a run cost.
type Report struct {
	Config Config
	Took   time.Duration
	// Refreshes is how many times the provider rotated, Presented how many refresh tokens arrived there, Kills how many
	// nodes were killed, Acts how often the other disturbances happened.
	Refreshes, Presented, Kills int
	Acts                        map[string]int
	// Within counts repeated presentations that keep to the rule, Outside those that break it; Breaches tells of the first.
	Within, Outside int
	Breaches        []string
	ByBreach        map[string]int
	// Lost counts grants that ended. Unanswered are those of them that the provider gave no chance: it answered no
	// presentation within its grace, or no node was there in that time. Losses tells of the first.
	Lost, Unanswered int
	Losses           []string
	// Reads counts token reads by what became of them; P50 and P99 are of those that gave a token, in milliseconds.
	Reads    map[string]int
	P50, P99 float64
	Expired  []string
	// Crashes are ends of nodes that nobody ordered, Restart the median time from start to readiness.
	Crashes []string
	Restart time.Duration
	// Unable says which faults could not be made here, and why.
	Unable []string
}

const told = 12

func report(s *subject, c *callers, k *killer, acts map[string]int, failures []string, took time.Duration) *Report {
	r := &Report{Config: s.config, Took: took, Kills: int(k.done.Load()), Acts: acts, Unable: s.unable, ByBreach: map[string]int{}}
	r.Refreshes, r.Presented = s.provider.ledger.count()
	rule := s.config.rule()
	for _, g := range s.provider.ledger.all() {
		place := func(h *history) string { return s.around(h) + ", " + c.refs[g.id] }
		r.judge(g, rule, s, place)
		r.lose(g, rule, s, failures[g.id], place)
	}
	r.Reads, r.Expired = c.count(), c.expired
	slices.Sort(c.took)
	if len(c.took) > 0 {
		r.P50, r.P99 = c.took[len(c.took)/2], c.took[len(c.took)*99/100]
	}
	var starts []time.Duration
	for _, n := range s.nodes {
		for _, text := range n.failed {
			r.Crashes = append(r.Crashes, n.name+" "+text)
		}
		starts = append(starts, n.starts...)
	}
	if slices.Sort(starts); len(starts) > 0 {
		r.Restart = starts[len(starts)/2]
	}
	return r
}

// judge counts a grant's repeated presentations.
func (r *Report) judge(g *grant, rule rule, w witness, around func(*history) string) {
	for i := range g.tokens {
		h := &g.tokens[i].history
		for j := range h.list {
			repeat, why := rule.breach(h, j, w)
			switch {
			case why != "":
				r.Outside++
				r.ByBreach[why]++
				if len(r.Breaches) < told {
					r.Breaches = append(r.Breaches, why+": "+h.String()+"; "+around(h))
				}
			case repeat:
				r.Within++
			}
		}
	}
}

// lose counts a grant that ended, at the provider or in the keeper's eyes.
func (r *Report) lose(g *grant, rule rule, s *subject, failure string, around func(*history) string) {
	if g.revoked.IsZero() && failure == "" {
		return
	}
	r.Lost++
	serial, what := g.fatal, "used again too late or too often"
	if g.revoked.IsZero() { // the keeper has given up, or holds a token that it can't use
		serial, what = len(g.tokens)-1, "alive at the provider, but the keeper gives no token: "+failure
		if serial > 0 && len(g.tokens[serial].list) == 0 {
			serial--
		}
	}
	h := &g.tokens[serial].history
	chance, why := chanceOf(h, rule, s)
	if !chance {
		r.Unanswered++
	}
	if len(r.Losses) < told {
		r.Losses = append(r.Losses, fmt.Sprintf("%s (%s): %s; %s", what, why, h, around(h)))
	}
}

// chanceOf tells whether the keeper could have kept a grant whose token was presented so.
func chanceOf(h *history, rule rule, s *subject) (chance bool, why string) {
	if len(h.list) == 0 {
		return true, "its last token was never presented"
	}
	open := max(0, h.firstOpen())
	first := h.list[open]
	until := first.at.Add(rule.grace)
	tries := 0
	for _, p := range h.list[open:] {
		if p.at.After(until) {
			break
		}
		tries++
		if p.whole && p.answer != refused && p.known(s) {
			return true, "a whole reply had come"
		}
	}
	if tries > rule.repeats {
		return false, "no presentation within the grace was answered"
	}
	var up time.Duration
	for _, n := range s.nodes {
		up = max(up, n.readyIn(first.at, until))
	}
	if up < 3*time.Second {
		return false, "hardly a node was ready within the grace"
	}
	return true, fmt.Sprintf("it was presented %d × within the grace, of which a node was ready for %.1f s", tries, up.Seconds())
}

// Failed sums the reads that a living node did not answer with a good token.
func (r *Report) Failed() (total int) {
	for kind, n := range r.Reads {
		if !slices.Contains([]string{readServed, readSame, readDown, readExpired, readStepped, readInFlight, readRevoked, readStrange}, kind) {
			total += n
		}
	}
	return total
}

// Total sums all reads.
func (r *Report) Total() (total int) {
	for _, n := range r.Reads {
		total += n
	}
	return total
}

// Name says what was run.
func (r *Report) Name() string {
	name := map[string]string{
		"sqlite": "Latchkey, SQLite × 1", "postgres": "Latchkey, PostgreSQL × 2",
		"peer-lock": "lock server × 2", "peer-mutex": "mutex × 1",
	}[r.Config.Keeper]
	if r.Config.Grace == 0 {
		name += ", no grace"
		if r.Config.real() && r.Config.Reuse != "" {
			name += ": " + r.Config.Reuse
		}
	}
	return name
}

// Tell prints a run in full.
func (r *Report) Tell(out io.Writer) {
	fmt.Fprintf(out, "\n%s: %s, seed %d\n", r.Name(), r.Took.Round(time.Second), r.Config.Seed)
	fmt.Fprintf(out, "  %d refreshes, %d refresh tokens presented, %d kills, a restart takes %s (median)\n",
		r.Refreshes, r.Presented, r.Kills, r.Restart.Round(time.Millisecond))
	fmt.Fprintf(out, "  faults: %s%s\n", strings.Join(r.Config.applicable(), " "), tally("; disturbances:", r.Acts))
	for _, text := range r.Unable {
		fmt.Fprintf(out, "  NOT RUN: %s\n", text)
	}
	fmt.Fprintf(out, "  presented again: %d within the rule, %d outside%s\n", r.Within, r.Outside, tally(":", r.ByBreach))
	fmt.Fprintf(out, "  grants lost: %d, of which %d without a chance\n", r.Lost, r.Unanswered)
	fmt.Fprintf(out, "  reads: %d, of which %d failed%s\n", r.Total(), r.Failed(), tally(":", r.Reads))
	for _, part := range []struct {
		title string
		list  []string
	}{{"breach", r.Breaches}, {"lost", r.Losses}, {"expired", r.Expired}, {"crash", r.Crashes[:min(told, len(r.Crashes))]}} {
		for _, text := range part.list {
			fmt.Fprintf(out, "  %s: %s\n", part.title, text)
		}
	}
}

func tally(title string, counts map[string]int) string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, " %s %d,", kind, counts[kind])
	}
	if b.Len() == 0 {
		return ""
	}
	return title + strings.TrimSuffix(b.String(), ",")
}

// Table prints the runs side by side.
func Table(out io.Writer, reports []*Report) {
	columns := []string{"keeper", "refreshes", "kills", "again, in rule", "outside", "grants lost", "no chance", "expired served", "reads", "failed", "node down", "p50 ms", "p99 ms"}
	rows := [][]string{columns}
	for _, r := range reports {
		row := []string{r.Name()}
		for _, n := range []int{r.Refreshes, r.Kills, r.Within, r.Outside, r.Lost, r.Unanswered, r.Reads[readExpired], r.Total(), r.Failed(), r.Reads[readDown]} {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.1f", r.P50), fmt.Sprintf("%.1f", r.P99)))
	}
	rows[0][5] = fmt.Sprintf("lost of %d", cmp.Or(first(reports).Config.Connections, 0))
	widths := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	fmt.Fprintln(out)
	for i, row := range rows {
		for j, cell := range row {
			pad := strings.Repeat(" ", widths[j]-len([]rune(cell)))
			if j == 0 {
				fmt.Fprintf(out, "| %s%s ", cell, pad)
			} else {
				fmt.Fprintf(out, "| %s%s ", pad, cell)
			}
		}
		fmt.Fprintln(out, "|")
		if i == 0 {
			for j, width := range widths {
				fmt.Fprintf(out, "|%s%s", strings.Repeat("-", width+1), map[bool]string{true: "-", false: ":"}[j == 0])
			}
			fmt.Fprintln(out, "|")
		}
	}
}

func first(reports []*Report) *Report {
	if len(reports) == 0 {
		return &Report{}
	}
	return reports[0]
}
