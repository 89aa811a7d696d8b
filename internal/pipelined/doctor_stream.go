package pipelined

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/finding"
)

// told is what the doctor reads of a running daemon's status.
type told struct {
	Agents []struct {
		Name     string
		Topic    string
		Consumer string
		Stats    struct {
			Received int64 `json:"trigger-received"`
			Pings    int64 `json:"ping-received"`
			Retries  int64 `json:"current-retries"`
			Waiting  int64 `json:"current-messages"`
		}
		Unrouted map[string]int64
	}
	Latchkey struct {
		Started     time.Time
		Trouble     string
		Fingerprint string `json:"credential-fingerprint"`
	}
}

// ask asks the daemon of this machine for its status.
func (a Address) ask(ctx context.Context) (told, error) {
	var t told
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/status", nil)
	if err != nil {
		return t, fmt.Errorf("asking pipelined for its status: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+a.Key)
	reply, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return t, fmt.Errorf("asking pipelined for its status: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	var answer Answer
	err = json.NewDecoder(reply.Body).Decode(&answer)
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err == nil {
		err = json.Unmarshal(answer.Result, &t)
	}
	if err != nil {
		return t, fmt.Errorf("asking pipelined for its status: %w", err)
	}
	return t, nil
}

// stream asks the daemon itself whether triggers come, and what becomes of them.
func (x *examiner) stream(ctx context.Context) (finding.Layer, bool) {
	at, err := Reach(x.Dir)
	if err != nil {
		return finding.Layer{Status: finding.Skipped, Message: "behind process"}, false
	}
	status, err := at.ask(ctx)
	if err != nil {
		return failed(err.Error(), "", finding.Change("look into its log", "var/"+x.Files.Instance+"/log/pipelined.log")), false
	}
	if status.Latchkey.Trouble != "" {
		return failed(status.Latchkey.Trouble, vendorLost, finding.Change("look at the layers before this one, and into its log", "var/"+x.Files.Instance+"/log/pipelined.log")), false
	}
	layer := finding.Layer{}
	var came []string
	for _, a := range status.Agents {
		if a.Name != "listener" {
			continue
		}
		came = append(came, fmt.Sprintf("topic %s as %s: pings %d, triggers %d", a.Topic, a.Consumer, a.Stats.Pings, a.Stats.Received))
		if a.Stats.Received == 0 {
			layer.Warnings = append(layer.Warnings, fmt.Sprintf("topic %s: no trigger has come since %s: is it active in Analytics, where a new one takes hours to go live?", a.Topic, status.Latchkey.Started.Format(time.RFC3339)))
		}
		if a.Stats.Retries > 0 {
			layer.Warnings = append(layer.Warnings, fmt.Sprintf("topic %s: connectors refuse triggers of %d partitions, which wait; the log says why", a.Topic, a.Stats.Retries))
		}
		for _, name := range slices.Sorted(maps.Keys(a.Unrouted)) {
			layer.Warnings = append(layer.Warnings, fmt.Sprintf("topic %s: no route names the trigger %.100q, and %d of it were passed over", a.Topic, name, a.Unrouted[name]))
		}
	}
	if used := status.Latchkey.Fingerprint; x.setup != nil && used != x.setup.Credential.Fingerprint() {
		layer.Warnings = append(layer.Warnings, fmt.Sprintf("the daemon runs with the credential %s, and the file holds %s: latchkey pipeline migrate %s moves it", used, x.setup.Credential.Fingerprint(), x.Files.Instance))
	}
	layer.Message = strings.Join(came, "; ")
	return layer, false
}
