package expiry

import "time"

// Day is as long in every calendar: thresholds are counted in hours, not in dates.
const Day = 24 * time.Hour

// Thresholds are how many days before an end people are warned, the nearest last.
func Thresholds() []int { return []int{60, 30, 14, 7, 1} }

// Horizon is how far ahead of an end the first warning is.
const Horizon = 60 * Day

// Threshold gives the nearest threshold that an ending has crossed, and false when there is nothing to warn of: it is
// farther away than every threshold, or over, or renews by itself, or its life began within the threshold. A refresh
// token of fourteen days is no news on its first day; a certificate that came to us twenty days before its end is, at
// once and once.
func (e Ending) Threshold(now time.Time) (days int, crossed bool) {
	left := e.Ends.Sub(now)
	if e.Renews || left <= 0 {
		return 0, false
	}
	for _, at := range Thresholds() {
		span := time.Duration(at) * Day
		if left > span {
			break // the nearer ones are yet to come
		}
		if e.Ends.Add(-span).After(e.Since) {
			days, crossed = at, true
		}
	}
	return days, crossed
}
