package web

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/calendar"
	"latchkey/internal/expiry"
)

// The calendar: all that ends, with what to do about it and where, and the addresses by which calendar programs read it.

const placeCalendar = "/calendar"

func (p *Pages) calendarRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET /calendar":                      (*visit).calendarPage,
		"POST /calendar/feeds":               (*visit).calendarFeed,
		"POST /calendar/feeds/{feed}/revoke": (*visit).calendarRevoke,
	}
}

// endingRow is something that ends, as a list shows it.
type endingRow struct {
	expiry.Ending
	// Kind and When are in words; Tone is how near it is.
	KindWords, When, Tone string
	// Do says what to do, Command the command that does it, Path the page where it is done; "" for none.
	Do, Command, Path string
}

// kindWords say what ends.
var kindWords = map[expiry.Kind]string{
	expiry.RefreshToken: "refresh token", expiry.AccessToken: "token that can’t be renewed", expiry.APIKey: "API key", expiry.Certificate: "certificate",
	expiry.ClientSecret: "client secret", expiry.WebhookSecret: "webhook secret", expiry.SigningKey: "signing key", expiry.RootKey: "root key",
}

func kindName(k expiry.Kind) string { return cmp.Or(kindWords[k], string(k)) }

// endingRow says an ending in words.
func (p *Pages) endingRow(e expiry.Ending) endingRow {
	row := endingRow{Ending: e, KindWords: kindName(e.Kind), When: endsWhen(e.Ends, p.Clock.Now()), Tone: endTone(e, p.Clock.Now()), Path: p.endingPath(e)}
	row.Do, row.Command = e.Action, ""
	if at := strings.Index(e.Action, "latchkey "); at > 0 {
		row.Do, row.Command = strings.TrimRight(e.Action[:at], ": "), e.Action[at:]
		if before, _, parenthesis := strings.Cut(row.Do, " ("); parenthesis { // "enable it (latchkey …), or delete it"
			row.Do = before
			row.Command, _, _ = strings.Cut(row.Command, ")")
		}
		row.Command = strings.Replace(row.Command, "latchkey", p.Program, 1)
	}
	return row
}

// endTone colours an end: a week ahead is near, a month is to be known.
func endTone(e expiry.Ending, now time.Time) string {
	left := e.Ends.Sub(now)
	switch {
	case e.Renews:
		return ""
	case left <= expiry.Day:
		return "bad"
	case left <= soon:
		return "warn"
	}
	return ""
}

// soon is from when on an end needs somebody.
const soon = 14 * expiry.Day

// endsWhen says when something ends: by days, for that is how people plan.
func endsWhen(ends, now time.Time) string {
	if left := ends.Sub(now); left >= expiry.Day {
		return "in " + plural(int(left/expiry.Day), "day")
	} else if left < 0 {
		return "ended " + ago(ends, now)
	}
	return ago(ends, now)
}

// endingPath is the page where something is renewed; "" where there is none.
func (p *Pages) endingPath(e expiry.Ending) string {
	_, id, _ := strings.Cut(strings.TrimPrefix(e.Link, "/api/v1/"), "/")
	in := ""
	if e.Sandbox != "" {
		in = "?sandbox=" + url.QueryEscape(e.Sandbox)
	}
	switch {
	case e.Kind == expiry.RefreshToken || e.Kind == expiry.AccessToken:
		return p.leads("/connections/" + url.PathEscape(e.Subject) + in)
	case strings.HasPrefix(e.Link, "/api/v1/ims-certificates/"):
		return p.leads(placeIMS + in)
	case strings.HasPrefix(e.Link, "/api/v1/credentials/"):
		return p.leads("/credentials/" + url.PathEscape(id))
	case e.Kind == expiry.WebhookSecret:
		return p.leads("/settings/webhooks/" + url.PathEscape(e.Subject))
	case e.Kind == expiry.APIKey:
		return p.leads("/settings/keys")
	case e.Kind == expiry.RootKey:
		return p.leads("/settings/root-key")
	}
	return ""
}

// leads gives the first of some addresses that there is a page at; "" for none.
func (p *Pages) leads(addresses ...string) string {
	for _, address := range addresses {
		path, _, _ := strings.Cut(address, "#")
		path, _, _ = strings.Cut(path, "?")
		probe := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}}
		if _, pattern := p.mux.Handler(probe); pattern != "" {
			return address
		}
	}
	return ""
}

// horizons are how far ahead the calendar looks, in days.
var horizons = []int{14, 30, 90, 365}

const (
	calendarDays = 90
	calendarRows = 100
)

