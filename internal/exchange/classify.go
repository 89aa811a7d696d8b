package exchange

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/pebble"
)

// The provider's words for what went wrong (RFC 6749 §5.2 and §4.1.2.1, OpenID Connect Core §3.1.2.6).
var (
	grantErrors  = []string{"invalid_grant", "bad_refresh_token", "expired_token", "invalid_refresh_token", "token_revoked"}
	clientErrors = []string{
		"invalid_client", "unauthorized_client", "invalid_client_id", "invalid_client_secret", "incorrect_client_credentials",
	}
	deniedErrors = []string{
		"access_denied", "invalid_scope", "invalid_request", "unsupported_grant_type", "unsupported_response_type",
		"consent_required", "interaction_required", "login_required", "account_selection_required", "invalid_target",
	}
	downErrors = []string{"temporarily_unavailable", "server_error", "slow_down", "rate_limited", "too_many_requests"}
)

// classify is the failure that an answer tells. The status decides first where the provider is in trouble, then its
// own word, then the status again (spec §3.6).
func (x *round) classify(a *answer) *Failure {
	code, description := a.error()
	f := x.failure(a, x.kindOf(a, strings.ToLower(code)))
	f.Code, f.Description = x.clean(code, maxCode), x.clean(description, maxDescription)
	if f.Kind == ProviderDown {
		f.RetryAfter = min(egress.RetryAfter(a.header, x.clock.Now()), maxRetryAfter)
	}
	switch {
	case a.html:
		f.Code = "html"
		f.Description = x.clean(a.describeHTML(), maxDescription)
	case f.Code == "":
		f.Code = fmt.Sprintf("status_%d", a.status)
	}
	return f
}

func (x *round) kindOf(a *answer, code string) Kind {
	down := a.status == 408 || a.status == 429 || a.status >= 500
	switch {
	case down, slices.Contains(downErrors, code):
		return ProviderDown
	case slices.Contains(grantErrors, code):
		return GrantDead
	case slices.Contains(clientErrors, code):
		return ClientDead
	case slices.Contains(deniedErrors, code):
		return Denied
	case a.html && a.status != 401:
		return BadResponse
	case a.byRefreshToken && (a.status == 400 || a.status == 401):
		return GrantDead
	case a.status == 401 && x.plan.Grant() == destination.Password:
		return GrantDead
	case a.status == 401:
		return ClientDead
	case a.status == 400, a.status == 403, code != "" && success(a.status):
		return Denied
	}
	return BadResponse
}

// failure is a failure of an answer.
func (x *round) failure(a *answer, kind Kind) *Failure {
	return &Failure{Kind: kind, Status: a.status, Sent: true, Endpoint: a.endpoint}
}

// describeHTML says what a web page in the place of an answer may mean.
func (a *answer) describeHTML() string {
	title := ""
	if a.title != "" {
		title = fmt.Sprintf(" (title %q)", a.title)
	}
	return fmt.Sprintf("answered %d with an HTML page%s: is that the token endpoint?", a.status, title)
}

// error gives the provider's error and its description, in the forms that providers use: strings at the top
// (RFC 6749 §5.2), or an object with a code, a type or a message.
func (a *answer) error() (code, description string) {
	m, ok := a.body.(*pebble.Map)
	if !ok {
		return "", ""
	}
	description = firstText(m, "error_description", "errorMessage", "error_message", "message", "detail", "error_summary")
	value, _ := m.Get("error")
	switch value := value.(type) {
	case string:
		return value, description
	case *pebble.Map:
		code = firstText(value, "code", "type", "status", "error", "name")
		if text := firstText(value, "message", "description", "error_description"); text != "" {
			description = text
		}
		return code, description
	}
	return firstText(m, "errorCode", "error_code", "code"), description
}

func firstText(m *pebble.Map, names ...string) string {
	for _, name := range names {
		value, _ := m.Get(name)
		switch value := value.(type) {
		case string:
			if value != "" {
				return value
			}
		case pebble.Number:
			return string(value)
		}
	}
	return ""
}

// noToken is the failure of a good-looking answer without an access token (U13).
func (x *round) noToken(a *answer) *Failure {
	if a.html {
		return x.classify(a)
	}
	if code := a.member("error"); code != "" {
		return x.classify(a)
	}
	f := x.failure(a, BadResponse)
	f.Code, f.Description = "no_access_token", "the answer has no access token where the definition looks for one"
	if m, ok := a.body.(*pebble.Map); ok {
		names := m.Keys()
		if len(names) > 10 {
			names = append(names[:10], "…")
		}
		f.Description += x.clean("; it has: "+strings.Join(names, ", "), maxDescription)
	}
	return f
}
