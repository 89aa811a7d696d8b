package calendar

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// Feed lets a calendar program read what ends.
type Feed struct {
	// ID is "feed_" and a ULID.
	ID           string
	Organization string
	// Sandbox is the only one whose endings it shows; "" is all that its scopes let it see.
	Sandbox string
	// Name is what people call it.
	Name string
	// Scopes are those of its maker that list something; the feed can do nothing with them but list.
	Scopes access.Scopes
	// Hash is the keyed hash of its token.
	Hash      [32]byte
	CreatedBy string
	CreatedAt time.Time
}

// CreatedFeed is a feed with its token, which is shown this once.
type CreatedFeed struct {
	Feed
	Token secret.String
}

// FeedStore keeps feeds. What changes something takes the entry of the audit record, and MUST keep it in the same
// transaction.
type FeedStore interface {
	CreateFeed(ctx context.Context, feed Feed, entry audit.Entry) error
	// Feeds gives an organization's, in the order of their ids.
	Feeds(ctx context.Context, organization string) ([]Feed, error)
	// FeedByHash gives the one of a token: [ErrNotFound].
	FeedByHash(ctx context.Context, hash [32]byte) (Feed, error)
	// DeleteFeed removes one: [ErrNotFound].
	DeleteFeed(ctx context.Context, organization, id string, entry audit.Entry) error
}

// ErrNotFound is given for a feed that does not exist, or not for this caller.
var ErrNotFound = errors.New("no such calendar feed")

// InvalidError says what is wrong with what was asked for.
type InvalidError struct {
	// Pointer is the JSON pointer (RFC 6901) of the wrong member.
	Pointer string
	// Message says what is wrong, Fix what to do.
	Message, Fix string
}

func (e *InvalidError) Error() string { return e.Message }

const (
	tokenMark  = "lkf_"
	tokenParts = 2 // of 26 digits with 5 bits each
	nameLimit  = 200
)

// CreateFeed makes a feed. It needs connections:read, and sees what its maker sees. Its token is in the answer and in no
// other.
func (c *Calendar) CreateFeed(ctx context.Context, caller access.Caller, name string) (CreatedFeed, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return CreatedFeed{}, err
	}
	name = strings.TrimSpace(name)
	if name == "" || len(name) > nameLimit || !utf8.ValidString(name) {
		return CreatedFeed{}, &InvalidError{Pointer: "/name", Message: fmt.Sprintf("a feed needs a name of 1 to %d bytes", nameLimit),
			Fix: "say whose calendar reads it, such as \"platform team\""}
	}
	token := tokenMark
	for range tokenParts {
		token += rand.Text()
	}
	feed := Feed{
		ID: ident.New("feed"), Organization: caller.Organization, Sandbox: caller.Sandbox, Name: name, Scopes: c.listing(caller),
		Hash: c.hash(token), CreatedBy: caller.ID, CreatedAt: c.config.Clock.Now().UTC().Truncate(time.Microsecond),
	}
	if err := c.config.Store.CreateFeed(ctx, feed, c.entry(caller, "feed.create", feed)); err != nil {
		return CreatedFeed{}, err
	}
	return CreatedFeed{feed, secret.New(token)}, nil
}

// listing gives the scopes of a caller that list something.
func (c *Calendar) listing(caller access.Caller) access.Scopes {
	scopes := access.Scopes{access.ConnectionsRead}
	for _, s := range c.config.Sources {
		scope := s.Scope
		if s.Installation {
			scope = access.Admin
		}
		if caller.Require(scope) == nil && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func (c *Calendar) hash(token string) [32]byte { return c.config.Hash("calendar feed", []byte(token)) }

func (c *Calendar) entry(caller access.Caller, action string, feed Feed) audit.Entry {
	return audit.Entry{
		At: c.config.Clock.Now(), Organization: feed.Organization, Actor: caller.ID, Action: action, Subject: feed.ID,
		Detail: map[string]string{"name": feed.Name, "sandbox": feed.Sandbox, "scopes": feed.Scopes.String()},
	}
}

// Feeds gives the feeds that the caller sees.
func (c *Calendar) Feeds(ctx context.Context, caller access.Caller) ([]Feed, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	all, err := c.config.Store.Feeds(ctx, caller.Organization)
	return slices.DeleteFunc(all, func(f Feed) bool { return caller.Sandbox != "" && caller.Sandbox != f.Sandbox }), err
}

// RevokeFeed ends a feed at once. Its maker may, and who has registry:write.
func (c *Calendar) RevokeFeed(ctx context.Context, caller access.Caller, id string) error {
	all, err := c.Feeds(ctx, caller)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(f Feed) bool { return f.ID == id })
	if i < 0 {
		return ErrNotFound
	}
	if err := caller.Require(access.RegistryWrite); err != nil && all[i].CreatedBy != caller.ID {
		return err
	}
	return c.config.Store.DeleteFeed(ctx, caller.Organization, id, c.entry(caller, "feed.revoke", all[i]))
}

// Reader gives who reads by a feed's token: [ErrNotFound] for one that opens nothing. Such a caller MUST be let do
// nothing but list what ends.
func (c *Calendar) Reader(ctx context.Context, token string) (access.Caller, error) {
	if !strings.HasPrefix(token, tokenMark) {
		return access.Caller{}, ErrNotFound
	}
	feed, err := c.config.Store.FeedByHash(ctx, c.hash(token))
	if err != nil {
		return access.Caller{}, err
	}
	return access.Caller{ID: feed.ID, Name: feed.Name, Organization: feed.Organization, Sandbox: feed.Sandbox, Scopes: feed.Scopes}, nil
}
