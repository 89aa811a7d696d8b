package connection

import "latchkey/internal/exchange"

// userOf gives the `userContext` of an exchange (U17).
func userOf(record *Record, client string) exchange.UserContext {
	return exchange.UserContext{
		SandboxName: record.Sandbox, SandboxID: record.SandboxID, IMSOrgID: record.Organization, Client: client,
	}
}
