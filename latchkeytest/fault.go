package latchkeytest

import (
	"fmt"
	"strconv"
	"time"

	"latchkey/internal/simulator"
)

// Fault is a way in which the provider misbehaves, and with which requests. It holds for every request until
// [Server.ClearFaults], if nothing else is said:
//
//	latchkey.Fault(latchkeytest.Status(503).Times(2).ForGrant(latchkeytest.Refresh))
type Fault struct{ rule simulator.Rule }

// The grants that [Fault.ForGrant] tells apart, and [Request.Grant] names.
const (
	ClientCredentialsGrant = "client_credentials"
	PasswordGrant          = "password"
	CodeGrant              = "authorization_code"
	Refresh                = "refresh_token"
)

// Named gives faults by the names that the simulator's page /sim/ lists, with commas between: "slow=2s,expires_in=none".
func Named(faults string) Fault { return Fault{simulator.Rule{Fault: faults}} }

// Status answers with that status, and does nothing.
func Status(code int) Fault { return Named("status=" + strconv.Itoa(code)) }

// RateLimited answers 429 with a Retry-After of whole seconds.
func RateLimited(retryAfter time.Duration) Fault { return inSeconds("rate_limit", retryAfter) }

// OAuthError answers with that error of OAuth, as invalid_grant.
func OAuthError(code string) Fault { return Named("error=" + code) }

// Slow does what was asked, and keeps the answer back.
func Slow(by time.Duration) Fault { return Named("slow=" + by.String()) }

// Unreachable closes the connection, and does nothing.
func Unreachable() Fault { return Named("drop_before") }

// LostAnswer does what was asked, and closes the connection without an answer: a new refresh token is lost.
func LostAnswer() Fault { return Named("drop") }

// WebPage answers 200 with a web page, as a captive portal or a maintenance page does.
func WebPage() Fault { return Named("html") }

// Truncated sends half of an answer.
func Truncated() Fault { return Named("truncated") }

// TokenLife gives access tokens that life, in whole seconds.
func TokenLife(life time.Duration) Fault { return inSeconds("token_ttl", life) }

// RefreshTokenLife gives refresh tokens that life, in whole seconds.
func RefreshTokenLife(life time.Duration) Fault { return inSeconds("refresh_ttl", life) }

// UntoldLife leaves expires_in out.
func UntoldLife() Fault { return Named("expires_in=none") }

// NoRefreshToken gives none.
func NoRefreshToken() Fault { return Named("no_refresh_token") }

// ReuseEndsAll gives a new refresh token with each renewal, and ends everything when an old one comes again.
func ReuseEndsAll() Fault { return Named("rotate=revoke_family") }

func inSeconds(name string, d time.Duration) Fault {
	return Named(fmt.Sprintf("%s=%d", name, int64(d/time.Second)))
}

// And gives both faults, with the requests of f.
func (f Fault) And(other Fault) Fault {
	f.rule.Fault += "," + other.rule.Fault
	return f
}

// Times lets the fault be over after n requests.
func (f Fault) Times(n int) Fault {
	f.rule.Times = n
	return f
}

// ForGrant keeps the fault to token requests of a grant.
func (f Fault) ForGrant(grant string) Fault {
	f.rule.Grant = grant
	return f
}

// AtPath keeps the fault to a path of the provider's, as "/me".
func (f Fault) AtPath(path string) Fault {
	f.rule.Path = path
	return f
}

// Fault has the provider misbehave. One with the same path and grant is replaced.
func (s *Server) Fault(f Fault) {
	s.helper()
	if err := s.inside.Provider.SetFault(f.rule); err != nil {
		s.fail(err)
	}
}

// ClearFaults has the provider behave again.
func (s *Server) ClearFaults() { s.inside.Provider.ClearFaults(simulator.Rule{}) }
