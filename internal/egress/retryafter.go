package egress

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest bounds what [RetryAfter] gives, so that it can be added to any time.
const longest = 365 * 24 * time.Hour

// RetryAfter reads how long a server that is busy wants to be left alone: seconds, with decimals as some send them, or a date
// (RFC 9110 §10.2.3). It is 0 when the server does not say, or says what nobody can read.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) { // not a number either
			return 0
		}
		return time.Duration(min(seconds, longest.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), longest)
}
