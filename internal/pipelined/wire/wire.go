// Package wire speaks with the broker over HTTP (spec/campaign-and-pipeline.md §2.3, §2.4): where it is, the stream of a
// topic, and the marker by which a consumer says how far it is.
//
// Every call carries the access token that it is given and is made once; who calls decides when again. A refusal is an
// [*Error] that tells the broker's own words, whether the token was the reason, and how long to wait.
package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// Broker is one broker, by its address.
type Broker struct {
	client *egress.Client
	base   string
}

// New makes a broker of its address.
func New(client *egress.Client, address string) (*Broker, error) {
	at, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return nil, fmt.Errorf("the pipeline's endpoint %q is no address", address)
	}
	return &Broker{client: client, base: at.String()}, nil
}

// Address gives the broker's address.
func (b *Broker) Address() string { return b.base }

// Error is a refusal of the broker.
type Error struct {
	Status int
	// Title and Messages are the broker's own.
	Title    string
	Messages []string
	// Scheme is the challenge of a 401, as it came.
	Scheme     string
	RetryAfter time.Duration
	// Doing is what was asked.
	Doing string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: the broker answered %d", e.Doing, e.Status)
	if e.Title != "" {
		text += " " + e.Title
	}
	if len(e.Messages) > 0 {
		text += ": " + strings.Join(e.Messages, "; ")
	}
	return text
}

// Refused tells whether the token was the reason.
func (e *Error) Refused() bool {
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// Refused tells whether an error is a broker's that did not take the token.
func Refused(err error) bool {
	failed, ok := errors.AsType[*Error](err)
	return ok && failed.Refused()
}

// maxErrorBody bounds what is read of a refusal.
const maxErrorBody = 64 << 10

// refusal reads the broker's error (spec §2.4). The text goes into logs, so that it is cut.
func refusal(doing string, status int, header http.Header, body []byte) *Error {
	failed := &Error{Status: status, Doing: doing, Scheme: header.Get("WWW-Authenticate")}
	var told struct {
		Title  string `json:"title"`
		Report struct {
			Errors []struct {
				Code    any    `json:"code"`
				Message string `json:"message"`
			} `json:"errors"`
		} `json:"report"`
	}
	if json.Unmarshal(body, &told) == nil {
		failed.Title = short(told.Title)
		for _, one := range told.Report.Errors {
			failed.Messages = append(failed.Messages, short(one.Message))
		}
	}
	if failed.Title == "" {
		failed.Title = http.StatusText(status)
	}
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 {
		failed.RetryAfter = min(time.Duration(seconds)*time.Second, time.Hour)
	}
	return failed
}

func short(text string) string {
	const most = 300
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func (b *Broker) request(method, path string, query url.Values, token secret.String, body string) (*http.Request, error) {
	address := b.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, address, reader) //nolint:noctx // egress takes the context beside
	if err != nil {
		return nil, errors.New("making a request of the broker")
	}
	r.Header.Set("Accept", "application/json")
	if !token.Empty() {
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	return r, nil
}

// Where asks the discovery which broker is ours (spec §2.3; the answer's shape is ours, for the vendor's is not public).
func (b *Broker) Where(ctx context.Context, token secret.String) (string, error) {
	r, err := b.request(http.MethodGet, "/v1/endpoints", nil, token, "")
	if err != nil {
		return "", err
	}
	reply, err := b.client.Do(ctx, r)
	if err != nil {
		return "", fmt.Errorf("asking for the broker's endpoint: %w", err)
	}
	if reply.Status != http.StatusOK {
		return "", refusal("asking for the broker's endpoint", reply.Status, reply.Header, reply.Body)
	}
	var told struct {
		Endpoints []struct {
			URL string `json:"url"`
		} `json:"endpoints"`
	}
	if err := json.Unmarshal(reply.Body, &told); err != nil || len(told.Endpoints) == 0 || told.Endpoints[0].URL == "" {
		return "", errors.New("asking for the broker's endpoint: the answer names none")
	}
	return told.Endpoints[0].URL, nil
}

// Consume says which stream is opened.
type Consume struct {
	Topic, Group string
	// SyncMessages is after how many messages the broker sends a marker; SyncInterval after how long.
	SyncMessages int
	SyncInterval time.Duration
	// Reset is where a group that is new begins: "earliest" or "latest".
	Reset string
}

// Open opens the stream of a topic.
func (b *Broker) Open(ctx context.Context, token secret.String, c Consume) (io.ReadCloser, error) {
	query := url.Values{"group": {c.Group}}
	if c.SyncMessages > 0 {
		query.Set("syncMessages", strconv.Itoa(c.SyncMessages))
	}
	if c.SyncInterval > 0 {
		query.Set("syncInterval", strconv.FormatInt(c.SyncInterval.Milliseconds(), 10))
	}
	if c.Reset != "" {
		query.Set("reset", c.Reset)
	}
	r, err := b.request(http.MethodGet, "/pipeline/topics/"+url.PathEscape(c.Topic)+"/messages", query, token, "")
	if err != nil {
		return nil, err
	}
	stream, err := b.client.Open(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("opening the stream: %w", err)
	}
	if stream.Status != http.StatusOK {
		defer func() { _ = stream.Body.Close() }()
		body, _ := io.ReadAll(io.LimitReader(stream.Body, maxErrorBody)) // without it the status alone is told
		return nil, refusal("opening the stream", stream.Status, stream.Header, body)
	}
	return stream.Body, nil
}

// Commit gives the broker a marker that it sent: everything before it is finished.
func (b *Broker) Commit(ctx context.Context, token secret.String, group, marker string) error {
	r, err := b.request(http.MethodPost, "/pipeline/consumers/"+url.PathEscape(group)+"/sync", nil, token, marker)
	if err != nil {
		return err
	}
	reply, err := b.client.Do(ctx, r)
	if err != nil {
		return fmt.Errorf("storing the pointer: %w", err)
	}
	if reply.Status/100 != 2 {
		return refusal("storing the pointer", reply.Status, reply.Header, reply.Body)
	}
	return nil
}
