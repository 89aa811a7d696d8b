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

// Daemon is a pipelined of an instance, as it last told of itself.
type Daemon struct {
	Instance    string           `json:"instance" example:"prod"`
	Host        string           `json:"host" doc:"The name of the container that it runs on." example:"campaign-1"`
	Version     string           `json:"version" example:"1.0.0"`
	Credential  string           `json:"credential" doc:"What it runs with, in words." example:"IMS OAuth Server-to-Server, client 5f9d2c3b"`
	Fingerprint string           `json:"fingerprint" doc:"Tells credentials apart without showing them." example:"dfb866d0daa45f74"`
	CarriedOut  int64            `json:"carried_out" doc:"The number of the last order that it has carried out." example:"1"`
	Failure     string           `json:"failure,omitempty" doc:"Why the last order failed."`
	Report      *json.RawMessage `json:"report" doc:"How its last migration went; null when there was none."`
	State       *DaemonState     `json:"state" doc:"How far it is with its partitions, and its dead letters; null before it told."`
	StartedAt   time.Time        `json:"started_at"`
	SeenAt      time.Time        `json:"seen_at"`
}

// DaemonReport is what a daemon tells of itself.
type DaemonReport struct {
	Version     string            `json:"version,omitempty" example:"1.0.0"`
	Credential  string            `json:"credential" example:"IMS OAuth Server-to-Server, client 5f9d2c3b"`
	Fingerprint string            `json:"fingerprint" example:"dfb866d0daa45f74"`
	CarriedOut  int64             `json:"carried_out,omitempty" doc:"The number of the last order that it has carried out."`
	Failure     string            `json:"failure,omitempty" doc:"Why the last order failed."`
	Report      json.RawMessage   `json:"report,omitempty" doc:"How its last migration went."`
	State       *DaemonState      `json:"state,omitempty" doc:"How far it is with its partitions, and its dead letters."`
	Acts        []DaemonActResult `json:"acts,omitempty" doc:"What came of the acts that it has done since it told last."`
	StartedAt   time.Time         `json:"started_at"`
}

