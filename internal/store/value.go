package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// Times are integers, microseconds UTC since 1970; a zero time is NULL.

func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func instant(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}

// text gives NULL for "".
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// likeEscaper makes a text stand for itself in LIKE … ESCAPE '\'.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// contains gives the pattern of texts that contain s.
func contains(s string) string { return "%" + likeEscaper.Replace(strings.ToLower(s)) + "%" }

// sealSecrets seals a map of secrets; none are NULL.
func (s *Store) sealSecrets(ctx context.Context, row seal.Row, secrets map[string]secret.String) ([]byte, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	plain := make(map[string]string, len(secrets))
	for name, value := range secrets {
		plain[name] = value.Reveal()
	}
	return s.sealJSON(ctx, row, plain)
}

// openSecrets reverses sealSecrets.
func (s *Store) openSecrets(ctx context.Context, row seal.Row, sealed []byte) (map[string]secret.String, error) {
	if sealed == nil {
		return nil, nil
	}
	var plain map[string]string
	if err := s.openJSON(ctx, row, sealed, &plain); err != nil {
		return nil, err
	}
	secrets := make(map[string]secret.String, len(plain))
	for name, value := range plain {
		secrets[name] = secret.New(value)
	}
	return secrets, nil
}

func (s *Store) sealJSON(ctx context.Context, row seal.Row, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding %s.%s: %w", row.Table, row.Column, err)
	}
	sealed, err := s.keyring.Seal(ctx, row, plain)
	clear(plain)
	if err != nil {
		return nil, err // it names the row
	}
	return sealed, nil
}

func (s *Store) openJSON(ctx context.Context, row seal.Row, sealed []byte, value any) error {
	plain, err := s.keyring.Open(ctx, row, sealed)
	if err != nil {
		return err // it names the row
	}
	defer clear(plain)
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	if err := decoder.Decode(value); err != nil {
		return fmt.Errorf("decoding %s.%s", row.Table, row.Column) // not %w: it may quote what it could not read
	}
	return nil
}
