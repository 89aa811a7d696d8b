package pipelined_test

import (
	"testing"
)

func TestConsume(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	for partition := range 5 {
		h.broker.produce(partition, many(partition*1000, 40)...)
	}
	h.start()
	h.until("200 lines", func() bool { return len(h.lines()) == 200 })
	next := map[int]int{}
	for _, line := range h.lines() {
		if line.Event.Offset != next[line.Event.Partition] {
			t.Fatalf("partition %d: offset %d came, want %d", line.Event.Partition, line.Event.Offset, next[line.Event.Partition])
		}
		next[line.Event.Partition]++
	}
	h.until("the pointer at the broker", func() bool { return h.broker.committed("dev", 4) == 40 })
	if s := h.stats(); s["trigger-received"] != 200 || s["trigger-processed"] != 200 || s["current-messages"] != 0 || s["trigger-discarded"] != 0 {
		t.Errorf("stats = %v", s)
	}
}
