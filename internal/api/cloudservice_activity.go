package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/target"
)

// TargetActivity is an activity of the account, as Target has it now.
type TargetActivity struct {
	ID              int64      `json:"id" example:"168816"`
	Name            string     `json:"name" example:"Front page"`
	Kind            string     `json:"type" doc:"ab, xt, abt, auto_allocate, mvt or recs." example:"ab"`
	State           string     `json:"state" doc:"approved, saved, deactivated or deleted." example:"approved"`
	Priority        int        `json:"priority" example:"5"`
	ReportingSource string     `json:"reporting_source,omitempty" doc:"analytics for those that report to Analytics (A4T)." example:"target"`
	Workspace       string     `json:"workspace,omitempty"`
	PropertyIDs     []int64    `json:"property_ids,omitempty"`
	StartsAt        *time.Time `json:"starts_at"`
	EndsAt          *time.Time `json:"ends_at"`
	ModifiedAt      *time.Time `json:"modified_at"`
	ModifiedBy      string     `json:"modified_by,omitempty"`
}

// TargetMbox is a place on a page.
type TargetMbox struct {
	Name            string     `json:"name" example:"target-global-mbox"`
	Status          string     `json:"status,omitempty"`
	LastRequestedAt *time.Time `json:"last_requested_at"`
}

// TargetProperty is a part of the account: a site, an app.
type TargetProperty struct {
	ID          int64    `json:"id" example:"42"`
	Name        string   `json:"name" example:"Shop"`
	Channel     string   `json:"channel,omitempty" doc:"web, mobile, email or other." example:"web"`
	Description string   `json:"description,omitempty"`
	Token       string   `json:"token,omitempty" doc:"What pages send as at_property. It is no secret."`
	Workspaces  []string `json:"workspaces,omitempty"`
}

type listOfTarget struct {
	CloudServiceRef
	Paging
}

func (s *server) targetListRoutes(h huma.API) {
	for _, list := range []struct {
		id, path, what string
	}{{"list-activities", "activities", "activities"}, {"list-mboxes", "mboxes", "mboxes"}, {"list-properties", "properties", "properties"}} {
		op := operation{id: list.id, method: http.MethodGet, path: cloudServiceOne + "/" + list.path, tag: cloudServiceTag,
			summary: "List Target's " + list.what, description: "As Target has them now; nothing is kept of them. They can be read here, and changed in Target.",
			scope: access.ConnectionsRead, fails: []*Kind{kindNotFound, kindState, kindProduct}}
		switch list.path {
		case "activities":
			add(s, h, op, s.listActivities)
		case "mboxes":
			add(s, h, op, s.listMboxes)
		default:
			add(s, h, op, s.listProperties)
		}
	}
}

func (s *server) listActivities(ctx context.Context, c call, in *listOfTarget) (*reply[Page[TargetActivity]], error) {
	return ofTarget(ctx, c, in, s.CloudServices.Activities, func(a target.Activity) TargetActivity {
		starts, ends := a.StartsAt, a.EndsAt
		if starts.IsZero() {
			starts = a.Lifetime.Start
		}
		if ends.IsZero() {
			ends = a.Lifetime.End
		}
		return TargetActivity{
			ID: a.ID, Name: a.Name, Kind: a.Type, State: a.State, Priority: a.Priority, ReportingSource: a.ReportingSource, Workspace: a.Workspace,
			PropertyIDs: a.PropertyIDs, StartsAt: stamp(starts.Time), EndsAt: stamp(ends.Time), ModifiedAt: stamp(a.ModifiedAt.Time), ModifiedBy: a.ModifiedBy,
		}
	})
}

func (s *server) listMboxes(ctx context.Context, c call, in *listOfTarget) (*reply[Page[TargetMbox]], error) {
	return ofTarget(ctx, c, in, s.CloudServices.Mboxes, func(m target.Mbox) TargetMbox {
		return TargetMbox{m.Name, m.Status, stamp(m.LastRequested.Time)}
	})
}

func (s *server) listProperties(ctx context.Context, c call, in *listOfTarget) (*reply[Page[TargetProperty]], error) {
	return ofTarget(ctx, c, in, s.CloudServices.Properties, func(p target.Property) TargetProperty { return TargetProperty(p) })
}

// ofTarget asks for a part of a list that Target keeps. The cursor is the place in it: Target has no better one.
func ofTarget[T, U any](
	ctx context.Context, c call, in *listOfTarget, list func(context.Context, access.Caller, cloudservice.Ref, cloudservice.Part) ([]T, bool, error), shown func(T) U,
) (*reply[Page[U]], error) {
	offset, err := numberAfter(in.Cursor)
	if err != nil {
		return nil, err
	}
	const most = 1 << 30
	all, more, err := list(ctx, c.caller, in.in(c), cloudservice.Part{Offset: int(min(offset, most)), Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := Page[U]{Items: mapped(all, shown), Limit: in.Limit}
	if more {
		out.NextCursor = numberCursor(offset + int64(len(all)))
	}
	return &reply[Page[U]]{out}, nil
}
