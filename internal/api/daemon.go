package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/secret"
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
	ToldBy      string           `json:"told_by" doc:"The id of the API key that it tells with." example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Runs        bool             `json:"runs" doc:"Whether that key has the scope pipeline:run, so that a credential can be handed over to it."`
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
	Action      string      `json:"action" doc:"migrate: take up the credential of the file, or the one that is handed over; rollback: go back to the one before; finish: let go of that." example:"migrate"`
	Fingerprint string      `json:"fingerprint,omitempty" doc:"Of the credential that their files must hold; without it, whatever they hold." example:"dfb866d0daa45f74"`
	Hand        *Hand       `json:"hand,omitempty" doc:"The credential that is handed over; without it, the one of the file."`
	By          string      `json:"by" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	At          time.Time   `json:"at"`
	Acts        []DaemonAct `json:"acts,omitempty" doc:"What the daemon that told of itself is to do with its dead letters."`
}

// NewDaemonOrder asks for an order.
type NewDaemonOrder struct {
	Action      string `json:"action" enum:"migrate,rollback,finish" doc:"What to do."`
	Fingerprint string `json:"fingerprint,omitempty" doc:"Of the credential that their files must hold."`
	Credential  string `json:"credential,omitempty" doc:"With migrate: a credential of the developer console (name, id or client id) that is handed over to the daemons that run."`
	PrivateKey  string `json:"private_key,omitempty" doc:"Of a credential with certificates: the key of one of them, PEM or base64 of it. It is sealed, and gone when all daemons have it, or after an hour."`
}

// Hand says what an order hands over, without the secrets.
type Hand struct {
	ID         string    `json:"id" example:"hand_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Credential string    `json:"credential" doc:"The credential's id." example:"1732185000000000001"`
	Name       string    `json:"name" example:"campaign-prod"`
	ClientID   string    `json:"client_id" example:"5f9d2c3b1a0e4d6f8b7c9a0e1d2f3b4c"`
	Mode       string    `json:"mode" enum:"jwt,oauth" doc:"How it gets tokens."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it is let go of, taken or not."`
}

// HandedCredential is a credential with its secrets, for a daemon.
type HandedCredential struct {
	Mode             string `json:"mode" enum:"jwt,oauth"`
	Organization     string `json:"organization" example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	ClientID         string `json:"client_id" example:"5f9d2c3b1a0e4d6f8b7c9a0e1d2f3b4c"`
	TechnicalAccount string `json:"technical_account" example:"D8E157165FC0EAE10A495E8C@techacct.adobe.com"`
	ClientSecret     string `json:"client_secret" example:"p8e-…"`
	PrivateKey       string `json:"private_key,omitempty" doc:"In PEM; with jwt alone."`
}

// TakeHanded asks for what an order hands over.
type TakeHanded struct {
	Hand string `json:"hand" doc:"Its id, from the order." example:"hand_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
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
	takeHanded struct {
		DaemonRef
		body[TakeHanded]
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
		description: "Each takes up the credential of its own file, or one of the developer console that is handed over to it, goes back to the one before, or lets go of that. It finds the order within seconds. What is handed over goes to the daemons that told of themselves within the last minute, with keys that have `pipeline:run` and serve no other instance.",
		scope:       access.RegistryWrite, asks: `{"action": "migrate"}`, answers: daemonOrderExample, fails: []*Kind{kindNotFound}}, s.orderDaemons)
	add(s, h, operation{id: "take-handed-credential", method: http.MethodPost, path: base + "/daemons/{host}/credential", tag: tag,
		summary: "Take the credential that is handed over", description: "For the daemon itself, with the key that it tells of itself with. It is recorded.",
		scope: access.PipelineRun, asks: `{"hand": "hand_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"}`,
		answers: `{"mode": "oauth", "organization": "6096892F54B5819E0A4C98A2@AdobeOrg", "client_id": "5f9d2c3b1a0e4d6f8b7c9a0e1d2f3b4c", "technical_account": "D8E157165FC0EAE10A495E8C@techacct.adobe.com", "client_secret": "p8e-…"}`,
		fails:   []*Kind{kindNotFound}}, s.takeHanded)
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
	order, err := s.Fleet.Give(ctx, c.caller, fleet.Order{Instance: in.Instance, Action: fleet.Action(ask.Action), Fingerprint: ask.Fingerprint},
		fleet.Offer{Credential: ask.Credential, PrivateKey: secret.New(ask.PrivateKey)})
	return &reply[DaemonOrder]{shownOrder(order)}, err
}

func (s *server) takeHanded(ctx context.Context, c call, in *takeHanded) (*reply[HandedCredential], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	h, err := s.Fleet.Take(ctx, c.caller, in.Instance, in.Host, ask.Hand)
	return &reply[HandedCredential]{HandedCredential{
		Mode: string(h.Mode), Organization: h.Organization, ClientID: h.Client, TechnicalAccount: h.Account, ClientSecret: h.Secret.Reveal(), PrivateKey: h.PrivateKey.Reveal(),
	}}, err
}

func shownDaemon(d fleet.Daemon) Daemon {
	out := Daemon{
		Instance: d.Instance, Host: d.Host, Version: d.Version, Credential: d.Credential, Fingerprint: d.Fingerprint, CarriedOut: d.CarriedOut,
		Failure: d.Failure, ToldBy: d.ToldBy, Runs: d.Runs, StartedAt: d.StartedAt.UTC(), SeenAt: d.SeenAt.UTC(), State: shownState(&d),
	}
	if json.Valid(d.Report) {
		report := json.RawMessage(d.Report)
		out.Report = &report
	}
	return out
}

func shownOrder(o fleet.Order) DaemonOrder {
	out := DaemonOrder{Number: o.Number, Action: string(o.Action), Fingerprint: o.Fingerprint, By: o.By, At: o.At.UTC()}
	if h := o.Hand; h.ID != "" {
		out.Hand = &Hand{ID: h.ID, Credential: h.Credential, Name: h.Name, ClientID: h.Client, Mode: string(h.Mode), ExpiresAt: h.ExpiresAt.UTC()}
	}
	return out
}
