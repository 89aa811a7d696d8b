package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/pipelined/fleet"
)

// Instance is a Campaign instance that has daemons.
type Instance struct {
	Name    string    `json:"name" example:"prod"`
	Daemons int64     `json:"daemons" doc:"On how many hosts pipelined has told of itself." example:"2"`
	SeenAt  time.Time `json:"seen_at" doc:"When one of them did so last."`
}

// DaemonState is how far a daemon is with its partitions, and what it has given up.
type DaemonState struct {
	Trouble string            `json:"trouble,omitempty" doc:"Why it consumes nothing; left out when it does." example:"no stream of topic triggers: opening the stream: the broker answered 403 Forbidden"`
	Seconds int64             `json:"trouble_seconds,omitempty" doc:"For how long by then." example:"95"`
	Lanes   []DaemonLane      `json:"lanes" doc:"The partitions that it has read from since it began."`
	Letters DaemonDeadLetters `json:"dead_letters"`
	Came    []DaemonCame      `json:"came,omitempty" doc:"The offsets that came to it, of partitions that have moved on to another daemon too: what a migration's report is made of."`
}

// DaemonCame are the offsets of a partition that came to a daemon.
type DaemonCame struct {
	Topic     string `json:"topic" example:"triggers"`
	Consumer  string `json:"consumer" example:"campaign"`
	Partition int32  `json:"partition" example:"0"`
	Offsets   string `json:"offsets" doc:"Runs without gaps, the newest 64." example:"0-812,901-1042"`
}

// DaemonLane is a partition as a daemon sees it.
type DaemonLane struct {
	Topic     string `json:"topic" example:"triggers"`
	Consumer  string `json:"consumer" example:"campaign"`
	Partition int32  `json:"partition" example:"0"`
	Pointer   int64  `json:"pointer" doc:"The lowest offset that is not finished." example:"1041"`
	Head      int64  `json:"head" doc:"The offset after the last that came to the daemon." example:"1043"`
	Lag       int64  `json:"lag" doc:"What has come and is not finished. What no daemon has read is in the topic's consumers." example:"2"`
	Received  int64  `json:"received" doc:"Since the daemon began, as the next two." example:"43"`
	Processed int64  `json:"processed" example:"41"`
	Discarded int64  `json:"discarded" example:"0"`
}

// DaemonDeadLetters are those of a daemon.
type DaemonDeadLetters struct {
	Count  int64          `json:"count" example:"1"`
	Newest []DaemonLetter `json:"newest" doc:"The newest 100, the newest first. Messages stay with the daemon."`
}

// DaemonLetter is a dead letter without its message.
type DaemonLetter struct {
	ID        int64     `json:"id" doc:"Its number at that daemon." example:"7"`
	Topic     string    `json:"topic" example:"triggers"`
	Partition int32     `json:"partition" example:"0"`
	Offset    int64     `json:"offset" example:"1039"`
	Trigger   string    `json:"trigger" doc:"The trigger's type." example:"abandonment"`
	DeadAt    time.Time `json:"dead_at" doc:"When it was given up."`
	Attempts  int       `json:"attempts" example:"11"`
	Error     string    `json:"error" doc:"Why the last attempt failed." example:"the receiver answered 500"`
}

// DaemonAct is what a daemon was asked to do with its dead letters, and what came of it.
type DaemonAct struct {
	ID      string     `json:"id" example:"act_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Host    string     `json:"host" example:"campaign-1"`
	Action  string     `json:"action" doc:"show, replay or drop." example:"replay"`
	Letters []int64    `json:"letters,omitempty" doc:"Their numbers; none for all that were given up before."`
	By      string     `json:"by" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	At      time.Time  `json:"at"`
	DoneAt  *time.Time `json:"done_at" doc:"Null while it waits for its daemon, which it does for a day."`
	Done    int64      `json:"done" doc:"Letters that it was done with." example:"1"`
	Failed  int64      `json:"failed" doc:"Letters that it failed with." example:"0"`
	Why     string     `json:"why,omitempty" doc:"Why the first of them failed."`
	Shown   string     `json:"shown,omitempty" doc:"The message that was asked for, up to 64 KiB. It is gone after five minutes."`
}

// DaemonActResult is what a daemon tells of an act.
type DaemonActResult struct {
	ID     string `json:"id"`
	Done   int64  `json:"done"`
	Failed int64  `json:"failed,omitempty"`
	Why    string `json:"why,omitempty"`
	Shown  string `json:"shown,omitempty"`
}

// NewDaemonAct asks for an act.
type NewDaemonAct struct {
	Action  string  `json:"action" enum:"show,replay,drop" doc:"What to do."`
	Host    string  `json:"host,omitempty" doc:"Whose dead letters; without it, those of every daemon of the instance."`
	Letters []int64 `json:"letters,omitempty" doc:"Their numbers, up to 1,000 of one host; without them, all."`
}

