package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// The audiences of Target that were synced, and how their sync stands.

func (p *Pages) audienceRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + serviceOne + "/audiences":            (*visit).audienceList,
		"POST " + serviceOne + "/audiences/sync":      (*visit).audienceSync,
		"GET " + serviceOne + "/audiences/progress":   (*visit).audienceProgress,
		"GET " + serviceOne + "/audiences/{audience}": (*visit).audienceItem,
	}
}

// audiencesPerPage is how many audiences a page lists.
const audiencesPerPage = 50

// audienceRow is an audience as the list shows it.
type audienceRow struct {
	cloudservice.Audience
	Path, WorkspaceName string
}

// audienceKinds are what can be shown alone.
var audienceKinds = []struct{ value, label string }{{"", "All kinds"}, {"reusable", "Reusable"}, {"anonymous", "Made within an activity"}, {"property", "Of a property"}}

func (v *visit) audienceList() error {
	head, err := v.serviceHead(cloudservice.Target, partAudiences, "sync audiences")
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	view := struct {
		serviceHead
		Sync         syncView
		Rows         []audienceRow
		Search, Only string
		Kinds        []choiceOption
		Gone         bool
		Pager        pager
	}{serviceHead: head, Search: query.Get("q"), Only: query.Get("kind"), Gone: query.Get("gone") != ""}
	for _, k := range audienceKinds {
		view.Kinds = append(view.Kinds, choiceOption{Value: k.value, Label: k.label, Chosen: k.value == view.Only})
	}
	if view.Sync, err = v.syncView(&head); err != nil {
		return err
	}
	after, _ := strconv.ParseInt(v.cursor(), 10, 64) // what is no number is the beginning
	found, err := v.CloudServices.Audiences(v.r.Context(), v.caller, v.serviceRef(), cloudservice.AudienceQuery{
		Search: view.Search, Kind: view.Only, Gone: view.Gone, After: after, Limit: audiencesPerPage + 1,
	})
	if err != nil {
		return err
	}
	next := ""
	if len(found) > audiencesPerPage {
		found = found[:audiencesPerPage]
		next = strconv.FormatInt(found[audiencesPerPage-1].ID, 10)
	}
	for _, a := range found {
		view.Rows = append(view.Rows, audienceRow{a, head.Path + "/audiences/" + strconv.FormatInt(a.ID, 10), head.WorkspaceName(a.Workspace)})
	}
	view.Pager = v.pager(next)
	withStreams(v.w.Header())
	return v.show(http.StatusOK, "service_audiences", "Audiences of "+head.Title, &view)
}

