package connection

import (
	"time"

	"latchkey/internal/exchange"
)

// verdict is what to do for one caller, by what is known. Exactly one of serve, wait and err is set.
type verdict struct {
	serve bool
	// stale asks for a refresh behind the caller's back.
	stale bool
	// wait asks for an exchange that the caller waits for; forced when the token was rejected though it seems valid.
	wait, forced bool
	err          error
}

// judge decides for a caller that has not waited. It is pure.
func judge(id string, v *view, want Want, now time.Time) verdict {
	if err := v.closed(id); err != nil {
		return verdict{err: err}
	}
	valid, blocked := v.valid(now), v.blocked(now)
	rejected := want.Rejected != "" && want.Rejected == v.token.ETag
	switch {
	case v.state == NeedsReauthorization:
		if valid && !rejected {
			return verdict{serve: true}
		}
		return verdict{err: v.needsReauthorization(id)}
	case blocked:
		return v.settle(id, valid, rejected)
	case rejected:
		return verdict{wait: true, forced: valid}
	case !valid, v.short(want.MinTTL, now):
		return verdict{wait: true}
	default:
		return verdict{serve: true, stale: !v.refreshAt.IsZero() && !now.Before(v.refreshAt)}
	}
}

// conclude decides for a caller that has waited for an exchange: nothing more is sent for it. before is the generation
// that it found first.
func conclude(id string, v *view, want Want, now time.Time, before int64) verdict {
	if err := v.closed(id); err != nil {
		return verdict{err: err}
	}
	valid := v.valid(now)
	rejected := want.Rejected != "" && want.Rejected == v.token.ETag
	switch {
	case v.generation > before && !rejected && !v.outlived(now):
		return verdict{serve: true} // the freshest there is, however short its life
	case v.state == NeedsReauthorization && (rejected || !valid):
		return verdict{err: v.needsReauthorization(id)}
	}
	return v.settle(id, valid, rejected)
}

// settle makes do with what there is.
func (v *view) settle(id string, valid, rejected bool) verdict {
	switch {
	case valid && rejected:
		return verdict{err: ErrNotModified}
	case valid:
		return verdict{serve: true}
	}
	return verdict{err: v.failed(id)}
}

// closed gives the error of a connection that serves nothing.
func (v *view) closed(id string) error {
	switch {
	case v.state == Disabled:
		return &DisabledError{v.identity(id)}
	case v.token != nil:
		return nil
	case v.state == NeedsReauthorization:
		return v.needsReauthorization(id)
	}
	return &PendingError{v.identity(id)}
}

func (v *view) needsReauthorization(id string) error {
	return &NeedsReauthorizationError{Identity: v.identity(id), Reason: v.reason, LastError: v.lastError}
}

// failed gives the error of the last exchange.
func (v *view) failed(id string) error {
	failure := &exchange.Failure{Kind: exchange.ProviderDown, Code: "not_attempted"}
	if e := v.lastError; e != nil {
		failure = &exchange.Failure{
			Kind: e.Kind, Code: e.Code, Status: e.Status, Endpoint: e.Endpoint, Description: e.Description,
			Validation: e.Validation,
		}
	}
	return &ProviderError{Identity: v.identity(id), Failure: failure, RetryAt: v.callersUntil}
}
