package project

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Use says how and from where a secret or a binding was used.
type Use struct {
	// Grant is [GrantJWT], [GrantClientCredentials] or another grant type of OAuth.
	Grant string
	// From names the place for people: an address, and what the program there calls itself. It is cut at 128 characters.
	From string
}

// uses are those that are not yet written.
type uses struct {
	mu       sync.Mutex
	waiting  map[useKey]time.Time
	flushing sync.Mutex
}

type useKey struct {
	credential, thing string
	use               Use
}

const (
	// maxWaiting bounds the uses between two writings. More than this are places that somebody makes up.
	maxWaiting = 20_000
	maxFrom    = 128
)

// Used notes that a secret (by its UUID) or a binding (by its id) was used. It is written within seconds.
func (c *Clients) Used(client *Client, what Use, id string, at time.Time) {
	what.From = plainFrom(what.From)
	key := useKey{client.Credential, id, what}
	c.uses.mu.Lock()
	defer c.uses.mu.Unlock()
	if c.uses.waiting == nil {
		c.uses.waiting = map[useKey]time.Time{}
	}
	last, known := c.uses.waiting[key]
	if !known && len(c.uses.waiting) >= maxWaiting {
		key.use.From = "" // that it was used is still known
		last = c.uses.waiting[key]
	}
	if at.After(last) {
		c.uses.waiting[key] = at
	}
}

// plainFrom cuts a text at a character, and makes it fit for one line.
func plainFrom(text string) string {
	for i := range len(text) {
		if i >= maxFrom || text[i] < ' ' || text[i] >= 0x7f { // rare
			text = strings.Map(func(r rune) rune {
				if isControl(r) {
					return ' '
				}
				return r
			}, strings.ToValidUTF8(text, "\uFFFD"))
			if len(text) > maxFrom {
				text = strings.ToValidUTF8(text[:maxFrom], "")
			}
			return text
		}
	}
	return text
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 }

// Flush writes the uses that wait. Those of a writing that fails wait on.
func (c *Clients) Flush(ctx context.Context) error {
	c.uses.flushing.Lock()
	defer c.uses.flushing.Unlock()
	c.uses.mu.Lock()
	taken := c.uses.waiting
	c.uses.waiting = nil
	c.uses.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	list := make([]ThingUse, 0, len(taken))
	for key, at := range taken {
		list = append(list, ThingUse{key.credential, key.thing, Usage{key.use.Grant, key.use.From, at}})
	}
	// In one order, so that nodes do not lock each other out.
	slices.SortFunc(list, func(a, b ThingUse) int { return strings.Compare(a.order(), b.order()) })
	err := c.config.Store.KeepUses(ctx, list)
	if err == nil {
		return nil
	}
	c.uses.mu.Lock()
	defer c.uses.mu.Unlock()
	for key, at := range c.uses.waiting {
		if at.After(taken[key]) {
			taken[key] = at
		}
	}
	if len(taken) > maxWaiting {
		maps.DeleteFunc(taken, func(useKey, time.Time) bool { return len(taken) > maxWaiting })
	}
	c.uses.waiting = taken
	return fmt.Errorf("writing when credentials were last used: %w", err)
}

func (u ThingUse) order() string { return u.Credential + " " + u.Thing + " " + u.Grant + " " + u.From }
