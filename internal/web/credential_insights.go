package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/decision"
	"latchkey/internal/project"
)

// reasonRow is a reason for which tokens were refused.
type reasonRow struct {
	Code, Says, Advice string
	Times              int64
	Last               time.Time
	// Places are where such requests came from, the latest first.
	Places []string
}

// dayRow is a day of refusals.
type dayRow struct {
	Day   string
	Times int64
	// Width is the bar's length, of 100.
	Width string
}

// insightsLimit is how many refusals are looked through.
const insightsLimit = 500

// credentialInsights tells how a credential is used: when and from where last, and why it was given no token.
func (v *visit) credentialInsights() error {
	view, err := v.credentialAt("Insights")
	if err != nil {
		return err
	}
	page := struct {
		*credentialView
		Uses    []project.Usage
		Reasons []reasonRow
		Days    []dayRow
		Refused int64
		// Hidden says that refusals are shown to developers alone.
		Hidden bool
		Most   bool
	}{credentialView: view, Hidden: v.caller.RequireRole(access.Developer) != nil}
	page.Uses = usesOf(&view.Credential)
	if !page.Hidden && v.Decisions != nil {
		found, err := v.Decisions.Of(v.r.Context(), v.caller, view.ID, "", insightsLimit)
		if err != nil {
			return err
		}
		page.Most = len(found) == insightsLimit
		page.Reasons, page.Refused = reasonsFor(found)
		page.Days = refusedDays(found, v.Clock.Now())
	}
	return v.show(http.StatusOK, "credential_insights", view.Name, &page)
}

// usesOf gathers the last uses of all secrets and certificates, the latest first.
func usesOf(c *project.Credential) []project.Usage {
	var all []project.Usage
	for _, s := range c.Secrets {
		all = append(all, s.Uses...)
	}
	for _, b := range c.Bindings {
		all = append(all, b.Uses...)
	}
	slices.SortStableFunc(all, func(a, b project.Usage) int { return b.At.Compare(a.At) })
	return slices.CompactFunc(all, func(a, b project.Usage) bool { return a == b })
}

func reasonsFor(found []decision.Decision) (rows []reasonRow, total int64) {
	at := map[[2]string]int{}
	for i := range found {
		d := &found[i]
		key := [2]string{d.Code, d.Says}
		n, known := at[key]
		if !known {
			n = len(rows)
			at[key] = n
			rows = append(rows, reasonRow{Code: d.Code, Says: d.Says, Advice: d.Advice(), Last: d.LastAt})
		}
		rows[n].Times += d.Count
		total += d.Count
		if place := cmp.Or(d.Place, "several places") + ", " + cmp.Or(d.Agent, "a program without a name"); len(rows[n].Places) < 3 && !slices.Contains(rows[n].Places, place) {
			rows[n].Places = append(rows[n].Places, place)
		}
	}
	slices.SortStableFunc(rows, func(a, b reasonRow) int { return cmp.Compare(b.Times, a.Times) })
	return rows, total
}

// refusedDays counts refusals by day, over as long as they are kept.
func refusedDays(found []decision.Decision, now time.Time) []dayRow {
	days := int(decision.Kept/(24*time.Hour)) + 1
	rows := make([]dayRow, days)
	var most int64 = 1
	for n := range rows {
		rows[n].Day = now.UTC().AddDate(0, 0, n-days+1).Format("Mon 2 Jan")
	}
	today := now.UTC().Truncate(24 * time.Hour)
	for i := range found {
		n := days - 1 - int(today.Sub(found[i].LastAt.UTC().Truncate(24*time.Hour))/(24*time.Hour))
		if n >= 0 && n < days {
			rows[n].Times += found[i].Count
			most = max(most, rows[n].Times)
		}
	}
	for n := range rows {
		rows[n].Width = strconv.FormatInt(rows[n].Times*100/most, 10)
	}
	return rows
}
