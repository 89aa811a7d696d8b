package connector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"latchkey/internal/pipelined/message"
	"latchkey/internal/signature"
)

// poster posts triggers after the contract of I/O Events (spec/campaign-and-pipeline.md §2.11): at least once, an id for
// each event, an acknowledgement within ten seconds. When to try again is the daemon's business.
type poster struct {
	Config
	to HTTP
}

func openHTTP(config Config, to HTTP) (Connector, error) {
	at, err := url.Parse(to.URL)
	if err != nil || at.Host == "" {
		return nil, fmt.Errorf("http: url: %q is no address", to.URL)
	}
	if to.Secret != "" { // rather now than at the first trigger
		if _, err := signature.Sign(to.secrets(), "x", config.Clock.Now(), nil); err != nil {
			return nil, errors.New("http: secret: it must be whsec_ and base64")
		}
	}
	return &poster{config, to}, nil
}

func (p *poster) Deliver(ctx context.Context, t *message.Trigger) error {
	body, err := p.to.Format.write(t)
	if err != nil {
		return &Permanent{err}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("making the request") // not %w: it quotes the address
	}
	r.Header.Set("Content-Type", p.to.Format.contentType())
	r.Header.Set("X-Adobe-Event-Id", t.ID)
	if err := signature.Put(r.Header, p.to.secrets(), t.ID, p.Clock.Now(), body); err != nil {
		return err
	}
	if p.to.Secret == "" {
		r.Header.Del("Webhook-Signature")
	}
	reply, err := p.Client.Do(ctx, r)
	if err != nil {
		return fmt.Errorf("posting: %w", err)
	}
	if reply.Status >= 200 && reply.Status < 300 {
		return nil
	}
	err = fmt.Errorf("posting: the receiver answered %d %s", reply.Status, http.StatusText(reply.Status))
	switch reply.Status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return &Permanent{err} // it has read the trigger and will not take it
	}
	return err
}

func (*poster) Close() error { return nil }
