// Package expiry says what ends when: refresh tokens and tokens that cannot be renewed, API keys, certificates, keys.
//
// It owns the words and the rules that hold for all of them; each room reports what ends among its own things as a
// [Source], and who wants the whole asks every source. An [Ending] is real: something stops working at that instant
// unless somebody, or Latchkey itself, does something first. What merely gets old has no ending.
//
// [Ending.Threshold] decides when people are warned: 60, 30, 14, 7 and 1 days before, never of what Latchkey renews by
// itself, and never of a threshold that lay behind a thing when its end became known. [Calendar] writes endings as an
// iCalendar object (RFC 5545).
package expiry

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Kind is what ends.
type Kind string

// The kinds, as they are listed and warned of.
const (
	// RefreshToken ends a connection's life: without it no new token comes until somebody consents again.
	RefreshToken Kind = "refresh_token"
	// AccessToken is one that cannot be renewed.
	AccessToken   Kind = "access_token"
	APIKey        Kind = "api_key"
	Certificate   Kind = "certificate"
	ClientSecret  Kind = "client_secret"
	WebhookSecret Kind = "webhook_secret"
	SigningKey    Kind = "signing_key"
	RootKey       Kind = "root_key"
)

// Kinds lists every kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{RefreshToken, AccessToken, APIKey, Certificate, ClientSecret, WebhookSecret, SigningKey, RootKey}
}

// Ending is one thing that ends.
type Ending struct {
	Kind Kind
	// Organization owns the thing; "" is the installation itself.
	Organization string
	// Sandbox is the sandbox's name; "" where the thing is in none.
	Sandbox string
	// Subject is the thing's id.
	Subject string
	// Name is what people call it.
	Name string
	Ends time.Time
	// Since is from when on the end was known: when the token or the key was made, when a certificate begins.
	Since time.Time
	// Renews says that Latchkey renews the thing before it ends, and nobody need do anything.
	Renews bool
	// Action says what to do, with the command where there is one.
	Action string
	// Link is where the thing is, a path below the public URL; "" where there is no such place.
	Link string
}

// Position is a place in the order of endings: by their end, then by subject and kind.
type Position struct {
	Ends    time.Time
	Subject string
	Kind    Kind
}

// Position gives the ending's place.
func (e Ending) Position() Position { return Position{e.Ends, e.Subject, e.Kind} }

// Compare orders places.
func (p Position) Compare(q Position) int {
	return cmp.Or(p.Ends.Compare(q.Ends), strings.Compare(p.Subject, q.Subject), strings.Compare(string(p.Kind), string(q.Kind)))
}

// Query asks for what ends.
type Query struct {
	// Organization is whose things; "" is the installation's own.
	Organization string
	// Sandbox, when not "", leaves out what is not in that sandbox.
	Sandbox string
	// Kind, when not "", leaves out the others.
	Kind Kind
	// After is a place that the first ending comes after: one with a time alone begins with what ends then.
	After Position
	// Before is when the last one ends, exclusive.
	Before time.Time
	// Attention leaves out what renews by itself.
	Attention bool
	// Limit bounds how many are given.
	Limit int
}

// Wants tells whether an ending is among what is asked for.
func (q Query) Wants(e Ending) bool {
	return e.Organization == q.Organization && (q.Sandbox == "" || e.Sandbox == q.Sandbox) && (q.Kind == "" || e.Kind == q.Kind) &&
		!(q.Attention && e.Renews) && e.Position().Compare(q.After) > 0 && e.Ends.Before(q.Before)
}

// Pick gives those of a list that are asked for, in their order.
func (q Query) Pick(all []Ending) []Ending {
	var out []Ending
	for _, e := range all {
		if q.Wants(e) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Ending) int { return a.Position().Compare(b.Position()) })
	return out[:min(len(out), q.Limit)]
}

// Source knows what ends among the things of one room. It MUST give the first [Query.Limit] endings that the query wants,
// and MUST NOT look at everything there is to find them where there can be very many.
type Source interface {
	Endings(ctx context.Context, q Query) ([]Ending, error)
}

// Fixed is a source of a few endings that are known beforehand.
type Fixed []Ending

// Endings picks them.
func (f Fixed) Endings(_ context.Context, q Query) ([]Ending, error) { return q.Pick(f), nil }
