// Package target calls Adobe Target from a server: the Admin API ([Client]), and the older one that is called Classic ([Classic]).
//
// It owns what is known of these APIs: addresses, the version that each resource is asked in, pages, the two layers that refuse
// in two forms, and what each refusal means ([Error], [Explain]). Lists are asked for page by page and read item by item, so that
// an account of any size takes the memory of one page. A request is repeated only where the other side can't have acted on it
// twice.
//
// It trusts the address that it was made with, which is the operator's, and the token that it is handed with each call; it keeps
// neither tokens nor answers. Facts are those of spec/aem-target-analytics.md §2.
package target

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// Base is the address of the Admin API.
const Base = "https://mc.adobe.io"

// Sender sends requests outward. It is [egress.Client].
type Sender interface {
	Do(ctx context.Context, req *http.Request) (*egress.Response, error)
}

// Account is whose Target is called, and as whom.
type Account struct {
	// Tenant is the tenant id, a part of each path. A client code is another thing, and often the same text.
	Tenant string
	Access
}

// Access is what a call takes.
type Access struct {
	Token secret.String
	// APIKey is the client id that the token was given to.
	APIKey string
}

// Audience is what AEM calls a segment.
type Audience struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Origin is "target", or "cloud" for what comes of another product.
	Origin string `json:"origin"`
	// Status is "saved" or "deleted"; Type "reusable", "anonymous" or "property".
	Status     string `json:"status"`
	Type       string `json:"type"`
	Workspace  string `json:"workspace"`
	ModifiedAt Moment `json:"modifiedAt"`
	CreatedAt  Moment `json:"createdAt"`
	// TargetRule is how Target's own are made, AudienceRule how those of other products are; never both.
	TargetRule   json.RawMessage `json:"targetRule"`
	AudienceRule json.RawMessage `json:"audienceRule"`
}

// Activity is one of the list of activities.
type Activity struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	State string `json:"state"`
	// Priority is from 0 to 999.
	Priority int `json:"priority"`
	// ReportingSource is "analytics" for activities that report to Analytics (A4T).
	ReportingSource string   `json:"reportingSource"`
	Workspace       string   `json:"workspace"`
	PropertyIDs     []int64  `json:"propertyIds"`
	StartsAt        Moment   `json:"startsAt"`
	EndsAt          Moment   `json:"endsAt"`
	Lifetime        Lifetime `json:"lifetime"`
	ModifiedAt      Moment   `json:"modifiedAt"`
	ModifiedBy      string   `json:"modifiedByName"`
}

// Lifetime is when an activity is meant to be seen.
type Lifetime struct {
	Start Moment `json:"start"`
	End   Moment `json:"end"`
}

// Mbox is a place on a page.
type Mbox struct {
	Name          string `json:"name"`
	Status        string `json:"status"`
	LastRequested Moment `json:"lastRequestedAt"`
}

// Property is a part of an account: a site, an app.
type Property struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Channel     string   `json:"channel"`
	Description string   `json:"description"`
	Token       string   `json:"token"`
	Workspaces  []string `json:"workspaces"`
}

// Moment is a time that Target tells. What can't be read is the zero one: an odd date must not hide an audience.
type Moment struct{ time.Time }

// UnmarshalJSON reads ISO 8601.
func (m *Moment) UnmarshalJSON(data []byte) error {
	m.Time = time.Time{}
	text := strings.Trim(string(data), `"`)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			m.Time = at.UTC().Truncate(time.Microsecond)
			return nil
		}
	}
	return nil
}
