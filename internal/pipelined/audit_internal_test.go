package pipelined

import "testing"

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