// audienceItem shows one, though it has vanished.
func (v *visit) audienceItem() error {
	head, err := v.serviceHead(cloudservice.Target, partAudiences, "sync audiences")
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(v.r.PathValue("audience"), 10, 64)
	if err != nil || id <= 0 {
		return errNoAudience
	}
	for _, gone := range []bool{false, true} {
		found, err := v.CloudServices.Audiences(v.r.Context(), v.caller, v.serviceRef(), cloudservice.AudienceQuery{Gone: gone, After: id - 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].ID != id {
			continue
		}
		view := struct {
			serviceHead
			Audience audienceRow
			Rule     string
		}{head, audienceRow{found[0], "", head.WorkspaceName(found[0].Workspace)}, prettyJSON([]byte(found[0].Rule))}
		return v.show(http.StatusOK, "service_audience", cmp.Or(found[0].Name, "Audience "+strconv.FormatInt(id, 10)), &view)
	}
	return errNoAudience
}

var errNoAudience = errors.New("there is no such audience among those that were synced")

// prettyShown is how much of a text in JSON a page shows.
const prettyShown = 16 << 10

// prettyJSON indents JSON, and cuts what is long.
func prettyJSON(text []byte) string {
	var out bytes.Buffer
	if len(text) > 4*prettyShown || json.Indent(&out, text, "", "  ") != nil {
		out.Reset()
		out.Write(text)
	}
	return abridged(out.String(), prettyShown)
}

// abridged cuts a text, and says so.
func abridged(text string, most int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "\n… " + grouped(int64(len(text)-most)) + " more bytes"
}

// syncView is how a sync stands, in words.
type syncView struct {
	Tone, Says string
	// Live tells that it goes on while somebody looks.
	Live bool
	// Percent is how far it is, −1 when nobody knows.
	Percent int
	Counts  string
	Layers  []finding.Layer
	Act     *form
	// NextAt is when it is taken up next, EndedAt when it ended last.
	StartedAt, EndedAt, NextAt time.Time
}

func (v *visit) syncView(head *serviceHead) (syncView, error) {
	var out syncView
	if head.May && head.Unready == "" {
		out.Act = v.form(head.Path+"/audiences/sync", "Sync now")
	}
	sync, err := v.CloudServices.SyncState(v.r.Context(), v.caller, v.serviceRef())
	if errors.Is(err, cloudservice.ErrNeverSynced) {
		out.Says, out.Percent = "They were never synced.", -1
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.tell(&sync)
	if out.Live {
		out.Act = nil
	}
	return out, nil
}

// tell says in words how it stands.
func (s *syncView) tell(sync *cloudservice.Sync) {
	w := &sync.Walk
	s.Percent, s.StartedAt, s.EndedAt = sync.Percent(), w.StartedAt, w.EndedAt
	s.Counts = fmt.Sprintf("%s new, %s changed, %s gone", grouped(int64(w.Added)), grouped(int64(w.Changed)), grouped(int64(w.Removed)))
	of := ""
	if w.Total >= 0 {
		of = " of " + grouped(int64(w.Total))
	}
	switch sync.State {
	case cloudservice.SyncWaiting:
		s.Says, s.Live = "A sync waits for its turn.", true
	case cloudservice.SyncRunning:
		s.Says, s.Live = "A sync is under way: "+grouped(int64(w.Offset))+of+" audiences read.", true
	case cloudservice.SyncDone:
		s.Tone, s.NextAt = "good", sync.DueAt
		s.Says = "Synced: Target has " + grouped(int64(max(w.Total, w.Offset))) + " audiences."
	case cloudservice.SyncFailed:
		s.Tone, s.NextAt = "bad", sync.DueAt
		s.Says = fmt.Sprintf("The sync stopped after %s%s audiences, for the %s time in a row. What was synced before stays; it goes on from there.", grouped(int64(w.Offset)), of, ordinal(w.Failures))
		if w.Failed != nil {
			s.Layers = []finding.Layer{*w.Failed}
		}
	}
	if w.Unordered && s.Counts != "" {
		s.Counts += "; Target lists them in no order, so that what is gone can’t be told"
	}
}

func (v *visit) audienceSync() error {
	if _, err := v.CloudServices.Sync(v.r.Context(), v.caller, v.serviceRef()); err != nil {
		return err
	}
	head, err := v.serviceHead(cloudservice.Target, partAudiences, "")
	if err != nil {
		return err
	}
	return v.done(head.Path+"/audiences", "The sync of the audiences was begun.")
}

// progressEvery is how often the sync is looked at for a live view.
const progressEvery = time.Second

// audienceProgress streams how the sync stands, until it has ended.
func (v *visit) audienceProgress() error {
	head, err := v.serviceHead(cloudservice.Target, partAudiences, "")
	if err != nil {
		return err
	}
	return v.stream(func(l *live) error {
		before := syncView{}
		for {
			now, err := v.syncView(&head)
			if err != nil {
				return err
			}
			if !now.Live {
				return l.send("done", nil)
			}
			if now.Says != before.Says || now.Percent != before.Percent || now.Counts != before.Counts {
				if err := l.send("state", map[string]any{"says": now.Says, "counts": now.Counts, "percent": now.Percent}); err != nil {
					return err
				}
			}
			before = now
			if !l.wait(nil, progressEvery) {
				return nil
			}
		}
	})
}

// grouped writes a number with blanks between thousands, as people read it.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:] // narrow, and no line breaks there
	}
	return text
}

func ordinal(n int) string {
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		return strconv.Itoa(n) + "st"
	case n%10 == 2:
		return strconv.Itoa(n) + "nd"
	case n%10 == 3:
		return strconv.Itoa(n) + "rd"
	}
	return strconv.Itoa(n) + "th"
}
