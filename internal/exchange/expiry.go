package exchange

import (
	"encoding/base64"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/destination"
	"latchkey/pebble"
)

// When a token expires is told in many ways (spec §3.6). What cannot be read counts as untold; what nobody tells stays
// unknown, and the keeper has a rule for that: no token lives for ever.

// maxLife bounds what is believed.
const maxLife = 10 * 365 * 24 * time.Hour

// Numbers from here on are instants, not lifetimes.
const (
	epochSeconds = 1e9
	epochMillis  = 1e12
)

// surelyMillis is from where on a lifetime in either unit is one in milliseconds: more than eleven days, or than sixteen minutes.
const surelyMillis = 1_000_000

// expire computes when the access token expires: by the instant that the answer gives, its lifetime, the token itself,
// the definition's constant, its default.
func (x *round) expire(set *TokenSet) {
	options := x.plan.Expiry()
	for _, way := range []struct {
		source string
		read   func() (time.Time, bool)
	}{
		{ExpiryAbsolute, func() (time.Time, bool) { return instant(x.got[nameExpiresAt]) }},
		{ExpiryLifetime, func() (time.Time, bool) { return lifetime(x.got[nameExpiresIn], options.Unit, set.IssuedAt) }},
		{ExpiryJWT, func() (time.Time, bool) { return jwtExpiry(set, options.FromJWT) }},
		{ExpiryConstant, func() (time.Time, bool) {
			return lifetime(x.constant(nameExpiresIn), destination.Seconds, set.IssuedAt)
		}},
		{ExpiryDefault, func() (time.Time, bool) {
			return set.IssuedAt.Add(options.Default), options.Default > 0
		}},
	} {
		at, ok := way.read()
		if !ok {
			continue
		}
		if !at.After(set.IssuedAt) && renewal(x.plan, set) == nil {
			continue // a token that is dead on arrival and cannot be renewed is taken at its worth
		}
		set.ExpiresAt, set.ExpirySource = clamp(at, set.IssuedAt), way.source
		return
	}
	if x.got[nameExpiresIn] != nil || x.got[nameExpiresAt] != nil {
		x.log.Warn("the answer's expiry cannot be read; the token's life counts as unknown", "endpoint", x.issuer)
	}
}

func clamp(at, issued time.Time) time.Time {
	if latest := issued.Add(maxLife); at.After(latest) {
		return latest
	}
	return at
}

// expireRefresh computes when the refresh token ends. One that was kept keeps its end unless the answer tells another.
func (x *round) expireRefresh(set, previous *TokenSet, kept bool) {
	if set.RefreshToken.Empty() {
		return
	}
	if kept {
		set.RefreshExpiresAt = previous.RefreshExpiresAt
	}
	if at := x.refreshEnd(set.IssuedAt); !at.IsZero() {
		set.RefreshExpiresAt = at
	}
}

// refreshEnd reads when a refresh token that was issued then ends; zero when nothing tells.
func (x *round) refreshEnd(issued time.Time) time.Time {
	for _, name := range refreshExpiryNames {
		value := x.got[name]
		at, ok := instant(value)
		if !ok {
			at, ok = lifetime(value, destination.Seconds, issued)
		}
		if ok && at.After(issued) {
			return clamp(at, issued)
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// number reads a text as a finite number.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// secondsOf gives a number of seconds as a duration that doesn't overflow.
func secondsOf(n float64) time.Duration {
	bound := 2 * maxLife.Seconds()
	return time.Duration(math.Max(-bound, math.Min(n, bound)) * float64(time.Second))
}

// lifetime reads how long a token lives: a number in the unit, a duration, or, although it should be a lifetime, a
// date.
func lifetime(value any, unit destination.ExpiryUnit, issued time.Time) (time.Time, bool) {
	text := strings.TrimSpace(reveal(value))
	if text == "" {
		return time.Time{}, false
	}
	if n, ok := number(text); ok {
		if unit == destination.Milliseconds || unit == destination.EitherUnit && n >= surelyMillis {
			n /= 1000
		}
		if at, ok := misplaced(n, issued); ok {
			return at, true
		}
		return issued.Add(secondsOf(n)), true
	}
	if unit == destination.Durations {
		if d, ok := duration(text); ok {
			return issued.Add(d), true
		}
	}
	return date(text)
}

// misplaced reads a lifetime that is longer than anyone's as the instant that it must be, epoch seconds or milliseconds.
// Taken at its word, the token would count as good for years after its end.
func misplaced(n float64, issued time.Time) (time.Time, bool) {
	at, ok := instant(pebble.Number(strconv.FormatFloat(n, 'f', -1, 64)))
	return at, ok && at.After(issued) && at.Before(issued.Add(maxLife))
}

// instant reads a point in time: epoch seconds, epoch milliseconds, or a date.
func instant(value any) (time.Time, bool) {
	text := strings.TrimSpace(reveal(value))
	n, ok := number(text)
	switch {
	case !ok:
		return date(text)
	case n >= epochMillis && n < 1e15:
		return time.UnixMilli(int64(n)), true
	case n >= epochSeconds && n < epochMillis:
		return time.UnixMilli(int64(n * 1000)), true
	}
	return time.Time{}, false
}

// dateLayouts are the forms of dates that providers use, besides those of HTTP. Without a zone they are UTC.
var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02", time.RFC1123Z, time.RFC1123,
}

func date(text string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	at, err := http.ParseTime(text)
	return at, err == nil
}

var (
	durationPart = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]+)\s*,?`)
	isoDuration  = regexp.MustCompile(`^P(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?$`)
)

// duration reads "15m", "1h30m", "2 days" and ISO 8601's "PT15M".
func duration(text string) (time.Duration, bool) {
	if parts := isoDuration.FindStringSubmatch(text); parts != nil && len(text) > 2 {
		seconds := 0.0
		for i, unit := range []float64{7 * 86400, 86400, 3600, 60, 1} {
			n, _ := number(parts[i+1])
			seconds += n * unit
		}
		return secondsOf(seconds), true
	}
	total, rest := 0.0, text
	for strings.TrimSpace(rest) != "" {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, false
		}
		n, ok := number(part[1])
		unit := unitSeconds(strings.ToLower(part[2]))
		if !ok || unit == 0 {
			return 0, false
		}
		total += n * unit
		rest = rest[len(part[0]):]
	}
	return secondsOf(total), text != ""
}

// unitSeconds gives the length of a unit by its name, 0 for an unknown one.
func unitSeconds(name string) float64 {
	if len(name) > 1 && name != "ms" {
		name = strings.TrimSuffix(name, "s")
	}
	switch name {
	case "ms", "millisecond", "msec":
		return 0.001
	case "s", "sec", "second":
		return 1
	case "m", "min", "minute":
		return 60
	case "h", "hr", "hour":
		return 3600
	case "d", "day":
		return 86400
	case "w", "week":
		return 7 * 86400
	case "y", "yr", "year":
		return 365.25 * 86400
	}
	return 0
}

// jwtExpiry reads `exp` of an access token that is a JWT. The signature is the provider's business: the token came
// from it a moment ago.
func jwtExpiry(set *TokenSet, wanted bool) (time.Time, bool) {
	parts := strings.Split(set.AccessToken.Reveal(), ".")
	if !wanted || len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	claims, err := pebble.FromJSON(payload)
	if err != nil {
		return time.Time{}, false
	}
	object, _ := claims.(*pebble.Map)
	value, _ := object.Get("exp")
	n, ok := value.(pebble.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, ok := number(string(n))
	return time.UnixMilli(int64(seconds * 1000)), ok && seconds > 0 && seconds < epochMillis
}
