// Package chaos runs a keeper of tokens through what loses tokens elsewhere, and counts what it cost.
//
// A [Provider] gives out tokens that live for seconds, rotates the refresh token at every use, and ends the whole grant
// when one is used again too late. Callers read tokens all the time. Meanwhile the [killer] kills nodes, [faults] lose,
// hold and refuse replies, and the database stops, the disk fills, the clock jumps. The provider writes down each
// presentation of each refresh token ([grant]); the callers check each token that they get. What is counted there is
// the result: nothing is asked of the keeper itself.
//
// The keepers are the real program, on SQLite with one node or on PostgreSQL with several, and beside it two patterns
// that are common in the field, written from their description ([lockingPeer], [mutexPeer]).
package chaos

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Config is one run: a keeper, and what it goes through.
type Config struct {
	// Keeper is one of [Keepers].
	Keeper string
	// Seed makes the schedule; the same seed makes the same one. How the parts meet is left to the machine.
	Seed uint64
	// Duration is how long the faults last. What comes before and after is not counted in it.
	Duration time.Duration
	// Kills is how many times nodes are killed in that time.
	Kills int
	// Connections is how many grants are kept, Reads how many tokens the callers read a second, all together.
	Connections, Reads int
	// Life is how long an access token lives.
	Life time.Duration
	// Grace is how long the provider answers a used refresh token with the same successor; 0 means never.
	Grace time.Duration
	// Reuse is the definition's options.refresh.reuse; "" leaves it out. With "none" the provider does not end the grant
	// when a token is used again, it only refuses it.
	Reuse string
	// Faults are some of [Faults].
	Faults []string
	// Logs is a folder for the nodes' logs; "" keeps the end of each in memory alone.
	Logs string
}

// Keepers are what can be run: the store and the nodes of the real program, and the patterns of the field.
var Keepers = []string{"sqlite", "postgres", "peer-lock", "peer-mutex"}

// The faults beside kill -9.
const (
	FaultDrop     = "drop"     // the provider's reply is lost: before its head, in its midst, or by a reset
	FaultSlow     = "slow"     // the reply is held for longer than anyone waits
	FaultBusy     = "429"      // bursts of 429 with Retry-After
	FaultBroken   = "500"      // bursts of 500
	FaultLate     = "502"      // 502 after the refresh token was rotated, as from a gateway; not among the usual ones
	FaultDatabase = "database" // PostgreSQL is restarted, or stopped for seconds
	FaultDisk     = "disk"     // the disk of SQLite's file is full for seconds
	FaultClock    = "clock"    // a node's wall clock jumps by up to half a minute, and back
	FaultDrain    = "drain"    // a node is asked to end (SIGTERM), and started again
)

// Faults are those of a usual run.
var Faults = []string{FaultDrop, FaultSlow, FaultBusy, FaultBroken, FaultDatabase, FaultDisk, FaultClock, FaultDrain}

func (c Config) has(fault string) bool { return slices.Contains(c.applicable(), fault) }

// applicable gives the faults that the keeper can meet.
func (c Config) applicable() []string {
	only := map[string][]string{FaultDatabase: {"postgres"}, FaultDisk: {"sqlite"}, FaultClock: {"sqlite", "postgres"}, FaultDrain: {"sqlite", "postgres"}}
	return slices.DeleteFunc(slices.Clone(c.Faults), func(fault string) bool {
		return only[fault] != nil && !slices.Contains(only[fault], c.Keeper)
	})
}

// nodes is how many the keeper has.
func (c Config) nodes() int {
	if c.Keeper == "postgres" || c.Keeper == "peer-lock" || c.Keeper == "model" {
		return 2
	}
	return 1
}

// real tells the program from the patterns of the field.
func (c Config) real() bool { return c.Keeper == "sqlite" || c.Keeper == "postgres" }

// rule is what a repeated presentation has to keep to, by the definition's options.
func (c Config) rule() rule {
	r := rule{grace: 10 * time.Second, repeats: 3, within: time.Second}
	switch c.Reuse {
	case "none":
		r.repeats = 1
	case "revokes_family":
		r.repeats, r.afterEnd = 1, true
	}
	return r
}

// source gives a source of chance for a part of the run, so that one part's draws do not shift another's.
func (c Config) source(part uint64) *rand.Rand { return rand.New(rand.NewPCG(c.Seed, part)) }

// between draws a duration.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}
