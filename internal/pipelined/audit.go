package pipelined

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// audit remembers which offsets of each partition came, as runs without gaps: the proof that a move from one credential to
// another lost nothing.
type audit struct {
	mu         sync.Mutex
	partitions map[int32]*partitionAudit
}

// partitionAudit is what came of one partition since the audit began.
type partitionAudit struct {
	// runs are in order, apart from each other; earlier are those of before the audit began. Partitions move between the
	// daemons of an instance: what is missing here may have come to another one, before it began to count.
	runs, earlier []run
	received      int64
	suppressed    int64
}

// How many runs are kept of a partition, the newest: more of those that a report counts gaps of.
const mostRuns, mostEarlier = 512, 64

// run are offsets from First to Last, both included.
type run struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

func newAudit() *audit { return &audit{partitions: map[int32]*partitionAudit{}} }

// begin forgets what came before, but for the last run of each partition: a gap may begin right after it. Of that run, what the
// pointer has not passed yet comes again when the stream is opened anew, and a report may be asked for in the midst of that.
func (a *audit) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.partitions {
		if n := len(p.runs); n > 0 {
			p.earlier, p.runs = newest(unite(p.earlier, p.runs[:n-1]), mostEarlier), slices.Clone(p.runs[n-1:])
		}
		p.received, p.suppressed = 0, 0
	}
}

func (a *audit) of(partition int32) *partitionAudit {
	p := a.partitions[partition]
	if p == nil {
		p = &partitionAudit{}
		a.partitions[partition] = p
	}
	return p
}

func (a *audit) received(partition int32, offset int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.of(partition)
	p.received++
	p.runs = newest(join(p.runs, run{offset, offset}), mostRuns)
}

func (a *audit) suppressed(partition int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of(partition).suppressed++
}

// unite gives what is in either of two lists of runs.
func unite(a, b []run) []run {
	all := slices.Clone(a)
	for _, r := range b {
		all = join(all, r)
	}
	return all
}

func newest(runs []run, most int) []run { return runs[max(0, len(runs)-most):] }

// join adds a run to runs in order. The usual one follows the last.
func join(runs []run, add run) []run {
	at := len(runs)
	for at > 0 && runs[at-1].First > add.First {
		at--
	}
	if at > 0 && runs[at-1].Last >= add.First-1 {
		at--
		runs[at].Last = max(runs[at].Last, add.Last)
	} else {
		runs = slices.Insert(runs, at, add)
	}
	for at+1 < len(runs) && runs[at+1].First <= runs[at].Last+1 {
		runs[at].Last = max(runs[at].Last, runs[at+1].Last)
		runs = slices.Delete(runs, at+1, at+2)
	}
	return runs
}

// PartitionReport is a partition in a report.
type PartitionReport struct {
	Topic     string `json:"topic"`
	Consumer  string `json:"consumer"`
	Partition int32  `json:"partition"`
	// Received counts messages, those that came again included; Suppressed those that were known.
	Received   int64 `json:"received"`
	Suppressed int64 `json:"suppressed"`
	// Lost counts offsets that are missing between the first and the last of Runs.
	Lost int64 `json:"lost"`
	Runs []run `json:"runs"`
	// Earlier are runs of before the migration: what is missing in one daemon's Runs may be in another's Earlier.
	Earlier []run `json:"earlier,omitempty"`
}

// missing counts what is in no run, from the first offset that the report is about.
func (p *PartitionReport) missing() int64 {
	if len(p.Runs) == 0 {
		return 0
	}
	first, all := p.Runs[0].First, unite(p.Earlier, p.Runs)
	for len(all) > 0 && all[0].Last < first {
		all = all[1:]
	}
	return gaps(all)
}

func (a *audit) report(topic, consumer string) []PartitionReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []PartitionReport
	for _, partition := range slices.Sorted(maps.Keys(a.partitions)) {
		p := a.partitions[partition]
		list = append(list, PartitionReport{
			Topic: topic, Consumer: consumer, Partition: partition, Received: p.received, Suppressed: p.suppressed,
			Runs: slices.Clone(p.runs), Earlier: slices.Clone(p.earlier),
		})
		last := &list[len(list)-1]
		last.Lost = last.missing()
	}
	return list
}

// came gives every offset that came, as far as it is kept.
func (a *audit) came() map[int32][]run {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[int32][]run{}
	for partition, p := range a.partitions {
		all[partition] = unite(p.earlier, p.runs)
	}
	return all
}

// gaps counts what is missing between runs.
func gaps(runs []run) int64 {
	var missing int64
	for i := 1; i < len(runs); i++ {
		missing += runs[i].First - runs[i-1].Last - 1
	}
	return missing
}

// Merge puts the reports of several daemons of an instance together: what one did not get, another may have.
func Merge(reports ...[]PartitionReport) []PartitionReport {
	type key struct {
		topic, consumer string
		partition       int32
	}
	merged := map[key]*PartitionReport{}
	var order []key
	for _, report := range reports {
		for _, p := range report {
			k := key{p.Topic, p.Consumer, p.Partition}
			into := merged[k]
			if into == nil {
				into = &PartitionReport{Topic: p.Topic, Consumer: p.Consumer, Partition: p.Partition}
				merged[k] = into
				order = append(order, k)
			}
			into.Received += p.Received
			into.Suppressed += p.Suppressed
			into.Runs, into.Earlier = unite(into.Runs, p.Runs), unite(into.Earlier, p.Earlier)
			into.Lost = into.missing()
		}
	}
	list := make([]PartitionReport, 0, len(order))
	for _, k := range order {
		if p := merged[k]; len(p.Runs) > 0 { // others were never part of a migration
			list = append(list, *p)
		}
	}
	return list
}

// Together puts what the daemons of an instance have told into one report: of the newest migration, with what came to all of
// them. It is nil when none is in one.
func Together(reports []*Report, came []PartitionReport) *Report {
	var newest *Report
	parts := [][]PartitionReport{came}
	for _, r := range reports {
		parts = append(parts, r.Partitions)
		if newest == nil || r.StartedAt.After(newest.StartedAt) {
			newest = r
		}
	}
	if newest == nil {
		return nil
	}
	all := *newest
	all.Partitions = Merge(parts...)
	total := Total(all.Partitions)
	all.Received, all.Lost, all.Suppressed = total.Received, total.Lost, total.Suppressed
	return &all
}

// Sum is what partitions come to, all together.
type Sum struct{ Received, Lost, Suppressed int64 }

func (s Sum) String() string {
	return fmt.Sprintf("%d received, %d lost, %d duplicates suppressed", s.Received, s.Lost, s.Suppressed)
}

// Total sums partitions up.
func Total(partitions []PartitionReport) Sum {
	var s Sum
	for _, p := range partitions {
		s.Received += p.Received
		s.Lost += p.Lost
		s.Suppressed += p.Suppressed
	}
	return s
}
