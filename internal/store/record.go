package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// recordColumns are a connection's, in the order of [Connections.scan].
const recordColumns = `c.id, c.organization, c.sandbox, c.sandbox_id, c.definition, d.name, c.revision, c.configuration,
	c.label, c.state, c.reason, c.last_error, c.fields, c.secrets, c.secrets_generation, c.tokens, c.generation, c.version,
	c.renewable, c.fingerprint, c.refresh_at, c.setbacks, c.created_by, c.return_url, c.created_at, c.updated_at,
	c.last_refresh_at, k.generation, k.first_at, k.first_up, k.count, k.left_tokens, k.owner, k.until`

const fromConnections = ` FROM connections c JOIN definitions d ON d.id = c.definition LEFT JOIN claims k ON k.connection = c.id `

func tokensRow(organization, id string, generation int64) seal.Row {
	return seal.Row{Organization: organization, Table: "connections", ID: id, Column: "tokens", Generation: generation}
}

func secretsRow(organization, id string, generation int64) seal.Row {
	return seal.Row{Organization: organization, Table: "connections", ID: id, Column: "secrets", Generation: generation}
}

// scan reads a connection and opens what is sealed.
func (c Connections) scan(ctx context.Context, row scanner) (connection.Record, error) {
	var r connection.Record
	var label, lastError sql.NullString
	var fields string
	var secrets, tokens []byte
	var secretsGeneration int64
	var renewable int
	var refreshAt, created, updated, refreshed sql.NullInt64
	var claim claimed
	err := row.Scan(&r.ID, &r.Organization, &r.Sandbox, &r.SandboxID, &r.Definition, &r.DefinitionName, &r.Revision,
		&r.Configuration, &label, &r.State, &r.Reason, &lastError, &fields, &secrets, &secretsGeneration, &tokens,
		&r.Generation, &r.Version, &renewable, &r.Fingerprint, &refreshAt, &r.Setbacks, &r.CreatedBy, &r.ReturnURL,
		&created, &updated, &refreshed, &claim.generation, &claim.first, &claim.firstUp, &claim.count, &claim.left, &claim.owner, &claim.until)
	if err != nil {
		return connection.Record{}, err
	}
	r.Label, r.Renewable, r.RefreshAt = label.String, renewable != 0, instant(refreshAt)
	r.CreatedAt, r.UpdatedAt, r.LastRefreshAt = instant(created), instant(updated), instant(refreshed)
	if r.LastError, err = decodeError(lastError); err != nil {
		return connection.Record{}, err
	}
	opened, err := c.s.openSecrets(ctx, secretsRow(r.Organization, r.ID, secretsGeneration), secrets)
	if err != nil {
		return connection.Record{}, err
	}
	if r.Fields, err = decodeFields(fields, opened); err != nil {
		return connection.Record{}, err
	}
	if r.Pending, err = c.pending(ctx, &r, claim); err != nil {
		return connection.Record{}, err
	}
	if tokens == nil {
		return r, nil
	}
	var set tokenSet
	if err := c.s.openJSON(ctx, tokensRow(r.Organization, r.ID, r.Generation), tokens, &set); err != nil {
		return connection.Record{}, err
	}
	r.Tokens, err = set.tokens()
	return r, err
}

// encodeFields gives the part of fields that is no secret.
func encodeFields(f destination.Fields) (string, error) {
	text, err := json.Marshal(f.Public())
	if err != nil {
		return "", fmt.Errorf("encoding fields: %w", err)
	}
	return string(text), nil
}

func decodeFields(text string, secrets map[string]secret.String) (destination.Fields, error) {
	var public map[string]any
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&public); err != nil {
		return destination.Fields{}, fmt.Errorf("decoding fields: %w", err)
	}
	return destination.NewFields(public, secrets)
}

// lastError is a failure as it is stored.
type lastError struct {
	Kind        string `json:"kind"`
	Code        string `json:"code,omitempty"`
	Status      int    `json:"status,omitempty"`
	Endpoint    string `json:"endpoint,omitempty"`
	Description string `json:"description,omitempty"`
	Validation  string `json:"validation,omitempty"`
	At          int64  `json:"at"`
	NotBefore   int64  `json:"not_before,omitempty"`
}

// encodeError gives NULL for none.
func encodeError(e *connection.LastError) (any, error) {
	if e == nil {
		return nil, nil
	}
	out, err := json.Marshal(lastError{e.Kind.String(), e.Code, e.Status, e.Endpoint, e.Description, e.Validation, stamp(e.At), stamp(e.NotBefore)})
	if err != nil {
		return nil, fmt.Errorf("encoding the last error: %w", err)
	}
	return string(out), nil
}

func decodeError(text sql.NullString) (*connection.LastError, error) {
	if !text.Valid {
		return nil, nil
	}
	var e lastError
	if err := json.Unmarshal([]byte(text.String), &e); err != nil {
		return nil, fmt.Errorf("decoding the last error: %w", err)
	}
	return &connection.LastError{
		Kind: kindOf(e.Kind), Code: e.Code, Status: e.Status, Endpoint: e.Endpoint, Description: e.Description,
		Validation: e.Validation, At: unstamp(e.At), NotBefore: unstamp(e.NotBefore),
	}, nil
}
