package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// The patterns of the field, as small as they can be: they refresh when somebody reads, within a margin of the token's
// end, and save what they got by writing the whole row. Nothing is written down before a request leaves.

// shelf is what a peer's nodes share, and what survives them: the rows, and the lock server.
type shelf struct {
	mu    sync.Mutex
	rows  map[string]row
	locks map[string]time.Time // :: name → until when it is taken
}

// row is a stored connection.
type row struct {
	access, refresh string
	ends            time.Time
	failed          time.Time // until when callers are refused
}

// peer is an incarnation of a node. When it is killed, its requests are cut and what it does afterwards reaches nobody.
type peer struct {
	name   string
	shelf  *shelf
	life   time.Duration
	token  string // the provider's endpoint
	client *http.Client
	renew  pattern

	flights singleflight.Group
	server  *http.Server
	ended   chan struct{}
	once    sync.Once
	ctx     context.Context //nolint:containedctx // the life of the incarnation
	cut     context.CancelFunc
}

var errKilled = errors.New("killed")

func (p *peer) wait() error { <-p.ended; return errKilled }
func (p *peer) terminate()  { p.kill() }

func (p *peer) kill() {
	p.once.Do(func() {
		p.shelf.mu.Lock() // a write is whole or not at all
		p.cut()
		p.shelf.mu.Unlock()
		go func() {
			_ = p.server.Close()
			close(p.ended)
		}()
	})
}

// read and write reach the shelf while the node lives.
func (p *peer) read(id string) (r row, err error) {
	p.shelf.mu.Lock()
	defer p.shelf.mu.Unlock()
	return p.shelf.rows[id], p.ctx.Err()
}

func (p *peer) write(id string, r row) error {
	p.shelf.mu.Lock()
	defer p.shelf.mu.Unlock()
	if err := p.ctx.Err(); err != nil {
		return err
	}
	p.shelf.rows[id] = r
	return nil
}

// due tells whether a token is within the margin of its end: half of its life, as the keeper's own rule for short ones.
func (p *peer) due(r row) bool { return time.Until(r.ends) < p.life/2 }

// exchange presents a refresh token.
func (p *peer) exchange(refresh string, limit time.Duration) (row, error) {
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.token, strings.NewReader(form.Encode()))
	if err != nil {
		return row{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "peer/"+p.name)
	asked := time.Now()
	response, err := p.client.Do(request)
	if err != nil {
		return row{}, errTransient{err}
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500 {
		return row{}, errTransient{errRefused}
	}
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		In      int    `json:"expires_in"`
		Error   string `json:"error"`
	}
	switch err := json.NewDecoder(response.Body).Decode(&answer); {
	case err != nil:
		return row{}, errTransient{err}
	case answer.Access == "":
		return row{}, errors.New(answer.Error)
	}
	return row{access: answer.Access, refresh: answer.Refresh, ends: asked.Add(time.Duration(answer.In) * time.Second)}, nil
}

// errTransient is a failure that may pass by itself.
type errTransient struct{ error }

func (e errTransient) Unwrap() error { return e.error }

// errRefused is a 429 or a 500.
var errRefused = errors.New("the provider refuses for now")

// lockingPeer is the pattern of a lock in a lock server. Several nodes share it. The lock lives ten seconds and the call
// up to thirty; whoever releases it does not look whose it is; who fails refuses all callers for a while, although the
// old token may be good.
func lockingPeer(p *peer, id string) (row, error) {
	const ttl, patience, timeout, refusal = 10 * time.Second, 12 * time.Second, 30 * time.Second, 30 * time.Second
	for until := time.Now().Add(patience); !p.take(id, ttl); {
		if time.Now().After(until) || !pause(p.ctx, 50*time.Millisecond) {
			return row{}, errors.New("the lock is taken")
		}
	}
	defer p.release(id)
	r, err := p.read(id)
	if err != nil || !p.due(r) {
		return r, err
	}
	next, err := p.exchange(r.refresh, timeout)
	if err != nil {
		r.failed = time.Now().Add(min(refusal, 2*p.life)) // in proportion to tokens that live so short
		return row{}, errors.Join(err, p.write(id, r))
	}
	return next, p.write(id, next)
}

