// Package audit knows who did what: every change, and every read of a token.
//
// Each organization has a chain of records, numbered without gaps, each bound to the one before by its hash; the
// installation's own is that of the organization "". A change and its record are committed together.
package audit

import "time"

// System is the actor of what nobody asked for: a refresh that was due, a sweep.
const System = "system"

// Entry is what a room has to say about a change; the store makes a record of it in the transaction of the change.
type Entry struct {
	// At is when it happened; zero means when it is recorded.
	At time.Time
	// Organization owns the chain; "" is the installation itself.
	Organization string
	// Actor is the id of the key or user that did it, or [System].
	Actor string
	// Action is the thing and what was done to it: "connection.create", "key.revoke".
	Action string
	// Subject is the id of the thing.
	Subject string
	// Generation is the subject's counter after the change, 0 where it has none. A row put back to an older state is
	// found by it.
	Generation int64
	// Detail says more, in words that are no secret: names, revisions, hashes.
	Detail map[string]string
}