type askDaemons struct {
	Instance string `path:"instance" doc:"The Campaign instance." example:"prod"`
	body[NewDaemonAct]
}

const daemonActExample = `{"items": [{"id": "act_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "host": "campaign-1", "action": "replay", "letters": [7], "by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "at": "2026-11-21T09:30:00Z", "done_at": null, "done": 0, "failed": 0}], "next_cursor": null}`

func (s *server) daemonActRoutes(h huma.API) {
	const base = apiPrefix + "/instances"
	const tag = "Pipeline"
	add(s, h, operation{id: "list-instances", method: http.MethodGet, path: base, tag: tag,
		summary: "List Campaign instances", description: "Those whose pipelined has told of itself, by name.", scope: access.PipelineConsume}, s.listInstances)
	add(s, h, operation{id: "list-daemon-acts", method: http.MethodGet, path: base + "/{instance}/acts", tag: tag,
		summary:     "List what was asked of dead letters",
		description: "What the daemons of an instance were asked to do with their dead letters on the last day, the newest first, and what came of it.",
		scope:       access.PipelineConsume}, s.listDaemonActs)
	add(s, h, operation{id: "ask-daemons", method: http.MethodPost, path: base + "/{instance}/acts", tag: tag, status: http.StatusCreated,
		summary: "Replay, drop or show dead letters",
		description: "Each daemon finds it within seconds and tells what came of it, which the list of acts has. `replay` hands letters to the connectors of their routes again, " +
			"`drop` removes them for good, both need the scope registry.write; `show` has the daemon send one message.",
		scope: access.PipelineConsume, asks: `{"action": "replay", "host": "campaign-1", "letters": [7]}`, answers: daemonActExample, fails: []*Kind{kindNotFound}}, s.askDaemons)
}

func (s *server) listInstances(ctx context.Context, c call, in *Paging) (*reply[Page[Instance]], error) {
	all, err := s.Fleet.Instances(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, func(i fleet.Instance) Instance { return Instance(i) }), *in, func(i Instance) string { return i.Name })
	return &reply[Page[Instance]]{out}, err
}

func (s *server) listDaemonActs(ctx context.Context, c call, in *daemonPage) (*reply[Page[DaemonAct]], error) {
	all, err := s.Fleet.Acts(ctx, c.caller, in.Instance)
	if err != nil {
		return nil, err
	}
	return &reply[Page[DaemonAct]]{Page[DaemonAct]{Items: mapped(all, shownAct)}}, nil
}

func (s *server) askDaemons(ctx context.Context, c call, in *askDaemons) (*reply[Page[DaemonAct]], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	acts, err := s.Fleet.Ask(ctx, c.caller, fleet.Act{Instance: in.Instance, Host: ask.Host, Action: fleet.Deed(ask.Action), Letters: ask.Letters})
	if err != nil {
		return nil, err
	}
	return &reply[Page[DaemonAct]]{Page[DaemonAct]{Items: mapped(acts, shownAct)}}, nil
}

func shownAct(a fleet.Act) DaemonAct {
	out := DaemonAct{ID: a.ID, Host: a.Host, Action: string(a.Action), Letters: a.Letters, By: a.By, At: a.At.UTC(), Done: a.Done, Failed: a.Failed, Why: a.Why, Shown: a.Shown}
	if !a.DoneAt.IsZero() {
		at := a.DoneAt.UTC()
		out.DoneAt = &at
	}
	return out
}

// toldState gives what a daemon tells of its partitions and dead letters as the fleet keeps it.
func toldState(s *DaemonState) []byte {
	if s == nil {
		return nil
	}
	text, _ := json.Marshal(s) // texts, numbers and instants
	return text
}

func shownState(d *fleet.Daemon) *DaemonState {
	if len(d.State) == 0 {
		return nil
	}
	told := d.Told()
	return &DaemonState{
		Trouble: told.Trouble, Seconds: told.TroubleSeconds, Came: mapped(told.Came, func(c fleet.Came) DaemonCame { return DaemonCame(c) }),
		Lanes:   mapped(told.Lanes, func(l fleet.Lane) DaemonLane { return DaemonLane(l) }),
		Letters: DaemonDeadLetters{Count: told.Letters.Count, Newest: mapped(told.Letters.Newest, func(l fleet.Letter) DaemonLetter { return DaemonLetter(l) })},
	}
}

func toldActs(results []DaemonActResult) []fleet.Act {
	return mapped(results, func(r DaemonActResult) fleet.Act {
		return fleet.Act{ID: r.ID, Done: r.Done, Failed: r.Failed, Why: r.Why, Shown: r.Shown}
	})
}
