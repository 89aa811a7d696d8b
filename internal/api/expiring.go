package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/calendar"
	"latchkey/internal/expiry"
)

// Expiring is one thing that ends.
type Expiring struct {
	Kind      string    `json:"kind" enum:"refresh_token,access_token,api_key,certificate,client_secret,webhook_secret,signing_key,root_key" example:"refresh_token"`
	Subject   string    `json:"subject" doc:"The thing's id." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name      string    `json:"name" doc:"What people call it." example:"acme-emea"`
	Sandbox   *string   `json:"sandbox" doc:"Null for what is in none." example:"prod"`
	Scope     string    `json:"scope" enum:"organization,installation" doc:"Whose it is."`
	ExpiresAt time.Time `json:"expires_at"`
	ExpiresIn int64     `json:"expires_in" doc:"Seconds from now; less than 0 for what has ended." example:"604800"`
	Renews    bool      `json:"renews" doc:"Whether Latchkey renews it before then by itself, so that nobody need do anything."`
	Fix       string    `json:"fix" doc:"What to do, with the command where there is one." example:"consent again: latchkey connection reauthorize acme-emea --sandbox prod"`
	URL       *string   `json:"url" doc:"Where the thing is."`
}

// Feed is an address by which a calendar program reads what ends.
type Feed struct {
	ID        string    `json:"id" example:"feed_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name      string    `json:"name" example:"platform team"`
	Sandbox   *string   `json:"sandbox" doc:"The only sandbox that it shows; null for every one."`
	Scopes    []string  `json:"scopes" nullable:"false" doc:"What it may see, and nothing else can be done with it."`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// CreatedFeed is a feed with its address.
type CreatedFeed struct {
	Feed
	URL string `json:"url" doc:"The address. Whoever has it reads the calendar; it is shown this once." example:"https://latchkey.example.com/api/v1/expiring.ics?feed=lkf_…"`
}

// NewFeed asks for a feed.
type NewFeed struct {
	Name string `json:"name" doc:"Whose calendar reads it." example:"platform team"`
}

type (
	// ExpiringFilter is the part of an input that says what to list.
	ExpiringFilter struct {
		Within string `query:"within" default:"60d" doc:"How far ahead to look: days as 30d, or hours as 12h; up to 3650d." example:"30d"`
		Kind   string `query:"kind" enum:"refresh_token,access_token,api_key,certificate,client_secret,webhook_secret,signing_key,root_key" doc:"Only things of this kind."`
		Renews string `query:"renews" enum:"true,false,any" doc:"false leaves out what Latchkey renews by itself."`
	}
	listExpiring struct {
		ExpiringFilter
		Paging
	}
	feedID struct {
		ID string `path:"id" doc:"The feed's id." example:"feed_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	}
	calendarFile struct {
		ContentType        string `header:"Content-Type"`
		ContentDisposition string `header:"Content-Disposition"`
		Body               []byte
	}
)

const (
	expiringPath = apiPrefix + "/expiring"
	icsPath      = expiringPath + ".ics"
	feedParam    = "feed"
	icsLimit     = 5000 // endings in one calendar, the nearest
)

const feedMembers = `"id": "feed_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "platform team", "sandbox": null, "scopes": ["connections:read", "registry:read"],
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z"`

func (s *server) expiringRoutes(h huma.API) {
	const tag = "What ends"
	add(s, h, operation{id: "list-expiring", method: http.MethodGet, path: expiringPath, tag: tag,
		summary: "List what ends", description: "The nearest end first; what ended within the last week and is still there too. Connections, and with `registry:read` keys and webhook secrets, and with `admin` what the installation itself has: certificates, root keys. Without a sandbox: all of yours.",
		scope: access.ConnectionsRead}, s.listExpiring)
	add(s, h, operation{id: "get-expiring-calendar", method: http.MethodGet, path: icsPath, tag: tag,
		summary: "Read what ends as a calendar", description: "iCalendar (RFC 5545): what somebody must act on, unless `renews=any`. Calendar programs, which send no key, read it by a feed's address.",
		scope: access.ConnectionsRead}, s.expiringCalendar)
	add(s, h, operation{id: "create-expiring-feed", method: http.MethodPost, path: expiringPath + "/feeds", tag: tag, status: http.StatusCreated,
		summary: "Make an address for a calendar program", description: "It opens the calendar alone, to what the key that makes it sees, until it is revoked. It is in this answer and nowhere else.",
		scope: access.ConnectionsRead, asks: `{"name": "platform team"}`,
		answers:    `{` + feedMembers + `, "url": "https://latchkey.example.com/api/v1/expiring.ics?feed=lkf_…"}`,
		idempotent: true}, s.createFeed)
	add(s, h, operation{id: "list-expiring-feeds", method: http.MethodGet, path: expiringPath + "/feeds", tag: tag,
		summary: "List the addresses for calendar programs", description: "Without the addresses, in the order of their ids.", scope: access.ConnectionsRead}, s.listFeeds)
	add(s, h, operation{id: "revoke-expiring-feed", method: http.MethodDelete, path: expiringPath + "/feeds/{id}", tag: tag, status: http.StatusNoContent,
		summary: "Revoke the address of a calendar program", description: "It ends at once. The key that made it may, and every other needs `registry:write`.",
		scope: access.ConnectionsRead, fails: []*Kind{kindNotFound}}, s.revokeFeed)
}

func (s *server) listExpiring(ctx context.Context, c call, in *listExpiring) (*reply[Page[Expiring]], error) {
	ask, err := in.ask(in.Limit + 1)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" {
		if ask.After, err = parsePosition(in.Cursor); err != nil {
			return nil, err
		}
	}
	found, err := s.Calendar.List(ctx, c.within(), ask)
	if err != nil {
		return nil, err
	}
	out := Page[Expiring]{Limit: in.Limit}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.NextCursor = writePosition(found[in.Limit-1].Position())
	}
	now := s.Clock.Now()
	out.Items = mapped(found, func(e expiry.Ending) Expiring { return s.shownExpiring(e, now) })
	return &reply[Page[Expiring]]{out}, nil
}

func (f ExpiringFilter) ask(limit int) (calendar.Ask, error) {
	within, err := parseWithin(f.Within)
	return calendar.Ask{Within: within, Kind: expiry.Kind(f.Kind), Attention: f.Renews == "false", Limit: limit}, err
}

// parseWithin reads days or a duration.
func parseWithin(text string) (time.Duration, error) {
	const most = 3650 * expiry.Day
	within, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n <= 3650 {
			within = time.Duration(n) * expiry.Day
		}
	}
	if err != nil || within <= 0 || within > most {
		return 0, invalid(Item{Parameter: "within", Message: "it is no time ahead", Fix: "Write days as 30d or hours as 12h, up to 3650d."})
	}
	return within, nil
}

