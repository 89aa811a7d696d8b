package pipelined_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"latchkey/client"
	"latchkey/internal/finding"
)

// 5. A consumer that was renamed is told of, and where it begins.
func TestRenamedConsumer(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.broker.produce(0, many(0, 3)...)
	h.start()
	h.until("3 lines", func() bool { return len(h.lines()) == 3 })
	if strings.Contains(h.log.String(), "and was") {
		t.Error("the first consumer is told of as renamed")
	}
	h.stop()
	h.write("NmsPipeline_Config-sample.json", strings.Replace(plainRoutes, `"dev"`, `"prod"`, 1))
	h.write("pipelined-sample.yaml", toFile+"reset: latest\n")
	h.start()
	h.until("the log", func() bool {
		return strings.Contains(h.log.String(), "The consumer of topic triggers is prod now, and was dev: it begins with the next trigger, and what the other one had not read is left out")
	})
}

// 9. A credential that ends while the daemon runs does not only fill the log: the server that knows the daemon is told, the health
// check fails, and the doctor says why; and so again when it is over.
func TestTroubleIsTold(t *testing.T) {
	h := newHouse(t, plainRoutes, told)
	s := &server{}
	h.broker.produce(0, many(0, 3)...)
	d := h.begin(h.filed(), s)
	h.until("3 lines", func() bool { return len(h.lines()) == 3 })
	l, err := d.Serve(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	health := func() int {
		reply, err := http.Get(strings.Replace(l.Address.StatusURL, "pipelined/status", "healthz", 1))
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		return reply.StatusCode
	}
	state := func() client.DaemonState {
		if state := s.last().State; state != nil {
			return *state
		}
		return client.DaemonState{Trouble: "untold"}
	}
	h.until("a word that all is well", func() bool { return state().Trouble == "" && health() == http.StatusOK })
	h.broker.mu.Lock()
	h.broker.refuse = func(string) int { return http.StatusForbidden }
	h.broker.mu.Unlock()
	h.broker.drop()
	h.until("the trouble", func() bool {
		return strings.HasPrefix(state().Trouble, "no stream of topic triggers: opening the stream: the broker answered 403") && health() == http.StatusServiceUnavailable
	})
	layers := h.examine()
	at := slices.IndexFunc(layers, func(l finding.Layer) bool { return l.Name == "stream" })
	if layers[at].Status != finding.Failed || !strings.Contains(layers[at].Message, "403") || layers[at].Description != "Connection seems to have been lost. Attempting to reconnect." {
		t.Errorf("the doctor says %+v", layers[at])
	}
	h.broker.mu.Lock()
	h.broker.refuse = nil
	h.broker.mu.Unlock()
	h.until("a word that it is over", func() bool { return state().Trouble == "" && health() == http.StatusOK })
	if c := state().Came; len(c) != 1 || c[0].Offsets != "0-2" {
		t.Errorf("what came is told as %+v", c)
	}
}

// The doctor of a running daemon says what nobody would see otherwise: nothing comes, a trigger has no route, a connector refuses.
func TestExamineStream(t *testing.T) {
	h := newHouse(t, `{"topics": [{"name": "triggers", "consumer": "dev", "triggers": [{"name": "e2a3", "jsConnector": "cus:triggers.js"}]}]}`, toFile)
	h.begin(h.filed(), nil)
	l, err := h.daemon.Serve(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	look := func() string {
		layers := h.examine()
		at := slices.IndexFunc(layers, func(l finding.Layer) bool { return l.Name == "stream" })
		return layers[at].Message + "; " + strings.Join(layers[at].Warnings, "; ")
	}
	h.until("the stream", func() bool { return h.stats()["streams-opened"] == 1 })
	if text := look(); !strings.Contains(text, "triggers 0") || !strings.Contains(text, "a new one takes hours to go live") {
		t.Errorf("with nothing: %s", text)
	}
	h.broker.produce(0, `{"value":{"triggerId":"stranger","triggerTimestamp":1,"mcId":"1"}}`)
	h.until("the end", func() bool { return h.broker.committed("dev", 0) == 1 })
	h.change(jwt)
	if text := look(); !strings.Contains(text, "triggers 1") || !strings.Contains(text, `no route names the trigger "stranger", and 1 of it were passed over`) || !strings.Contains(text, "and the file holds") {
		t.Errorf("with a stranger: %s", text)
	}
}
