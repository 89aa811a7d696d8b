package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Audience is one of Target's, as it was synced.
type Audience struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Origin      string `json:"origin"`
	Status      string `json:"status"`
	// Kind is "reusable", "anonymous" or "property".
	Kind      string          `json:"type"`
	Workspace string          `json:"workspace"`
	Rule      json.RawMessage `json:"rule"`
	// ModifiedAt and CreatedAt are nil where Target does not say; GoneAt while it is there.
	ModifiedAt *time.Time `json:"modified_at"`
	CreatedAt  *time.Time `json:"created_at"`
	GoneAt     *time.Time `json:"gone_at"`

	Answer
}

// AudienceSync is how the sync of a service's audiences stands.
type AudienceSync struct {
	// State is "waiting", "running", "done" or "failed".
	State  string `json:"state"`
	Tenant string `json:"tenant_id"`
	// Percent and Total are nil when Target does not say how many there are.
	Percent   *int       `json:"percent"`
	Read      int        `json:"read"`
	Total     *int       `json:"total"`
	Added     int        `json:"added"`
	Changed   int        `json:"changed"`
	Removed   int        `json:"removed"`
	Unordered bool       `json:"unordered"`
	StartedAt *time.Time `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	DueAt     *time.Time `json:"due_at"`
	Failures  int        `json:"failures"`
	// Failed is what the last failure was; nil without one.
	Failed *HealthLayer `json:"failed"`

	Answer
}

// AudienceQuery selects audiences; the zero value is all that are there.
type AudienceQuery struct {
	// Search is a part of the name; Kind a type.
	Search, Kind string
	// Gone asks for those that have vanished.
	Gone bool
}

func targetPath(ref, rest string) string { return "/cloud-services/" + segment(ref) + "/" + rest }

// Audiences lists those of a service of Target, by id.
func (c *Client) Audiences(ctx context.Context, ref string, q AudienceQuery) iter.Seq2[Audience, error] {
	query := url.Values{"search": {q.Search}, "type": {q.Kind}, "limit": {"200"}}
	if q.Gone {
		query.Set("gone", "true")
	}
	return list[Audience](ctx, c, targetPath(ref, "audiences"), query)
}

// SyncAudiences begins a sync in the background.
func (c *Client) SyncAudiences(ctx context.Context, ref string) (AudienceSync, error) {
	return change[AudienceSync](ctx, c, http.MethodPost, targetPath(ref, "audiences/sync"), nil)
}

// AudienceSync tells how it stands.
func (c *Client) AudienceSync(ctx context.Context, ref string) (AudienceSync, error) {
	return get[AudienceSync](ctx, c, targetPath(ref, "audiences/sync"))
}

// Offer is one that was pushed to Target.
type Offer struct {
	Name string `json:"name"`
	// Kind is "html" or "json".
	Kind      string `json:"kind"`
	Workspace string `json:"workspace"`
	// TargetID is nil while nobody knows whether it was made.
	TargetID *int64    `json:"target_id"`
	SHA256   string    `json:"content_sha256"`
	PushedAt time.Time `json:"pushed_at"`
	// Outcome of a push is "created", "updated" or "found".
	Outcome string `json:"outcome"`

	Answer
}

// OfferPush is what an offer is to be.
type OfferPush struct {
	Kind      string  `json:"kind"`
	Content   string  `json:"content"`
	Workspace *string `json:"workspace,omitempty"`
}

// OfferRemoval says what a removal leaves behind.
type OfferRemoval struct {
	Warnings []string `json:"warnings"`

	Answer
}

// Offers lists those that were pushed with a service, by name.
func (c *Client) Offers(ctx context.Context, ref string) iter.Seq2[Offer, error] {
	return list[Offer](ctx, c, targetPath(ref, "offers"), nil)
}

// PushOffer makes an offer, or brings the one of that name up to date.
func (c *Client) PushOffer(ctx context.Context, ref, name string, p OfferPush) (Offer, error) {
	return change[Offer](ctx, c, http.MethodPut, targetPath(ref, "offers/"+segment(name)), p)
}

// DeleteOffer deletes an offer in Target; with anyway also one that an activity shows.
func (c *Client) DeleteOffer(ctx context.Context, ref, name string, anyway bool) (OfferRemoval, error) {
	var out OfferRemoval
	query := url.Values{}
	if anyway {
		query.Set("anyway", "true")
	}
	_, err := c.do(ctx, call{method: http.MethodDelete, path: targetPath(ref, "offers/"+segment(name)), query: query}, &out)
	return out, err
}

// TargetActivity is an activity of an account of Target.
type TargetActivity struct {
	ID              int64      `json:"id"`
	Name            string     `json:"name"`
	Kind            string     `json:"type"`
	State           string     `json:"state"`
	Priority        int        `json:"priority"`
	ReportingSource string     `json:"reporting_source"`
	Workspace       string     `json:"workspace"`
	PropertyIDs     []int64    `json:"property_ids"`
	StartsAt        *time.Time `json:"starts_at"`
	EndsAt          *time.Time `json:"ends_at"`
	ModifiedAt      *time.Time `json:"modified_at"`
	ModifiedBy      string     `json:"modified_by"`

	Answer
}

// TargetMbox is a place on a page.
type TargetMbox struct {
	Name            string     `json:"name"`
	Status          string     `json:"status"`
	LastRequestedAt *time.Time `json:"last_requested_at"`

	Answer
}

// TargetProperty is a part of an account of Target.
type TargetProperty struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Channel     string   `json:"channel"`
	Description string   `json:"description"`
	Token       string   `json:"token"`
	Workspaces  []string `json:"workspaces"`

	Answer
}

// TargetActivities lists the account's activities, as Target has them now.
func (c *Client) TargetActivities(ctx context.Context, ref string) iter.Seq2[TargetActivity, error] {
	return list[TargetActivity](ctx, c, targetPath(ref, "activities"), nil)
}

// TargetMboxes lists the account's mboxes.
func (c *Client) TargetMboxes(ctx context.Context, ref string) iter.Seq2[TargetMbox, error] {
	return list[TargetMbox](ctx, c, targetPath(ref, "mboxes"), nil)
}

// TargetProperties lists the account's properties.
func (c *Client) TargetProperties(ctx context.Context, ref string) iter.Seq2[TargetProperty, error] {
	return list[TargetProperty](ctx, c, targetPath(ref, "properties"), nil)
}

// CloudServiceSnippet is what a page embeds.
type CloudServiceSnippet struct {
	HTML     string   `json:"html"`
	Notes    []string `json:"notes"`
	Requires []string `json:"requires"`

	Answer
}

// OwnLibrary is an at.js or mbox.js of one's own.
type OwnLibrary struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Content is there when the library is read.
	Content    string    `json:"content"`
	UploadedAt time.Time `json:"uploaded_at"`

	Answer
}

// CloudServiceSnippet renders what a page embeds.
func (c *Client) CloudServiceSnippet(ctx context.Context, ref string) (CloudServiceSnippet, error) {
	return get[CloudServiceSnippet](ctx, c, targetPath(ref, "snippet"))
}

// UploadClientLibrary keeps a library in the place of the one before.
func (c *Client) UploadClientLibrary(ctx context.Context, ref, name, content string) (OwnLibrary, error) {
	return change[OwnLibrary](ctx, c, http.MethodPut, targetPath(ref, "library"), map[string]string{"name": name, "content": content})
}

// ClientLibrary gives the library that was uploaded.
func (c *Client) ClientLibrary(ctx context.Context, ref string) (OwnLibrary, error) {
	return get[OwnLibrary](ctx, c, targetPath(ref, "library"))
}

// DeleteClientLibrary removes it.
func (c *Client) DeleteClientLibrary(ctx context.Context, ref string) error {
	return c.remove(ctx, targetPath(ref, "library"))
}
