package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// SessionsConfig is what [Sessions] work with.
type SessionsConfig struct {
	Store SessionStore
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash func(purpose string, data []byte) [32]byte
	// Life is how long a session lasts at most, Idle how long without a request; zero means 12 and 2 hours.
	Life, Idle time.Duration
	Clock      clock.Clock
	// Factors say what is asked for beside the first proof; nil means nothing ever is.
	Factors *Factors
	// Log is none when nil.
	Log *slog.Logger
}

// Sessions hold who is signed in, on whichever node the browser comes to and after a restart. What a session may do is
// read from its person at every request.
type Sessions struct{ config SessionsConfig }

// NewSessions makes the use cases.
func NewSessions(config SessionsConfig) *Sessions {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Life <= 0 {
		config.Life = 12 * time.Hour
	}
	if config.Idle <= 0 {
		config.Idle = 2 * time.Hour
	}
	return &Sessions{config}
}

// seenEvery is how often it is written down that a browser comes.
const seenEvery = time.Minute

// Entry is how a person came in.
type Entry struct {
	User  User
	Proof Proof
	// Second is a second proof, zero for none.
	Second  Second
	Browser Browser
	// Others are the ids of accounts of the same person that the proof opened, too.
	Others []string
	// since is when the proof was given, where that is not now.
	since time.Time
}

// Begin signs a person in who proved who it is. The name is new, so that nobody knows it who knew one before.
// A [*NeedError] says what is asked for beside the proof.
func (s *Sessions) Begin(ctx context.Context, in Entry) (Begun, error) {
	return s.begin(ctx, in, nil)
}

func (s *Sessions) begin(ctx context.Context, in Entry, spent []byte) (Begun, error) {
	user, proof := in.User, in.Proof
	if err := s.enough(ctx, in); err != nil {
		return Begun{}, err
	}
	now := s.now()
	name, session := s.draw(user, proof, now)
	session.Browser, session.Others = in.Browser.kept(), in.Others
	if !in.since.IsZero() {
		session.BeganAt = in.since
	}
	if in.Second.proof != in.Proof { // of a session that is renewed the first does
		session.Second = in.Second.proof
	}
	session.EndsAt = s.ends(session, now)
	err := s.config.Store.BeginSession(ctx, session, spent, session.entry("session.begin", now))
	if err != nil {
		return Begun{}, fmt.Errorf("beginning a session of %s: %w", user.ID, err)
	}
	return Begun{Name: name, User: user, Proof: proof, Until: session.BeganAt.Add(s.config.Life)}, nil
}

// enough tells what is asked for beside the proof.
func (s *Sessions) enough(ctx context.Context, in Entry) error {
	if in.Second.proof != "" && in.Second.person != in.User.ID {
		return ErrSecond
	}
	if in.Second.proof != "" || s.config.Factors == nil {
		return nil
	}
	need, err := s.config.Factors.Needs(ctx, in.User, in.Proof)
	if err == nil && need != NeedNothing {
		return &NeedError{need}
	}
	return err
}

// Ticket makes a text that signs the person in, once and within life: by a link, or when a page asks one more question. Its
// Second and Browser do not count.
func (s *Sessions) Ticket(ctx context.Context, in Entry, life time.Duration) (secret.String, error) {
	user, now := in.User, s.now()
	name, ticket := s.draw(user, in.Proof, now)
	ticket.Ticket, ticket.EndsAt, ticket.Others = true, now.Add(life), in.Others
	if err := s.config.Store.BeginSession(ctx, ticket, nil, ticket.entry("session.ticket", now)); err != nil {
		return secret.String{}, fmt.Errorf("making a ticket for %s: %w", user.ID, err)
	}
	return name, nil
}

// Redeem spends a ticket and begins the session that it stands for. [ErrLink] says that it is not known, was spent or has
// ended. With a [*NeedError] it is not spent: it is good for another try with a second proof.
func (s *Sessions) Redeem(ctx context.Context, ticket secret.String, second Second, browser Browser) (Begun, error) {
	found, user, err := s.Holder(ctx, ticket)
	if err != nil {
		return Begun{}, err
	}
	return s.begin(ctx, Entry{User: user, Proof: found.Proof, Second: second, Browser: browser, Others: found.Others}, found.Name)
}

