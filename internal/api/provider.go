package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/provider"
)

// Provider is how a provider stands, as this node sees it.
type Provider struct {
	Host    string     `json:"host" doc:"Host of its token endpoint, with the port when that is not 443." example:"login.example.com"`
	State   string     `json:"state" enum:"up,recovering,throttled,down,probing" doc:"up; recovering: up again, and what waited is let through little by little; throttled: it asked to be called later; down: it does not answer, and nobody is let through; probing: one call is through, to see."`
	Since   *time.Time `json:"since" doc:"When an outage or a hold began, or the last one ended; null when there was none."`
	ProbeAt *time.Time `json:"probe_at" doc:"When the next call is let through; null while it is up."`

	Latency  *Latency         `json:"latency_ms" doc:"Of its answers of late; null when there were none."`
	Calls    int              `json:"calls" doc:"Token requests of the last five minutes." example:"412"`
	Failed   int              `json:"failed" doc:"Those of them that the provider failed: no answer, 408, 429 or 5xx." example:"3"`
	Outcomes map[string]int64 `json:"outcomes" nullable:"false" doc:"All token requests since this node started, by outcome: ok, network, timeout, throttled, unavailable, bad_response, grant_dead, client_dead, denied."`

	LastGoodAt  *time.Time       `json:"last_good_at"`
	LastFailure *ProviderFailure `json:"last_failure" doc:"The last that your organization had; null when it had none."`

	InFlight int            `json:"in_flight" doc:"Token requests under way." example:"4"`
	Waiting  int            `json:"waiting" doc:"Token requests that wait for a place." example:"0"`
	Rate     float64        `json:"rate" doc:"How many may begin in a second now; less than the limit after it answered with 429." example:"200"`
	Limits   ProviderLimits `json:"limits"`

	Paused    int                `json:"paused_connections" doc:"How many of your connections wished to call since their client was refused, and were held back." example:"0"`
	Incidents []ProviderIncident `json:"incidents" nullable:"false" doc:"Clients of yours that it refuses."`
}

// Latency is in milliseconds.
type Latency struct {
	P50 int64 `json:"p50" example:"84"`
	P95 int64 `json:"p95" example:"210"`
	P99 int64 `json:"p99" example:"480"`
}

// ProviderLimits are the caps of each node.
type ProviderLimits struct {
	Rate        float64 `json:"rate" doc:"Token requests that may begin in a second." example:"200"`
	Concurrency int     `json:"concurrency" doc:"Token requests that may be under way." example:"64"`
}

// ProviderFailure is a failed token request.
type ProviderFailure struct {
	Class       string     `json:"class" doc:"As in outcomes." example:"unavailable"`
	Code        string     `json:"code,omitempty" doc:"The provider's error code." example:"invalid_client"`
	Status      int        `json:"status,omitempty" doc:"Its HTTP status." example:"503"`
	Description string     `json:"description,omitempty" doc:"Its own words, cleaned and shortened."`
	At          *time.Time `json:"at"`
}

// ProviderIncident is a client that a provider refuses: its connections are paused, and none is ended.
type ProviderIncident struct {
	ID          string           `json:"id" example:"inc_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Sandbox     string           `json:"sandbox" example:"prod"`
	Definition  string           `json:"definition" doc:"The definition's id." example:"def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Client      string           `json:"client" doc:"The client id." example:"moviestar-app"`
	OpenedAt    time.Time        `json:"opened_at"`
	ProbeAt     time.Time        `json:"probe_at" doc:"From when on one connection tries again."`
	Probes      int              `json:"probes" doc:"How many have tried since." example:"2"`
	Held        int              `json:"held_connections" doc:"How many connections wished to call since, and were held back." example:"118"`
	LastFailure *ProviderFailure `json:"last_failure"`
}

type (
	providerHost struct {
		Host string `path:"host" doc:"The provider's host, with its port when that is not 443." example:"login.example.com"`
	}
	listProviders struct {
		Paging
		State  string `query:"state" enum:"up,recovering,throttled,down,probing" doc:"Only those in this state."`
		Search string `query:"q" doc:"A part of the host."`
	}
)

