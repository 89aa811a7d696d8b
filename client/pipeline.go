package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Message is an event on its way into a topic.
type Message struct {
	// ID makes a repetition of the message known: it is kept once. "" is none.
	ID string `json:"messageId,omitempty"`
	// Key keeps the events of one key in their order.
	Key    string `json:"key,omitempty"`
	IMSOrg string `json:"imsOrg,omitempty"`
	Source string `json:"source,omitempty"`
	// Value is the event, any JSON.
	Value json.RawMessage `json:"value"`
}

// Produced tells what became of messages: they are durable.
type Produced struct {
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	// Positions are in the order of the messages.
	Positions []Position `json:"positions"`

	Answer
}

// Position is where an event stands.
type Position struct {
	Partition int   `json:"partition"`
	Offset    int64 `json:"offset"`
	Duplicate bool  `json:"duplicate"`
}

// Envelope is one piece of a consumer's stream.
type Envelope struct {
	// Type is DATA, SYNC, PING or END_OF_STREAM.
	Type      string `json:"envelopeType"`
	Partition int    `json:"partition"`
	Key       string `json:"key"`
	Offset    int64  `json:"offset"`
	Topic     string `json:"topic"`
	// CreateTime is when it was put on the stream, AcceptTime when the event was taken, in milliseconds.
	CreateTime int64 `json:"createTime"`
	AcceptTime int64 `json:"acceptTime"`
	// Message is the event of a DATA envelope, as it was produced.
	Message json.RawMessage `json:"pipelineMessage"`
	// SyncMarker is what [Client.Sync] takes.
	SyncMarker string `json:"syncMarker"`

	Answer
}

// ConsumeOptions say what a consumer wants.
type ConsumeOptions struct {
	Group string
	// SyncInterval and SyncMessages are how often a SYNC comes; 0 is never.
	SyncInterval time.Duration
	SyncMessages int
	// Organizations and Sources are those whose events it wants; none is all.
	Organizations, Sources []string
	// Reset is where a new group begins: "earliest" (the default) or "latest".
	Reset string
}

// Produce puts messages into a topic and returns when they are durable.
func (c *Client) Produce(ctx context.Context, topic string, messages ...Message) (Produced, error) {
	body, err := encode(map[string]any{"messages": messages})
	if err != nil {
		return Produced{}, fmt.Errorf("encoding the messages: %w", err)
	}
	var out Produced
	answer, err := c.pipeline(ctx, http.MethodPost, "/pipeline/topics/"+segment(topic)+"/messages", "application/vnd.pipe.json.v1+json", body)
	if err == nil {
		err = decode(answer.body, &out)
	}
	return out, err
}

// Sync commits what was sent before a SYNC envelope: the group goes on behind it.
func (c *Client) Sync(ctx context.Context, group, marker string) error {
	_, err := c.pipeline(ctx, http.MethodPost, "/pipeline/consumers/"+segment(group)+"/sync", "text/plain", []byte(marker))
	return err
}

// pipeline sends a call of the broker's own surface.
func (c *Client) pipeline(ctx context.Context, method, path, kind string, body []byte) (reply, error) {
	request, err := c.pipelineRequest(ctx, method, path, body)
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", kind)
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, c.unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	return c.read(ctx, method, path, response)
}

func (c *Client) pipelineRequest(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.config.Key)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.config.userAgent())
	return request, nil
}

// read takes an answer in, and makes an error of what is none of success.
func (c *Client) read(ctx context.Context, method, path string, response *http.Response) (reply, error) {
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return reply{}, c.unreachable(ctx, err)
	}
	answer := reply{status: response.StatusCode, header: response.Header, body: data}
	if answer.status < 300 {
		return answer, nil
	}
	failure := newError(call{method: method, path: path}, answer)
	var body struct {
		Report struct {
			Errors []struct{ ID, Code, Message string }
		}
	}
	if json.Unmarshal(data, &body) == nil && len(body.Report.Errors) > 0 {
		failure.Detail, failure.RequestID = body.Report.Errors[0].Message, body.Report.Errors[0].ID
	}
	return reply{}, failure
}

// Consume streams a topic's events to a member of a group. It ends with an error when the stream can't be had or breaks,
// without one after END_OF_STREAM, which is yielded: then the server wants the consumer to come again.
func (c *Client) Consume(ctx context.Context, topic string, options ConsumeOptions) iter.Seq2[Envelope, error] {
	return func(yield func(Envelope, error) bool) {
		path := "/pipeline/topics/" + segment(topic) + "/messages?" + options.query().Encode()
		request, err := c.pipelineRequest(ctx, http.MethodGet, path, nil)
		if err != nil {
			yield(Envelope{}, err)
			return
		}
		endless := *c.http
		endless.Timeout = 0
		response, err := endless.Do(request)
		if err != nil {
			yield(Envelope{}, c.unreachable(ctx, err))
			return
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			_, err := c.read(ctx, http.MethodGet, path, response)
			yield(Envelope{}, err)
			return
		}
		c.envelopes(ctx, response.Body, yield)
	}
}

func (c *Client) envelopes(ctx context.Context, body io.Reader, yield func(Envelope, error) bool) {
	decoder := json.NewDecoder(body)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			yield(Envelope{}, c.unreachable(ctx, err))
			return
		}
		var e Envelope
		if err := decode(raw, &e); err != nil {
			yield(Envelope{}, err)
			return
		}
		if !yield(e, nil) || e.Type == "END_OF_STREAM" {
			return
		}
	}
}

func (o ConsumeOptions) query() url.Values {
	query := url.Values{"group": {o.Group}, "org": {strings.Join(o.Organizations, ",")}, "source": {strings.Join(o.Sources, ",")}, "reset": {o.Reset}}
	if o.SyncInterval > 0 {
		query.Set("syncInterval", strconv.FormatInt(o.SyncInterval.Milliseconds(), 10))
	}
	if o.SyncMessages > 0 {
		query.Set("syncMessages", strconv.Itoa(o.SyncMessages))
	}
	return cloneQuery(query)
}