// Renew begins a session in the place of one that has ended by what its person did there, with the proofs of that one.
func (s *Sessions) Renew(ctx context.Context, ended Session, user User) (Begun, error) {
	return s.begin(ctx, Entry{User: user, Proof: ended.Proof, Second: Second{user.ID, cmp.Or(ended.Second, ended.Proof)}, Browser: ended.Browser, Others: ended.Others}, nil)
}

// Across gives what goes on in another account of the same person that the proof of a session opened, too; [ErrNotFound] where it
// did not. It lasts no longer than that of before, and what that account asks for beside the proof is asked for.
func (s *Sessions) Across(from Session, to User) (Entry, error) {
	at := slices.Index(from.Others, to.ID)
	if at < 0 {
		return Entry{}, fmt.Errorf("the account %.80q: %w", to.ID, ErrNotFound)
	}
	others := slices.Clone(from.Others)
	others[at] = from.Person
	return Entry{User: to, Proof: from.Proof, Browser: from.Browser, Others: others, since: from.BeganAt}, nil
}

// Holder tells for whom a ticket is, and leaves it; [ErrLink].
func (s *Sessions) Holder(ctx context.Context, ticket secret.String) (Session, User, error) {
	found, user, err := s.config.Store.Session(ctx, s.hash(ticket))
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, User{}, ErrLink
	case err != nil:
		return Session{}, User{}, err
	case !found.Ticket || !s.now().Before(found.EndsAt) || user.Status != UserActive:
		return Session{}, User{}, ErrLink
	}
	return found, user, nil
}

// Open gives the session of that name and its person as he or she is now; [ErrNotFound] when there is none, or not any
// more.
func (s *Sessions) Open(ctx context.Context, name secret.String) (Session, User, error) {
	if name.Empty() {
		return Session{}, User{}, ErrNotFound
	}
	found, user, err := s.config.Store.Session(ctx, s.hash(name))
	if err != nil {
		return Session{}, User{}, err
	}
	now := s.now()
	if found.Ticket || !now.Before(found.EndsAt) || user.Status != UserActive {
		return Session{}, User{}, ErrNotFound
	}
	if now.Sub(found.SeenAt) >= seenEvery {
		found.SeenAt, found.EndsAt = now, s.ends(found, now)
		if err := s.config.Store.SeeSession(ctx, found.Name, found.SeenAt, found.EndsAt); err != nil {
			s.config.Log.WarnContext(ctx, "it could not be noted that a session is used", slog.String("session", found.ID), slog.Any("error", err))
		}
	}
	return found, user, nil
}

// End ends a session; one that is not known is no error.
func (s *Sessions) End(ctx context.Context, name secret.String) error {
	found, _, err := s.config.Store.Session(ctx, s.hash(name))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = s.config.Store.EndSession(ctx, found.Name, found.entry("session.end", s.now()))
	}
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// ends says when a session ends whose browser came at that time.
func (s *Sessions) ends(session Session, seen time.Time) time.Time {
	last := session.BeganAt.Add(s.config.Life)
	if idle := seen.Add(s.config.Idle); idle.Before(last) {
		return idle
	}
	return last
}

// draw makes a session with a name that nobody can guess.
func (s *Sessions) draw(user User, proof Proof, now time.Time) (secret.String, Session) {
	var drawn [32]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	name := secret.New(base64.RawURLEncoding.EncodeToString(drawn[:]))
	return name, Session{
		Name: s.hash(name), ID: ident.New("ses"), Person: user.ID, Organization: user.Organization, Proof: proof, BeganAt: now, SeenAt: now,
	}
}

func (s *Sessions) hash(name secret.String) []byte {
	sum := s.config.Hash("session name", []byte(name.Reveal()))
	return sum[:]
}

func (s *Sessions) now() time.Time { return s.config.Clock.Now().UTC().Truncate(time.Microsecond) }

// entry is what the audit record says of a session.
func (s Session) entry(action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: s.Organization, Actor: s.Person, Action: action, Subject: s.ID, Detail: map[string]string{"proof": string(s.Proof)},
	}
}
