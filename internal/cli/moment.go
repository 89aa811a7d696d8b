package cli

import (
	"fmt"
	"time"
)

// ago says how far an instant is from now; "" for the zero time.
func (p *program) ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := t.Sub(p.Clock.Now())
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d.Abs() > 60*24*time.Hour:
		return t.UTC().Format(time.DateOnly)
	case d < 0:
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

// span says a duration in its largest unit, rounded down.
func span(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	for _, unit := range units {
		switch n := d / unit.size; {
		case n > 1:
			return fmt.Sprintf("%d %ss", n, unit.name)
		case n == 1:
			return "1 " + unit.name
		}
	}
	return "1 second"
}
