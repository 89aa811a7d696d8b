package registrytest_test

import (
	"testing"

	"latchkey/internal/registry"
	"latchkey/internal/registry/registrytest"
)

func openMemory(*testing.T) registrytest.Subject {
	m := registrytest.NewMemory()
	return registrytest.Subject{Store: m, Keys: m, Occupy: func(_ *testing.T, s registry.Sandbox) { m.Occupy(s) }}
}

func TestMemory(t *testing.T) {
	registrytest.TestStore(t, openMemory)
	registrytest.TestKeyStore(t, openMemory)
}
