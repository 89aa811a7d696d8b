package audit

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Read is one token handed out.
type Read struct {
	Organization string
	// Caller is the id of the key that asked.
	Caller string
	// Connection is the id of the connection.
	Connection string
	// Token is the hash of the token: what its ETag holds.
	Token string
	At    time.Time
}

// Tally is how often a caller was given a connection's token.
type Tally struct {
	Organization string `json:"o,omitempty"`
	Caller       string `json:"c"`
	Connection   string `json:"s"`
	Token        string `json:"t"`
	Count        int64  `json:"n"`
	// First and Last are the seconds (Unix) of the first and the last of those reads; they are the same unless there was
	// too much to tell seconds apart.
	First int64 `json:"f"`
	Last  int64 `json:"l"`
}

// entry is what the record says of a tally.
func (t *Tally) entry() Entry {
	detail := map[string]string{"token": t.Token, "count": strconv.FormatInt(t.Count, 10)}
	if t.First != t.Last {
		detail["since"] = time.Unix(t.First, 0).UTC().Format(time.RFC3339)
	}
	return Entry{
		At: time.Unix(t.Last, 0).UTC(), Organization: t.Organization, Actor: t.Caller, Action: ActionRead, Subject: t.Connection,
		Detail: detail,
	}
}

// Fold makes one entry of the tallies of a caller, connection, token and second, in the order in which they came. Of those
// that make more than limit entries the rest is given back.
func Fold(tallies []Tally, limit int) (entries []Entry, rest []Tally) {
	at := make(map[tallyKey]int, min(len(tallies), limit))
	merged := make([]Tally, 0, min(len(tallies), limit))
	for _, t := range tallies {
		key := tallyKey{t.Organization, t.Caller, t.Connection, t.Token, t.Last}
		i, known := at[key]
		switch {
		case known:
			merged[i].Count += t.Count
			merged[i].First = min(merged[i].First, t.First)
		case len(merged) < limit:
			at[key] = len(merged)
			merged = append(merged, t)
		default:
			rest = append(rest, t)
		}
	}
	slices.SortStableFunc(merged, func(a, b Tally) int { return cmp.Compare(a.Last, b.Last) })
	entries = make([]Entry, len(merged))
	for i := range merged {
		entries[i] = merged[i].entry()
	}
	return entries, rest
}

// tallyKey is what is counted together; second is 0 where seconds are not told apart.
type tallyKey struct {
	organization, caller, connection, token string
	second                                  int64
}

type tally struct{ count, first, last int64 }

// tallies count reads within bounds: from soft on seconds are not told apart, so that what is read again and again takes
// no more room; from hard on what is new is only counted.
type tallies struct {
	counts     map[tallyKey]tally
	soft, hard int
	dropped    map[string]int64 // organization → reads
}

func newTallies(limit int) tallies {
	return tallies{counts: map[tallyKey]tally{}, soft: limit / 2, hard: limit}
}

func (t *tallies) add(key tallyKey, more tally) {
	if now, known := t.counts[key]; known || len(t.counts) < t.soft {
		t.put(key, now, more)
		return
	}
	key.second = 0
	if now, known := t.counts[key]; known || len(t.counts) < t.hard {
		t.put(key, now, more)
		return
	}
	t.drop(key.organization, more.count)
}

func (t *tallies) put(key tallyKey, now, more tally) {
	if now.count > 0 {
		more = tally{now.count + more.count, min(now.first, more.first), max(now.last, more.last)}
	}
	t.counts[key] = more
}

func (t *tallies) drop(organization string, count int64) {
	if t.dropped == nil {
		t.dropped = map[string]int64{}
	}
	t.dropped[organization] += count
}

// merge adds what other holds and empties it.
func (t *tallies) merge(other *tallies) {
	for key, count := range other.counts {
		t.add(key, count)
	}
	for organization, count := range other.dropped {
		t.drop(organization, count)
	}
	clear(other.counts)
	other.dropped = nil
}

func (t *tallies) empty() bool { return len(t.counts) == 0 && len(t.dropped) == 0 }

// list gives what is counted.
func (t *tallies) list() []Tally {
	out := make([]Tally, 0, len(t.counts))
	for key, n := range t.counts {
		out = append(out, Tally{key.organization, key.caller, key.connection, key.token, n.count, n.first, n.last})
	}
	return out
}
