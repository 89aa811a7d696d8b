package api

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"latchkey/internal/access"
	"latchkey/internal/audit"
)

// AuditRecord is one thing that was done.
type AuditRecord struct {
	Sequence   int64             `json:"sequence" doc:"Counts the organization's records from 1, without gaps." example:"1204"`
	At         time.Time         `json:"at" doc:"When it happened; of token reads, the second."`
	Actor      string            `json:"actor" doc:"The id of the key that did it, or system." example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Action     string            `json:"action" doc:"What was done; the reference of the audit record lists all." example:"token.read"`
	Subject    string            `json:"subject" doc:"The id of what it was done to." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Generation int64             `json:"generation" doc:"The subject's counter after it; 0 where it has none."`
	Detail     map[string]string `json:"detail" nullable:"false" doc:"What more there is to say: names, hashes, counts. Never a secret."`
	Hash       string            `json:"hash" doc:"Binds the record to all before it, in hexadecimal digits."`
}

// AuditCheckpoint is a signed statement of what a record was.
type AuditCheckpoint struct {
	Organization string `json:"organization"`
	Sequence     int64  `json:"sequence" doc:"The record's number." example:"1204"`
	Hash         string `json:"hash" doc:"The record's hash, in hexadecimal digits."`
	At           string `json:"at" doc:"When it was signed, to the microsecond."`
	PublicKey    string `json:"public_key" doc:"The Ed25519 key that checks it, in base64."`
	Signature    string `json:"signature" doc:"In base64."`
}

// AuditProof is what to check the record against.
type AuditProof struct {
	Checkpoints []AuditCheckpoint `json:"checkpoints,omitempty" doc:"Checkpoints that were kept elsewhere."`
	PublicKey   string            `json:"public_key,omitempty" doc:"The only key to trust, in base64; without it, this installation's."`
}

// AuditFault is one thing that is wrong.
type AuditFault struct {
	Kind     string `json:"kind" enum:"changed,removed,rebuilt,forged,rolled_back,unrecorded"`
	Sequence int64  `json:"sequence,omitempty" doc:"The record where it shows."`
	Subject  string `json:"subject,omitempty" doc:"The connection that it is about."`
	Message  string `json:"message"`
}

// AuditReport is what a verification found.
type AuditReport struct {
	OK          bool         `json:"ok" doc:"Whether nothing is wrong."`
	First       int64        `json:"first" doc:"The number of the first record."`
	Last        int64        `json:"last" doc:"The number of the last record."`
	Hash        string       `json:"hash" doc:"The last record's hash."`
	Records     int64        `json:"records" doc:"How many were read."`
	Checkpoints int          `json:"checkpoints" doc:"How many checkpoints agree."`
	Held        int          `json:"held" doc:"How many of them were kept elsewhere."`
	Covered     int64        `json:"covered" doc:"Up to which record a checkpoint proves it."`
	HeldTo      int64        `json:"held_to" doc:"Up to which record one that was kept elsewhere does."`
	Connections int64        `json:"connections" doc:"How many connections were compared with their records."`
	Key         string       `json:"key,omitempty" doc:"The fingerprint of the key that signed."`
	Faults      []AuditFault `json:"faults" nullable:"false"`
	More        int64        `json:"more,omitempty" doc:"How many faults there are beside those."`
}

// AuditKey is the key that checks checkpoints.
type AuditKey struct {
	PublicKey   string `json:"public_key" doc:"The Ed25519 key's 32 bytes, in base64."`
	PEM         string `json:"pem" doc:"The same for openssl."`
	Fingerprint string `json:"fingerprint" example:"SHA256:…"`
}

type (
	// AuditChain is the part of an input that picks a chain.
	AuditChain struct {
		Chain string `query:"chain" enum:"organization,installation" default:"organization" doc:"The organization's own, or the installation's, which needs the scope admin."`
	}
	listAudit struct {
		AuditChain
		Paging
		Actor   string    `query:"actor" doc:"Only what this key did."`
		Action  string    `query:"action" doc:"Only this action; one that ends in a dot picks all that begin so: key."`
		Subject string    `query:"subject" doc:"Only what was done to this thing."`
		Since   time.Time `query:"since" doc:"From this time on."`
		Until   time.Time `query:"until" doc:"Before this time."`
		After   int64     `query:"after" minimum:"0" doc:"Only records of a higher number, the oldest first: for following."`
	}
	verifyAudit struct {
		AuditChain
		optionalBody[AuditProof]
	}
	listCheckpoints struct {
		AuditChain
		Paging
	}
	exportAudit struct {
		AuditChain
		Since time.Time `query:"since" doc:"From the first record made at this time or later."`
		Until time.Time `query:"until" doc:"To the last record made before this time."`
	}
)

