package series

import (
	"strconv"
	"strings"
	"time"
)

// Counts is what was counted in a span of time.
type Counts struct {
	// Reads are tokens that were handed out of connections.
	Reads int64
	// Renewed are tokens that providers gave anew, Failed the attempts that brought none.
	Renewed, Failed int64
	// Issued are tokens that the authorization server gave, Refused the requests that it refused.
	Issued, Refused int64
	// Latency is how long providers took to answer.
	Latency Histogram
	// Lagged says that there were consumers to look at; then Lag is how old the oldest event was, at its worst, that one of
	// them had not finished, and Behind how many events the one that was furthest behind had not.
	Lagged bool
	Lag    time.Duration
	Behind int64
}

// Empty tells whether nothing was counted.
func (c *Counts) Empty() bool { return *c == Counts{} }

// Add adds what another span, or another node in the same one, has counted. Of lag the worst counts.
func (c *Counts) Add(o *Counts) {
	c.Reads += o.Reads
	c.Renewed += o.Renewed
	c.Failed += o.Failed
	c.Issued += o.Issued
	c.Refused += o.Refused
	c.Latency.Add(&o.Latency)
	c.Lagged = c.Lagged || o.Lagged
	c.Lag = max(c.Lag, o.Lag)
	c.Behind = max(c.Behind, o.Behind)
}

// Text writes the counts that are not zero, as a row keeps them: "reads=12 renewed=3 took.17=3". A later version may add
// names; what is not known is passed over.
func (c *Counts) Text() string {
	var b []byte
	for _, f := range c.fields() {
		if *f.at != 0 {
			b = appendField(b, f.name, *f.at)
		}
	}
	for i, n := range c.Latency {
		if n != 0 {
			b = appendField(b, "took."+strconv.Itoa(i), int64(n))
		}
	}
	if c.Lagged {
		b = appendField(b, "lag", c.Lag.Milliseconds())
	}
	return string(b)
}

func appendField(b []byte, name string, n int64) []byte {
	if len(b) > 0 {
		b = append(b, ' ')
	}
	return strconv.AppendInt(append(append(b, name...), '='), n, 10)
}

// Read takes in what Text has written.
func (c *Counts) Read(text string) {
	for field := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(field, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			continue
		}
		if name == "lag" {
			c.Lagged, c.Lag = true, time.Duration(n)*time.Millisecond
			continue
		}
		if bucket, ok := strings.CutPrefix(name, "took."); ok {
			if i, err := strconv.Atoi(bucket); err == nil && i >= 0 && i < len(c.Latency) {
				c.Latency[i] = uint32(min(n, 1<<32-1))
			}
			continue
		}
		for _, f := range c.fields() {
			if f.name == name {
				*f.at = n
			}
		}
	}
}

type field struct {
	name string
	at   *int64
}

func (c *Counts) fields() [6]field {
	return [...]field{{"reads", &c.Reads}, {"renewed", &c.Renewed}, {"failed", &c.Failed}, {"issued", &c.Issued}, {"refused", &c.Refused}, {"behind", &c.Behind}}
}
