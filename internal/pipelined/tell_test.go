package pipelined_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"latchkey/client"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/connector"
)

// server is what a daemon tells of itself, and who gives it one order.
type server struct {
	mu    sync.Mutex
	order client.DaemonOrder
	told  client.DaemonReport
	// handed is what is handed over, unless there is a refusal; taken are the hands that were asked for.
	handed  client.HandedCredential
	refusal error
	taken   []string
}

func (s *server) TellDaemon(_ context.Context, _, _ string, report client.DaemonReport) (client.DaemonOrder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = report
	return s.order, nil
}

// TakeHanded hands over what the test has put in.
func (s *server) TakeHanded(_ context.Context, _, _, hand string) (client.HandedCredential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, hand)
	if s.refusal != nil {
		return client.HandedCredential{}, s.refusal
	}
	return s.handed, nil
}

func (s *server) give(order client.DaemonOrder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = order
}

func (s *server) last() client.DaemonReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}

// A server tells a daemon to migrate; it waits until its own file holds the credential that is meant.
func TestOrders(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile+"server: {url: \"http://127.0.0.1:1\", key: lk_x}\n")
	s := &server{}
	config := h.config()
	config.Pace.Tell = 5 * time.Millisecond
	config.Connect = func(connector.Server) (pipelined.Server, error) { return s, nil }
	d, err := pipelined.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = d
	d.Start(t.Context())
	t.Cleanup(h.stop)
	oauthPrint := h.setup().Credential.Fingerprint()
	h.until("a word", func() bool { return s.last().Fingerprint == oauthPrint })

	in, o := h.instance, h.options
	jwt(&in, &o)
	in.Options = &o
	wanted, err := pipelined.NewSetup(in, pipelined.Files{Conf: h.conf, Instance: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	s.give(client.DaemonOrder{Number: 1, Action: "migrate", Fingerprint: wanted.Credential.Fingerprint()})
	h.until("the wait for the file", func() bool { return s.last().Failure != "" })
	if last := s.last(); last.CarriedOut != 0 || last.Fingerprint != oauthPrint {
		t.Errorf("the daemon tells %+v, want it to wait", last)
	}
	h.change(jwt)
	h.until("the move", func() bool { return s.last().CarriedOut == 1 })
	if last := s.last(); last.Fingerprint != wanted.Credential.Fingerprint() || last.Failure != "" || len(last.Report) == 0 {
		t.Errorf("the daemon tells %+v", last)
	}
	s.give(client.DaemonOrder{Number: 2, Action: "rollback"})
	h.until("the way back", func() bool { return s.last().CarriedOut == 2 && s.last().Fingerprint == oauthPrint })
	s.give(client.DaemonOrder{Number: 3, Action: "dance"})
	h.until("the refusal", func() bool { return s.last().CarriedOut == 3 })
	if last := s.last(); last.Failure == "" {
		t.Error("an unknown order was carried out")
	}
}

func (s *server) ask(acts ...client.DaemonAct) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order.Acts = acts
}

// settled gives what the daemon has told of an act.
func (s *server) settled(id string) (client.DaemonActResult, bool) {
	for _, r := range s.last().Acts {
		if r.ID == id {
			return r, true
		}
	}
	return client.DaemonActResult{}, false
}

// A server has a daemon show, drop and replay its dead letters, and is told of its partitions.
func TestActs(t *testing.T) {
	h := newHouse(t, plainRoutes, "server: {url: \"http://127.0.0.1:1\", key: lk_x}\nconnectors:\n  \"cus:triggers.js\": {file: {path: ../out.jsonl}}\n")
	s := &server{}
	config := h.config()
	config.Pace.Tell = 5 * time.Millisecond
	config.Connect = func(connector.Server) (pipelined.Server, error) { return s, nil }
	h.broker.produce(3, `{"no":"trigger"}`, `{"nor":"this"}`)
	h.broker.produce(3, many(2, 1)...)
	d, err := pipelined.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = d
	d.Start(t.Context())
	t.Cleanup(h.stop)
	told := func() client.DaemonState {
		if state := s.last().State; state != nil {
			return *state
		}
		return client.DaemonState{}
	}
	h.until("two dead letters", func() bool { return told().Letters.Count == 2 })
	h.until("the partition", func() bool {
		return len(told().Lanes) == 1 && told().Lanes[0].Lag == 0 && told().Lanes[0].Received == 3
	})
	if l := told().Lanes[0]; l.Topic != "triggers" || l.Partition != 3 || l.Pointer != 3 || l.Head != 3 || l.Discarded < 2 {
		t.Errorf("the daemon tells %+v", l)
	}
	newest := told().Letters.Newest
	if len(newest) != 2 || newest[0].ID < newest[1].ID || newest[0].Offset != 1 || newest[0].Error == "" {
		t.Fatalf("the daemon tells of %+v, want the newest first", newest)
	}
	s.ask(client.DaemonAct{ID: "act_1", Action: "show", Letters: []int64{newest[1].ID}}, client.DaemonAct{ID: "act_2", Action: "dance", Letters: []int64{1}})
	h.until("the message", func() bool { _, ok := s.settled("act_2"); return ok })
	if r, _ := s.settled("act_1"); r.Shown != `{"no":"trigger"}` || r.Done != 1 {
		t.Errorf("show: %+v", r)
	}
	if r, _ := s.settled("act_2"); r.Failed != 1 || r.Why == "" {
		t.Errorf("dance: %+v", r)
	}
	s.ask(client.DaemonAct{ID: "act_3", Action: "replay", At: time.Now()})
	h.until("the replay", func() bool { _, ok := s.settled("act_3"); return ok })
	if r, _ := s.settled("act_3"); r.Done != 0 || r.Failed != 2 || r.Why == "" {
		t.Errorf("replay of what is no trigger: %+v", r)
	}
	s.ask(client.DaemonAct{ID: "act_4", Action: "drop", At: newest[1].DeadAt.Add(-time.Second)})
	h.until("nothing to drop", func() bool { _, ok := s.settled("act_4"); return ok })
	if told().Letters.Count != 2 {
		t.Error("letters that came after the act were dropped")
	}
	s.ask(client.DaemonAct{ID: "act_5", Action: "drop", At: time.Now()})
	h.until("no dead letters", func() bool { return told().Letters.Count == 0 && len(told().Letters.Newest) == 0 })
}