func (in AuditChain) name() string {
	if in.Chain == audit.Installation {
		return audit.Installation
	}
	return ""
}

func (s *server) auditRoutes(h huma.API) {
	const base = apiPrefix + "/audit"
	const tag = "Audit"
	add(s, h, operation{id: "list-audit", method: http.MethodGet, path: base, tag: tag,
		summary: "List what was done", description: "Newest first; with `after`, oldest first.", scope: access.AuditRead}, s.listAudit)
	add(s, h, operation{id: "verify-audit", method: http.MethodPost, path: base + "/verify", tag: tag,
		summary:     "Check the record",
		description: "Reads the chain from its first record to its last, checks it against the checkpoints here and those that are sent, and compares every connection with its newest record. A record that was changed, removed or moved is a fault, and so is a connection that was put back to an older state.",
		scope:       access.AuditRead}, s.verifyAudit)
	add(s, h, operation{id: "export-audit", method: http.MethodGet, path: base + "/export", tag: tag,
		summary: "Export the record", description: "JSON Lines: a beginning, the records, the checkpoints among them, an end. `latchkey audit verify --file` checks it without a server.",
		scope: access.AuditRead}, s.exportAudit)
	add(s, h, operation{id: "list-audit-checkpoints", method: http.MethodGet, path: base + "/checkpoints", tag: tag,
		summary: "List checkpoints", description: "Newest first.", scope: access.AuditRead}, s.listCheckpoints)
	add(s, h, operation{id: "create-audit-checkpoint", method: http.MethodPost, path: base + "/checkpoints", tag: tag, status: http.StatusCreated,
		summary:     "Sign the record as it is now",
		description: "Keep the answer where the database is not: it proves that no record up to it was changed since.",
		scope:       access.AuditRead, fails: []*Kind{kindState}}, s.createCheckpoint)
	add(s, h, operation{id: "get-audit-key", method: http.MethodGet, path: base + "/key", tag: tag,
		summary: "Read the key that checks checkpoints", scope: access.AuditRead}, s.auditKey)
}

func (s *server) listAudit(ctx context.Context, c call, in *listAudit) (*reply[Page[AuditRecord]], error) {
	selection := audit.Selection{
		Actor: in.Actor, Action: in.Action, Subject: in.Subject, Since: in.Since, Until: in.Until, After: in.After,
		Forward: in.After > 0, Limit: in.Limit + 1,
	}
	if in.Cursor != "" {
		at, err := parseSequence(in.Cursor)
		if err != nil {
			return nil, badCursor()
		}
		if selection.Forward {
			selection.After = at
		} else {
			selection.Before = at
		}
	}
	records, err := s.Audit.List(ctx, c.caller, in.name(), selection)
	if err != nil {
		return nil, err
	}
	out := Page[AuditRecord]{Limit: in.Limit}
	if len(records) > in.Limit {
		records = records[:in.Limit]
		out.NextCursor = formatSequence(records[in.Limit-1].Sequence)
	}
	out.Items = mapped(records, shownRecord)
	return &reply[Page[AuditRecord]]{out}, nil
}

func formatSequence(n int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(n, 10)))
}

func parseSequence(cursor string) (int64, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}

func shownRecord(r audit.Record) AuditRecord {
	detail := r.Detail
	if detail == nil {
		detail = map[string]string{}
	}
	return AuditRecord{
		Sequence: r.Sequence, At: r.At.UTC(), Actor: r.Actor, Action: r.Action, Subject: r.Subject, Generation: r.Generation,
		Detail: detail, Hash: r.Hash.String(),
	}
}

