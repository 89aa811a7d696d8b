package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/client"
)

func (p *program) showProvider(v client.Provider) {
	p.say("%s", v.Host)
	rows := [][2]string{
		{"state", string(v.State)},
		{"since", p.ago(v.Since)},
		{"next probe", p.ago(v.ProbeAt)},
		{"last good", p.ago(v.LastGoodAt)},
	}
	if v.Latency != nil {
		rows = append(rows, [2]string{"latency", fmt.Sprintf("p50 %s, p95 %s, p99 %s", millis(v.Latency.P50), millis(v.Latency.P95), millis(v.Latency.P99))})
	}
	rows = append(rows,
		[2]string{"last 5 minutes", fmt.Sprintf("%d calls, %d failed", v.Calls, v.Failed)},
		[2]string{"under way", fmt.Sprintf("%d of %d, %d waiting", v.InFlight, v.Limits.Concurrency, v.Waiting)},
		[2]string{"rate", rateText(v)},
		[2]string{"since the start", outcomesText(v.Outcomes)},
	)
	if f := v.LastFailure; f != nil {
		rows = append(rows, [2]string{"last failure", failureText(*f) + ", " + p.ago(f.At)})
	}
	p.details(rows)
	for _, i := range v.Incidents {
		p.say("")
		p.say("incident %s", i.ID)
		rows := [][2]string{
			{"client", i.Client},
			{"definition", i.Definition},
			{"sandbox", i.Sandbox},
			{"began", p.ago(i.OpenedAt)},
			{"paused", strconv.Itoa(i.HeldConnections) + " connections"},
			{"next probe", p.ago(i.ProbeAt)},
		}
		if f := i.LastFailure; f != nil {
			rows = append(rows, [2]string{"last failure", failureText(*f)})
		}
		p.details(rows)
	}
	if len(v.Incidents) > 0 {
		p.tell("put a new client secret into the definition and publish it, or try again now: latchkey provider resume %s", word(v.Host))
	}
}

// nextProbe is when somebody is let through again who is not now; zero when nobody is kept.
func nextProbe(v client.Provider) time.Time {
	at := v.ProbeAt
	for _, i := range v.Incidents {
		if at.IsZero() || i.ProbeAt.Before(at) {
			at = i.ProbeAt
		}
	}
	return at
}

func rateText(v client.Provider) string {
	text := strconv.FormatFloat(v.Rate, 'f', -1, 64) + " a second"
	if v.Rate < v.Limits.Rate {
		text = fmt.Sprintf("%.3g of %g a second, since it answered that it is called too often", v.Rate, v.Limits.Rate)
	}
	return text
}

func outcomesText(outcomes map[string]int64) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(outcomes)) {
		out = append(out, fmt.Sprintf("%s %d", name, outcomes[name]))
	}
	return strings.Join(out, ", ")
}

func failureText(f client.ProviderFailure) string {
	out := f.Class
	if f.Code != "" {
		out += " " + f.Code
	}
	if f.Status != 0 {
		out += " (status " + strconv.Itoa(f.Status) + ")"
	}
	if f.Description != "" {
		out += ": " + f.Description
	}
	return out
}
