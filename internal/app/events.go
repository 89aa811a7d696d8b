package app

import (
	"latchkey/internal/egress"
	"latchkey/internal/webhook"
)

// openWebhooks makes what delivers events. Its requests have a client of their own: an address that somebody gives for
// events is no provider, so simulated hosts are not led to the simulator.
func (h *house) openWebhooks() (err error) {
	roots, err := h.config.egressRoots()
	if err != nil {
		return err
	}
	h.outward, err = egress.New(egress.Config{
		Allow: h.config.EgressAllow, AllowLoopback: h.workstation, Proxy: h.config.EgressProxy, ExtraRoots: roots,
		UserAgent: "latchkey/" + Version, Clock: h.clock, Log: h.log,
	})
	if err != nil {
		return err
	}
	kept := h.store.Webhooks(h.config.mailable())
	h.dispatcher, err = webhook.NewDispatcher(webhook.DispatcherConfig{
		Queue: kept, Sender: h.outward, Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("webhook"), Tracer: h.traces.Tracer("webhook"),
		Emitted: h.store.Emitted(), Retention: h.config.EventRetention,
	})
	if err != nil {
		return err
	}
	h.webhooks = webhook.New(webhook.Config{
		Endpoints: kept, Log: kept, Clock: h.clock, AllowHTTP: h.workstation, Wake: h.dispatcher.Wake,
	})
	return nil
}
