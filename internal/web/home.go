package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/calendar"
	"latchkey/internal/expiry"
	"latchkey/internal/registry"
	"latchkey/internal/series"
)

// The Overview: what needs somebody, in words and with the next step; what ends when; how things go. The parts come from the
// rooms (trouble.go), the calendar and the figures.

// welcome is what the start page tells somebody who is not signed in: nothing about what is kept here.
type welcome struct {
	Program, Example, Base string
}

// home is what the start page tells somebody who is.
type home struct {
	Sandbox           string
	Headline, Summary string
	Troubles          []trouble
	// Unasked are the rooms that did not answer.
	Unasked []string
	Line    *timeline
	Windows tabs
	Over    series.Window
	Cards   []card
	// Checked is the last check of an IMS configuration that failed; nil for none.
	Checked *checkedView
	// Empty says that nothing is connected yet: the page says how to begin.
	Empty   bool
	Example string
	Program string
	Base    string
}

func (p *Pages) home(w http.ResponseWriter, r *http.Request) {
	_, user, err := p.open(r)
	if errors.Is(err, registry.ErrNotFound) {
		p.render(w, r, http.StatusOK, "welcome", page{Title: "Welcome", Here: "/", Body: welcome{p.Program, p.Example, p.base()}})
		return
	}
	if err != nil {
		p.broken(w, r, err)
		return
	}
	v := &visit{Pages: p, w: w, r: r, caller: user.Caller(), here: placeOverview}
	v.sandbox = p.sandboxOf(r.Context(), r, v.caller)
	rememberSandbox(w, r, v.sandbox)
	if err := v.overview(); err != nil {
		v.refuse(err)
	}
}

func (v *visit) overview() error {
	ctx := v.r.Context()
	if _, err := v.caller.In(v.sandbox); err != nil {
		return err
	}
	view := &home{Sandbox: v.sandbox, Program: v.Program, Base: v.base(), Example: v.Example}
	view.Troubles, view.Unasked = v.troubles(ctx)
	var err error
	if view.Line, err = v.timeline(ctx); err != nil {
		return err
	}
	if err := v.overviewFigures(ctx, view); err != nil {
		return err
	}
	if view.Checked, err = v.lastFailedCheck(ctx); err != nil {
		return err
	}
	if view.Empty, err = v.nothingYet(ctx); err != nil {
		return err
	}
	view.headline()
	v.counts.put(v.caller, v.sandbox, len(view.Troubles), v.Clock.Now())
	return v.show(http.StatusOK, "home", view.Headline, view)
}

// overviewFigures puts the cards, and what was done within a day.
func (v *visit) overviewFigures(ctx context.Context, view *home) error {
	over := v.window()
	figures, err := v.Series.View(ctx, v.caller, over)
	if _, denied := errors.AsType[*access.DeniedError](err); denied {
		return nil // bound to a sandbox: the figures are those of all
	}
	if err != nil {
		return err
	}
	day := figures
	if over != series.Day {
		if day, err = v.Series.View(ctx, v.caller, series.Day); err != nil {
			return err
		}
	}
	view.Cards = cards(figures)
	view.Windows, view.Over = v.windows(over), over
	view.Summary = daySentence(&day.Sum)
	return nil
}

// headline says in a sentence whether anything needs somebody.
func (h *home) headline() {
	rest := ""
	switch n := len(h.Troubles); {
	case n == 0 && h.Empty:
		h.Headline = "Nothing is connected yet"
	case n == 0:
		h.Headline = "Everything answers"
	default:
		h.Headline, rest = numberWord(n)+" thing"+map[bool]string{true: " needs", false: "s need"}[n == 1]+" you", "Everything else answers. "
	}
	if len(h.Unasked) > 0 {
		rest = "What " + strings.Join(h.Unasked, ", ") + " would say is not known: " + map[bool]string{true: "it", false: "they"}[len(h.Unasked) == 1] + " did not answer in time. "
		if len(h.Troubles) == 0 {
			h.Headline = "Nothing is known to need you"
		}
	}
	h.Summary = strings.TrimSpace(rest + h.Summary)
}

// numberWord writes small numbers out, as a headline does.
func numberWord(n int) string {
	words := []string{"No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"}
	if n < len(words) {
		return words[n]
	}
	return number(int64(n))
}

// daySentence says what was done within a day.
func daySentence(day *series.Counts) string {
	var said []string
	if day.Reads > 0 {
		said = append(said, "tokens were read "+times(day.Reads))
	}
	add := func(n int64, what string) {
		one, many := "1 was ", number(n)+" were "
		if len(said) == 0 {
			one, many = "1 token was ", number(n)+" tokens were "
		}
		switch {
		case n == 1:
			said = append(said, one+what)
		case n > 1:
			said = append(said, many+what)
		}
	}
	add(day.Renewed, "renewed")
	add(day.Issued, "issued")
	if len(said) == 0 {
		return "In the last day no token was read, renewed or issued."
	}
	text := "In the last day " + strings.Join(said, ", ") + "."
	if day.Latency.Count() > 0 {
		text += " Providers answered within " + short(day.Latency.Quantile(.99)) + ", 99 times of 100."
	}
	return text
}

// timeline is what ends within the next 90 days, for people to act on.
func (v *visit) timeline(ctx context.Context) (*timeline, error) {
	found, err := v.Calendar.List(ctx, v.caller, calendar.Ask{Within: calendarDays * expiry.Day, Attention: true, Limit: timelineMost + 1})
	if err != nil {
		return nil, err
	}
	var rows []endingRow
	for _, e := range found {
		rows = append(rows, v.endingRow(e))
	}
	return newTimeline(rows, v.Clock.Now(), calendarDays*expiry.Day), nil
}

// base is the first public URL.
func (p *Pages) base() string {
	if len(p.PublicURLs) == 0 {
		return ""
	}
	return strings.TrimRight(p.PublicURLs[0], "/")
}

// window is how far back the charts look.
func (v *visit) window() series.Window {
	asked := series.Window(v.r.URL.Query().Get("over"))
	for _, w := range series.Windows() {
		if w == asked {
			return w
		}
	}
	return series.Hour
}

// windows are the links to each.
func (v *visit) windows(here series.Window) tabs {
	t := tabs{Label: "How far back"}
	for _, w := range series.Windows() {
		name := "Last " + string(w)
		if w == here {
			t.Here = name
		}
		t.add(name, v.with("over", string(w)))
	}
	return t
}

// sentence makes a reason stand on its own.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first := strings.ToUpper(text[:1])
	if strings.HasSuffix(text, "…") || strings.HasSuffix(text, "?") {
		return first + text[1:]
	}
	return first + strings.TrimRight(text[1:], ".") + "."
}

// short writes a duration with two figures at most, as people say it.
func short(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return plural(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d >= 10*time.Second:
		return fmt.Sprintf("%d s", d/time.Second)
	case d >= time.Second:
		return strconv.FormatFloat(math.Round(d.Seconds()*10)/10, 'f', -1, 64) + " s"
	case d == 0:
		return "0 s"
	}
	return fmt.Sprintf("%d ms", max(d.Round(time.Millisecond), time.Millisecond)/time.Millisecond)
}
