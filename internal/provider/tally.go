package provider

import "time"

// tally counts the calls of the last five minutes, in slots of ten seconds.
type tally struct {
	slots [tallySlots]struct{ calls, failed uint32 }
	// at is the number of the slot that counts now, since began, when the first call was counted: a step of the system's
	// clock moves no slot.
	at    int64
	began time.Time
}

const (
	tallySlots = 30
	tallySlot  = 10 * time.Second
)

func (t *tally) add(now time.Time, failed bool) {
	t.move(now)
	slot := &t.slots[t.at%tallySlots]
	slot.calls++
	if failed {
		slot.failed++
	}
}

// move clears the slots that have passed.
func (t *tally) move(now time.Time) {
	if t.began.IsZero() {
		t.began = now
	}
	at := int64(now.Sub(t.began) / tallySlot)
	if at <= t.at {
		return
	}
	for n := max(t.at+1, at-tallySlots+1); n <= at; n++ {
		t.slots[n%tallySlots] = struct{ calls, failed uint32 }{}
	}
	t.at = at
}

// sum counts the calls in all slots, and those that failed.
func (t *tally) sum(now time.Time) (calls, failed int) {
	t.move(now)
	for _, slot := range t.slots {
		calls += int(slot.calls)
		failed += int(slot.failed)
	}
	return calls, failed
}
