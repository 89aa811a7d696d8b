package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
)

// Audience is one of Target's, as it was synced. AEM calls it a segment.
type Audience struct {
	ID          int64      `json:"id" example:"1234567"`
	Name        string     `json:"name" example:"Gold members"`
	Description string     `json:"description,omitempty"`
	Origin      string     `json:"origin,omitempty" doc:"target, or cloud for what comes of another product." example:"target"`
	Status      string     `json:"status,omitempty" example:"saved"`
	Kind        string     `json:"type,omitempty" doc:"reusable, anonymous or property." example:"reusable"`
	Workspace   string     `json:"workspace,omitempty"`
	Rule        any        `json:"rule,omitempty" doc:"In Target's own form."`
	ModifiedAt  *time.Time `json:"modified_at" doc:"In Target; null where it does not say."`
	CreatedAt   *time.Time `json:"created_at"`
	GoneAt      *time.Time `json:"gone_at" doc:"When it was seen to have vanished from Target; null while it is there."`
}

// AudienceSync is how the sync of a service's audiences stands.
type AudienceSync struct {
	State     string       `json:"state" enum:"waiting,running,done,failed" doc:"failed is tried again, from where it has come to."`
	Tenant    string       `json:"tenant_id" example:"acme"`
	Percent   *int         `json:"percent" doc:"How much is done; null when Target does not say how many there are." example:"40"`
	Read      int          `json:"read" doc:"How many audiences were looked at." example:"400"`
	Total     *int         `json:"total" doc:"How many Target has; null when it does not say." example:"1000"`
	Added     int          `json:"added"`
	Changed   int          `json:"changed"`
	Removed   int          `json:"removed" doc:"How many have vanished from Target."`
	Unordered bool         `json:"unordered" doc:"Target does not list in the order of ids: then nothing is seen to have vanished."`
	StartedAt *time.Time   `json:"started_at"`
	EndedAt   *time.Time   `json:"ended_at"`
	DueAt     *time.Time   `json:"due_at" doc:"When it is taken up next; null for not at all, until the service is connected."`
	Failures  int          `json:"failures" doc:"How often in a row it has failed."`
	Failed    *HealthLayer `json:"failed" doc:"What the last failure was, and what to change where; null without one."`
}

type listAudiences struct {
	CloudServiceRef
	Paging
	Search string `query:"search" doc:"Only those whose name has this in it, whatever the case." example:"gold"`
	Kind   string `query:"type" enum:"reusable,anonymous,property" doc:"Only those of this type."`
	Gone   bool   `query:"gone" doc:"Those that have vanished from Target, in place of those that are there."`
}

const audienceSyncAnswer = `{"state": "running", "tenant_id": "acme", "percent": 40, "read": 400, "total": 1000, "added": 400, "changed": 0, "removed": 0, "unordered": false,
  "started_at": "2026-11-28T09:30:00Z", "ended_at": null, "due_at": "2026-11-28T09:30:00Z", "failures": 0, "failed": null}`

func (s *server) audienceRoutes(h huma.API) {
	const base = cloudServiceOne + "/audiences"
	add(s, h, operation{id: "list-audiences", method: http.MethodGet, path: base, tag: cloudServiceTag,
		summary: "List Target's audiences", description: "As they were synced, by id. A page takes the same time whether there are ten or a hundred thousand.",
		scope: access.ConnectionsRead, fails: []*Kind{kindNotFound, kindState}}, s.listAudiences)
	add(s, h, operation{id: "sync-audiences", method: http.MethodPost, path: base + "/sync", tag: cloudServiceTag, status: http.StatusAccepted,
		summary: "Sync Target's audiences", description: "In the background, as it begins by itself when the service has been connected, and every 12 hours. One that is under way goes on.",
		scope: access.ConnectionsWrite, answers: audienceSyncAnswer, fails: []*Kind{kindNotFound, kindState}}, s.syncAudiences)
	add(s, h, operation{id: "get-audience-sync", method: http.MethodGet, path: base + "/sync", tag: cloudServiceTag,
		summary: "Read how the sync stands", scope: access.ConnectionsRead, answers: audienceSyncAnswer, fails: []*Kind{kindNotFound, kindState}}, s.getAudienceSync)
}

func (s *server) listAudiences(ctx context.Context, c call, in *listAudiences) (*reply[Page[Audience]], error) {
	after, err := numberAfter(in.Cursor)
	if err != nil {
		return nil, err
	}
	all, err := s.CloudServices.Audiences(ctx, c.caller, in.in(c), cloudservice.AudienceQuery{Search: in.Search, Kind: in.Kind, Gone: in.Gone, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := Page[Audience]{Limit: in.Limit}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		out.NextCursor = numberCursor(all[in.Limit-1].ID)
	}
	out.Items = mapped(all, shownAudience)
	return &reply[Page[Audience]]{out}, nil
}

func numberCursor(n int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(n, 10)))
}

// numberAfter reads a cursor that numberCursor made; 0 for none.
func numberAfter(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	n, notNumber := strconv.ParseInt(string(text), 10, 64)
	if err != nil || notNumber != nil || n < 0 {
		return 0, badCursor()
	}
	return n, nil
}

func shownAudience(a cloudservice.Audience) Audience {
	out := Audience{
		ID: a.ID, Name: a.Name, Description: a.Description, Origin: a.Origin, Status: a.Status, Kind: a.Kind, Workspace: a.Workspace,
		ModifiedAt: stamp(a.ModifiedAt), CreatedAt: stamp(a.CreatedAt), GoneAt: stamp(a.GoneAt),
	}
	if a.Rule != "" {
		out.Rule = json.RawMessage(a.Rule)
	}
	return out
}

func (s *server) syncAudiences(ctx context.Context, c call, in *CloudServiceRef) (*reply[AudienceSync], error) {
	return shownSync(s.CloudServices.Sync(ctx, c.caller, in.in(c)))
}

func (s *server) getAudienceSync(ctx context.Context, c call, in *CloudServiceRef) (*reply[AudienceSync], error) {
	return shownSync(s.CloudServices.SyncState(ctx, c.caller, in.in(c)))
}

func shownSync(of cloudservice.Sync, err error) (*reply[AudienceSync], error) {
	if err != nil {
		return nil, err
	}
	w := of.Walk
	out := AudienceSync{
		State: string(of.State), Tenant: w.Tenant, Read: w.Offset, Added: w.Added, Changed: w.Changed, Removed: w.Removed, Unordered: w.Unordered,
		StartedAt: stamp(w.StartedAt), EndedAt: stamp(w.EndedAt), DueAt: stamp(of.DueAt), Failures: w.Failures,
	}
	if percent := of.Percent(); percent >= 0 {
		out.Percent = &percent
	}
	if w.Total >= 0 {
		out.Total = &w.Total
	}
	if w.Failed != nil {
		layer := shownLayer(*w.Failed)
		out.Failed = &layer
	}
	return &reply[AudienceSync]{out}, nil
}
