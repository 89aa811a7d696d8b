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
	State *DaemonState `json:"state"`
	// ToldBy is the API key that it tells with, Runs whether a credential can be handed over to that.
	ToldBy    string    `json:"told_by"`
	Runs      bool      `json:"runs"`
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`

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
	Fingerprint string `json:"fingerprint"`
	// Hand is the credential that is handed over; nil for that of the file.
	Hand *Hand     `json:"hand"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	// Acts wait for the daemon that has told of itself.
	Acts []DaemonAct `json:"acts"`

	Answer
}

// Hand says what an order hands over, without the secrets.
type Hand struct {
	ID         string    `json:"id"`
	Credential string    `json:"credential"`
	Name       string    `json:"name"`
	ClientID   string    `json:"client_id"`
	Mode       string    `json:"mode"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// HandedCredential is a credential with its secrets, for a daemon.
type HandedCredential struct {
	// Mode is jwt or oauth.
	Mode             string `json:"mode"`
	Organization     string `json:"organization"`
	ClientID         string `json:"client_id"`
	TechnicalAccount string `json:"technical_account"`
	ClientSecret     Secret `json:"client_secret"`
	// PrivateKey is in PEM, empty with oauth.
	PrivateKey Secret `json:"private_key"`
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

// HandOver has the daemons of an instance migrate to a credential of the developer console, which is handed over to those that
// run: their keys need the scope pipeline:run. The private key is of a credential with certificates, and empty otherwise.
func (c *Client) HandOver(ctx context.Context, instance, credential, privateKey string) (DaemonOrder, error) {
	body := map[string]string{"action": "migrate", "credential": credential}
	if privateKey != "" {
		body["private_key"] = privateKey
	}
	var out DaemonOrder
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/instances/" + segment(instance) + "/orders", body: body}, &out)
	return out, err
}

// TakeHanded gives a daemon what its order hands over.
func (c *Client) TakeHanded(ctx context.Context, instance, host, hand string) (HandedCredential, error) {
	var out HandedCredential
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/instances/" + segment(instance) + "/daemons/" + segment(host) + "/credential", body: map[string]string{"hand": hand},
	}, &out)
	return out, err
}
