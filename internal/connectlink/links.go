package connectlink

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// Config is what [Links] work with.
type Config struct {
	Store       Store
	Connections Connections
	// Hash is the installation's keyed hash: links are looked up by it.
	Hash func(purpose string, data []byte) [32]byte
	// PublicURLs are the base URLs under which browsers reach us; the first is the default.
	PublicURLs []string
	// Clock is the system's when nil.
	Clock clock.Clock
}

// Links holds the use cases. Making, listing and withdrawing take the right to change connections; who has a link needs none.
type Links struct{ config Config }

// New makes the use cases.
func New(config Config) (*Links, error) {
	if config.Store == nil || config.Connections == nil || config.Hash == nil || len(config.PublicURLs) == 0 {
		return nil, errors.New("connectlink: Store, Connections, Hash and PublicURLs are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	return &Links{config}, nil
}

// Ask asks for a link.
type Ask struct {
	Sandbox string
	// Definition is what to connect to, Connection what to authorize anew: one of the two.
	Definition    string
	Configuration int
	Connection    string
	// Label and Reference are as in [Link].
	Label, Reference string
	ReturnURL        string
	// Fields are those that the customer is not asked for.
	Fields map[string]any
	// Life is how long it is good for; 0 means [DefaultLife].
	Life time.Duration
	// BaseURL is the public URL that it leads to; "" is the first.
	BaseURL string
}

// Made is a link with its address, which is shown this once.
type Made struct {
	Link
	URL string
}

const (
	purpose      = "connect link"
	tokenLength  = 43 // 256 bits in base64url
	maxReference = 200
	// kept is how long what became of a link can be asked for after its end.
	kept = 30 * 24 * time.Hour
)

func refused(pointer, message, fix string) destination.Problem {
	return destination.Problem{Pointer: pointer, Message: message, Fix: fix, Severity: destination.Refused}
}

// Create makes a link. What is wrong with it is a [destination.Problems].
func (l *Links) Create(ctx context.Context, caller access.Caller, ask Ask) (Made, error) {
	if err := caller.Require(access.ConnectionsWrite); err != nil {
		return Made{}, err
	}
	sandbox, err := caller.In(ask.Sandbox)
	if err != nil {
		return Made{}, err
	}
	now := l.now()
	link := Link{
		ID: ident.New("lnk"), Organization: caller.Organization, Sandbox: sandbox, Configuration: ask.Configuration, Label: ask.Label,
		Reference: strings.TrimSpace(ask.Reference), ReturnURL: ask.ReturnURL, CreatedBy: caller.ID, CreatedAt: now,
	}
	problems := l.config.Connections.CheckLink(ask.Label, ask.ReturnURL, ask.BaseURL)
	problems = append(problems, link.endAfter(ask.Life)...)
	if len([]rune(link.Reference)) > maxReference {
		problems = append(problems, refused("/reference", fmt.Sprintf("it has more than %d characters", maxReference), "shorten it"))
	}
	led, err := l.lead(ctx, caller, &link, ask)
	if err != nil {
		return Made{}, err
	}
	if problems = append(problems, led...); len(problems) > 0 {
		return Made{}, problems
	}
	token := drawn()
	entry := audit.Entry{At: now, Organization: link.Organization, Actor: caller.ID, Action: "connect_link.create", Subject: link.ID,
		Detail: map[string]string{"definition": link.Definition, "connection": link.Target, "sandbox": sandbox, "reference": link.Reference}}
	if err := l.config.Store.CreateLink(ctx, link, l.hash(token), now.Add(-kept), entry); err != nil {
		return Made{}, fmt.Errorf("storing the connect link: %w", err)
	}
	return Made{link, l.base(ask.BaseURL) + Path + token}, nil
}

func (l *Link) endAfter(life time.Duration) destination.Problems {
	if life == 0 {
		life = DefaultLife
	}
	l.ExpiresAt = l.CreatedAt.Add(life)
	if life < minLife || life > MaxLife {
		return destination.Problems{refused("/expires_in", "a link is good for a minute to 90 days", "name a time between those, in seconds")}
	}
	return nil
}

// lead finds what the link leads to, and takes the fields that are given.
func (l *Links) lead(ctx context.Context, caller access.Caller, link *Link, ask Ask) (destination.Problems, error) {
	ref := destination.Ref{Sandbox: link.Sandbox, Name: ask.Definition}
	switch {
	case (ask.Definition == "") == (ask.Connection == ""):
		return destination.Problems{refused("/definition", "a link leads to a definition, or to a connection that is authorized anew", "name one of the two")}, nil
	case ask.Connection != "":
		c, err := l.config.Connections.Get(ctx, caller, connection.Ref{Sandbox: link.Sandbox, Name: ask.Connection})
		if err != nil {
			return nil, err
		}
		link.Target, link.Connection, link.Configuration, ref.Name = c.ID, c.ID, c.Configuration, c.DefinitionID
	}
	pinned, err := l.config.Connections.Connectable(ctx, caller, ref, link.Configuration)
	if err != nil {
		return nil, err
	}
	link.Definition = pinned.Definition.ID
	var problems destination.Problems
	link.Fields, problems, err = given(pinned.Plan, ask.Fields)
	return problems, err
}

// given takes the fields that an application gives, checked; that others are missing is no fault of a link.
func given(plan *destination.Plan, in map[string]any) (destination.Fields, destination.Problems, error) {
	all, found := plan.MergeFields(destination.Fields{}, in)
	var problems destination.Problems
	for _, p := range found {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.Pointer, "/fields/"), "/")
		if _, ok := in[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]; ok {
			problems = append(problems, p)
		}
	}
	public, secrets := map[string]any{}, map[string]secret.String{}
	for name, value := range all.Public() {
		if _, ok := in[name]; ok {
			public[name] = value
		}
	}
	for name, value := range all.Secrets() {
		if _, ok := in[name]; ok {
			secrets[name] = value
		}
	}
	fields, err := destination.NewFields(public, secrets)
	return fields, problems, err
}