func writePosition(p expiry.Position) string {
	text, err := json.Marshal([]any{p.Ends.UTC(), p.Subject, p.Kind})
	if err != nil {
		panic("api: a place can't be encoded: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parsePosition(cursor string) (p expiry.Position, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(text)).Decode(&[]any{&p.Ends, &p.Subject, &p.Kind})
	}
	if err != nil || p.Ends.IsZero() {
		return expiry.Position{}, badCursor()
	}
	return p, nil
}

func (s *server) shownExpiring(e expiry.Ending, now time.Time) Expiring {
	out := Expiring{
		Kind: string(e.Kind), Subject: e.Subject, Name: e.Name, Sandbox: optional(e.Sandbox), Scope: "organization", ExpiresAt: *stamp(e.Ends),
		ExpiresIn: int64(e.Ends.Sub(now).Seconds()), Renews: e.Renews, Fix: e.Action,
	}
	if e.Organization == "" {
		out.Scope = "installation"
	}
	if e.Link != "" {
		out.URL = optional(s.base() + e.Link)
	}
	return out
}

func (s *server) expiringCalendar(ctx context.Context, c call, in *ExpiringFilter) (*calendarFile, error) {
	ask, err := in.ask(icsLimit)
	if err != nil {
		return nil, err
	}
	ask.Attention = in.Renews != "any" && in.Renews != "true"
	found, err := s.Calendar.List(ctx, c.within(), ask)
	if err != nil {
		return nil, err
	}
	feed := expiry.Feed{Name: "Latchkey: what ends", Host: "latchkey", Base: s.base(), Made: s.Clock.Now()}
	if u, err := url.Parse(s.base()); err == nil && u.Hostname() != "" {
		feed.Host = u.Hostname()
	}
	return &calendarFile{"text/calendar; charset=utf-8", `attachment; filename="latchkey.ics"`, feed.Calendar(found)}, nil
}

func (s *server) createFeed(ctx context.Context, c call, in *struct{ body[NewFeed] }) (*created[CreatedFeed], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Calendar.CreateFeed(ctx, c.within(), ask.Name)
	if err != nil {
		return nil, err
	}
	base := c.base
	if base == "" {
		base = s.base()
	}
	return &created[CreatedFeed]{
		Location: expiringPath + "/feeds/" + url.PathEscape(made.ID),
		Body:     CreatedFeed{shownFeed(made.Feed), trimSlash(base) + icsPath + "?" + feedParam + "=" + made.Token.Reveal()},
	}, nil
}

func (s *server) listFeeds(ctx context.Context, c call, in *Paging) (*reply[Page[Feed]], error) {
	all, err := s.Calendar.Feeds(ctx, c.within())
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownFeed), *in, func(f Feed) string { return f.ID })
	return &reply[Page[Feed]]{out}, err
}

func (s *server) revokeFeed(ctx context.Context, c call, in *feedID) (*done, error) {
	return nil, s.Calendar.RevokeFeed(ctx, c.within(), in.ID)
}

func shownFeed(f calendar.Feed) Feed {
	return Feed{ID: f.ID, Name: f.Name, Sandbox: optional(f.Sandbox), Scopes: f.Scopes.Strings(), CreatedBy: f.CreatedBy, CreatedAt: *stamp(f.CreatedAt)}
}

// feedReader gives who reads the calendar by a feed's address; false when the request is another.
func (s *server) feedReader(r *http.Request) (access.Caller, *Problem, bool) {
	if r.URL.Path != icsPath || r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Authorization") != "" {
		return access.Caller{}, nil, false
	}
	token := r.URL.Query().Get(feedParam)
	if token == "" {
		return access.Caller{}, nil, false
	}
	caller, err := s.Calendar.Reader(r.Context(), token)
	switch {
	case err == nil:
		return caller, nil, true
	case errors.Is(err, calendar.ErrNotFound):
		return caller, s.unauthenticated(r, `Bearer realm="latchkey"`, "The calendar's address is unknown, or was revoked."), true
	}
	return caller, s.problem(r.Context(), err), true
}
