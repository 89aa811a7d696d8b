package web

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/series"
)

// Charts are drawn here, as SVG without script: a line each, with words for who does not see it. What has no value leaves a gap.

// card is a figure with its little chart, on the Overview.
type card struct {
	Anchor, Label, Value, Note string
	// Bad colours the note.
	Bad   bool
	Chart sparkline
}

// sparkline is a line in a box of 200 × 36.
type sparkline struct {
	// Line and Under are paths; Second is a further line, "" for none.
	Line, Under, Second string
	// Says is the chart in words.
	Says string
}

const (
	sparkWide = 200.0
	sparkHigh = 36.0
)

// nothing is the value of a span that has none.
var nothing = math.NaN()

// lineOf draws values into a box, the highest possible at its top with some room. A gap ends a line and begins another.
func lineOf(values []float64, most, wide, high float64) string {
	var b strings.Builder
	down := false
	for i, value := range values {
		if math.IsNaN(value) {
			down = false
			continue
		}
		x := wide * float64(i) / float64(max(len(values)-1, 1))
		y := high - 2 - (high-4)*value/most
		b.WriteString(map[bool]string{true: "L", false: "M"}[down])
		b.WriteString(coordinate(x))
		b.WriteByte(' ')
		b.WriteString(coordinate(y))
		down = true
	}
	return b.String()
}

func coordinate(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// highest gives the highest of some values, at least one so that nothing is divided by zero.
func highest(lists ...[]float64) float64 {
	most := 0.0
	for _, values := range lists {
		for _, value := range values {
			if value > most {
				most = value
			}
		}
	}
	return cmp.Or(most, 1)
}

func draw(says string, values []float64, second ...float64) sparkline {
	most := highest(values, second)
	s := sparkline{Says: says, Line: lineOf(values, most, sparkWide, sparkHigh), Second: lineOf(second, most, sparkWide, sparkHigh)}
	if strings.HasPrefix(s.Line, "M0 ") && strings.Count(s.Line, "M") == 1 {
		s.Under = s.Line + "V" + coordinate(sparkHigh) + "H0Z"
	}
	return s
}

// number writes a count as people read it: 1,284,310.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// times says how often.
func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return number(n) + " times"
}

// curve gives a value of each span. The last one is not over: its count would look like a fall, so it is left out where there
// is anything else to see.
func curve(v *series.View, value func(*series.Counts) float64) []float64 {
	out := make([]float64, len(v.Points))
	last := len(out) - 1
	alone := true
	for i := range v.Points {
		out[i] = value(&v.Points[i])
		alone = alone && (i == last || v.Points[i].Empty())
	}
	if !alone {
		out[last] = nothing
	}
	return out
}

func quantile(q float64) func(*series.Counts) float64 {
	return func(c *series.Counts) float64 {
		if c.Latency.Count() == 0 {
			return nothing
		}
		return c.Latency.Quantile(q).Seconds()
	}
}

func lagOf(c *series.Counts) float64 {
	if !c.Lagged {
		return nothing
	}
	return c.Lag.Seconds()
}

// stepWords say how long a span of a window is.
func stepWords(w series.Window) string {
	return map[series.Window]string{series.Hour: "minute", series.Day: "quarter of an hour", series.Week: "hour"}[w]
}

// cards make the Overview's figures.
func cards(v *series.View) []card {
	over := "last " + string(v.Window)
	count := func(anchor, label string, of func(*series.Counts) int64, failed int64, failedWord string) card {
		values := curve(v, func(c *series.Counts) float64 { return float64(of(c)) })
		c := card{Anchor: anchor, Label: label + ", " + over, Value: number(of(&v.Sum))}
		c.Chart = draw(fmt.Sprintf("%s in the %s: %s in all, at most %s a %s.", label, over, c.Value, number(int64(highestOf(values))), stepWords(v.Window)), values)
		if failed > 0 {
			c.Note, c.Bad = number(failed)+" "+failedWord, true
		}
		return c
	}
	return []card{
		count("read", "Tokens read", func(c *series.Counts) int64 { return c.Reads }, 0, ""),
		count("renewed", "Tokens renewed", func(c *series.Counts) int64 { return c.Renewed }, v.Sum.Failed, "failed"),
		count("issued", "Tokens issued", func(c *series.Counts) int64 { return c.Issued }, v.Sum.Refused, "refused"),
		latencyCard(v, over), lagCard(v, over),
	}
}

func highestOf(values []float64) float64 {
	most := 0.0
	for _, value := range values {
		if value > most {
			most = value
		}
	}
	return most
}

func latencyCard(v *series.View, over string) card {
	c := card{Anchor: "latency", Label: "Providers’ answers, " + over, Value: "none"}
	if n := v.Sum.Latency.Count(); n > 0 {
		c.Value, c.Note = short(v.Sum.Latency.Quantile(.5)), "99 of 100 within "+short(v.Sum.Latency.Quantile(.99))
		c.Chart = draw(fmt.Sprintf("How long providers took in the %s: half of %s answers came within %s, 99 of 100 within %s.", over, number(n), c.Value, short(v.Sum.Latency.Quantile(.99))),
			curve(v, quantile(.99)), curve(v, quantile(.5))...)
	}
	return c
}

func lagCard(v *series.View, over string) card {
	c := card{Anchor: "lag", Label: "Trigger lag, now", Value: "no consumer"}
	if !v.Sum.Lagged {
		return c
	}
	now := lastLag(v)
	c.Value = short(now.Lag)
	if now.Behind > 0 {
		c.Note = number(now.Behind) + " events behind"
	}
	c.Chart = draw(fmt.Sprintf("How old the oldest event was that a consumer had not finished, in the %s: %s now, at most %s.", over, c.Value, short(v.Sum.Lag)), curve(v, lagOf))
	return c
}

// lastLag gives the last span in which there was a look at lag.
func lastLag(v *series.View) *series.Counts {
	for i := len(v.Points) - 1; i >= 0; i-- {
		if v.Points[i].Lagged {
			return &v.Points[i]
		}
	}
	return &series.Counts{}
}

// clockOf writes a span's beginning as a chart's axis and table have it.
func clockOf(at time.Time, w series.Window) string {
	if w == series.Week {
		return at.UTC().Format("Mon 2 Jan 15:04")
	}
	return at.UTC().Format("15:04")
}
