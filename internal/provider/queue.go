package provider

import (
	"container/heap"
	"time"
)

// ticket is a place in the queue of a provider.
type ticket struct {
	call     Call
	deadline time.Time
	seq      uint64
	index    int // in the heap, -1 outside
	probe    bool
	trouble  *trouble
	// answer gets the gate, or why there is none. It MUST NOT block.
	answer func(*Gate, error)
}

// queue holds those who wait, the earliest deadline first, then in the order of their coming.
type queue struct {
	heap ticketHeap
	seq  uint64
}

func (q *queue) push(t *ticket) {
	q.seq++
	t.seq = q.seq
	heap.Push(&q.heap, t)
}

func (q *queue) pop() *ticket { return heap.Pop(&q.heap).(*ticket) }

func (q *queue) len() int { return len(q.heap) }

// remove takes a ticket out, and tells whether it was in.
func (q *queue) remove(t *ticket) bool {
	if t.index < 0 {
		return false
	}
	heap.Remove(&q.heap, t.index)
	return true
}

// drain takes all out.
func (q *queue) drain() []*ticket {
	all := q.heap
	q.heap = nil
	for _, t := range all {
		t.index = -1
	}
	return all
}

// ticketHeap is for container/heap.
type ticketHeap []*ticket

func (h ticketHeap) Len() int { return len(h) }

func (h ticketHeap) Less(i, j int) bool {
	if !h[i].deadline.Equal(h[j].deadline) {
		return h[i].deadline.Before(h[j].deadline)
	}
	return h[i].seq < h[j].seq
}

func (h ticketHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *ticketHeap) Push(x any) {
	t := x.(*ticket)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *ticketHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
