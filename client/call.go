package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Bounds of one call.
const (
	maxAnswer     = 32 << 20         // bytes of an answer
	maxRetryAfter = 10 * time.Second // a longer Retry-After is the caller's to wait out
)

// call is one request to the API.
type call struct {
	method string
	path   string // below /api/v1, escaped
	query  url.Values
	header http.Header
	body   any // encoded as JSON; json.RawMessage goes out as it is
}

// segment escapes a reference for a path.
func segment(ref string) string { return url.PathEscape(ref) }

// idempotent makes the header of a POST that creates; key "" makes one.
func idempotent(key string) http.Header {
	return http.Header{"Idempotency-Key": {cmp.Or(key, rand.Text())}}
}

// reply is a server's answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends the call and decodes the answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, call call, out any) (reply, error) {
	body, err := encode(call.body)
	if err != nil {
		return reply{}, fmt.Errorf("encoding the request: %w", err)
	}
	answer, err := c.send(ctx, call, body)
	if err != nil {
		return reply{}, err
	}
	if answer.status >= 300 && answer.status != http.StatusNotModified {
		return reply{}, newError(call, answer)
	}
	if out == nil || answer.status == http.StatusNotModified {
		return answer, nil
	}
	if err := decode(answer.body, out); err != nil {
		return reply{}, fmt.Errorf("reading the answer to %s %s: %w", call.method, call.path, err)
	}
	return answer, nil
}

// send tries a read again when no answer came or the server said that it is busy; anything else it sends once.
func (c *Client) send(ctx context.Context, call call, body []byte) (reply, error) {
	retries := 0
	if call.method == http.MethodGet {
		retries = c.config.retries()
	}
	wait := c.backoff
	for {
		answer, err := c.sendOnce(ctx, call, body)
		pause, again := retryIn(answer, err, wait)
		if !again || retries == 0 || ctx.Err() != nil {
			return answer, err
		}
		if sleep(ctx, pause) != nil {
			return answer, err
		}
		retries--
		wait *= 2
	}
}

// retryIn tells whether a read is worth another try, and after how long.
func retryIn(answer reply, err error, wait time.Duration) (time.Duration, bool) {
	if err != nil {
		unreachable, ok := errors.AsType[*UnreachableError](err)
		return wait, ok && !unreachable.Timeout() // a second wait of a whole timeout helps nobody
	}
	switch answer.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	seconds, err := strconv.Atoi(answer.header.Get("Retry-After"))
	if err != nil {
		return wait, true
	}
	asked := time.Duration(seconds) * time.Second
	return max(asked, wait), asked <= maxRetryAfter
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) sendOnce(ctx context.Context, call call, body []byte) (reply, error) {
	request, err := c.request(ctx, call, body)
	if err != nil {
		return reply{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, c.unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return reply{}, c.unreachable(ctx, err)
	}
	if len(data) > maxAnswer {
		return reply{}, fmt.Errorf("the answer to %s %s is longer than %d bytes", call.method, call.path, maxAnswer)
	}
	return reply{status: response.StatusCode, header: response.Header, body: data}, nil
}

func (c *Client) request(ctx context.Context, call call, body []byte) (*http.Request, error) {
	target := c.base.String() + "/api/v1" + call.path
	if len(call.query) > 0 {
		target += "?" + call.query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, target, reader)
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	for name, values := range call.header {
		request.Header[name] = values
	}
	request.Header.Set("Authorization", "Bearer "+c.config.Key)
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", c.config.userAgent())
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.config.Sandbox != "" {
		request.Header.Set("X-Sandbox-Name", c.config.Sandbox)
	}
	return request, nil
}

// unreachable names the server, not the path and the query. A caller's own cancellation stays what it is.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return &UnreachableError{URL: c.base.String(), Err: err}
}
