package egress

import (
	"context"
	"io"
	"net/http"
)

// Stream is a reply whose body is still coming, for as long as the other side has something to tell.
type Stream struct {
	Status int
	Header http.Header
	// Body MUST be closed. It ends when the context of the request does.
	Body io.ReadCloser
}

// Open sends the request once and gives the reply as soon as its head is there. The client's time is for the head alone;
// how long the body may take, and how much of it is read, is the caller's business. Redirects are not followed. The error
// is an [*Error].
func (c *Client) Open(ctx context.Context, req *http.Request) (*Stream, error) {
	body, err := c.readBody(req)
	if err == nil {
		err = c.check(req, req.URL)
	}
	if err != nil {
		return nil, &Error{Kind: KindBadRequest, Host: req.URL.Host, Err: err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	late := c.clock.AfterFunc(c.timeout, func() { cancel(errTimeUp) })
	response, err := c.transport.RoundTrip(c.outgoing(ctx, req, req.URL, body))
	if !late.Stop() && err == nil {
		_ = response.Body.Close()
		err = errTimeUp
	}
	if err != nil {
		failure := c.explainExchange(ctx, err, true)
		failure.Host = req.URL.Host
		cancel(nil)
		return nil, failure
	}
	return &Stream{Status: response.StatusCode, Header: response.Header, Body: &streamBody{response.Body, cancel}}, nil
}

// streamBody lets go of the request's context with its body.
type streamBody struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *streamBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
