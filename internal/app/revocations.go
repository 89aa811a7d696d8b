package app

import (
	"context"

	"latchkey/internal/revocation"
	"latchkey/internal/workflow"
)

// openRevocations makes what ends the grants of deleted connections at their providers.
func (h *house) openRevocations() (err error) {
	kept := h.store.Revocations()
	h.revoker, err = revocation.NewWorker(revocation.WorkerConfig{
		Queue: kept, Revoker: h.runner, Definitions: h.catalogue, Health: h.health, Clock: h.clock, Log: h.log,
		Meter: h.metrics.Meter("revocation"), Tracer: h.traces.Tracer("revocation"),
	})
	if err != nil {
		return err
	}
	h.revocations = revocation.New(kept, h.clock, h.revoker.Wake)
	return nil
}

func (h *house) offboardings() *workflow.Offboardings {
	return &workflow.Offboardings{
		Store: h.store.Offboardings(), Connections: h.connector, Clock: h.clock, Changed: h.rightsChanged,
	}
}

// rightsChanged has this process read anew who may call, and which clients get tokens.
func (h *house) rightsChanged(ctx context.Context) error {
	h.clients.Forget()
	return h.keyring.Reload(ctx)
}
