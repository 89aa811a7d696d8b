package store

import (
	"slices"
	"testing"
)

// What is urgent is written before all that waits; what waits is written too, also when the store closes.
func TestUrgentWritesGoFirst(t *testing.T) {
	w := &writer{queue: make(chan *job, groupLimit), urgent: make(chan *job, groupLimit)}
	jobs := make([]*job, 5)
	for i := range jobs {
		jobs[i] = &job{}
	}
	for _, j := range jobs[:3] {
		w.queue <- j
	}
	w.urgent <- jobs[3]
	w.urgent <- jobs[4]
	close(w.queue)
	close(w.urgent)
	got := w.gather(nil, w.next())
	want := []*job{jobs[3], jobs[4], jobs[0], jobs[1], jobs[2]}
	if !slices.Equal(got, want) {
		t.Errorf("a group has %v, want the urgent ones first: %v", got, want)
	}
	if j := w.next(); j != nil {
		t.Errorf("a closed writer gives %v", j)
	}
}
