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
}

func (s *server) TellDaemon(_ context.Context, _, _ string, report client.DaemonReport) (client.DaemonOrder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = report
	return s.order, nil
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

// A server has a daemon show, drop and replay its dead letters, and is told of its partitions.
func TestActs(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile+"server: {url: \"http://127.0.0.1:1\", key: lk_x}\n")
	s := &server{}
	config := h.config()
	config.Pace.Tell = 5 * time.Millisecond
	config.Connect = func(connector.Server) (pipelined.Server, error) { return s, nil }
	h.broker.produceRaw(3, 7, "no JSON at all")
	h.broker.produceRaw(3, 8, "neither is this")
	h.broker.produce(3, many(9, 1)...)
	d, err := pipelined.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = d
	d.Start(t.Context())
	t.Cleanup(h.stop)
	h.until("two dead letters", func() bool { return s.last().State != nil && s.last().State.Letters.Count == 2 })
}
