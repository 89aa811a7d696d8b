package app

import (
	"latchkey/internal/proxy"
)

// openProxy makes what passes applications' calls on to services.
func (h *house) openProxy() error {
	client, err := h.openEgress(0, 0)
	if err != nil {
		return err
	}
	h.carrier = client.NewCarrier()
	h.proxy, err = proxy.New(proxy.Config{
		Services: h.keeper, Carrier: h.carrier, Reads: h.tokenReads(), Calls: h.config.ProxyCalls, Replay: int64(h.config.ProxyReplay),
		Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("proxy"),
	})
	return err
}
