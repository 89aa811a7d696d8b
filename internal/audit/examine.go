package audit

import (
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Fault is one thing that is wrong with a chain.
type Fault struct {
	// Kind is [Changed], [Removed], [Rebuilt], [Forged], [RolledBack] or [Unrecorded].
	Kind string `json:"kind"`
	// Sequence is the record where it shows, 0 when it is no one record.
	Sequence int64 `json:"sequence,omitempty"`
	// Subject is the thing that it is about, if it is one.
	Subject string `json:"subject,omitempty"`
	// Message says it in words.
	Message string `json:"message"`
}

// The kinds of faults.
const (
	// Changed records are not what their hash says: a field was changed, or the record stood elsewhere.
	Changed = "changed"
	// Removed records are missing.
	Removed = "removed"
	// Rebuilt chains hold together, and are not what a checkpoint says.
	Rebuilt = "rebuilt"
	// Forged is a checkpoint whose signature is not that of the trusted key.
	Forged = "forged"
	// RolledBack is a row that is older than its newest record.
	RolledBack = "rolled_back"
	// Unrecorded is a row that changed, came or went without a record.
	Unrecorded = "unrecorded"
)

// Head is where a chain ends.
type Head struct {
	Organization string
	Sequence     int64
	Hash         Hash
}

// Chain is what is to be examined.
type Chain struct {
	Organization string
	// Base is the record before the first: what came up to it was pruned. Its zero value is the beginning.
	Base Head
	// Part says that this is a part that was cut out on purpose, so that Base needs no proof.
	Part bool
	// Head, when not nil, is where the chain should end.
	Head *Head
	// Records come in the order in which they are kept, with the Previous of none set: it is the Hash before.
	Records iter.Seq2[Record, error]
	// Checkpoints are the store's own and those that were held elsewhere.
	Checkpoints []Held
	// Key is the only one to trust; nil trusts each checkpoint's own.
	Key PublicKey
}

// Held is a checkpoint, and where it was found.
type Held struct {
	Checkpoint
	// Where is "" for the store's own.
	Where string
}

func (h *Held) String() string {
	if h.Where == "" {
		return fmt.Sprintf("the store's checkpoint of record %d (%s)", h.Sequence, h.At.Format(time.RFC3339))
	}
	return fmt.Sprintf("the checkpoint of record %d in %s (%s)", h.Sequence, h.Where, h.At.Format(time.RFC3339))
}

// Report is what an examination found.
type Report struct {
	Organization string `json:"organization"`
	// First and Last are the numbers of the first and the last record, Hash is the last one's.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	Hash  Hash  `json:"hash"`
	// Records is how many were read.
	Records int64 `json:"records"`
	// Checkpoints is how many agree with the chain, Held how many of them were held elsewhere.
	Checkpoints int `json:"checkpoints"`
	Held        int `json:"held"`
	// Covered is the highest number that an agreeing checkpoint signs, HeldTo that one held elsewhere does.
	Covered int64 `json:"covered"`
	HeldTo  int64 `json:"held_to"`
	// Connections is how many rows were compared with their newest records.
	Connections int64 `json:"connections"`
	// Key is the fingerprint of the key that signed the newest agreeing checkpoint.
	Key    string  `json:"key,omitempty"`
	Faults []Fault `json:"faults"`
	// More is how many faults there are beside those listed.
	More int64 `json:"more,omitempty"`
}

// OK tells that nothing is wrong.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// maxFaults bounds a report.
const maxFaults = 100

func (r *Report) fault(kind string, sequence int64, format string, args ...any) {
	if len(r.Faults) >= maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, Fault{Kind: kind, Sequence: sequence, Message: fmt.Sprintf(format, args...)})
}

// examination is under way.
type examination struct {
	Report
	chain  Chain
	last   Head
	vouch  map[int64][]Held // number → checkpoints that sign it
	pruned bool             // a signed record says that Base was pruned
}

// Examine reads a chain from its base to its end, and checks it against its head and the checkpoints. The error is one
// of reading, not of the chain.
func Examine(chain Chain) (Report, error) {
	e := &examination{chain: chain, last: chain.Base, vouch: map[int64][]Held{}}
	e.Organization, e.Faults = chain.Organization, []Fault{}
	for _, held := range chain.Checkpoints {
		if e.trusts(&held) {
			e.vouch[held.Sequence] = append(e.vouch[held.Sequence], held)
		}
	}
	e.meet(chain.Base.Sequence, chain.Base.Hash)
	for record, err := range chain.Records {
		if err != nil {
			return e.Report, fmt.Errorf("reading the audit record: %w", err)
		}
		e.next(&record)
	}
	e.end()
	return e.Report, nil
}

