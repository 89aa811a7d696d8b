// Package simulatortest starts the simulated provider for tests of the rooms above: behind a real TLS socket, with a
// client to which the simulated hosts are it.
package simulatortest

import (
	"context"
	"log/slog"
	"testing"

	"latchkey/internal/clock"
	"latchkey/internal/devca"
	"latchkey/internal/egress"
	"latchkey/internal/simulator"
)

// Start starts a simulator that ends with the test.
func Start(t testing.TB, log *slog.Logger) (*simulator.Simulator, *egress.Client) {
	t.Helper()
	authority, err := devca.LoadOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sim := simulator.New(simulator.Config{Now: clock.System().Now, Log: log})
	address, closing, err := sim.StartTLS(context.Background(), authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closing)
	var overrides []egress.Override
	for _, host := range simulator.Hosts() {
		overrides = append(overrides, egress.Override{Suffix: host, Address: address, Roots: authority.CertPool()})
	}
	client, err := egress.New(egress.Config{Overrides: overrides, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return sim, client
}
