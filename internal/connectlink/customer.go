package connectlink

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// This file is for who has a link, and is nobody here.

// busy is how long connecting may take until somebody else may try with the same link.
const busy = 2 * time.Minute

// Opened is what a customer is shown.
type Opened struct {
	Link  Link
	Brand Brand
	// Service is the definition's name, Prompts what is still to be asked.
	Service string
	Prompts []destination.Prompt
	// Browser tells that the customer agrees at the provider; Again, that an account is authorized anew.
	Browser, Again bool
}

// Open gives what to show for a link. A link that is over comes with the error that says so and with its brand: [ErrUnknown],
// [ErrUsed], [ErrExpired], [ErrRevoked], [ErrGone].
func (l *Links) Open(ctx context.Context, token string) (Opened, error) {
	opened, plan, err := l.open(ctx, token)
	if err != nil {
		return opened, err
	}
	have := opened.Link.Fields.Public()
	secrets := opened.Link.Fields.Secrets()
	for _, p := range plan.Prompts() {
		_, public := have[p.Name]
		_, hidden := secrets[p.Name]
		if !public && !hidden {
			opened.Prompts = append(opened.Prompts, p)
		}
	}
	return opened, nil
}

func (l *Links) open(ctx context.Context, token string) (Opened, *destination.Plan, error) {
	if len(token) != tokenLength {
		return Opened{}, nil, ErrUnknown
	}
	link, err := l.config.Store.LinkByToken(ctx, l.hash(token))
	if err != nil {
		return Opened{}, nil, fmt.Errorf("finding the link: %w", err)
	}
	opened := Opened{Link: link, Again: link.Target != ""}
	if opened.Brand, err = l.config.Store.Brand(ctx, link.Organization); err != nil {
		return opened, nil, fmt.Errorf("reading the brand: %w", err)
	}
	switch link.State(l.now()) {
	case Used:
		return opened, nil, ErrUsed
	case Expired:
		return opened, nil, ErrExpired
	case Revoked:
		return opened, nil, ErrRevoked
	}
	pinned, err := l.config.Connections.Connectable(ctx, link.actor(), destination.Ref{Sandbox: link.Sandbox, Name: link.Definition}, link.Configuration)
	if err == nil && link.Target != "" {
		_, err = l.config.Connections.Get(ctx, link.actor(), connection.Ref{Sandbox: link.Sandbox, Name: link.Target})
	}
	if _, unpublished := errors.AsType[destination.Problems](err); unpublished || errors.Is(err, connection.ErrDefinitionNotFound) || errors.Is(err, connection.ErrNotFound) {
		return opened, nil, ErrGone
	}
	if err != nil {
		return opened, nil, fmt.Errorf("reading what the link leads to: %w", err)
	}
	opened.Service, opened.Browser = pinned.Definition.Name, pinned.Plan.NeedsBrowser()
	return opened, pinned.Plan, nil
}

// actor is who connects: the rights that this one act takes, under the name of who made the link.
func (l *Link) actor() access.Caller {
	return access.Caller{
		ID: l.CreatedBy, Organization: l.Organization, Sandbox: l.Sandbox,
		Scopes: access.Scopes{access.ConnectionsRead, access.ConnectionsWrite},
	}
}

// Connected is what came of a link.
type Connected struct {
	connection.Created
	Opened Opened
	// ReturnURL is where the browser goes now; "" for our own page, or the provider's when there is an AuthorizeURL.
	ReturnURL string
}

// Connect connects the account with what the customer entered. Errors are those of [Links.Open], [ErrBusy], and those of
// [connection.Connector.Create]: after them the link is as good as before.
func (l *Links) Connect(ctx context.Context, token string, fields map[string]any, baseURL string) (Connected, error) {
	opened, err := l.Open(ctx, token)
	if err != nil {
		return Connected{Opened: opened}, err
	}
	link := &opened.Link
	if err := l.config.Store.TakeLink(ctx, link.ID, l.now(), l.now().Add(busy)); err != nil {
		return Connected{Opened: opened}, fmt.Errorf("taking the link: %w", err)
	}
	ctx = access.With(ctx, link.actor())
	made, err := l.connect(ctx, link, fields, baseURL)
	used := err == nil && made.AuthorizeURL == ""
	entry := audit.Entry{At: l.now(), Organization: link.Organization, Actor: link.CreatedBy, Action: "connect_link.use", Subject: link.ID,
		Detail: map[string]string{"connection": made.Connection.ID, "reference": link.Reference}}
	if leaving := l.config.Store.LeaveLink(context.WithoutCancel(ctx), link.ID, made.Connection.ID, used, entry); leaving != nil && err == nil {
		err = fmt.Errorf("noting what came of the link: %w", leaving)
	}
	if err != nil {
		return Connected{Opened: opened}, err
	}
	out := Connected{Created: made, Opened: opened}
	if used {
		out.ReturnURL = ended(link.returning(), made.Connection)
	}
	return out, nil
}

func (l *Links) connect(ctx context.Context, link *Link, fields map[string]any, baseURL string) (connection.Created, error) {
	in := link.Fields.Public()
	if in == nil {
		in = map[string]any{}
	}
	for name, value := range link.Fields.Secrets() {
		in[name] = value.Reveal()
	}
	for name, value := range fields { // what the application gave is not the customer's to change
		if _, taken := in[name]; !taken {
			in[name] = value
		}
	}
	back := link.returning()
	if link.Connection == "" {
		return l.config.Connections.Create(ctx, link.actor(), connection.Create{
			Sandbox: link.Sandbox, Definition: link.Definition, Configuration: link.Configuration, Fields: in, Label: link.Label, ReturnURL: back, BaseURL: baseURL,
		})
	}
	ref := connection.Ref{Sandbox: link.Sandbox, Name: link.Connection}
	if len(in) > 0 {
		made, err := l.config.Connections.Patch(ctx, link.actor(), ref, connection.Patch{Fields: in, BaseURL: baseURL})
		if err != nil || made.AuthorizeURL == "" || back == "" {
			return made, err
		}
	}
	return l.config.Connections.Reauthorize(ctx, link.actor(), ref, connection.Reauthorize{ReturnURL: back, BaseURL: baseURL})
}

// ended adds to an address how it ended, as the end of a consent does.
func ended(address string, c connection.Connection) string {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("connection", c.ID)
	query.Set("status", "ok")
	u.RawQuery = query.Encode()
	return u.String()
}

// Ended gives the link of a token whose consent for a connection has just ended, one way or the other; [ErrUnknown] for a link
// of another connection.
func (l *Links) Ended(ctx context.Context, token, connection string) (Opened, error) {
	opened, _, err := l.open(ctx, token)
	if opened.Link.ID == "" || opened.Link.Connection != connection {
		return Opened{}, ErrUnknown
	}
	if err != nil && !errors.Is(err, ErrUsed) {
		return opened, err
	}
	return opened, nil
}
