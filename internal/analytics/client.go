package analytics

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
)

// Config is what a [Client] works with.
type Config struct {
	Sender Sender
	// Base is the API's address; "" means [Base].
	Base  string
	Clock clock.Clock // nil means the machine's
}

// Client calls the API 2.0. A process has one, so that the rate is kept by all callers together. It is safe for concurrent
// use.
type Client struct {
	sender Sender
	base   string
	clock  clock.Clock
	pace   *pace
}

// New makes a client.
func New(c Config) *Client {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	return &Client{sender: c.Sender, base: strings.TrimSuffix(cmp.Or(c.Base, Base), "/"), clock: c.Clock, pace: newPace(c.Clock)}
}

// Address gives where the API is.
func (c *Client) Address() string { return c.base }

// Rate tells how the credential of an API key stands.
func (c *Client) Rate(key string) Rate { return c.pace.rate(key) }

// call is one request. What is sent here only reads, a report's POST too, so that it may be sent again.
type call struct {
	access  Access
	company string // "" for discovery
	method  string // "" is GET
	path    string
	query   url.Values
	body    any // nil without one
}

const (
	tries = 4
	// patience is the longest wait that a server may ask for; past it the caller is told instead.
	patience = 2 * time.Minute
)

// do sends a call, again where that helps, and reads the answer into out. Partial tells of 206.
func (c *Client) do(ctx context.Context, k call, out any) (partial bool, err error) {
	var body []byte
	if k.body != nil {
		if body, err = json.Marshal(k.body); err != nil {
			return false, fmt.Errorf("writing the request: %w", err)
		}
	}
	pause := &backoff.ExponentialBackOff{InitialInterval: time.Second, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: 20 * time.Second}
	for try := 1; ; try++ {
		reply, failure := c.once(ctx, k, body)
		if failure == nil {
			if err := json.Unmarshal(reply.Body, out); err != nil {
				return false, &Error{Layer: Foreign, Status: reply.Status, Message: "the answer is not the JSON that was expected"}
			}
			return reply.Status == http.StatusPartialContent, nil
		}
		wait := max(pause.NextBackOff(), failure.RetryAfter)
		if try == tries || !repeatable(failure) || wait > patience || ctx.Err() != nil {
			return false, failure
		}
		if failure.Status == http.StatusTooManyRequests {
			continue // the lane holds everybody off for so long
		}
		if err := sleep(ctx, c.clock, wait); err != nil {
			return false, failure
		}
	}
}

// repeatable tells failures that pass from those that will be the same again.
func repeatable(e *Error) bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable:
		return true
	case 0:
		failed, ok := errors.AsType[*egress.Error](e.Err)
		return ok && (failed.Kind == egress.KindDial || failed.Kind == egress.KindReset)
	}
	return false // 504 included: what took the gateway's minute will take it again
}

// hold is how long everybody with this key waits after a 429 that does not say so itself.
const hold = window

func (c *Client) once(ctx context.Context, k call, body []byte) (*egress.Response, *Error) {
	leave, err := c.pace.enter(ctx, k.access.APIKey)
	if err != nil {
		return nil, &Error{Layer: Network, Err: fmt.Errorf("waiting for the rate of Analytics, 12 requests in 6 s: %w", err)}
	}
	var alone time.Duration
	defer func() { leave(alone) }()
	request, err := c.request(ctx, k, body)
	if err != nil {
		return nil, &Error{Layer: Network, Err: err}
	}
	reply, err := send(ctx, c.sender, request)
	if err != nil {
		return nil, &Error{Layer: Network, Err: err}
	}
	if reply.Status == http.StatusOK || reply.Status == http.StatusPartialContent {
		return reply, nil
	}
	failure := refusal(reply.Status, reply.Header, reply.Body, c.clock.Now(), k.access.Token.Reveal())
	if reply.Status == http.StatusTooManyRequests {
		failure.RetryAfter = cmp.Or(failure.RetryAfter, hold)
		alone = min(failure.RetryAfter, patience)
	}
	return nil, failure
}

func (c *Client) request(ctx context.Context, k call, body []byte) (*http.Request, error) {
	target := c.base + "/" + k.path
	if k.company != "" {
		target = c.base + "/api/" + url.PathEscape(k.company) + "/" + k.path
	}
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, cmp.Or(k.method, http.MethodGet), target, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address of Analytics can't be used")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Authorization", "Bearer "+k.access.Token.Reveal())
	request.Header.Set("x-api-key", k.access.APIKey)
	if k.company != "" {
		request.Header.Set("x-proxy-global-company-id", k.company)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// errTimeUp is why a call ends that takes longer than the gateway would wait.
var errTimeUp = errors.New("no answer within 60 s, which is what the gateway waits too: ask for less")

// send sends within the time that the other side has.
func send(ctx context.Context, s Sender, r *http.Request) (*egress.Response, error) {
	limited, cancel := context.WithTimeoutCause(ctx, Timeout, errTimeUp)
	defer cancel()
	reply, err := s.Do(limited, r)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, errTimeUp
	}
	return reply, err
}
