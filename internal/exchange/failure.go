package exchange

import (
	"fmt"
	"strings"
	"time"
)

// Kind says what a failure means for the connection.
type Kind int

// The kinds of failures.
const (
	// BadResponse is an answer that cannot be used: HTML, no access token, a failed validation.
	BadResponse Kind = iota
	// GrantDead says that the refresh token, the code or the password is no longer good.
	GrantDead
	// ClientDead says that the client itself is refused: its secret is wrong, or it may not use the grant.
	ClientDead
	// ProviderDown says that the provider could not be reached, or asks to come back later.
	ProviderDown
	// Denied says that the provider understood and says no, or that the request can't be made.
	Denied
)

// CannotSend is the Code of a request that could not be made of the definition and the fields. Nothing was sent.
const CannotSend = "cannot_send"

// Final tells whether the provider has ended the grant: only its customer can give another. Its own word is needed for
// that. An outage, a wrong client, an address that we refuse to call, a gateway's 403 leave a grant alone.
func (k Kind) Final(code string) bool {
	if k == Denied {
		switch code {
		case "access_denied", "invalid_scope", "consent_required", "interaction_required", "login_required",
			"account_selection_required":
			return true
		}
	}
	return k == GrantDead
}

// String gives the name that the API uses.
func (k Kind) String() string {
	switch k {
	case GrantDead:
		return "grant_dead"
	case ClientDead:
		return "client_dead"
	case ProviderDown:
		return "provider_down"
	case Denied:
		return "denied"
	}
	return "bad_response"
}

// Failure is why a round gave no token set. But for Left it holds no secret, and it prints none.
type Failure struct {
	Kind Kind
	// Code and Description are the provider's error and error_description, cleaned, or ours.
	Code, Description string
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Validation names the validation that failed; Step the step whose request did, "" for the main one.
	Validation, Step string
	// RetryAfter is how long the provider asks to wait.
	RetryAfter time.Duration
	// Sent says that the provider may have seen the request: a code or a rotating refresh token may be used up.
	Sent bool
	// Unanswered says that a request left which presented a refresh token, and that no whole answer came: whether the
	// provider has rotated it, nobody knows.
	Unanswered bool
	// Endpoint is where the request went, host and path only.
	Endpoint string
	// Field names the customer's field, or output, whose value keeps the request from being sent; "" when no single one
	// does. Code is then [CannotSend].
	Field string
	// Left is the token set to hold from now on, nil when it is the one of before: the round failed after the provider
	// had given out another refresh token. The one before may be used up, so that this one MUST be kept.
	Left *TokenSet
	Err  error
}

func (f *Failure) Error() string {
	var b strings.Builder
	if f.Endpoint != "" {
		b.WriteString(f.Endpoint + " ")
	}
	if f.Status != 0 {
		fmt.Fprintf(&b, "answered %d ", f.Status)
	}
	b.WriteString("(" + f.Kind.String() + ")")
	for _, part := range []string{f.Code, f.Description} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	return b.String()
}

// Unwrap gives what caused the failure, if that is more than the answer.
func (f *Failure) Unwrap() error { return f.Err }
