package webhook

import (
	"net/http"
	"time"

	"latchkey/internal/egress"
)

// The schedule. All of this file is pure: now is an argument, and so is chance.

// pauses are those before each attempt, from the end of the one before.
var pauses = [...]time.Duration{
	0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

const (
	// patience is how long an endpoint may fail before it is disabled.
	patience = 5 * 24 * time.Hour
	// persuaded is the attempt from which on a failure may disable: an endpoint that got nothing for a week, and stumbles
	// over the first event since, gets half an hour to recover.
	persuaded = 4
	// retryAfterCap bounds what a receiver may ask for.
	retryAfterCap = 24 * time.Hour
	// spread is how much later than the schedule an attempt may be, as a part of the pause; the first two are exact.
	spread     = 0.1
	spreadFrom = time.Minute
)

// next gives when to try again after the attempt of that number, from 1, has failed; false when it was the last. An
// attempt is never earlier than the schedule has it, nor than the receiver asked for. chance is in [0, 1).
func next(attempt int, now time.Time, asked time.Duration, chance float64) (time.Time, bool) {
	if attempt >= len(pauses) {
		return time.Time{}, false
	}
	pause := pauses[attempt]
	if pause >= spreadFrom {
		pause += time.Duration(chance * spread * float64(pause))
	}
	return now.Add(max(pause, min(asked, retryAfterCap))), true
}

// exhausted tells whether a failure is one too many: nothing arrived for as long as an endpoint may fail.
func exhausted(attempt int, failingSince, now time.Time) bool {
	return attempt >= persuaded && !failingSince.IsZero() && now.Sub(failingSince) >= patience
}

// retryAfter reads how long a receiver that is busy wants to be left alone (RFC 9110 §10.2.3); 0 for not told.
func retryAfter(status int, header http.Header, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	return egress.RetryAfter(header, now)
}
