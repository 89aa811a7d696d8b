package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// callers read tokens all the time, of all connections and by all nodes, and check each with the provider.
type callers struct {
	subject *subject
	refs    []string // by grant
	client  *http.Client

	gone []atomic.Bool            // by grant: the keeper has given it up, nobody asks any more
	last []atomic.Pointer[string] // by grant: the hash of a token that was given

	mu       sync.Mutex
	outcomes map[string]int // what became of a read, by kind
	took     []float64      // of reads that gave a token, in milliseconds
	expired  []string
	stepped  atomic.Int64 // until when a clock's jump may show, in Unix nanoseconds
}

const (
	readServed   = "served"
	readSame     = "not modified" // a token that was called rejected is the newest
	readDown     = "node down"    // refused, or cut by the kill
	readExpired  = "expired"
	readStepped  = "expired, clock stepped"
	readInFlight = "ended in flight"
	readRevoked  = "of a revoked grant"
	readStrange  = "unknown to the provider"
)

func newCallers(s *subject, refs []string) *callers {
	return &callers{
		subject: s, refs: refs, gone: make([]atomic.Bool, len(refs)), last: make([]atomic.Pointer[string], len(refs)), outcomes: map[string]int{},
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}},
	}
}

const workers = 16

// run reads at the configured rate until ctx ends.
func (c *callers) run(ctx context.Context) {
	var all sync.WaitGroup
	every := time.Second * workers / time.Duration(max(1, c.subject.config.Reads))
	for i := range workers {
		chance := c.subject.config.source(100 + uint64(i))
		all.Go(func() {
			for pause(ctx, between(chance, every/2, every*3/2)) {
				grant := chance.IntN(len(c.refs))
				if !c.gone[grant].Load() && !c.subject.provider.ledger.isRevoked(grant) {
					rejected := ""
					if hash := c.last[grant].Load(); hash != nil && chance.IntN(50) == 0 {
						rejected = *hash
					}
					c.read(ctx, grant, c.subject.nodes[chance.IntN(len(c.subject.nodes))], rejected)
				}
			}
		})
	}
	all.Wait()
	c.client.CloseIdleConnections()
}

// read asks a node for a token, once; now and then it says that the one before was rejected.
func (c *callers) read(ctx context.Context, grant int, n *node, rejected string) {
	asked := time.Now()
	token, failure, err := c.ask(context.WithoutCancel(ctx), grant, n, rejected)
	given := time.Now()
	outcome := failure
	switch {
	case err != nil && (errors.Is(err, syscall.ECONNREFUSED) || n.killedIn(asked, given) || !n.isReady()):
		outcome = readDown
	case err != nil:
		outcome = "no answer"
	case token != "":
		outcome = c.judge(token, asked, given, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[outcome]++
	if token != "" {
		c.took = append(c.took, float64(given.Sub(asked))/float64(time.Millisecond))
	}
}

func (c *callers) judge(token string, asked, given time.Time, n *node) string {
	switch c.subject.provider.ledger.seen(token, asked, given) {
	case expired:
		if asked.UnixNano() < c.stepped.Load() {
			return readStepped
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.expired) < 20 {
			c.expired = append(c.expired, fmt.Sprintf("%s by %s, asked at %s", token, n.name, asked.Format("15:04:05.000000")))
		}
		return readExpired
	case endedInFlight:
		return readInFlight
	case ended:
		return readRevoked
	case strange:
		return readStrange
	}
	return readServed
}

// ask reads a token; a refusal is told by its status and kind.
func (c *callers) ask(ctx context.Context, grant int, n *node, rejected string) (token, failure string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/api/v1/connections/"+url.PathEscape(c.refs[grant])+"/token", nil)
	if err != nil {
		return "", "", err
	}
	request.Header.Set("Authorization", "Bearer "+c.subject.key)
	if rejected != "" {
		request.Header.Set("If-None-Match", `"`+rejected+`"`)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", "", err
	}
	if response.StatusCode == http.StatusNotModified {
		return "", readSame, nil
	}
	var answer struct {
		Token string `json:"access_token"`
		Type  string `json:"type"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", fmt.Sprintf("%d, not JSON", response.StatusCode), nil
	}
	if response.StatusCode == http.StatusOK && answer.Token != "" {
		sum := sha256.Sum256([]byte(answer.Token))
		hash := base64.RawURLEncoding.EncodeToString(sum[:])
		c.last[grant].Store(&hash)
		return answer.Token, "", nil
	}
	if response.StatusCode == http.StatusConflict {
		c.gone[grant].Store(true)
	}
	return "", fmt.Sprintf("%d %s", response.StatusCode, lastPart(answer.Type)), nil
}

func lastPart(kind string) string {
	for i := len(kind) - 1; i >= 0; i-- {
		if kind[i] == '/' || kind[i] == '#' || kind[i] == ':' {
			return kind[i+1:]
		}
	}
	return kind
}

// count gives the outcomes so far.
func (c *callers) count() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for kind, n := range c.outcomes {
		out[kind] = n
	}
	return out
}

// finally asks for a connection's token until a good one comes, for as long as it may take; "" is a good end.
func (c *callers) finally(ctx context.Context, grant int, chance *rand.Rand) (failure string) {
	for {
		n := c.subject.nodes[chance.IntN(len(c.subject.nodes))]
		asked := time.Now()
		token, refusal, err := c.ask(ctx, grant, n, "")
		failure = refusal
		switch {
		case err != nil:
			failure = err.Error()
		case token != "":
			got := c.subject.provider.ledger.seen(token, asked, time.Now())
			if got == good {
				return ""
			}
			failure = "a token that is no good is served"
			if got == ended || got == strange {
				return failure
			}
		case c.gone[grant].Load() || c.subject.provider.ledger.isRevoked(grant):
			return failure
		}
		if !pause(ctx, 250*time.Millisecond) {
			return failure
		}
	}
}
