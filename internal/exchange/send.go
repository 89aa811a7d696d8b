package exchange

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/destination"
	"latchkey/internal/egress"
)

// send renders a request, sends it once, and reads the answer. It is sent a second time only when not a byte of the
// first can have left.
func (x *round) send(ctx context.Context, request *destination.Request) (*answer, error) {
	w, err := x.render(ctx, request)
	if err != nil {
		return nil, err
	}
	w.fixed = request.URL.Constant()
	if x.in.Limit > 0 && x.presents(request) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, x.in.Limit)
		defer cancel()
	}
	if x.in.Before != nil && x.presents(request) {
		ctx = egress.LastCall(ctx, x.in.Before)
	}
	started := x.clock.Now()
	reply, err := x.traced(ctx, w, request)
	if failed, ok := errors.AsType[*egress.Error](err); ok && !failed.Sent && worthRepeating(failed.Kind) && ctx.Err() == nil {
		started = x.clock.Now()
		reply, err = x.traced(ctx, w, request)
	}
	if err != nil {
		return nil, x.unreached(w, request, err)
	}
	x.sent = true
	x.asked = started
	x.log.DebugContext(ctx, "token request", "kind", string(request.Kind), "endpoint", x.endpoint(w),
		"status", reply.Status, "took", x.clock.Now().Sub(started))
	return x.read(w, request, reply)
}

// worthRepeating tells whether a second attempt could go better, at once.
func worthRepeating(kind egress.Kind) bool {
	return kind == egress.KindDial || kind == egress.KindReset
}

func (x *round) do(ctx context.Context, w *wire) (*egress.Response, error) {
	request, err := http.NewRequest(w.method, w.url, strings.NewReader(w.body))
	if err != nil {
		return nil, &egress.Error{Kind: egress.KindBadRequest, Err: errors.New("the request is not one that can be sent")}
	}
	if w.body == "" {
		request.Body = http.NoBody
		request.ContentLength = 0
	}
	for _, h := range w.headers {
		request.Header.Add(h.Name, h.Value)
	}
	if w.contentType != "" {
		request.Header.Set("Content-Type", w.contentType)
	}
	return x.client.Do(ctx, request)
}

// presents tells whether a request presents a refresh token.
func (x *round) presents(request *destination.Request) bool {
	return request.Kind == destination.StandardRefresh || request.UsesRefreshToken && x.data[nameRefreshToken] != nil
}

// unreached is the failure of a request that got no answer.
func (x *round) unreached(w *wire, request *destination.Request, err error) *Failure {
	f := &Failure{Kind: ProviderDown, Code: "unreachable", Sent: true, Endpoint: x.endpoint(w), Err: err}
	failed, ok := errors.AsType[*egress.Error](err)
	if !ok {
		f.Description = "the request failed"
		return f
	}
	f.Code, f.Sent = string(failed.Kind), failed.Sent || x.sent
	f.Description = x.clean(failed.Err.Error(), maxDescription)
	if text := err.Error(); x.cut(text) != text { // a secret is part of the host
		f.Err = &egress.Error{Kind: failed.Kind, Sent: failed.Sent, Host: x.cut(failed.Host), Err: errors.New(f.Description)}
	}
	switch failed.Kind {
	case egress.KindTimeout, egress.KindReset, egress.KindCanceled:
		f.Unanswered = failed.Sent && x.presents(request)
	case egress.KindBadRequest:
		f.Kind, f.Code = Denied, CannotSend
	case egress.KindRedirect, egress.KindTooLarge, egress.KindProtocol:
		f.Kind = BadResponse
	}
	x.sent = f.Sent
	return f
}

// maxRetryAfter bounds what a provider can ask for.
const maxRetryAfter = 24 * time.Hour
