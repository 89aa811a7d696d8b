package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"latchkey/internal/access"
	"latchkey/internal/secret"
	"latchkey/internal/workflow"
)

// Backups makes backups. It is [workflow.Backups]; an API without one has none.
type Backups interface {
	Check(caller access.Caller, sealing workflow.Sealing) error
	Write(ctx context.Context, caller access.Caller, sealing workflow.Sealing, out io.Writer) error
}

// NewBackup says who can open a backup.
type NewBackup struct {
	Recipients []string `json:"recipients,omitempty" doc:"Public keys of age; each of their holders can open it." example:"[\"age1…\"]"`
	Passphrase string   `json:"passphrase,omitempty" doc:"In place of recipients; 16 bytes at least. A recipient is better: nothing that opens the backup is sent." writeOnly:"true"`
}

type createBackup struct{ body[NewBackup] }

func (s *server) backupRoutes(h huma.API) {
	add(s, h, operation{id: "create-backup", method: http.MethodPost, path: apiPrefix + "/backups", tag: "Backups",
		summary:     "Back up the installation",
		description: "Answers with all that is kept, of every organization, as of one moment, in an age file for `latchkey restore`. What is sealed stays sealed inside: the root key is not part of it. A file that ends early is refused when it is restored.",
		scope:       access.Admin}, s.createBackup)
}

// createBackup answers with the file as it is made. What goes wrong after the first byte is told by its missing end.
func (s *server) createBackup(ctx context.Context, c call, in *createBackup) (*huma.StreamResponse, error) {
	if err := wholeInstallation(c, "A backup holds the whole installation; a key that is bound to a sandbox may not make one."); err != nil {
		return nil, err
	}
	asked, err := in.read()
	if err != nil {
		return nil, err
	}
	sealing := workflow.Sealing{Recipients: asked.Recipients, Passphrase: secret.New(asked.Passphrase)}
	if err := s.Backups.Check(c.caller, sealing); errors.Is(err, workflow.ErrSealing) {
		return nil, invalid(Item{Pointer: "/recipients", Message: err.Error(), Fix: "Make a key with age-keygen, and give its public key (age1…)."})
	} else if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(h huma.Context) {
		_, w := humago.Unwrap(h)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportLimit)) // without it the usual one stands
		h.SetHeader("Content-Type", "application/octet-stream")
		if err := s.Backups.Write(ctx, c.caller, sealing, h.BodyWriter()); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "a backup broke off", slog.Any("error", err))
		}
	}}, nil
}
