package target

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

// Client calls the Admin API. It is safe for concurrent use.
type Client struct {
	sender Sender
	base   string
	clock  clock.Clock
}

// New makes a client.
func New(c Config) *Client {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	return &Client{sender: c.Sender, base: strings.TrimRight(cmp.Or(c.Base, Base), "/"), clock: c.Clock}
}

// Address gives where the API is.
func (c *Client) Address() string { return c.base }

// call is one request.
type call struct {
	at     Account
	method string // "" is GET
	path   string // below /{tenant}/target/, escaped
	query  url.Values
	// version is the media type's, that the resource is asked in.
	version int
	body    any // nil without one
}

func (k *call) writes() bool { return k.method != "" && k.method != http.MethodGet }

const (
	tries = 4
	// patience is the longest wait that a server may ask for; past it the caller is told instead.
	patience = time.Minute
	// outOfTenant is what a tenant can't have in it: it is a part of the path.
	outOfTenant = "/\\?#%"
)

// do sends a call, again where that can do no harm, and gives the answer.
func (c *Client) do(ctx context.Context, k call) (*egress.Response, error) {
	var body []byte
	var err error
	if k.body != nil {
		if body, err = encode(k.body); err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
	}
	pause := &backoff.ExponentialBackOff{InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: 10 * time.Second}
	for try := 1; ; try++ {
		reply, failure := c.once(ctx, k, body)
		if failure == nil {
			return reply, nil
		}
		wait := max(pause.NextBackOff(), failure.RetryAfter)
		if try == tries || !repeatable(k.method, failure) || wait > patience || ctx.Err() != nil || sleep(ctx, c.clock, wait) != nil {
			return nil, failure
		}
	}
}

// encode writes JSON without escaping what an HTML offer is made of.
func encode(body any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(body)
	return out.Bytes(), err
}

// repeatable tells whether a request may be sent again. A creation may not, unless it was turned away at the door: the offer
// might be there twice.
func repeatable(method string, e *Error) bool {
	if e.Status == http.StatusTooManyRequests {
		return true
	}
	failed, sent := errors.AsType[*egress.Error](e.Err)
	if sent && !failed.Sent {
		return failed.Kind == egress.KindDial || failed.Kind == egress.KindReset
	}
	if method == http.MethodPost {
		return false
	}
	switch e.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		return sent && failed.Kind == egress.KindReset
	}
	return false
}

func (c *Client) once(ctx context.Context, k call, body []byte) (*egress.Response, *Error) {
	request, err := c.request(ctx, k, body)
	if err != nil {
		return nil, &Error{Layer: Here, Err: err, Write: k.writes()}
	}
	reply, err := c.sender.Do(ctx, request)
	if err != nil {
		return nil, &Error{Layer: Network, Err: err, Write: k.writes(), Unanswered: unanswered(err)}
	}
	if reply.Status >= 200 && reply.Status < 300 {
		return reply, nil
	}
	failure := refusal(reply, c.clock.Now(), k.at.Token.Reveal())
	failure.Write = k.writes()
	// A gateway that gave up waiting says nothing of what became of the request.
	failure.Unanswered = reply.Status == http.StatusBadGateway || reply.Status == http.StatusGatewayTimeout
	return nil, failure
}

// unanswered tells whether the other side may have acted on a request whose answer did not come.
func unanswered(err error) bool {
	failed, ok := errors.AsType[*egress.Error](err)
	return !ok || failed.Sent
}

func (c *Client) request(ctx context.Context, k call, body []byte) (*http.Request, error) {
	tenant := strings.TrimSpace(k.at.Tenant)
	if tenant == "" || strings.ContainsAny(tenant, outOfTenant) || strings.Trim(tenant, ".") == "" {
		return nil, fmt.Errorf("%q can't be a tenant id: it is the name behind @ in https://experience.adobe.com/#/@TENANT/target", tenant)
	}
	at := c.base + "/" + url.PathEscape(tenant) + "/target/" + k.path
	if len(k.query) > 0 {
		at += "?" + k.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, cmp.Or(k.method, http.MethodGet), at, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address of Target can't be used")
	}
	request.Header.Set("Authorization", "Bearer "+k.at.Token.Reveal())
	request.Header.Set("X-Api-Key", k.at.APIKey)
	media := fmt.Sprintf("application/vnd.adobe.target.v%d+json", k.version)
	if body == nil {
		request.Header.Set("Accept", media)
		return request, nil
	}
	request.Header.Set("Content-Type", media)
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// sleep waits by the clock.
func sleep(ctx context.Context, c clock.Clock, d time.Duration) error {
	timer := c.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
