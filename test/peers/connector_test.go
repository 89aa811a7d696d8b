package peers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/secret"
)

// The library of Standard Webhooks verifies what the HTTP connector of pipelined sends, single events and arrays, and refuses
// what another secret has signed.
func TestStandardWebhooksOfConnectors(t *testing.T) {
	const signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	at := peer(t, "standardwebhooks.mjs")
	told, err := http.NewRequest(http.MethodPut, at, strings.NewReader(signing))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(told)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	var triggers []*message.Trigger
	for offset := range int64(3) {
		e := message.Envelope{Kind: message.Data, Topic: "triggers", Offset: offset, Message: json.RawMessage(fmt.Sprintf(`{"messageId":"m.%d","value":{"triggerId":"café","mcId":"1"}}`, offset))}
		one, err := e.Trigger()
		if err != nil {
			t.Fatal(err)
		}
		triggers = append(triggers, one)
	}
	for _, test := range []struct {
		batch  int
		secret string
		taken  int
	}{{0, signing, 1}, {3, signing, 3}, {3, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0}} {
		to := connector.HTTP{URL: at + "/in", Batch: test.batch, Secret: connector.Secret{String: secret.New(test.secret)}, Challenge: connector.Skip}
		c, err := connector.Open(t.Context(), connector.Config{Client: client, Clock: clock.System()}, connector.Entry{HTTP: &to})
		if err != nil {
			t.Fatal(err)
		}
		taken, err := connector.DeliverAll(t.Context(), c, triggers)
		if taken != test.taken || (err == nil) != (test.taken > 0) {
			t.Errorf("batch %d: %d taken, %v, want %d", test.batch, taken, err, test.taken)
		}
		_ = c.Close()
	}
}
