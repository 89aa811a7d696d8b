// Package simulator is Moviestar, an OAuth 2 provider that lives on this machine.
//
// It stands in for the provider of the Destination SDK's documents: every URL of those examples answers here, and
// checks what a real provider checks (clients, redirect URIs, PKCE, single-use codes, rotating refresh tokens; RFC
// 6749, 7636, 7009 and 7662). And it can be told to misbehave: each deviation that real providers are known for
// (spec/destination-sdk.md §5), and each accident of a network, is a named fault ([Faults]).
//
// It is for development and tests. It trusts whoever reaches it: any user may sign in, and an unknown client is
// believed at first sight. What it guarantees is bounded memory, and that no secret, password, code or token of its
// callers is stored (digests are), logged, or shown in its journal. What the grace mode of rotation gives out again is
// kept sealed with the refresh token that asks for it.
//
// With a file ([Open]) it is still the same provider after a restart: clients, codes, tokens and their revocations
// survive, even a kill -9. Faults and the journal of requests do not.
package simulator

import (
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

// Config sets up a simulator; the zero value works.
type Config struct {
	// Now tells the time; nil means time.Now. Only the delays of the faults slow and slow_before run on real time.
	Now func() time.Time
	// Log receives a line for each request, at debug level, and an error when File cannot be written; nil is silent.
	Log *slog.Logger
	// AccessTTL is how long access tokens live; 0 means an hour.
	AccessTTL time.Duration
	// RefreshTTL is how long refresh tokens live; 0 means 30 days.
	RefreshTTL time.Duration
	// CodeTTL is how long authorization codes live; 0 means 60 seconds.
	CodeTTL time.Duration
	// File is where Open keeps clients, codes and tokens, as digests; "" keeps them in memory only. The signing key of
	// the fault jwt lies beside it, in File.key. When File cannot be written the simulator answers all the same, logs
	// that, and writes what is missing as soon as it can.
	File string
}

func (c Config) now() func() time.Time {
	if c.Now == nil {
		return time.Now
	}
	return c.Now
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

func (c Config) accessTTL() time.Duration  { return positive(c.AccessTTL, time.Hour) }
func (c Config) refreshTTL() time.Duration { return positive(c.RefreshTTL, 30*24*time.Hour) }
func (c Config) codeTTL() time.Duration    { return positive(c.CodeTTL, time.Minute) }

func positive(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// Simulator is one provider with its state. It is safe for concurrent use.
type Simulator struct {
	config    Config
	now       func() time.Time
	log       *slog.Logger
	endpoints []Endpoint
	pages     *template.Template
	clients   *clients
	ledger    *ledger
	rules     *rules
	journal   *journal
	signer    *signer
	state     *stateFile // nil: in memory only
}

// New makes a simulator that lives in memory. It panics when config names a file: that is for Open.
func New(config Config) *Simulator {
	if config.File != "" {
		panic("simulator: New keeps no file; use Open")
	}
	return newSimulator(config)
}

func newSimulator(config Config) *Simulator {
	return &Simulator{
		config:    config,
		now:       config.now(),
		log:       config.log(),
		endpoints: Endpoints(),
		pages:     pageTemplates(),
		clients:   newClients(),
		ledger:    newLedger(),
		rules:     &rules{},
		journal:   newJournal(),
		signer:    newSigner(),
	}
}

// Reset forgets clients, tokens, rules, journal and counters.
func (s *Simulator) Reset() {
	s.clients.reset()
	s.ledger.reset()
	s.settleState()
	s.rules.clear(Rule{})
	s.journal.reset()
}

// RevokeAll ends every token, and tells how many authorizations that were.
func (s *Simulator) RevokeAll() int {
	return s.revoke(func(*family) bool { return true })
}

// RevokeSubject ends the tokens of a user, or of a client that acts for itself.
func (s *Simulator) RevokeSubject(subject string) int {
	return s.revoke(func(f *family) bool { return f.subject == subject })
}

// RevokeClient ends the tokens that were issued to a client.
func (s *Simulator) RevokeClient(clientID string) int {
	return s.revoke(func(f *family) bool { return f.client == clientID })
}

func (s *Simulator) revoke(match func(*family) bool) int {
	defer s.settleState()
	return s.ledger.revoke(match)
}

// Requests gives the last requests, oldest first; 1,000 at most.
func (s *Simulator) Requests() []Request { return s.journal.list() }

// Counts gives the number of requests by host, path and grant since the start or the last reset.
func (s *Simulator) Counts() []Count { return s.journal.counts() }

// Count tells how many requests a path has had, on all hosts, with a grant type; "" means any.
func (s *Simulator) Count(path, grant string) int { return s.journal.count(path, grant) }

// Handler serves the simulated hosts, told apart by the request's Host; its port is ignored.
func (s *Simulator) Handler() http.Handler { return http.HandlerFunc(s.serve) }
