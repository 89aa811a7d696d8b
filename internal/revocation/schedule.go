package revocation

import (
	"time"

	"latchkey/internal/event"
	"latchkey/internal/exchange"
)

// giveUpAfter is how long a grant is tried to be revoked.
const giveUpAfter = 3 * 24 * time.Hour

// pauses are between attempts that the provider did not take; the last one goes on.
var pauses = []time.Duration{
	15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// spared is how long at least until a provider is asked that could not be: it is being spared.
const spared = 5 * time.Second

// outcome decides what follows an attempt. What the provider understood and refused is not tried again: the answer would be
// the same. A client that it does not accept may have a new secret tomorrow.
func (w *Worker) outcome(job Job, counted bool, failure *Failure, notBefore time.Time) Outcome {
	now := w.config.Clock.Now()
	o := Outcome{Job: job, State: Waiting, At: now, Last: failure, Counted: counted}
	if failure == nil {
		o.State = Revoked
		return o
	}
	pause := spared
	if counted {
		pause = pauses[min(job.Attempts, len(pauses)-1)]
	}
	o.DueAt = now.Add(pause)
	if o.DueAt.Before(notBefore) {
		o.DueAt = notBefore
	}
	end := job.CreatedAt.Add(giveUpAfter)
	final := failure.Class == exchange.Denied.String()
	if final || !now.Before(end) {
		o.State, o.DueAt = Failed, time.Time{}
		o.Events = []event.Event{notRevoked(job, failure, now)}
		return o
	}
	if o.DueAt.After(end) { // once more at the very end
		o.DueAt = end
	}
	return o
}

func notRevoked(job Job, failure *Failure, at time.Time) event.Event {
	data := map[string]any{
		"definition": job.DefinitionName, "revocation": job.ID, "provider": job.Host, "reason": reason(failure), "error_kind": failure.Class,
	}
	if job.Label != "" {
		data["label"] = job.Label
	}
	if failure.Code != "" {
		data["error_code"] = failure.Code
	}
	if failure.Status != 0 {
		data["status"] = failure.Status
	}
	return event.New(event.ConnectionNotRevoked, job.Organization, job.Connection, at, data).In(job.Sandbox)
}

// reason says in our words why a grant was not revoked: the provider's own stand in the list.
func reason(f *Failure) string {
	switch {
	case f.Code == exchange.CannotSend:
		return "the request could not be made of what the connection held"
	case f.Class == exchange.Denied.String():
		return "the provider refused the request"
	case f.Class == exchange.ClientDead.String():
		return "the provider refused the client for three days"
	case f.Class == exchange.ProviderDown.String(), f.Class == "busy":
		return "the provider could not be reached, or was unable to answer, for three days"
	}
	return "the provider's answers could not be understood for three days"
}