// calendarView is what the calendar shows.
type calendarView struct {
	Rows []endingRow
	pager
	Kinds, Spans []choiceOption
	All          bool
	Days         int
	Filtered     bool
	Feeds        []feedRow
	Form         *form
	// Made is the address of a feed that was just made, shown this once.
	Made string
}

type feedRow struct {
	calendar.Feed
	Revoke *form
}

func (v *visit) calendarPage() error { return v.showCalendar(http.StatusOK, "", v.calendarForm()) }

func (v *visit) showCalendar(status int, made string, f *form) error {
	view, err := v.calendarView()
	if err != nil {
		return err
	}
	view.Made, view.Form = made, f
	return v.show(status, "calendar", "Calendar", view)
}

func (v *visit) calendarView() (*calendarView, error) {
	query := v.r.URL.Query()
	view := &calendarView{All: query.Has("all"), Days: calendarDays}
	if n, err := strconv.Atoi(query.Get("days")); err == nil && slices.Contains(horizons, n) {
		view.Days = n
	}
	kind := expiry.Kind(query.Get("kind"))
	if !slices.Contains(expiry.Kinds(), kind) {
		kind = ""
	}
	view.Filtered = kind != "" || query.Has("days")
	view.Kinds = []choiceOption{{Value: "", Label: "Everything", Chosen: kind == ""}}
	for _, k := range expiry.Kinds() {
		name := kindName(k)
		view.Kinds = append(view.Kinds, choiceOption{Value: string(k), Label: strings.ToUpper(name[:1]) + name[1:] + "s", Chosen: k == kind})
	}
	for _, n := range horizons {
		view.Spans = append(view.Spans, choiceOption{Value: strconv.Itoa(n), Label: plural(n, "day"), Chosen: n == view.Days})
	}
	found, err := v.Calendar.List(v.r.Context(), v.caller, calendar.Ask{
		Within: time.Duration(view.Days) * expiry.Day, Kind: kind, Attention: !view.All, After: readPosition(v.cursor()), Limit: calendarRows + 1,
	})
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > calendarRows {
		found = found[:calendarRows]
		next = writePosition(found[calendarRows-1].Position())
	}
	view.pager = v.pager(next)
	for _, e := range found {
		view.Rows = append(view.Rows, v.endingRow(e))
	}
	return view, v.calendarFeeds(view)
}

func (v *visit) calendarFeeds(view *calendarView) error {
	feeds, err := v.Calendar.Feeds(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		row := feedRow{Feed: f}
		if v.may(access.RegistryWrite) || f.CreatedBy == v.caller.ID {
			row.Revoke = v.form("/calendar/feeds/"+url.PathEscape(f.ID)+"/revoke", "Revoke")
			row.Revoke.Danger = true
		}
		view.Feeds = append(view.Feeds, row)
	}
	return nil
}

func (v *visit) calendarForm() *form {
	return v.form("/calendar/feeds", "Make an address", text("name", "Whose calendar reads it", "", "Such as “platform team”. The address opens this list alone, to what you see, and can be revoked.").needed())
}

// calendarFeed makes an address for a calendar program. It is shown on the answer, and never again.
func (v *visit) calendarFeed() error {
	made, err := v.Calendar.CreateFeed(v.r.Context(), v.caller, v.value("name"))
	if problems, ok := told(err); err != nil && ok {
		f := v.calendarForm()
		f.Inputs[0].Value = v.value("name")
		f.put(problems)
		return v.showCalendar(http.StatusUnprocessableEntity, "", f)
	}
	if err != nil {
		return err
	}
	return v.showCalendar(http.StatusOK, v.base()+"/api/v1/expiring.ics?feed="+made.Token.Reveal(), v.calendarForm())
}

func (v *visit) calendarRevoke() error {
	if err := v.Calendar.RevokeFeed(v.r.Context(), v.caller, v.r.PathValue("feed")); err != nil {
		return err
	}
	return v.done(placeCalendar, "The address is revoked: calendar programs that have it read nothing any more.")
}

// writePosition and readPosition are the calendar's cursor.
func writePosition(p expiry.Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.Ends.UnixMicro(), 10) + " " + string(p.Kind) + " " + p.Subject))
}

func readPosition(text string) expiry.Position {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.SplitN(string(raw), " ", 3)
	if err != nil || len(parts) != 3 {
		return expiry.Position{}
	}
	ends, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return expiry.Position{}
	}
	return expiry.Position{Ends: time.UnixMicro(ends), Kind: expiry.Kind(parts[1]), Subject: parts[2]}
}