func (s *server) verifyAudit(ctx context.Context, c call, in *verifyAudit) (*reply[AuditReport], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	var proof audit.Proof
	for i, sent := range ask.Checkpoints {
		held, err := sent.read()
		if err != nil {
			return nil, invalid(Item{Pointer: "/checkpoints/" + strconv.Itoa(i), Message: "that is no checkpoint", Fix: "Send it as it was made, all members."})
		}
		proof.Held = append(proof.Held, audit.Held{Checkpoint: held, Where: "the request"})
	}
	if ask.PublicKey != "" {
		if err := proof.Key.UnmarshalText([]byte(ask.PublicKey)); err != nil {
			return nil, invalid(Item{Pointer: "/public_key", Message: "that is no Ed25519 key", Fix: "Send its 32 bytes in base64."})
		}
	}
	report, err := s.Audit.Verify(ctx, c.caller, in.name(), proof)
	if err != nil {
		return nil, err
	}
	out := AuditReport{
		OK: report.OK(), First: report.First, Last: report.Last, Hash: report.Hash.String(), Records: report.Records,
		Checkpoints: report.Checkpoints, Held: report.Held, Covered: report.Covered, HeldTo: report.HeldTo,
		Connections: report.Connections, Key: report.Key, More: report.More,
		Faults: mapped(report.Faults, func(f audit.Fault) AuditFault { return AuditFault(f) }),
	}
	return &reply[AuditReport]{out}, nil
}

// read gives the checkpoint that was shown.
func (c AuditCheckpoint) read() (out audit.Checkpoint, err error) {
	out.Organization, out.Sequence = c.Organization, c.Sequence
	if err = out.Hash.UnmarshalText([]byte(c.Hash)); err == nil {
		err = out.PublicKey.UnmarshalText([]byte(c.PublicKey))
	}
	if err == nil {
		out.Signature, err = base64.StdEncoding.DecodeString(c.Signature)
	}
	if err == nil {
		out.At, err = time.Parse(time.RFC3339Nano, c.At)
	}
	return out, err
}

func shownCheckpoint(c audit.Checkpoint) AuditCheckpoint {
	return AuditCheckpoint{
		Organization: c.Organization, Sequence: c.Sequence, Hash: c.Hash.String(), At: c.At.UTC().Format(time.RFC3339Nano),
		PublicKey: base64.StdEncoding.EncodeToString(c.PublicKey), Signature: base64.StdEncoding.EncodeToString(c.Signature),
	}
}

func (s *server) listCheckpoints(ctx context.Context, c call, in *listCheckpoints) (*reply[Page[AuditCheckpoint]], error) {
	before := int64(0)
	if in.Cursor != "" {
		var err error
		if before, err = parseSequence(in.Cursor); err != nil {
			return nil, badCursor()
		}
	}
	found, err := s.Audit.Checkpoints(ctx, c.caller, in.name(), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := Page[AuditCheckpoint]{Limit: in.Limit}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.NextCursor = formatSequence(found[in.Limit-1].Sequence)
	}
	out.Items = mapped(found, shownCheckpoint)
	return &reply[Page[AuditCheckpoint]]{out}, nil
}

func (s *server) createCheckpoint(ctx context.Context, c call, in *AuditChain) (*reply[AuditCheckpoint], error) {
	made, err := s.Audit.Checkpoint(ctx, c.caller, in.name())
	if err != nil {
		return nil, err
	}
	return &reply[AuditCheckpoint]{shownCheckpoint(made)}, nil
}

func (s *server) auditKey(_ context.Context, c call, _ *struct{}) (*reply[AuditKey], error) {
	if err := c.caller.Require(access.AuditRead); err != nil {
		return nil, err
	}
	key := s.Audit.PublicKey()
	text, err := key.PEM()
	if err != nil {
		return nil, err
	}
	return &reply[AuditKey]{AuditKey{
		PublicKey: base64.StdEncoding.EncodeToString(key), PEM: string(text), Fingerprint: key.Fingerprint(),
	}}, nil
}

// exportLimit is how long an export may take; other answers have less.
const exportLimit = time.Hour

// exportAudit answers with the lines as they are read. What goes wrong after the first is told by the missing end.
func (s *server) exportAudit(ctx context.Context, c call, in *exportAudit) (*huma.StreamResponse, error) {
	if err := s.Audit.MayRead(c.caller, in.name()); err != nil {
		return nil, err
	}
	span := audit.Span{Since: in.Since, Until: in.Until}
	return &huma.StreamResponse{Body: func(h huma.Context) {
		_, w := humago.Unwrap(h)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportLimit)) // without it the usual one stands
		h.SetHeader("Content-Type", "application/jsonl")
		if err := s.Audit.Export(ctx, c.caller, in.name(), span, h.BodyWriter()); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "an export of the audit record broke off", slog.Any("error", err))
		}
	}}, nil
}
