package client

import (
	"fmt"
	"strings"
	"time"
)

// NoTokenError says that a connection has no valid token to give, since when, and why.
type NoTokenError struct {
	// Connection is the reference by which it was asked for.
	Connection string
	// Since is when asking first failed since it last succeeded.
	Since time.Time
	// Ended is when the last token ended, or was taken back; zero when there was none.
	Ended time.Time
	// Err is the last failure: an [*Error] of the server, or an [*UnreachableError].
	Err error
}

func (e *NoTokenError) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "no token of %s", e.Connection)
	if !e.Ended.IsZero() {
		out.WriteString(" since " + e.Ended.UTC().Format(time.RFC3339) + ", when the last one ended")
	}
	if !e.Since.IsZero() {
		out.WriteString("; asking has failed since " + e.Since.UTC().Format(time.RFC3339))
	}
	return out.String() + ": " + e.Err.Error()
}

func (e *NoTokenError) Unwrap() error { return e.Err }

// TakenBack tells whether the server has said that there is to be no token: the connection is gone, disabled or to be
// authorized again, or the key does not hold. Waiting does not help then.
func (e *NoTokenError) TakenBack() bool { return ends(e.Err) }
