package client

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// KeeperConfig says how tokens are kept. The zero value of a member will do, but for Client.
type KeeperConfig struct {
	// Client is where tokens come from.
	Client *Client
	// Margin is how long a token is to live at least when it is handed out; 0 is 30 seconds. What cannot be had, because the
	// server is away or the service's tokens are that short, does not matter: a valid token is then handed out to its end.
	Margin time.Duration
	// Watch is how often the server is asked whether a token still holds; 0 is every 30 seconds, negative never. It is how
	// soon an account that was disconnected, or a key that was revoked, is noticed. It costs a request without a body.
	Watch time.Duration
	// Idle is how long after the last call for it a connection's token is still watched and renewed; 0 is an hour.
	Idle time.Duration
	// File, where it is named, keeps the tokens for the next process, sealed with FileKey: 32 bytes, of the caller's keeping;
	// nil derives them from the client's API key (HKDF, RFC 5869), so that who has the key alone can open the file.
	File    string
	FileKey []byte
	// Log is told what happens in the background; nil is nobody.
	Log *slog.Logger
}

func (c KeeperConfig) margin() time.Duration { return cmp.Or(max(c.Margin, 0), 30*time.Second) }

func (c KeeperConfig) watch() time.Duration { return cmp.Or(c.Watch, 30*time.Second) }

func (c KeeperConfig) idle() time.Duration { return cmp.Or(max(c.Idle, 0), time.Hour) }

// Keeper holds the tokens of connections in memory, for a program that uses them all the time. A token is handed out
// without a call while it is valid; it is renewed in the background before it ends; many who wait for one share one
// request; while the server is away the valid ones are served on, and never an ended one. It is safe for concurrent use.
//
// Validity is measured on this machine from before a token was asked for, so that clocks that differ do no harm.
type Keeper struct {
	config KeeperConfig
	client *Client
	log    *slog.Logger
	file   *tokenFile // nil for none

	// live ends with Close; it bounds what goes on in the background.
	live context.Context //nolint:containedctx // the life of the keeper itself
	end  context.CancelFunc

	mu      sync.Mutex
	entries map[string]*entry // :: reference → its entry
	closed  bool
	work    sync.WaitGroup
}

// ErrClosed is what a keeper answers after Close.
var ErrClosed = errors.New("the keeper of tokens is closed")

// NewKeeper makes a keeper, with the tokens of its file where there are valid ones. It does not call the server.
func NewKeeper(config KeeperConfig) (*Keeper, error) {
	if config.Client == nil {
		return nil, errors.New("keeping tokens: no Client given")
	}
	k := &Keeper{config: config, client: config.Client, log: config.Log, entries: map[string]*entry{}}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	k.live, k.end = context.WithCancel(context.Background())
	if config.File == "" {
		return k, nil
	}
	var err error
	if k.file, err = newTokenFile(config); err != nil {
		k.end()
		return nil, err
	}
	k.restore(time.Now())
	return k, nil
}

// Token gives a valid token of a connection, by its id or name. Options as in [Client.Token]: one whose Rejected names the
// token that is held gets a newer one, for which the server is asked once, or [ErrNotModified]. When there is no token to
// give, the error is a [*NoTokenError].
func (k *Keeper) Token(ctx context.Context, ref string, options TokenOptions) (Token, error) {
	e, err := k.entry(ref)
	if err != nil {
		return Token{}, err
	}
	w := want{min: options.MinTTL, rejected: strings.Trim(options.Rejected, `"`)}
	if w.min <= 0 {
		w.min = k.config.margin()
	}
	return e.token(ctx, w)
}

// Close ends what goes on in the background and waits for it. Calls that wait for a token get [ErrClosed].
func (k *Keeper) Close() {
	k.mu.Lock()
	k.closed = true
	entries := k.entries
	k.entries = map[string]*entry{}
	k.mu.Unlock()
	k.end()
	for _, e := range entries {
		e.mu.Lock()
		e.disarm()
		e.mu.Unlock()
	}
	k.work.Wait()
}

// entry gives the place of a connection's token, made at its first use.
func (k *Keeper) entry(ref string) (*entry, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, ErrClosed
	}
	e := k.entries[ref]
	if e == nil {
		e = &entry{keeper: k, ref: ref}
		k.entries[ref] = e
	}
	return e, nil
}

// forget drops an entry that nobody asks for any more and that holds nothing.
func (k *Keeper) forget(e *entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entries[e.ref] == e {
		delete(k.entries, e.ref)
	}
}

// begin does work in the background; false after Close.
func (k *Keeper) begin(work func()) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	k.work.Go(work)
	return true
}
