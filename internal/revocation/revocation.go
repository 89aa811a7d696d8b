// Package revocation ends grants at their providers when their connections are deleted (RFC 7009, or as a definition says).
//
// A deletion queues a [Job] in its own transaction, sealed with all that the request needs, so that it outlives the
// connection, a kill and the node. A [Worker] claims what is due, asks at the provider's pace and tries again for three
// days; to repeat a revocation does no harm, so a job whose worker died is simply done again. What can't be revoked is told
// by an event, and stands in a list until somebody tries it again or forgets it. Of what has ended no secret is kept.
package revocation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/event"
)

// State is where a job stands.
type State string

// The states.
const (
	Waiting State = "waiting" // it is tried, and tried again
	Revoked State = "revoked" // the provider has ended the grant
	Failed  State = "failed"  // it could not be revoked: the grant may still be alive
	None    State = "none"    // there was no way to revoke it; an offboarding notes that
)

// Job is a grant to be revoked.
type Job struct {
	connection.Revocation
	State    State
	Attempts int
	// DueAt is when it is tried next, zero when it will not be. EndedAt is zero while it waits.
	DueAt, EndedAt time.Time
	Last           *Failure
}

// Failure is how the last attempt failed. It holds no secret.
type Failure struct {
	// Class is the failure's kind, as exchange names it, or "busy": the provider was not asked, to spare it.
	Class       string    `json:"class"`
	Code        string    `json:"code,omitempty"`
	Status      int       `json:"status,omitempty"`
	Description string    `json:"description,omitempty"`
	Endpoint    string    `json:"endpoint,omitempty"`
	At          time.Time `json:"at"`
}

// String is how a list says it.
func (f *Failure) String() string {
	if f == nil {
		return ""
	}
	text := f.Class
	if f.Code != "" && f.Code != f.Class {
		text += " " + f.Code
	}
	if f.Status != 0 {
		text += fmt.Sprintf(" (status %d)", f.Status)
	}
	if f.Description != "" {
		text += ": " + f.Description
	}
	return text
}

// ErrNotFound says that there is no such revocation, or that it is not the caller's to see.
var ErrNotFound = errors.New("there is no such revocation")

// ErrState says that a revocation is in no state for the act: one that worked is not tried again.
var ErrState = errors.New("the grant is revoked already, or there is no way to revoke it")

// Selection picks jobs, newest first.
type Selection struct {
	Organization string
	Sandbox      string // "" for every one
	State        State  // "" for any
	Before       string // the id that a page ended with; "" is the beginning
	Limit        int
}

// Outcome is how an attempt ended.
type Outcome struct {
	Job     Job
	State   State
	DueAt   time.Time // of Waiting
	At      time.Time
	Last    *Failure // nil when it worked
	Counted bool     // whether the provider was asked
	Events  []event.Event
}

// Standing counts the queue.
type Standing struct {
	Waiting, Failed int64
	// Oldest is when the job that waits longest was queued, zero when none does.
	Oldest time.Time
}

// Queue is what the worker needs of the store. Jobs come with their secrets.
type Queue interface {
	// Claim takes up to limit jobs that are due and that nobody who lives has claimed, until a time. Next is when the
	// next is due, zero when none is.
	Claim(ctx context.Context, now, until time.Time, limit int) (jobs []Job, next time.Time, err error)
	// Finish keeps how an attempt ended, ends its claim and drops the secrets of what is revoked. Nothing happens when the
	// job was forgotten, or is not this process's any more.
	Finish(ctx context.Context, outcome Outcome) error
	// Prune removes up to limit of those that ended before a time.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
	// Standing counts.
	Standing(ctx context.Context) (Standing, error)
}

// List is what the use cases need of the store. Jobs come without their secrets.
type List interface {
	List(ctx context.Context, selection Selection) ([]Job, error)
	// Find gives one, or [ErrNotFound].
	Find(ctx context.Context, organization, id string) (Job, error)
	// Retry has one tried at once, from the beginning of its schedule: [ErrNotFound], [ErrState].
	Retry(ctx context.Context, organization, id string, at time.Time, entry audit.Entry) error
	// Forget removes one with its secrets: [ErrNotFound].
	Forget(ctx context.Context, organization, id string, entry audit.Entry) error
}

// Revocations holds the use cases. Reading needs connections:read, the rest connections:write.
type Revocations struct {
	list  List
	clock clock.Clock
	wake  func()
}

// New makes them; wake tells the worker that something is due, nil for nobody.
func New(list List, clock clock.Clock, wake func()) *Revocations {
	if wake == nil {
		wake = func() {}
	}
	return &Revocations{list, clock, wake}
}

// List gives those of the caller's organization, and of its sandbox when it is bound to one.
func (r *Revocations) List(ctx context.Context, caller access.Caller, selection Selection) ([]Job, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	selection.Organization = caller.Organization
	if caller.Sandbox != "" {
		selection.Sandbox = caller.Sandbox
	}
	jobs, err := r.list.List(ctx, selection)
	if err != nil {
		return nil, fmt.Errorf("listing revocations: %w", err)
	}
	return jobs, nil
}

// Get gives one.
func (r *Revocations) Get(ctx context.Context, caller access.Caller, id string) (Job, error) {
	return r.find(ctx, caller, id, access.ConnectionsRead)
}

func (r *Revocations) find(ctx context.Context, caller access.Caller, id string, scope access.Scope) (Job, error) {
	if err := caller.Require(scope); err != nil {
		return Job{}, err
	}
	job, err := r.list.Find(ctx, caller.Organization, id)
	if err == nil && caller.Sandbox != "" && caller.Sandbox != job.Sandbox {
		err = ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("finding the revocation %q: %w", id, err)
	}
	return job, nil
}

// Retry has one that waits or failed tried at once.
func (r *Revocations) Retry(ctx context.Context, caller access.Caller, id string) (Job, error) {
	job, err := r.find(ctx, caller, id, access.ConnectionsWrite)
	if err != nil {
		return Job{}, err
	}
	now := r.clock.Now()
	if err := r.list.Retry(ctx, job.Organization, job.ID, now, r.entry(caller, job, "revocation.retry", now)); err != nil {
		return Job{}, fmt.Errorf("trying the revocation %s again: %w", id, err)
	}
	r.wake()
	return r.find(ctx, caller, id, access.ConnectionsWrite)
}

// Forget removes one from the list, with the tokens that it kept: somebody ended the grant by hand, or it does not matter.
func (r *Revocations) Forget(ctx context.Context, caller access.Caller, id string) error {
	job, err := r.find(ctx, caller, id, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	if err := r.list.Forget(ctx, job.Organization, job.ID, r.entry(caller, job, "revocation.delete", r.clock.Now())); err != nil {
		return fmt.Errorf("forgetting the revocation %s: %w", id, err)
	}
	return nil
}

func (r *Revocations) entry(caller access.Caller, job Job, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: job.Organization, Actor: caller.ID, Action: action, Subject: job.ID,
		Detail: map[string]string{"connection": job.Connection, "provider": job.Host, "state": string(job.State)},
	}
}
