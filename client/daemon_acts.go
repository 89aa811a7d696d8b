package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Instance is a Campaign instance that has daemons.
type Instance struct {
	Name    string    `json:"name"`
	Daemons int64     `json:"daemons"`
	SeenAt  time.Time `json:"seen_at"`

	Answer
}

// DaemonState is how far a daemon is with its partitions, and what it has given up.
type DaemonState struct {
	// Trouble is why it consumes nothing, "" when it does.
	Trouble string `json:"trouble,omitempty"`
	// TroubleSeconds is for how long by now.
	TroubleSeconds int64             `json:"trouble_seconds,omitempty"`
	Lanes          []DaemonLane      `json:"lanes"`
	Letters        DaemonDeadLetters `json:"dead_letters"`
	// Came are the offsets that came to it, of partitions that have moved on too.
	Came []DaemonCame `json:"came,omitempty"`
}

// DaemonCame are the offsets of a partition that came to a daemon.
type DaemonCame struct {
	Topic     string `json:"topic"`
	Consumer  string `json:"consumer"`
	Partition int32  `json:"partition"`
	// Offsets are runs without gaps, as "0-10,21-30", the newest 64.
	Offsets string `json:"offsets"`
}

// DaemonLane is a partition as a daemon sees it.
type DaemonLane struct {
	Topic     string `json:"topic"`
	Consumer  string `json:"consumer"`
	Partition int32  `json:"partition"`
	// Pointer is the lowest offset that is not finished, Head the one after the last that came.
	Pointer int64 `json:"pointer"`
	Head    int64 `json:"head"`
	Lag     int64 `json:"lag"`
	// Received, Processed and Discarded count since the daemon began.
	Received  int64 `json:"received"`
	Processed int64 `json:"processed"`
	Discarded int64 `json:"discarded"`
}

// DaemonDeadLetters are those of a daemon: how many, and the newest 100, the newest first.
type DaemonDeadLetters struct {
	Count  int64          `json:"count"`
	Newest []DaemonLetter `json:"newest"`
}

// DaemonLetter is a dead letter without its message.
type DaemonLetter struct {
	ID        int64     `json:"id"`
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Trigger   string    `json:"trigger"`
	DeadAt    time.Time `json:"dead_at"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error"`
}

// DaemonAct is what a daemon was asked to do with its dead letters, and what came of it.
type DaemonAct struct {
	ID   string `json:"id"`
	Host string `json:"host"`
	// Action is show, replay or drop.
	Action string `json:"action"`
	// Letters are their numbers; none for all that were given up before At.
	Letters []int64   `json:"letters"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// DoneAt is nil while it waits for its daemon.
	DoneAt *time.Time `json:"done_at"`
	Done   int64      `json:"done"`
	Failed int64      `json:"failed"`
	Why    string     `json:"why"`
	// Shown is the message that was asked for; it is gone after five minutes.
	Shown string `json:"shown"`

	Answer
}

// DaemonActResult is what a daemon tells of an act.
type DaemonActResult struct {
	ID     string `json:"id"`
	Done   int64  `json:"done"`
	Failed int64  `json:"failed,omitempty"`
	Why    string `json:"why,omitempty"`
	Shown  string `json:"shown,omitempty"`
}

// Instances gives all that have daemons, by name.
func (c *Client) Instances(ctx context.Context) iter.Seq2[Instance, error] {
	return list[Instance](ctx, c, "/instances", nil)
}

// DaemonActs gives what the daemons of an instance were asked to do with dead letters on the last day, the newest first.
func (c *Client) DaemonActs(ctx context.Context, instance string) iter.Seq2[DaemonAct, error] {
	return list[DaemonAct](ctx, c, "/instances/"+segment(instance)+"/acts", nil)
}

// AskDaemons asks the daemon of a host, or all of an instance when host is "", to show, replay or drop dead letters; all of
// them when none is named. Daemons find it within seconds; [Client.DaemonActs] tells what came of it.
func (c *Client) AskDaemons(ctx context.Context, instance, host, action string, letters ...int64) ([]DaemonAct, error) {
	var out struct {
		Items []DaemonAct `json:"items"`
	}
	ask := struct {
		Action  string  `json:"action"`
		Host    string  `json:"host,omitempty"`
		Letters []int64 `json:"letters,omitempty"`
	}{action, host, letters}
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/instances/" + segment(instance) + "/acts", body: ask}, &out)
	return out.Items, err
}
