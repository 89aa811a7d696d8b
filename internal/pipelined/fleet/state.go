package fleet

import (
	"encoding/json"
	"time"
)

// State is how far a daemon is, and what it has given up.
type State struct {
	// Trouble is why it consumes nothing, "" when it does.
	Trouble string `json:"trouble,omitempty"`
	// TroubleSeconds is for how long by now: the clocks of hosts differ.
	TroubleSeconds int64   `json:"trouble_seconds,omitempty"`
	Lanes          []Lane  `json:"lanes"`
	Letters        Letters `json:"dead_letters"`
	// Came are the offsets that came to it, of partitions that have moved on too.
	Came []Came `json:"came,omitempty"`
}

// Came are the offsets of a partition that came to a daemon: runs without gaps, as "0-10,21-30".
type Came struct {
	Topic     string `json:"topic"`
	Consumer  string `json:"consumer"`
	Partition int32  `json:"partition"`
	Offsets   string `json:"offsets"`
}

// Lane is a partition as a daemon sees it, since it began. What no daemon has read yet is the broker's to tell.
type Lane struct {
	Topic     string `json:"topic"`
	Consumer  string `json:"consumer"`
	Partition int32  `json:"partition"`
	// Pointer is the lowest offset that is not finished, Head the one after the last that came; Lag is what lies between.
	Pointer   int64 `json:"pointer"`
	Head      int64 `json:"head"`
	Lag       int64 `json:"lag"`
	Received  int64 `json:"received"`
	Processed int64 `json:"processed"`
	Discarded int64 `json:"discarded"`
}

// Letters are a daemon's dead letters: how many, and the newest.
type Letters struct {
	Count  int64    `json:"count"`
	Newest []Letter `json:"newest"`
}

// Letter is a dead letter without its message.
type Letter struct {
	ID        int64     `json:"id"`
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Trigger   string    `json:"trigger"`
	DeadAt    time.Time `json:"dead_at"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error"`
}

// Told gives what a daemon has told of its partitions and dead letters; nothing when it has not.
func (d *Daemon) Told() State {
	var s State
	_ = json.Unmarshal(d.State, &s) // it is empty, or was written from a State
	return s
}
