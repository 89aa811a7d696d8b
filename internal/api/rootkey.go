package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/seal"
)

// RootKeys is the keyring of what is sealed, as far as this room calls it.
type RootKeys interface {
	Roots(ctx context.Context) ([]seal.RootStatus, error)
	Rotation(ctx context.Context) (seal.Rotation, error)
	Rotate(ctx context.Context, by string) (seal.Rotation, error)
}

// RootKey is a root key of the installation; never the key.
type RootKey struct {
	ID        string     `json:"id" doc:"Tells keys apart, and tells nothing of them." example:"root_5f0c9e8d7b6a4132"`
	Kind      string     `json:"kind" enum:"file,passphrase,vault,kms" example:"file"`
	State     string     `json:"state" enum:"next,current,leaving,retired" doc:"next: configured, not rotated to; current: wraps what is new; leaving: being rotated away from; retired: refused."`
	DataKeys  int        `json:"data_keys" doc:"How many organizations' data keys it wraps; the installation's own is one more." example:"12"`
	Held      bool       `json:"held" doc:"Whether the server that answers has it in its configuration."`
	CreatedAt time.Time  `json:"created_at" doc:"When this installation met it first."`
	RetiredAt *time.Time `json:"retired_at"`
}

// Rotation is how the last rotation of the root key stands.
type Rotation struct {
	State      string     `json:"state" enum:"none,running,finished" doc:"none: there was no rotation yet."`
	From       *string    `json:"from" doc:"The root key that is left." example:"root_5f0c9e8d7b6a4132"`
	To         *string    `json:"to" doc:"The root key that wraps everything in the end. The same as from when data keys move to the newest version of one key."`
	Total      int        `json:"total" doc:"How many data keys there were when it began." example:"2000"`
	Done       int        `json:"done" doc:"How many of them are wrapped anew." example:"750"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Problem    *string    `json:"problem" doc:"What keeps the server that answers from going on; it tries again by itself."`
}

const rotationAnswer = `{
  "state": "running", "from": "root_5f0c9e8d7b6a4132", "to": "vault_0a1b2c3d4e5f6071", "total": 2000, "done": 750,
  "started_at": "2026-11-21T09:30:00Z", "finished_at": null, "problem": null
}`

func (s *server) rootKeyRoutes(h huma.API) {
	const base = apiPrefix + "/root-keys"
	const tag = "Root keys"
	add(s, h, operation{id: "list-root-keys", method: http.MethodGet, path: base, tag: tag,
		summary: "List root keys", description: "What wraps the data keys, retired ones too. They belong to the installation, not to an organization; they are other things than API keys.",
		scope: access.Admin}, s.listRootKeys)
	add(s, h, operation{id: "get-root-key-rotation", method: http.MethodGet, path: base + "/rotation", tag: tag,
		summary: "Read how the last rotation stands", scope: access.Admin, answers: rotationAnswer}, s.getRotation)
	add(s, h, operation{id: "rotate-root-key", method: http.MethodPost, path: base + "/rotate", tag: tag, status: http.StatusAccepted,
		summary:     "Rotate the root key",
		description: "Wraps every data key with the root key that `seal.root` names, in the background; the one that `seal.previous_root` names is retired when all are done. Without a previous one, data keys in Vault or a KMS move to the newest version of the key. A rotation under way goes on.",
		scope:       access.Admin, answers: rotationAnswer, fails: []*Kind{kindState}}, s.rotateRootKey)
}

func installation(c call) error {
	return wholeInstallation(c, "Root keys belong to the whole installation; a key that is bound to a sandbox may not see them.")
}

// wholeInstallation refuses who may not act for the whole of it.
func wholeInstallation(c call, sandboxed string) error {
	if err := c.caller.Require(access.Admin); err != nil {
		return err
	}
	if c.caller.Sandbox != "" {
		return newProblem(kindSandbox, sandboxed)
	}
	return nil
}

func (s *server) listRootKeys(ctx context.Context, c call, in *Paging) (*reply[Page[RootKey]], error) {
	if err := installation(c); err != nil {
		return nil, err
	}
	roots, err := s.RootKeys.Roots(ctx)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(roots, shownRootKey), *in, func(k RootKey) string { return k.CreatedAt.Format(time.RFC3339Nano) + k.ID })
	return &reply[Page[RootKey]]{out}, err
}

func (s *server) getRotation(ctx context.Context, c call, _ *struct{}) (*reply[Rotation], error) {
	if err := installation(c); err != nil {
		return nil, err
	}
	rotation, err := s.RootKeys.Rotation(ctx)
	if err != nil {
		return nil, err
	}
	return &reply[Rotation]{shownRotation(rotation)}, nil
}

func (s *server) rotateRootKey(ctx context.Context, c call, _ *struct{}) (*reply[Rotation], error) {
	if err := installation(c); err != nil {
		return nil, err
	}
	rotation, err := s.RootKeys.Rotate(ctx, c.caller.ID)
	if err != nil {
		return nil, unrotatable(err)
	}
	return &reply[Rotation]{shownRotation(rotation)}, nil
}

// unrotatable says why there is no rotation. The administrator of the installation is told the cause: it names
// settings and root keys, and no secret.
func unrotatable(err error) error {
	behind, isBehind := errors.AsType[*seal.BehindError](err)
	switch {
	case errors.Is(err, seal.ErrNothingToRotate):
		return newProblem(kindState, "This server has one root key. Name the new one in seal.root and the present one in seal.previous_root, on every node; restart them; then rotate.").because(err)
	case isBehind:
		return newProblem(kindState, "The current root key is "+behind.Current+", which this server does not have. Configure that one and restart it.").because(err)
	case errors.Is(err, seal.ErrConflict):
		return newProblem(kindState, "The root keys were changed at the same time; read how the rotation stands.").because(err)
	case errors.Is(err, seal.ErrProbe):
		return newProblem(kindState, "The new root key can't be used yet; nothing was begun: "+err.Error()).because(err)
	}
	return err
}

func shownRootKey(k seal.RootStatus) RootKey {
	return RootKey{
		ID: k.ID, Kind: string(k.Kind), State: string(k.State), DataKeys: k.DataKeys, Held: k.Held,
		CreatedAt: *stamp(k.CreatedAt), RetiredAt: stamp(k.RetiredAt),
	}
}

func shownRotation(r seal.Rotation) Rotation {
	state := "none"
	switch {
	case !r.FinishedAt.IsZero():
		state = "finished"
	case !r.StartedAt.IsZero():
		state = "running"
	}
	return Rotation{
		State: state, From: optional(r.From), To: optional(r.To), Total: r.Total, Done: r.Done,
		StartedAt: stamp(r.StartedAt), FinishedAt: stamp(r.FinishedAt), Problem: optional(r.Problem),
	}
}
