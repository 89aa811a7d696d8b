package project

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"latchkey/internal/clock"
	"latchkey/internal/secret"
)

// ClientsConfig is what [Clients] work with.
type ClientsConfig struct {
	Store ClientStore
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
	// Limit is how many clients are held in memory; 0 means 50,000.
	Limit int
	// FlushEvery is how often uses are written; 0 means 5 s.
	FlushEvery time.Duration
}

const (
	defaultLimit      = 50_000
	defaultFlushEvery = 5 * time.Second
	// staleLife is how long a client that can't be read again is served as it was: a database that is restarted stops
	// no token, and one that is cut off does not keep a disabled client alive.
	staleLife = 5 * time.Minute
)

// Clients are the credentials as an authorization server reads them: from memory, filled as they are asked for, so that
// neither the start nor the memory depends on how many are registered.
type Clients struct {
	config  ClientsConfig
	held    sync.Map // client id → *heldClient
	count   atomic.Int64
	loading singleflight.Group
	// epoch counts what was forgotten: a reading that began before must not be held after.
	epoch    atomic.Int64
	trimming atomic.Bool
	uses     uses
	cancel   context.CancelFunc
	done     chan struct{}
}

// heldClient is an answer of the store; client is nil for an id that there is not.
type heldClient struct {
	client *Client
	readAt time.Time
	// wanted is set by each reader, and taken away by each trimming: who was not wanted in between goes.
	wanted atomic.Bool
}

// OpenClients starts the background work; [Clients.Close] ends it.
func OpenClients(config ClientsConfig) *Clients {
	config.Limit, config.FlushEvery = cmp.Or(config.Limit, defaultLimit), cmp.Or(config.FlushEvery, defaultFlushEvery)
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Clients{config: config, cancel: cancel, done: make(chan struct{})}
	go c.work(ctx, config.Clock.NewTimer(config.FlushEvery))
	return c
}

// work writes uses from time to time until Close.
func (c *Clients) work(ctx context.Context, flush clock.Timer) {
	defer close(c.done)
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C():
			if err := c.Flush(ctx); err != nil && ctx.Err() == nil {
				c.config.Log.WarnContext(ctx, "writing when credentials were last used", "error", err)
			}
			flush.Reset(c.config.FlushEvery)
		}
	}
}

// Close writes the uses and ends the background work.
func (c *Clients) Close(ctx context.Context) error {
	c.cancel()
	<-c.done
	return c.Flush(ctx)
}

// Client gives a client by its id. It is shared and read-only. [ErrNotFound] says that there is none, or that it was
// deleted; a disabled one is given, with Enabled false. An answer is at most [ClientLife] old, but while the database
// can't be reached.
func (c *Clients) Client(ctx context.Context, clientID string) (*Client, error) {
	found, ok := c.held.Load(clientID)
	if ok {
		h := found.(*heldClient)
		if c.config.Clock.Now().Sub(h.readAt) < ClientLife {
			return h.answer(clientID)
		}
	}
	if len(clientID) == 0 || len(clientID) > 128 {
		return nil, fmt.Errorf("the client: %w", ErrNotFound)
	}
	read, err, _ := c.loading.Do(clientID, func() (any, error) {
		// Whoever waits for it shares the reading, so that no caller's leaving ends it.
		return c.load(context.WithoutCancel(ctx), clientID)
	})
	if err == nil {
		return read.(*heldClient).answer(clientID)
	}
	if away, is := errors.AsType[unavailable](err); is && away.Unavailable() && ok {
		if h := found.(*heldClient); c.config.Clock.Now().Sub(h.readAt) < staleLife {
			return h.answer(clientID)
		}
	}
	return nil, fmt.Errorf("reading the client %.64q: %w", clientID, err)
}

func (h *heldClient) answer(clientID string) (*Client, error) {
	if !h.wanted.Load() {
		h.wanted.Store(true)
	}
	if h.client == nil {
		return nil, fmt.Errorf("the client %.64q: %w", clientID, ErrNotFound)
	}
	return h.client, nil
}

// load reads a client and holds it, unless something was forgotten meanwhile: it may have been read too early.
func (c *Clients) load(ctx context.Context, clientID string) (*heldClient, error) {
	epoch, h := c.epoch.Load(), &heldClient{readAt: c.config.Clock.Now()}
	credential, err := c.config.Store.CredentialOf(ctx, clientID)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return nil, err
	default:
		own, err := c.config.Store.OwnServices(ctx, credential.Organization)
		if err != nil {
			return nil, err
		}
		h.client = newClient(credential, own)
	}
	if c.epoch.Load() == epoch {
		if _, known := c.held.Swap(clientID, h); !known && c.count.Add(1) > int64(c.config.Limit) {
			c.trim()
		}
		if c.epoch.Load() != epoch { // forgotten between the look and the swap
			c.drop(clientID)
		}
	}
	return h, nil
}

// trim lets go of those that nobody has wanted since the last time, and of more where that is not enough.
func (c *Clients) trim() {
	if !c.trimming.CompareAndSwap(false, true) {
		return
	}
	defer c.trimming.Store(false)
	enough := int64(c.config.Limit) * 7 / 8
	for range 2 {
		c.held.Range(func(id, held any) bool {
			if !held.(*heldClient).wanted.Swap(false) {
				c.drop(id)
			}
			return c.count.Load() > enough
		})
	}
}

func (c *Clients) drop(id any) {
	if _, was := c.held.LoadAndDelete(id); was {
		c.count.Add(-1)
	}
}

// Forget lets go of clients that have changed; news from another node calls it. Without ids it lets go of all.
func (c *Clients) Forget(clientIDs ...string) {
	c.epoch.Add(1)
	for _, id := range clientIDs {
		c.loading.Forget(id)
		c.drop(id)
	}
	if len(clientIDs) == 0 {
		c.held.Range(func(id, _ any) bool {
			c.loading.Forget(id.(string))
			c.drop(id)
			return true
		})
	}
}

// CheckSecret gives the UUID of the client's secret that was presented. How long it takes tells nothing of a secret.
func (c *Clients) CheckSecret(client *Client, presented secret.String) (uuid string, ok bool) {
	hash := c.hash(client.ClientID, presented)
	for _, s := range client.Secrets {
		if subtle.ConstantTimeCompare(hash[:], s.hash[:]) == 1 {
			uuid, ok = s.UUID, true
		}
	}
	return uuid, ok
}

// hash binds a secret to its client: the hash of one, written into another's row, opens nothing.
func (c *Clients) hash(clientID string, value secret.String) [32]byte {
	return hashSecret(c.config.Hash, clientID, value)
}

func hashSecret(hash func(purpose string, data []byte) [32]byte, clientID string, value secret.String) [32]byte {
	return hash("client secret", []byte(clientID+"\x00"+value.Reveal()))
}