func (p *peer) take(id string, ttl time.Duration) bool {
	p.shelf.mu.Lock()
	defer p.shelf.mu.Unlock()
	if p.ctx.Err() != nil || time.Now().Before(p.shelf.locks[id]) {
		return false
	}
	p.shelf.locks[id] = time.Now().Add(ttl)
	return true
}

func (p *peer) release(id string) {
	p.shelf.mu.Lock()
	defer p.shelf.mu.Unlock()
	if p.ctx.Err() == nil {
		delete(p.shelf.locks, id)
	}
}

// mutexPeer is the pattern of one process: a flight for each connection, and a request that failed is sent again after a
// wait that doubles, time-outs included.
func mutexPeer(p *peer, id string) (row, error) {
	const timeout, tries = 10 * time.Second, 5
	r, err := p.read(id)
	if err != nil || !p.due(r) {
		return r, err
	}
	for wait := time.Second; ; wait *= 2 {
		next, err := p.exchange(r.refresh, timeout)
		if err == nil {
			return next, p.write(id, next)
		}
		if _, transient := errors.AsType[errTransient](err); !transient || wait > time.Second<<(tries-2) || !pause(p.ctx, wait) {
			return row{}, err
		}
	}
}

var _ http.Handler = (*peer)(nil)

// ServeHTTP answers as the program does, as far as callers look.
func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/api/v1/connections/"), "/token")
	if !ok {
		return // ready
	}
	found, err := p.read(id)
	if err == nil && time.Now().Before(found.failed) {
		err = errors.New("it failed a while ago")
	}
	if err == nil && p.due(found) {
		var shared any
		shared, err, _ = p.flights.Do(id, func() (any, error) { return p.renew(p, id) })
		found, _ = shared.(row)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusFailedDependency)
		_ = json.NewEncoder(w).Encode(map[string]string{"type": "refresh-failed"})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"access_token": found.access})
}

// restartTime is how long a peer takes from its end to its next life: about what the program takes.
const restartTime = 200 * time.Millisecond

// pattern renews the connection of that id, on a node.
type pattern func(p *peer, id string) (row, error)

// openPeers prepares a pattern's nodes. begin, when there is one, is called as a node begins.
func openPeers(config Config, provider *Provider, renew pattern, begin func(*peer)) (*subject, error) {
	s := &subject{config: config, provider: provider}
	common := &shelf{rows: map[string]row{}, locks: map[string]time.Time{}}
	chance := config.source(uint64(time.Now().UnixNano()))
	for i := range config.nodes() {
		address, err := freeAddress(chance)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("peer-%d", i)
		s.nodes = append(s.nodes, &node{name: name, url: "http://" + address, output: func() string { return "" }, launch: func() (member, error) {
			time.Sleep(restartTime)
			p := &peer{
				name: name, shelf: common, life: config.Life, token: provider.URL + "/token", renew: renew,
				client: trusting(provider, 0), ended: make(chan struct{}),
			}
			if err := p.listen(address); err != nil {
				return nil, err
			}
			if begin != nil {
				begin(p)
			}
			return p, nil
		}})
	}
	s.connect = func(_ context.Context, g *grant) (string, error) {
		tokens := provider.ledger.begin(g)
		id := fmt.Sprintf("grant-%d", g.id)
		common.mu.Lock()
		defer common.mu.Unlock()
		common.rows[id] = row{access: tokens.access, refresh: tokens.refresh, ends: time.Now().Add(config.Life)}
		return id, nil
	}
	return s, nil
}

func (p *peer) listen(address string) error {
	p.ctx, p.cut = context.WithCancel(context.Background())
	p.server = &http.Server{Handler: p, ErrorLog: quiet(), ReadHeaderTimeout: time.Minute}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		p.cut()
		return err
	}
	go func() { _ = p.server.Serve(listener) }()
	return nil
}