// List gives a sandbox's links, the newest first.
func (l *Links) List(ctx context.Context, caller access.Caller, q Query) ([]Link, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	sandbox, err := caller.In(q.Sandbox)
	if err != nil {
		return nil, err
	}
	q.Organization, q.Sandbox = caller.Organization, sandbox
	found, err := l.config.Store.Links(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("listing connect links: %w", err)
	}
	return found, nil
}

// Get gives one by its id: [ErrUnknown].
func (l *Links) Get(ctx context.Context, caller access.Caller, id string) (Link, error) {
	return l.find(ctx, caller, id, access.ConnectionsRead)
}

func (l *Links) find(ctx context.Context, caller access.Caller, id string, scope access.Scope) (Link, error) {
	if err := caller.Require(scope); err != nil {
		return Link{}, err
	}
	link, err := l.config.Store.Link(ctx, caller.Organization, id)
	if err == nil && caller.Sandbox != "" && caller.Sandbox != link.Sandbox {
		err = ErrUnknown
	}
	if err != nil {
		return Link{}, fmt.Errorf("finding the connect link %.40q: %w", id, err)
	}
	return link, nil
}

// Revoke withdraws one that is open.
func (l *Links) Revoke(ctx context.Context, caller access.Caller, id string) error {
	link, err := l.find(ctx, caller, id, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	if link.State(l.now()) != Open {
		return nil // it is over anyhow
	}
	entry := audit.Entry{At: l.now(), Organization: link.Organization, Actor: caller.ID, Action: "connect_link.revoke", Subject: link.ID}
	if err := l.config.Store.RevokeLink(ctx, link.Organization, link.ID, entry); err != nil {
		return fmt.Errorf("withdrawing the connect link %s: %w", link.ID, err)
	}
	return nil
}

// Now is the time by which links end.
func (l *Links) Now() time.Time { return l.now() }

func (l *Links) now() time.Time { return l.config.Clock.Now().UTC().Truncate(time.Microsecond) }

func (l *Links) hash(token string) Hash { return l.config.Hash(purpose, []byte(token)) }

func (l *Links) base(asked string) string {
	if asked == "" {
		asked = l.config.PublicURLs[0]
	}
	return strings.TrimRight(asked, "/")
}

func drawn() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// returning is the address to come back to, with the application's reference.
func (l *Link) returning() string {
	u, err := url.Parse(l.ReturnURL)
	if l.ReturnURL == "" || err != nil || l.Reference == "" {
		return l.ReturnURL
	}
	query := u.Query()
	query.Set("reference", l.Reference)
	u.RawQuery = query.Encode()
	return u.String()
}
