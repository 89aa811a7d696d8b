package connection

import (
	"latchkey/internal/exchange"
)

// edges lists, for each state, those that may follow it. Staying is not an edge.
var edges = map[State][]State{
	PendingAuthorization: {Active, Disabled},
	Active:               {Degraded, NeedsReauthorization, Disabled},
	Degraded:             {Active, NeedsReauthorization, Disabled},
	NeedsReauthorization: {Active, Disabled},
	Disabled:             {PendingAuthorization, Active, Degraded, NeedsReauthorization},
}

// To tells whether next may follow s.
func (s State) To(next State) bool {
	for _, n := range edges[s] {
		if n == next {
			return true
		}
	}
	return false
}

// Valid tells whether s is one of the states.
func (s State) Valid() bool { _, ok := edges[s]; return ok }

// renewing tells whether a connection in the state may be exchanged in the background.
func (s State) renewing() bool { return s == Active || s == Degraded }

// afterFailure gives the state that follows a failed exchange of a connection that had a token. Only the provider's
// word ends a grant: an outage and a wrong client leave it alone.
func afterFailure(kind exchange.Kind, code string) State {
	if kind.Final(code) {
		return NeedsReauthorization
	}
	return Degraded
}

// afterEnable gives the state that a disabled connection returns to.
func afterEnable(r Record) State {
	switch {
	case r.Generation == 0:
		return PendingAuthorization
	case r.LastError == nil:
		return Active
	default:
		return afterFailure(r.LastError.Kind, r.LastError.Code)
	}
}

// reasons say in words why a failed exchange left a connection in its state.
func reason(failure *exchange.Failure) string {
	switch failure.Kind {
	case exchange.GrantDead:
		return "the provider says that the grant is no longer valid"
	case exchange.ClientDead:
		return "the provider does not accept the client's id or secret"
	case exchange.Denied:
		return "the provider denied access"
	case exchange.ProviderDown:
		return "the provider could not be reached, or was unable to answer"
	default:
		return "the provider's answer could not be used"
	}
}
