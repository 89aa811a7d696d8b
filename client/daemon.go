package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Daemon is a pipelined of a Campaign instance, as it last told of itself.
type Daemon struct {
	Instance string `json:"instance"`
	Host     string `json:"host"`
	Version  string `json:"version"`
	// Credential is what it runs with, in words; Fingerprint tells it apart.
	Credential  string `json:"credential"`
	Fingerprint string `json:"fingerprint"`
	// CarriedOut is the number of the last order that it has carried out, Failure why the last one failed.
	CarriedOut int64  `json:"carried_out"`
	Failure    string `json:"failure"`
	// Report is how its last migration went; "null" when there was none.
	Report json.RawMessage `json:"report"`
	// State is how far it is, nil before it told.
	State     *DaemonState `json:"state"`
	StartedAt time.Time    `json:"started_at"`
	SeenAt    time.Time    `json:"seen_at"`

	Answer
}

// DaemonReport is what a daemon tells of itself.
type DaemonReport struct {
	Version     string          `json:"version,omitempty"`
	Credential  string          `json:"credential"`
	Fingerprint string          `json:"fingerprint"`
	CarriedOut  int64           `json:"carried_out,omitempty"`
	Failure     string          `json:"failure,omitempty"`
	Report      json.RawMessage `json:"report,omitempty"`
	State       *DaemonState    `json:"state,omitempty"`
	// Acts are those that it has done since it told last.
	Acts      []DaemonActResult `json:"acts,omitempty"`
	StartedAt time.Time         `json:"started_at"`
}

// DaemonOrder is what the daemons of an instance are told to do. Number 0 is no order.
type DaemonOrder struct {
	Number int64 `json:"number"`
	// Action is migrate, rollback or finish.
	Action string `json:"action"`
	// Fingerprint is that of the credential that their files must hold; "" for whatever they hold.
	Fingerprint string    `json:"fingerprint"`
	By          string    `json:"by"`
	At          time.Time `json:"at"`
	// Acts wait for the daemon that has told of itself.
	Acts []DaemonAct `json:"acts"`

	Answer
}

// TellDaemon tells of a daemon and gives what it is to do.
func (c *Client) TellDaemon(ctx context.Context, instance, host string, report DaemonReport) (DaemonOrder, error) {
	var out DaemonOrder
	_, err := c.do(ctx, call{method: http.MethodPut, path: "/instances/" + segment(instance) + "/daemons/" + segment(host), body: report}, &out)
	return out, err
}

// Daemons gives those of an instance, by host.
func (c *Client) Daemons(ctx context.Context, instance string) iter.Seq2[Daemon, error] {
	return list[Daemon](ctx, c, "/instances/"+segment(instance)+"/daemons", nil)
}

// ForgetDaemon removes a daemon that runs no more.
func (c *Client) ForgetDaemon(ctx context.Context, instance, host string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/instances/" + segment(instance) + "/daemons/" + segment(host)}, nil)
	return err
}

// OrderDaemons tells the daemons of an instance what to do: migrate, rollback or finish. With a fingerprint, their files must
// hold that credential.
func (c *Client) OrderDaemons(ctx context.Context, instance, action, fingerprint string) (DaemonOrder, error) {
	var out DaemonOrder
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/instances/" + segment(instance) + "/orders", body: map[string]string{"action": action, "fingerprint": fingerprint}}, &out)
	return out, err
}
