package pebble

import "time"

// Limits bound what one template may consume. A zero field takes the dialect's
// default, a negative one sets no bound.
type Limits struct {
	TemplateBytes int           // source of one template
	OutputBytes   int           // text of one render
	Steps         int           // passes of loops, calls of macros, includes
	StringBytes   int           // any string value, also in between
	ListItems     int           // any list or map value, also in between
	ValueBytes    int           // all values that one render makes, together
	Depth         int           // nesting of source, and of macros and includes
	Time          time.Duration // wall time of one render
}

func (d Dialect) limits() Limits {
	if d == DestinationSDK {
		return Limits{
			TemplateBytes: 64 << 10, OutputBytes: 1 << 20, Steps: 10_000,
			StringBytes: 1 << 20, ListItems: 10_000, ValueBytes: 32 << 20,
			Depth: 100, Time: 100 * time.Millisecond,
		}
	}
	return Limits{
		TemplateBytes: 1 << 20, OutputBytes: 16 << 20, Steps: 1_000_000,
		StringBytes: 16 << 20, ListItems: 1_000_000, ValueBytes: 512 << 20,
		Depth: 200, Time: 5 * time.Second,
	}
}

// fill replaces zero fields by those of d and negative ones by no bound.
func (l Limits) fill(d Limits) Limits {
	one := func(v, def int) int {
		if v == 0 {
			v = def
		}
		if v < 0 {
			v = int(^uint(0) >> 1)
		}
		return v
	}
	l.TemplateBytes = one(l.TemplateBytes, d.TemplateBytes)
	l.OutputBytes = one(l.OutputBytes, d.OutputBytes)
	l.Steps = one(l.Steps, d.Steps)
	l.StringBytes = one(l.StringBytes, d.StringBytes)
	l.ListItems = one(l.ListItems, d.ListItems)
	l.ValueBytes = one(l.ValueBytes, d.ValueBytes)
	l.Depth = one(l.Depth, d.Depth)
	if l.Time == 0 {
		l.Time = d.Time
	}
	return l
}
