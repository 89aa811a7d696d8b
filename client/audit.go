package client

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AuditRecord is one thing that was done.
type AuditRecord struct {
	Sequence   int64             `json:"sequence"`
	At         time.Time         `json:"at"`
	Actor      string            `json:"actor"`
	Action     string            `json:"action"`
	Subject    string            `json:"subject"`
	Generation int64             `json:"generation"`
	Detail     map[string]string `json:"detail"`
	Hash       string            `json:"hash"`

	Answer
}

// AuditFilter narrows a list of records; the zero value lists all, newest first.
type AuditFilter struct {
	// Installation picks the installation's own chain, which needs the scope admin, in place of the organization's.
	Installation           bool
	Actor, Action, Subject string
	Since, Until           time.Time
	// After gives those of a higher number, the oldest first; negative gives all so.
	After int64
	// Limit is how many come at a time; 0 leaves that to the server.
	Limit int
}

// AuditCheckpoint is a signed statement of what a record was.
type AuditCheckpoint struct {
	Organization string `json:"organization"`
	Sequence     int64  `json:"sequence"`
	Hash         string `json:"hash"`
	At           string `json:"at"`
	PublicKey    string `json:"public_key"`
	Signature    string `json:"signature"`

	Answer
}

// AuditProof is what to check the record against, beside what the server has.
type AuditProof struct {
	Checkpoints []AuditCheckpoint `json:"checkpoints,omitempty"`
	// PublicKey, in base64, is the only one to trust; "" is the installation's.
	PublicKey string `json:"public_key,omitempty"`
}

// AuditFault is one thing that is wrong with the record.
type AuditFault struct {
	Kind     string `json:"kind"`
	Sequence int64  `json:"sequence"`
	Subject  string `json:"subject"`
	Message  string `json:"message"`
}

// AuditReport is what a verification found.
type AuditReport struct {
	OK      bool   `json:"ok"`
	First   int64  `json:"first"`
	Last    int64  `json:"last"`
	Hash    string `json:"hash"`
	Records int64  `json:"records"`
	// Checkpoints is how many agree, Held how many of those were sent; Covered and HeldTo are up to which record.
	Checkpoints int          `json:"checkpoints"`
	Held        int          `json:"held"`
	Covered     int64        `json:"covered"`
	HeldTo      int64        `json:"held_to"`
	Connections int64        `json:"connections"`
	Key         string       `json:"key"`
	Faults      []AuditFault `json:"faults"`
	More        int64        `json:"more"`

	Answer
}

// AuditKey is the key that checks checkpoints.
type AuditKey struct {
	PublicKey   string `json:"public_key"`
	PEM         string `json:"pem"`
	Fingerprint string `json:"fingerprint"`

	Answer
}

// Audit lists records.
func (c *Client) Audit(ctx context.Context, filter AuditFilter) iter.Seq2[AuditRecord, error] {
	query := chain(filter.Installation)
	for name, value := range map[string]string{"actor": filter.Actor, "action": filter.Action, "subject": filter.Subject} {
		if value != "" {
			query.Set(name, value)
		}
	}
	setTime(query, "since", filter.Since)
	setTime(query, "until", filter.Until)
	if filter.After != 0 {
		query.Set("after", strconv.FormatInt(max(filter.After, 0), 10))
	}
	if filter.Limit > 0 {
		query.Set("limit", strconv.Itoa(filter.Limit))
	}
	return list[AuditRecord](ctx, c, "/audit", query)
}

func chain(installation bool) url.Values {
	query := url.Values{}
	if installation {
		query.Set("chain", "installation")
	}
	return query
}

func setTime(query url.Values, name string, at time.Time) {
	if !at.IsZero() {
		query.Set(name, at.UTC().Format(time.RFC3339Nano))
	}
}

// VerifyAudit checks the record from its beginning. That something is wrong is no error: it is in the report.
func (c *Client) VerifyAudit(ctx context.Context, installation bool, proof AuditProof) (AuditReport, error) {
	var out AuditReport
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/audit/verify", query: chain(installation), body: proof}, &out)
	return out, err
}

// AuditCheckpoints lists the checkpoints that the server keeps, the newest first.
func (c *Client) AuditCheckpoints(ctx context.Context, installation bool) iter.Seq2[AuditCheckpoint, error] {
	return list[AuditCheckpoint](ctx, c, "/audit/checkpoints", chain(installation))
}

// CreateAuditCheckpoint signs the record as it is now. Keep the answer where the database is not.
func (c *Client) CreateAuditCheckpoint(ctx context.Context, installation bool) (AuditCheckpoint, error) {
	var out AuditCheckpoint
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/audit/checkpoints", query: chain(installation)}, &out)
	return out, err
}

// AuditKey gives the key that checks checkpoints.
func (c *Client) AuditKey(ctx context.Context) (AuditKey, error) {
	var out AuditKey
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/audit/key"}, &out)
	return out, err
}

// ExportAudit writes the record, or the part of it between two times, as JSON Lines. Zero times are no bounds.
func (c *Client) ExportAudit(ctx context.Context, installation bool, since, until time.Time, out io.Writer) error {
	asked := call{method: http.MethodGet, path: "/audit/export", query: chain(installation)}
	setTime(asked.query, "since", since)
	setTime(asked.query, "until", until)
	return c.stream(ctx, asked, nil, out, "export")
}

// stream writes an answer as it comes.
func (c *Client) stream(ctx context.Context, asked call, body []byte, out io.Writer, what string) error {
	request, err := c.request(ctx, asked, body)
	if err != nil {
		return err
	}
	response, err := c.streaming().Do(request)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err != nil {
			return c.unreachable(ctx, err)
		}
		return newError(asked, reply{status: response.StatusCode, header: response.Header, body: body})
	}
	if _, err := io.Copy(out, response.Body); err != nil {
		return fmt.Errorf("receiving the %s: %w", what, err)
	}
	return nil
}

// streaming is the client without its bound on the whole of an answer: an export takes as long as it takes.
func (c *Client) streaming() *http.Client {
	out := *c.http
	out.Timeout = 0
	return &out
}
