package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// BackupSealing says who can open a backup: the holders of age keys, or who knows a passphrase.
type BackupSealing struct {
	// Recipients are public keys, age1….
	Recipients []string `json:"recipients,omitempty"`
	Passphrase string   `json:"passphrase,omitempty"`
}

// Backup writes a backup of the whole installation, an age file for "latchkey restore". When it fails, what was written
// is of no use.
func (c *Client) Backup(ctx context.Context, sealing BackupSealing, out io.Writer) error {
	body, err := json.Marshal(sealing)
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	return c.stream(ctx, call{method: http.MethodPost, path: "/backups"}, body, out, "backup")
}
