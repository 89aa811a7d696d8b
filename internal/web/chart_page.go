package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/series"
)

// The charts: the figures of the Overview, large, and as a table for who reads numbers rather than lines.

func (p *Pages) chartRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{"GET /charts": (*visit).chartPage}
}

// chart is a large one, in a box of [chartWide] × [chartHigh] with its scale at the left and its times below.
type chart struct {
	Anchor, Title, Text string
	Lines               []curveLine
	// Most is the scale's end, in words; Times are below.
	Most  string
	Times []tick
	Says  string
	// None says why there is nothing to draw; "" when there is.
	None string
}

type curveLine struct{ Name, Class, Path string }

const (
	chartWide = 1000
	chartHigh = 160
)

// chartRow is a span in the table.
type chartRow struct {
	At                                     time.Time
	Clock                                  string
	Read, Renewed, Failed, Issued, Refused string
	P50, P99, Lag                          string
}

type chartView struct {
	Windows tabs
	Charts  []chart
	Rows    []chartRow
	Span    string
	// Quiet counts the spans without a figure, which the table leaves out.
	Quiet int
}

func (v *visit) chartPage() error {
	figures, err := v.Series.View(v.r.Context(), v.caller, v.window())
	if err != nil {
		return err
	}
	view := &chartView{Windows: v.windows(figures.Window), Span: stepWords(figures.Window)}
	view.Charts = charts(figures)
	for i := range figures.Points {
		if c := &figures.Points[i]; !c.Empty() {
			view.Rows = append(view.Rows, newChartRow(c, figures.At(i), figures.Window))
		}
	}
	slices.Reverse(view.Rows)
	view.Quiet = len(figures.Points) - len(view.Rows)
	return v.show(http.StatusOK, "charts", "Charts", view)
}

func newChartRow(c *series.Counts, at time.Time, w series.Window) chartRow {
	row := chartRow{At: at, Clock: clockOf(at, w), Read: number(c.Reads), Renewed: number(c.Renewed), Failed: number(c.Failed), Issued: number(c.Issued), Refused: number(c.Refused), P50: "–", P99: "–", Lag: "–"}
	if c.Latency.Count() > 0 {
		row.P50, row.P99 = short(c.Latency.Quantile(.5)), short(c.Latency.Quantile(.99))
	}
	if c.Lagged {
		row.Lag = short(c.Lag)
	}
	return row
}

// charts draws all of a view.
func charts(v *series.View) []chart {
	a := "a " + stepWords(v.Window)
	count := func(f float64) string { return number(int64(f)) + " " + a }
	seconds := func(f float64) string { return short(time.Duration(f * float64(time.Second))) }
	of := func(get func(*series.Counts) int64) []float64 {
		return curve(v, func(c *series.Counts) float64 { return float64(get(c)) })
	}
	return []chart{
		newChart(v, "read", "Tokens read", "Tokens that callers were handed out of connections.", count, named{"read", "", of(func(c *series.Counts) int64 { return c.Reads })}),
		newChart(v, "renewed", "Tokens renewed", "Exchanges with providers for a next token.", count,
			named{"renewed", "", of(func(c *series.Counts) int64 { return c.Renewed })}, named{"failed", "bad", of(func(c *series.Counts) int64 { return c.Failed })}),
		newChart(v, "issued", "Tokens issued", "What the authorization server gave and refused to the organization’s own clients.", count,
			named{"issued", "", of(func(c *series.Counts) int64 { return c.Issued })}, named{"refused", "bad", of(func(c *series.Counts) int64 { return c.Refused })}),
		newChart(v, "latency", "Providers’ answers", "How long providers took to answer calls for tokens; rounded up by a quarter at most.", seconds,
			named{"half came within", "second", curve(v, quantile(.5))}, named{"99 of 100 came within", "", curve(v, quantile(.99))}),
		newChart(v, "lag", "Trigger lag", "How old the oldest event was that a consumer of the pipeline had not finished, at its worst.", seconds, named{"lag", "", curve(v, lagOf)}),
	}
}

// named is a curve with its name.
type named struct {
	name, class string
	values      []float64
}

func newChart(v *series.View, anchor, title, text string, say func(float64) string, curves ...named) chart {
	c := chart{Anchor: anchor, Title: title, Text: text}
	var all [][]float64
	var said []string
	for _, one := range curves {
		all = append(all, one.values)
		said = append(said, one.name+" at most "+say(highestOf(one.values)))
	}
	most := highest(all...)
	if !slices.ContainsFunc(all, func(values []float64) bool { return highestOf(values) > 0 }) {
		c.None = "Nothing in the last " + string(v.Window) + "."
		return c
	}
	for _, one := range curves {
		c.Lines = append(c.Lines, curveLine{one.name, one.class, lineOf(one.values, most, chartWide, chartHigh)})
	}
	c.Most = say(most)
	c.Says = fmt.Sprintf("%s in the last %s, a point for each %s: %s. The table below has the numbers.", title, v.Window, stepWords(v.Window), strings.Join(said, ", "))
	c.Times = chartTimes(v)
	return c
}

// chartTimes are the beginning, three between, and now.
func chartTimes(v *series.View) []tick {
	const parts = 4
	var out []tick
	last := len(v.Points) - 1
	for i := range parts + 1 {
		t := tick{X: chartWide * i / parts, Label: clockOf(v.At(last*i/parts), v.Window), Anchor: "middle"}
		switch i {
		case 0:
			t.Anchor = "start"
		case parts:
			t.Label, t.Anchor = "now", "end"
		}
		out = append(out, t)
	}
	return out
}
