package egress

// Kind is why a request did not end in a [Response].
type Kind string

// The kinds. Their texts appear in the API.
const (
	// KindBadRequest: the request can't be sent as it is (scheme, host, header value).
	KindBadRequest Kind = "bad_request"
	// KindDNS: the host's name does not resolve.
	KindDNS Kind = "dns"
	// KindBlocked: the guard refused the address.
	KindBlocked Kind = "blocked"
	// KindDial: no connection could be made.
	KindDial Kind = "dial"
	// KindTLS: no trusted TLS connection could be made.
	KindTLS Kind = "tls"
	// KindTimeout: the time was over.
	KindTimeout Kind = "timeout"
	// KindReset: the connection ended before the reply was complete.
	KindReset Kind = "reset"
	// KindRedirect: the reply leads to another place.
	KindRedirect Kind = "redirect"
	// KindTooLarge: the reply is larger than the limit.
	KindTooLarge Kind = "too_large"
	// KindProtocol: the reply is not HTTP, or its encoding is broken.
	KindProtocol Kind = "protocol"
	// KindCanceled: the caller gave up.
	KindCanceled Kind = "canceled"
	// KindWithheld: the caller, asked at the last moment, did not let it go ([LastCall]).
	KindWithheld Kind = "withheld"
)

// Error is the only error that [Client.Do] gives. Its text is made for people, and holds no path, query, header or
// body.
type Error struct {
	Kind Kind
	// Sent tells that bytes of the request may have reached the other side: a token that can be used once may be
	// used up. False means that it certainly has not left.
	Sent bool
	// Host is the URL's host, with its port when it has one.
	Host string
	// Err says what happened, and where it helps, what to do.
	Err error
}

func (e *Error) Error() string { return e.Host + ": " + e.Err.Error() }

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }
