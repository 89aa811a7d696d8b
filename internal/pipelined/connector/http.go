package connector

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/secret"
	"latchkey/internal/signature"
)

// poster posts triggers after the contract of I/O Events (spec/campaign-and-pipeline.md §2.11): a challenge before the first,
// at least once, an id for each event, an acknowledgement within ten seconds, several as an array where the receiver is
// set up for that. When to try again is the daemon's business.
type poster struct {
	Config
	to HTTP

	mu      sync.Mutex
	greeted bool
}

// longestPause bounds what a receiver may ask for by Retry-After: the longest pause between attempts of I/O Events.
const longestPause = 15 * time.Minute

func openHTTP(config Config, to HTTP) (Connector, error) {
	at, err := url.Parse(to.URL)
	if err != nil || at.Host == "" {
		return nil, fmt.Errorf("http: url: %q is no address", to.URL)
	}
	if !to.Secret.Empty() { // rather now than at the first trigger
		if _, err := signature.Sign(to.secrets(), "x", config.Clock.Now(), nil); err != nil {
			return nil, errors.New("http: secret: it must be whsec_ and base64")
		}
	}
	to.Timeout, to.Challenge = cmp.Or(to.Timeout, attemptTime), cmp.Or(to.Challenge, Ask)
	return &poster{Config: config, to: to}, nil
}

func (p *poster) Deliver(ctx context.Context, t *message.Trigger) error {
	_, err := p.DeliverAll(ctx, []*message.Trigger{t})
	return err
}

// DeliverAll implements [Batcher].
func (p *poster) DeliverAll(ctx context.Context, triggers []*message.Trigger) (int, error) {
	if err := p.greet(ctx); err != nil {
		return 0, err
	}
	body, id, count, err := p.body(triggers)
	if err != nil {
		return 0, &Permanent{err}
	}
	header := http.Header{"Content-Type": {p.to.Format.contentType()}}
	if p.to.Batch == 0 {
		header.Set("X-Adobe-Event-Id", id)
	}
	if n := triggers[0].Retries; n > 0 {
		header.Set("X-Adobe-Retry-Count", strconv.Itoa(n))
	}
	if err := signature.Put(header, p.to.secrets(), id, p.Clock.Now(), body); err != nil {
		return 0, err
	}
	if p.to.Secret.Empty() {
		header.Del("Webhook-Signature")
	}
	if !p.to.ClientSecret.Empty() {
		mac := hmac.New(sha256.New, []byte(p.to.ClientSecret.Reveal()))
		_, _ = mac.Write(body) // never fails, hash.Hash
		header.Set("X-Adobe-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	reply, err := p.send(ctx, http.MethodPost, p.to.URL, header, body)
	if err == nil {
		err = p.verdict(reply)
	}
	if err != nil {
		return 0, fmt.Errorf("posting: %w", err)
	}
	return count, nil
}

// body writes as many of the first triggers as go together, and gives the id by which the receiver knows them again.
func (p *poster) body(triggers []*message.Trigger) (body []byte, id string, count int, err error) {
	if p.to.Batch == 0 {
		body, err = p.to.Format.write(triggers[0])
		return body, headerID(triggers[0].ID), 1, err
	}
	var list bytes.Buffer
	names := sha256.New()
	for _, t := range triggers[:min(len(triggers), p.to.Batch)] {
		text, err := t.JSON()
		if err != nil && count == 0 {
			return nil, "", 0, err
		}
		if err != nil || count > 0 && list.Len()+len(text)+1 > MostBytes {
			break
		}
		separator := byte(',')
		if count == 0 {
			separator = '['
		}
		list.WriteByte(separator)
		list.Write(text)
		_, _ = fmt.Fprintf(names, "%d:%s,", len(t.ID), t.ID) // never fails, hash.Hash
		count++
	}
	list.WriteByte(']')
	return list.Bytes(), "batch-" + hex.EncodeToString(names.Sum(nil)[:16]), count, nil
}

// headerID gives an id as a header can hold it.
func headerID(id string) string {
	if strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) < 0 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

func (p *poster) send(ctx context.Context, method, to string, header http.Header, body []byte) (*egress.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, p.to.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("making the request") // not %w: it quotes the address
	}
	if header != nil {
		r.Header = header
	}
	return p.Client.Do(ctx, r)
}

// verdict tells what a receiver's answer means. Whatever another attempt may change is tried again, and most refusals are of
// that kind: a path or a key that is wrong is mended in the receiver, not in the trigger.
func (p *poster) verdict(reply *egress.Response) error {
	if reply.Status >= 200 && reply.Status < 300 {
		return nil
	}
	err := fmt.Errorf("the receiver answered %d %s", reply.Status, http.StatusText(reply.Status))
	switch reply.Status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return &Permanent{err} // it has read the trigger and will not take it
	}
	if after := p.pause(reply.Header.Get("Retry-After")); after > 0 {
		return &Later{Err: err, After: after}
	}
	return err
}

// pause reads Retry-After (RFC 9110 §10.2.3): seconds or a date.
func (p *poster) pause(text string) time.Duration {
	after := time.Duration(0)
	if seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(p.Clock.Now())
	}
	return min(max(after, 0), longestPause)
}

func (*poster) Close() error { return nil }

func (h HTTP) secrets() []secret.String {
	if h.Secret.Empty() {
		return nil
	}
	return []secret.String{h.Secret.String}
}
