package app

import (
	"latchkey/internal/provider"
)

func (h *house) openProviders() (err error) {
	h.health, err = provider.New(provider.Config{
		Limits: h.config.Providers, Hosts: h.config.ProviderHosts, Store: h.store.Providers(), Hash: h.store.Keyring().Hash,
		Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("provider"), Answered: h.series.Answered,
	})
	return err
}
