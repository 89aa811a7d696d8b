package pipelined

import (
	"testing"
	"time"
)

// A move while the receiver lags: what the pointer has not passed comes again on the new stream. Asked in the midst of that, the
// report takes nothing for lost; what never comes it does.
func TestAuditOfALaggingConsumer(t *testing.T) {
	a := newAudit()
	for offset := int64(1000); offset <= 2949; offset++ {
		a.received(3, offset)
	}
	a.begin()
	for offset := int64(1475); offset <= 2491; offset++ {
		a.received(3, offset)
	}
	report := a.report("triggers", "sample")
	if len(report) != 1 || report[0].Lost != 0 || report[0].Received != 1017 {
		t.Errorf("in the midst of it: %+v", report)
	}
	a.received(3, 2951)
	if report = a.report("triggers", "sample"); report[0].Lost != 1 {
		t.Errorf("with 2950 missing: %+v", report)
	}
	a.received(3, 2950)
	if report = a.report("triggers", "sample"); report[0].Lost != 0 || report[0].Received != 1019 {
		t.Errorf("when it came late: %+v", report)
	}
}

// Two daemons of an instance move at different times, and a partition went to and fro between them: what came to the one before it
// moved is missing in the other's report alone, and lost to nobody.
func TestAuditOfPartitionsThatMove(t *testing.T) {
	a, b := newAudit(), newAudit()
	came := func(to *audit, first, last int64) {
		for offset := first; offset <= last; offset++ {
			to.received(0, offset)
		}
	}
	came(a, 0, 5)
	a.begin()
	came(a, 6, 10)
	came(b, 11, 20)
	came(a, 21, 30)
	came(b, 31, 40)
	b.begin()
	came(b, 41, 45)
	reports := []*Report{{Partitions: a.report("t", "c"), StartedAt: time.Unix(1, 0)}, {To: "new", Partitions: b.report("t", "c"), StartedAt: time.Unix(2, 0)}}
	if alone := reports[0].Partitions[0]; alone.Lost != 10 {
		t.Errorf("alone, the first daemon lacks %d, want 10", alone.Lost)
	}
	if all := Together(reports, nil); all.Lost != 0 || all.To != "new" || len(all.Partitions) != 1 || len(all.Partitions[0].Runs) == 0 {
		t.Errorf("together: %+v", all)
	}
	// The second has not moved yet, and tells what came to it all the same.
	told := Came("t", "c", 0, cameOffsets(b.came()[0]))
	if all := Together(reports[:1], []PartitionReport{told, Came("t", "c", 1, "0-7,nonsense")}); all.Lost != 0 || len(all.Partitions) != 1 {
		t.Errorf("together with one that has not moved: %+v", all)
	}
	came(a, 50, 50)
	if all := Together([]*Report{{Partitions: a.report("t", "c")}, reports[1]}, nil); all.Lost != 4 {
		t.Errorf("46 to 49 came to nobody: %+v", all)
	}
	if Together(nil, []PartitionReport{told}) != nil {
		t.Error("a report of no migration")
	}
}
