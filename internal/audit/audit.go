// Package audit knows who did what: every change, and every read of a token.
//
// Each organization has a chain of [Record]s, numbered without gaps, each bound to the one before by its hash; the
// installation's own is that of the organization "". A change and its record are committed together; reads are counted
// in memory by [Reads], made durable in groups, and become one record for each caller, connection, token and second.
//
// The threat is somebody who writes to the database: [Examine] finds a record that was changed, removed or moved. Who
// rebuilds a whole chain is found by a [Checkpoint], signed with a key that is sealed in the store; who has the root
// key too is found by a checkpoint that is kept elsewhere. What came after the last checkpoint held is bound by the
// hashes alone. Records hold no secrets: of a token its hash, of a key its id.
package audit

import (
	"strings"
	"time"
	"unicode/utf8"
)

// System is the actor of what nobody asked for: a refresh that was due, a sweep.
const System = "system"

// DetailRequest is the member of an entry's detail that names the request, as the server's log does. The store puts it there.
const DetailRequest = "request_id"

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

// Record is an entry in its place in the chain.
type Record struct {
	Entry
	// Sequence counts the organization's records from 1.
	Sequence int64
	// Previous is the hash of the record before; of the first, zeros.
	Previous Hash
	// Hash is what [Record.Sum] gives.
	Hash Hash
}

// Follow makes the record that comes after one of that number and hash.
func (e Entry) Follow(sequence int64, previous Hash) Record {
	r := Record{Entry: e.plain(), Sequence: sequence + 1, Previous: previous}
	r.Hash = r.Sum()
	return r
}

// maxText bounds each text of a record, in bytes.
const maxText = 1024

// plain gives the entry as every database and encoding can hold it, so that its hash is the same wherever it was.
func (e Entry) plain() Entry {
	e.At = time.UnixMicro(e.At.UnixMicro()).UTC()
	for _, text := range []*string{&e.Organization, &e.Actor, &e.Action, &e.Subject} {
		*text = plain(*text)
	}
	for name, value := range e.Detail {
		if plain(name) != name || plain(value) != value || value == "" {
			clean := make(map[string]string, len(e.Detail))
			for name, value := range e.Detail {
				if value != "" {
					clean[plain(name)] = plain(value)
				}
			}
			e.Detail = clean
			break
		}
	}
	return e
}

func plain(text string) string {
	if len(text) <= maxText && utf8.ValidString(text) && !strings.Contains(text, "\x00") {
		return text
	}
	if len(text) > maxText {
		text = text[:maxText-16] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
