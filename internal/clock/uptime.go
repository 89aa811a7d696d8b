package clock

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Uptime is a time by the clock that runs from the start of the machine: no step of the wall clock changes it, and every
// process of the machine reads the same. The zero value is none.
type Uptime struct {
	boot string
	run  time.Duration
}

// Up gives the uptime now; none of a clock in a test's hand, and none where the machine does not tell.
func Up(c Clock) Uptime {
	if _, ok := c.(system); !ok {
		return Uptime{}
	}
	return uptime()
}

// Since gives the time from u until now, by c. ok is false when that can't be told: the machine was started again since, or
// u is another machine's.
func (u Uptime) Since(c Clock) (elapsed time.Duration, ok bool) {
	now := Up(c)
	if u.boot == "" || u.boot != now.boot || now.run < u.run {
		return 0, false
	}
	return now.run - u.run, true
}

// String writes it down for [ParseUptime]; "" is none.
func (u Uptime) String() string {
	if u.boot == "" {
		return ""
	}
	return u.boot + " " + strconv.FormatInt(u.run.Microseconds(), 10)
}

// ParseUptime reads what String wrote.
func ParseUptime(text string) (Uptime, error) {
	if text == "" {
		return Uptime{}, nil
	}
	boot, run, ok := strings.Cut(text, " ")
	micros, err := strconv.ParseInt(run, 10, 64)
	if !ok || err != nil || boot == "" {
		return Uptime{}, fmt.Errorf("%.80q is not an uptime: it is a boot's id and microseconds", text)
	}
	return Uptime{boot, time.Duration(micros) * time.Microsecond}, nil
}