func (e *examination) trusts(held *Held) bool {
	switch {
	case held.Organization != e.Organization:
		e.fault(Forged, held.Sequence, "%s is of another organization, %q", held, held.Organization)
	case e.chain.Key != nil && !slices.Equal(e.chain.Key, held.PublicKey):
		e.fault(Forged, held.Sequence, "%s is signed with the key %s, not with the trusted %s", held, held.PublicKey.Fingerprint(), e.chain.Key.Fingerprint())
	case !held.Genuine():
		e.fault(Forged, held.Sequence, "%s has a signature that is not its key's: it was changed", held)
	default:
		return true
	}
	return false
}

// next takes the next record. After a fault it goes on from what the record says, so that one fault is one.
func (e *examination) next(r *Record) {
	e.Records++
	if e.First == 0 {
		e.First = r.Sequence
	}
	r.Previous = e.last.Hash
	switch want := e.last.Sequence + 1; {
	case r.Sequence > want:
		e.fault(Removed, want, "%s missing: record %d is followed by %d", missing(want, r.Sequence-1), want-1, r.Sequence)
	case r.Sequence < want:
		e.fault(Changed, r.Sequence, "record %d stands after record %d: the order was changed", r.Sequence, want-1)
	case r.Organization != e.Organization:
		e.fault(Changed, r.Sequence, "record %d is of another organization, %q", r.Sequence, r.Organization)
	case r.Sum() != r.Hash:
		e.fault(Changed, r.Sequence, "record %d (%s of %s) is not what was recorded: a field of it or the hash before it was changed, or it stood elsewhere", r.Sequence, r.Action, r.Subject)
	}
	e.last = Head{e.Organization, r.Sequence, r.Hash}
	e.meet(r.Sequence, r.Hash)
	e.pruned = e.pruned || e.provesBase(r)
}

func missing(from, to int64) string {
	if from == to {
		return fmt.Sprintf("record %d is", from)
	}
	return fmt.Sprintf("records %d to %d are", from, to)
}

// meet compares a record with the checkpoints of its number.
func (e *examination) meet(sequence int64, hash Hash) {
	for _, held := range e.vouch[sequence] {
		if held.Hash != hash {
			e.fault(Rebuilt, sequence, "record %d is not the one that %s signs: the chain was rebuilt", sequence, &held)
			continue
		}
		e.Checkpoints++
		e.Covered, e.Key = max(e.Covered, sequence), held.PublicKey.Fingerprint()
		if held.Where != "" {
			e.Held++
			e.HeldTo = max(e.HeldTo, sequence)
		}
	}
	delete(e.vouch, sequence)
}

// provesBase tells whether a record is the signed statement that all up to the base was pruned.
func (e *examination) provesBase(r *Record) bool {
	if r.Action != ActionPrune || r.Detail["through"] != strconv.FormatInt(e.chain.Base.Sequence, 10) {
		return false
	}
	signature, err := base64.StdEncoding.DecodeString(r.Detail["signature"])
	var key PublicKey
	if err != nil || key.UnmarshalText([]byte(r.Detail["public_key"])) != nil {
		return false
	}
	statement := Checkpoint{
		Organization: e.Organization, Sequence: e.chain.Base.Sequence, Hash: e.chain.Base.Hash, At: r.At,
		PublicKey: key, Signature: signature,
	}
	return statement.genuine(pruneDomain) && (e.chain.Key == nil || slices.Equal(e.chain.Key, key))
}

// end compares the end with the head, and tells of checkpoints that no record met.
func (e *examination) end() {
	e.Last, e.Hash = e.last.Sequence, e.last.Hash
	base := e.chain.Base
	if base.Sequence > 0 && !e.chain.Part && !e.pruned {
		e.fault(Removed, base.Sequence, "the chain begins after record %d, and no signed record says that those up to it were let go: they were removed", base.Sequence)
	}
	if head := e.chain.Head; head != nil {
		switch {
		case head.Sequence > e.Last:
			e.fault(Removed, e.Last+1, "the chain should end with record %d and ends with %d: %s missing", head.Sequence, e.Last, missing(e.Last+1, head.Sequence))
		case head.Sequence == e.Last && head.Hash != e.Hash:
			e.fault(Changed, e.Last, "record %d is not the one that the chain should end with", e.Last)
		}
	}
	for _, sequence := range slices.Sorted(maps.Keys(e.vouch)) {
		for _, held := range e.vouch[sequence] {
			if sequence > e.Last {
				e.fault(Removed, sequence, "%s signs a record that is not there: the chain ends with %d, so %s removed or the chain was begun anew", &held, e.Last, missing(e.Last+1, sequence))
			}
		}
	}
}
