package connectiontest_test

import (
	"testing"

	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/ident"
)

func TestMemory(t *testing.T) {
	connectiontest.Run(t, func(*testing.T) connectiontest.Subject {
		m := connectiontest.NewMemory()
		return connectiontest.Subject{
			Store: m, Attempts: m, Ledger: m,
			AddDefinition: func(_ *testing.T, name string) string {
				id := ident.New("def")
				m.AddDefinition(id, name)
				return id
			},
		}
	})
}
