package workflow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/registry"
)

// Offboarding is how far an organization's end has come. Each step is done again without harm: after a kill, or by another
// node, the next call goes on.
type Offboarding struct {
	Organization, Name string
	BegunBy            string
	BegunAt            time.Time
	// Connections are those that are left. The others count their grants: waiting to be revoked, revoked, failed, and none,
	// where there is no way to revoke.
	Connections                    int64
	Waiting, Revoked, Failed, None int64
	// Gone tells that nothing is left but the audit record.
	Gone bool
}

// Settled tells that every connection is deleted and every grant's end is known.
func (o Offboarding) Settled() bool { return o.Connections == 0 && o.Waiting == 0 }

// OffboardStore is the store, as the end of an organization needs it.
type OffboardStore interface {
	// BeginOffboarding notes the beginning, once: every key of the organization but the caller's is revoked, its people are
	// disabled, its credentials and its webhooks too, the credential of the caller's own token excepted. [registry.ErrNotFound].
	BeginOffboarding(ctx context.Context, organization, caller string, entry audit.Entry) error
	// Offboarding gives how far it has come: [registry.ErrNotFound] when there is no such organization, [ErrNotOffboarding]
	// when that was not begun.
	Offboarding(ctx context.Context, organization string) (Offboarding, error)
	// ConnectionIDs gives up to limit of an organization's connections.
	ConnectionIDs(ctx context.Context, organization string, limit int) ([]string, error)
	// EraseOrganization removes the organization with all that is its own, its data key included: what is sealed in a
	// backup can't be opened by this installation any more than here. The audit record stays.
	EraseOrganization(ctx context.Context, organization string, entry audit.Entry) error
}

// Disconnector deletes connections. It is [connection.Connector].
type Disconnector interface {
	Offboard(ctx context.Context, caller access.Caller, ref connection.Ref) error
}

// ErrNotOffboarding says that an organization is not being offboarded.
var ErrNotOffboarding = errors.New("the organization is not being offboarded")

// ConfirmError says that a request to offboard was not confirmed by the organization's id.
type ConfirmError struct{ Want string }

func (e *ConfirmError) Error() string {
	return "to offboard an organization is confirmed by its id, " + e.Want
}

// UnsettledError keeps an organization from being erased.
type UnsettledError struct{ Offboarding }

func (e *UnsettledError) Error() string {
	if !e.Settled() {
		return fmt.Sprintf("%d connections are left and %d grants wait to be revoked", e.Connections, e.Waiting)
	}
	return fmt.Sprintf("%d grants could not be revoked", e.Failed)
}

// Offboardings ends organizations.
type Offboardings struct {
	Store       OffboardStore
	Connections Disconnector
	Clock       clock.Clock
	// Changed is told that keys were revoked and credentials disabled, so that they count no more in this process; nil for
	// nobody.
	Changed func(ctx context.Context) error
}

const (
	// slice is how long one call works on connections; the next one goes on.
	slice = 3 * time.Second
	// batch is how many connections are deleted at a time, sideBySide how many of them at once.
	batch, sideBySide = 64, 8
)

// Show tells how far it has come.
func (o *Offboardings) Show(ctx context.Context, caller access.Caller, organization string) (Offboarding, error) {
	if err := o.may(caller, organization); err != nil {
		return Offboarding{}, err
	}
	return o.show(ctx, organization)
}

func (o *Offboardings) show(ctx context.Context, organization string) (Offboarding, error) {
	state, err := o.Store.Offboarding(ctx, organization)
	if err != nil {
		return Offboarding{}, fmt.Errorf("reading how far the end of %s has come: %w", organization, err)
	}
	return state, nil
}

// may lets the organization's own administrator and the operator.
func (o *Offboardings) may(caller access.Caller, organization string) error {
	if err := caller.Require(access.Admin); err != nil {
		return err
	}
	if caller.Sandbox != "" {
		return &access.DeniedError{Scope: access.Admin, Caller: caller.ID}
	}
	if caller.Organization != "" && caller.Organization != organization {
		return fmt.Errorf("offboarding %s: %w", organization, registry.ErrNotFound)
	}
	return nil
}

// Advance begins the end of an organization, or goes on with it for some seconds: its keys and people lose their rights, its
// connections are deleted and their grants queued to be revoked. It is called until [Offboarding.Settled].
func (o *Offboardings) Advance(ctx context.Context, caller access.Caller, organization, confirm string) (Offboarding, error) {
	if err := o.may(caller, organization); err != nil {
		return Offboarding{}, err
	}
	if confirm != organization {
		return Offboarding{}, &ConfirmError{organization}
	}
	err := o.Store.BeginOffboarding(ctx, organization, caller.ID, o.entry(caller, organization, "organization.offboard"))
	if err == nil && o.Changed != nil {
		err = o.Changed(ctx)
	}
	if err != nil {
		return Offboarding{}, fmt.Errorf("beginning to offboard %s: %w", organization, err)
	}
	caller.Organization = organization
	for until := o.Clock.Now().Add(slice); o.Clock.Now().Before(until); {
		ids, err := o.Store.ConnectionIDs(ctx, organization, batch)
		if err != nil {
			return Offboarding{}, fmt.Errorf("reading the connections of %s: %w", organization, err)
		}
		if len(ids) == 0 {
			break
		}
		if err := o.disconnect(ctx, caller, ids); err != nil {
			return Offboarding{}, err
		}
	}
	return o.show(ctx, organization)
}

// disconnect deletes connections. One that is gone meanwhile is none that failed.
func (o *Offboardings) disconnect(ctx context.Context, caller access.Caller, ids []string) error {
	var all sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	errs := make([]error, len(ids))
	for i, id := range ids {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := o.Connections.Offboard(ctx, caller, connection.Ref{Name: id}); !errors.Is(err, connection.ErrNotFound) {
				errs[i] = err
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Erase removes what is left, once all is settled. Grants that could not be revoked keep it from that, unless they are to be
// forgotten.
func (o *Offboardings) Erase(ctx context.Context, caller access.Caller, organization, confirm string, forgetFailed bool) (Offboarding, error) {
	state, err := o.Show(ctx, caller, organization)
	if err != nil {
		return Offboarding{}, err
	}
	if confirm != organization {
		return Offboarding{}, &ConfirmError{organization}
	}
	if !state.Settled() || state.Failed > 0 && !forgetFailed {
		return Offboarding{}, &UnsettledError{state}
	}
	entry := o.entry(caller, organization, "organization.delete")
	entry.Detail = map[string]string{
		"name": state.Name, "revoked": fmt.Sprint(state.Revoked), "failed": fmt.Sprint(state.Failed), "none": fmt.Sprint(state.None),
	}
	if err := o.Store.EraseOrganization(ctx, organization, entry); err != nil {
		return Offboarding{}, fmt.Errorf("erasing %s: %w", organization, err)
	}
	if o.Changed != nil {
		if err := o.Changed(ctx); err != nil {
			return Offboarding{}, fmt.Errorf("erasing %s: %w", organization, err)
		}
	}
	state.Gone = true
	return state, nil
}

func (o *Offboardings) entry(caller access.Caller, organization, action string) audit.Entry {
	return audit.Entry{At: o.Clock.Now(), Organization: organization, Actor: caller.ID, Action: action, Subject: organization}
}