// DaemonOrder is what the daemons of an instance are told to do.
type DaemonOrder struct {
	Number      int64       `json:"number" doc:"Counts up; 0 is no order." example:"1"`
	Action      string      `json:"action" doc:"migrate: take up the credential of the file; rollback: go back to the one before; finish: let go of that." example:"migrate"`
	Fingerprint string      `json:"fingerprint,omitempty" doc:"Of the credential that their files must hold; without it, whatever they hold." example:"dfb866d0daa45f74"`
	By          string      `json:"by" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	At          time.Time   `json:"at"`
	Acts        []DaemonAct `json:"acts,omitempty" doc:"What the daemon that told of itself is to do with its dead letters."`
}

// NewDaemonOrder asks for an order.
type NewDaemonOrder struct {
	Action      string `json:"action" enum:"migrate,rollback,finish" doc:"What to do."`
	Fingerprint string `json:"fingerprint,omitempty" doc:"Of the credential that their files must hold."`
}

// DaemonRef names a daemon in a path.
type DaemonRef struct {
	Instance string `path:"instance" doc:"The Campaign instance." example:"prod"`
	Host     string `path:"host" doc:"The container's name." example:"campaign-1"`
}

type (
	tellDaemon struct {
		DaemonRef
		body[DaemonReport]
	}
	daemonPage struct {
		Instance string `path:"instance" doc:"The Campaign instance." example:"prod"`
		Paging
	}
	orderDaemons struct {
		Instance string `path:"instance" doc:"The Campaign instance." example:"prod"`
		body[NewDaemonOrder]
	}
)

const daemonOrderExample = `{"number": 1, "action": "migrate", "fingerprint": "dfb866d0daa45f74", "by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "at": "2026-11-21T09:30:00Z"}`

func (s *server) daemonRoutes(h huma.API) {
	const base = apiPrefix + "/instances/{instance}"
	const tag = "Pipeline"
	add(s, h, operation{id: "tell-daemon", method: http.MethodPut, path: base + "/daemons/{host}", tag: tag,
		summary: "Tell of a daemon", description: "Each pipelined does so every few seconds, and finds in the answer what it is to do.",
		scope: access.PipelineConsume, asks: `{"credential": "IMS JWT, client 5f9d2c3b", "fingerprint": "26a0d06833660aca", "started_at": "2026-11-21T09:30:00Z"}`,
		answers: daemonOrderExample}, s.tellDaemon)
	add(s, h, operation{id: "list-daemons", method: http.MethodGet, path: base + "/daemons", tag: tag,
		summary: "List an instance's daemons", description: "By host: which credential each runs with, and how its last migration went.",
		scope: access.PipelineConsume}, s.listDaemons)
	add(s, h, operation{id: "forget-daemon", method: http.MethodDelete, path: base + "/daemons/{host}", tag: tag, status: http.StatusNoContent,
		summary: "Forget a daemon", description: "One that runs no more. One that runs tells of itself again.", scope: access.RegistryWrite,
		fails: []*Kind{kindNotFound}}, s.forgetDaemon)
	add(s, h, operation{id: "order-daemons", method: http.MethodPost, path: base + "/orders", tag: tag,
		summary:     "Tell an instance's daemons what to do",
		description: "Each takes up the credential of its own file, which is never sent from here, goes back to the one before, or lets go of that. It finds the order within seconds.",
		scope:       access.RegistryWrite, asks: `{"action": "migrate"}`, answers: daemonOrderExample}, s.orderDaemons)
}

func (s *server) tellDaemon(ctx context.Context, c call, in *tellDaemon) (*reply[DaemonOrder], error) {
	told, err := in.read()
	if err != nil {
		return nil, err
	}
	order, err := s.Fleet.Tell(ctx, c.caller, fleet.Daemon{
		Instance: in.Instance, Host: in.Host, Version: told.Version, Credential: told.Credential, Fingerprint: told.Fingerprint,
		CarriedOut: told.CarriedOut, Failure: told.Failure, Report: told.Report, StartedAt: told.StartedAt,
		State: toldState(told.State), Acts: toldActs(told.Acts),
	})
	out := shownOrder(order)
	out.Acts = mapped(order.Acts, shownAct)
	return &reply[DaemonOrder]{out}, err
}

func (s *server) listDaemons(ctx context.Context, c call, in *daemonPage) (*reply[Page[Daemon]], error) {
	all, err := s.Fleet.Daemons(ctx, c.caller, in.Instance)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownDaemon), in.Paging, func(d Daemon) string { return d.Host })
	return &reply[Page[Daemon]]{out}, err
}

func (s *server) forgetDaemon(ctx context.Context, c call, in *DaemonRef) (*done, error) {
	return nil, s.Fleet.Forget(ctx, c.caller, in.Instance, in.Host)
}

func (s *server) orderDaemons(ctx context.Context, c call, in *orderDaemons) (*reply[DaemonOrder], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	order, err := s.Fleet.Give(ctx, c.caller, fleet.Order{Instance: in.Instance, Action: fleet.Action(ask.Action), Fingerprint: ask.Fingerprint})
	return &reply[DaemonOrder]{shownOrder(order)}, err
}

func shownDaemon(d fleet.Daemon) Daemon {
	out := Daemon{
		Instance: d.Instance, Host: d.Host, Version: d.Version, Credential: d.Credential, Fingerprint: d.Fingerprint, CarriedOut: d.CarriedOut,
		Failure: d.Failure, StartedAt: d.StartedAt.UTC(), SeenAt: d.SeenAt.UTC(), State: shownState(&d),
	}
	if json.Valid(d.Report) {
		report := json.RawMessage(d.Report)
		out.Report = &report
	}
	return out
}

func shownOrder(o fleet.Order) DaemonOrder {
	return DaemonOrder{Number: o.Number, Action: string(o.Action), Fingerprint: o.Fingerprint, By: o.By, At: o.At.UTC()}
}
