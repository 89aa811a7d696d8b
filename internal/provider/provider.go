// Package provider knows how each provider stands, and lets no more through to it than it bears.
//
// A provider is the host that a plan sends its secrets to ([HostOf]); all organizations of this process share it. Each has
// a cap on calls under way, a rate, and a breaker; those who wait are let through in the order of their deadlines: a
// caller's is the moment when it came, background work's is the end of the token that it renews. So background work
// yields to callers, and nothing starves.
//
// Whoever is about to call a provider asks first, and tells how it went:
//
//	target := runner.Target(ctx, plan, input) // exchange's: where it would go, and as whom
//	gate, err := health.Enter(ctx, provider.Call{
//		Host: provider.HostOf(target.URL), Organization: …, Sandbox: …, Definition: …, Revision: …, Connection: …,
//		Client:  provider.Client{ID: target.ClientID, Fingerprint: plan.Fingerprint(fields), Credential: target.Credential},
//		Expires: …, Background: true,
//	})
//	if err != nil { … } // *DownError, *PausedError, *BusyError: nothing was sent, nothing is known of the connection
//	next, err := runner.Renew(…)
//	gate.Done(provider.Outcome{Class: provider.ClassOf(f.Kind.String(), f.Status, f.Code), Code: f.Code, …}) // or Class: Good
//
// An error of Enter is no failed exchange: it kills nothing, counts no setback and needs no write. A token that is
// still valid is served meanwhile, and RetryAt says when to ask again. Refusals are cheap, so callers with nothing ask each
// time. [Health.Submit] is Enter for work that waits by the thousand: a place in the queue and no goroutine. Enter before
// a lease is claimed, so that no lease runs out in the queue.
//
// It guarantees: never more calls under way than the cap, never more in any window than the rate allows; an outage
// opens the breaker, which lets one call through at a time to see; what waited for its end is let through in a rising
// trickle; a client that the provider refuses pauses the connections that use it as one [Incident], probed by one of
// them. It ends no grant: that is the keeper's, and takes the provider's own word about that grant.
//
// The numbers are this process's own. What has to survive it, and happen once for all nodes, is the [Store]'s: since when
// a provider is down, and open incidents, each change with its event in one transaction.
package provider

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Host names a provider: host and port in lower case, the port left out when it is 443.
type Host string

// HostOf gives the provider that a URL leads to, "" for what is no URL.
func HostOf(address string) Host {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	name, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	switch {
	case port == "" && u.Scheme == "http":
		port = "80"
	case port == "443", port == "":
		return Host(name)
	}
	return Host(name + ":" + port)
}

// Call says who wants to call what.
type Call struct {
	// Host is the provider; a call to "" asks nobody, and is let through.
	Host                  Host
	Organization, Sandbox string
	// Definition is the id of the definition, Revision that of the plan that runs.
	Definition string
	Revision   int
	// Connection is the id of the one that the call is for; it is counted once in what an incident holds back.
	Connection string
	Client     Client
	// Expires is when the token ends that the call is to replace; zero when there is none or it has no end.
	Expires time.Time
	// Background says that nobody waits: the call yields to those that somebody waits for.
	Background bool
	// Forced says that a person asked for it now: it goes through an open breaker or a paused client, as the one probe.
	Forced bool
}

// Client is the client that authenticates itself in a call.
type Client struct {
	// ID is the client id, for people.
	ID string
	// Fingerprint is the plan's: to which addresses the client authenticates itself, and how.
	Fingerprint string
	// Credential changes with the client's secret; it is a hash. Calls of the same Fingerprint and Credential stand and
	// fall together.
	Credential [32]byte
}

// deadline orders those who wait.
func (c *Call) deadline(now time.Time) time.Time {
	switch {
	case !c.Background:
		return now
	case c.Expires.IsZero():
		return now.Add(noExpiry)
	}
	return c.Expires
}

// noExpiry is the deadline of background work for a token without an end.
const noExpiry = time.Hour

// DownError refuses a call because the provider is down, or asked to be left alone for a while. Nothing was sent.
type DownError struct {
	Host Host
	// Throttled says that it asks to come later; else it does not answer.
	Throttled bool
	// Since is when that began.
	Since time.Time
	// RetryAt is when the next call may be let through.
	RetryAt time.Time
	// Last is the failure that was seen last; of this call's organization, if it has seen one.
	Last Failure
}

func (e *DownError) Error() string {
	word := "is down"
	if e.Throttled {
		word = "asks to be called later"
	}
	return fmt.Sprintf("the provider %s %s: %s", e.Host, word, e.Last)
}

// PausedError refuses a call because the provider refuses the client that it would use. Nothing was sent.
type PausedError struct {
	Host Host
	// Incident is the id of the incident, Client the client's.
	Incident, Client string
	Since, RetryAt   time.Time
	// Last is what the provider said.
	Last Failure
}

func (e *PausedError) Error() string {
	return fmt.Sprintf("the provider %s refuses the client %q (incident %s): %s", e.Host, e.Client, e.Incident, e.Last)
}

// BusyError tells that the wait for a place ended before one was free. Nothing was sent.
type BusyError struct {
	Host Host
	// RetryAt is when a place may be free, by the rate and by who waits.
	RetryAt time.Time
	// Err is why the wait ended; nil when the queue was full.
	Err error
}

func (e *BusyError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("too many calls wait for the provider %s", e.Host)
	}
	return fmt.Sprintf("waiting for a place at the provider %s: %v", e.Host, e.Err)
}

// Unwrap gives the context's error.
func (e *BusyError) Unwrap() error { return e.Err }