const providerAnswer = `{
  "host": "login.example.com", "state": "up", "since": null, "probe_at": null, "latency_ms": {"p50": 84, "p95": 210, "p99": 480},
  "calls": 412, "failed": 0, "outcomes": {"client_dead": 3, "ok": 12873}, "last_good_at": "2026-11-21T09:30:00Z",
  "last_failure": {"class": "client_dead", "code": "invalid_client", "status": 401, "description": "The client secret has expired.", "at": "2026-11-21T09:28:10Z"},
  "in_flight": 4, "waiting": 0, "rate": 200, "limits": {"rate": 200, "concurrency": 64}, "paused_connections": 118,
  "incidents": [{
    "id": "inc_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "sandbox": "prod", "definition": "def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "client": "moviestar-app",
    "opened_at": "2026-11-21T09:20:00Z", "probe_at": "2026-11-21T09:33:00Z", "probes": 2, "held_connections": 118,
    "last_failure": {"class": "client_dead", "code": "invalid_client", "status": 401, "description": "The client secret has expired.", "at": "2026-11-21T09:28:10Z"}
  }]
}`

func (s *server) providerRoutes(h huma.API) {
	const base = apiPrefix + "/providers"
	const tag = "Providers"
	add(s, h, operation{id: "list-providers", method: http.MethodGet, path: base, tag: tag,
		summary: "List providers", description: "Those that your organization calls, by host. Each node has its own numbers; outages and incidents are told for all.",
		scope: access.ConnectionsRead}, s.listProviders)
	add(s, h, operation{id: "get-provider", method: http.MethodGet, path: base + "/{host}", tag: tag,
		summary: "Read a provider", scope: access.ConnectionsRead, answers: providerAnswer, fails: []*Kind{kindNotFound}}, s.getProvider)
	add(s, h, operation{id: "resume-provider", method: http.MethodPost, path: base + "/{host}/resume", tag: tag,
		summary: "Try a provider again now", description: "Lets one call through at once, to the provider and for each of your paused clients, instead of at `probe_at`. The call is the next that is due or asked for; when it succeeds the rest follows.",
		scope: access.ConnectionsWrite, answers: providerAnswer, fails: []*Kind{kindNotFound}}, s.resumeProvider)
}

func (s *server) listProviders(_ context.Context, c call, in *listProviders) (*reply[Page[Provider]], error) {
	all, err := s.Providers.List(c.within(), provider.Query{State: provider.State(in.State), Text: in.Search})
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownProvider), in.Paging, func(p Provider) string { return p.Host })
	return &reply[Page[Provider]]{out}, err
}

func (s *server) getProvider(_ context.Context, c call, in *providerHost) (*reply[Provider], error) {
	return answerProvider(s.Providers.Status(c.within(), hostNamed(in.Host)))
}

func (s *server) resumeProvider(_ context.Context, c call, in *providerHost) (*reply[Provider], error) {
	return answerProvider(s.Providers.Resume(c.within(), hostNamed(in.Host)))
}

// within is the caller, kept to the sandbox that the request names: incidents belong to one.
func (c call) within() access.Caller {
	caller := c.caller
	if c.sandbox != "" {
		caller.Sandbox = c.sandbox
	}
	return caller
}

func hostNamed(name string) provider.Host { return provider.HostOf("https://" + name) }

func answerProvider(status provider.Status, err error) (*reply[Provider], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Provider]{shownProvider(status)}, nil
}

func shownProvider(p provider.Status) Provider {
	out := Provider{
		Host: string(p.Host), State: string(p.State), Since: stamp(p.Since), ProbeAt: stamp(p.ProbeAt), Calls: p.Calls, Failed: p.Failed,
		Outcomes: p.Outcomes, LastGoodAt: stamp(p.LastGood), LastFailure: shownFailure(p.LastFailure), InFlight: p.InFlight,
		Waiting: p.Waiting, Rate: p.Rate, Limits: ProviderLimits(p.Limits), Incidents: mapped(p.Incidents, shownIncident),
	}
	if p.P50 > 0 {
		out.Latency = &Latency{p.P50.Milliseconds(), p.P95.Milliseconds(), p.P99.Milliseconds()}
	}
	for _, i := range p.Incidents {
		out.Paused += i.Held
	}
	return out
}

func shownIncident(i provider.Incident) ProviderIncident {
	return ProviderIncident{
		ID: i.ID, Sandbox: i.Sandbox, Definition: i.Definition, Client: i.Client, OpenedAt: *stamp(i.OpenedAt), ProbeAt: *stamp(i.ProbeAt),
		Probes: i.Probes, Held: i.Held, LastFailure: shownFailure(i.Last),
	}
}

func shownFailure(f provider.Failure) *ProviderFailure {
	if f.At.IsZero() {
		return nil
	}
	return &ProviderFailure{Class: f.Class.String(), Code: f.Code, Status: f.Status, Description: f.Description, At: stamp(f.At)}
}
