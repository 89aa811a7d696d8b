package cloudservice

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/access"
)

// Audience is one that was synced.
type Audience struct {
	ID                int64
	Name, Description string
	// Origin is "target", or "cloud" for what comes of another product.
	Origin string
	// Status is "saved"; Kind "reusable", "anonymous" or "property".
	Status, Kind, Workspace string
	// Rule is JSON, of Target's own form; "" without one.
	Rule                  string
	ModifiedAt, CreatedAt time.Time
	// GoneAt is when it was seen to have vanished from Target; zero while it is there.
	GoneAt time.Time
}

// AudienceQuery asks for a part of the audiences.
type AudienceQuery struct {
	// Service is its id.
	Service string
	// Search is a part of the name, whatever the case.
	Search string
	// Prefix asks for those whose names begin with it, in the order of their names, which an index finds.
	Prefix bool
	// Kind is "" for all; Gone asks for those that have vanished in place of those that are there.
	Kind string
	Gone bool
	// After is the id behind which the part begins; Limit is how many there may be.
	After int64
	Limit int
}

// Sync has a service's audiences synced now, and gives how that stands.
func (s *Services) Sync(ctx context.Context, caller access.Caller, ref Ref) (Sync, error) {
	of, err := s.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Sync{}, err
	}
	if err := s.syncable(&of); err != nil {
		return Sync{}, err
	}
	if err := s.ask(ctx, caller, &of); err != nil {
		return Sync{}, err
	}
	return s.config.Targets.FindSync(ctx, of.ID)
}

// syncable tells why a service's audiences can't be synced.
func (s *Services) syncable(of *Service) error {
	switch {
	case of.Kind != Target:
		return fmt.Errorf("the cloud service %s is one of Analytics, which has no audiences: %w", of.Name, ErrState)
	case of.Authentication != IMS:
		return fmt.Errorf("the cloud service %s calls Target Classic, whose segments are not synced: %w", of.Name, ErrState)
	case of.Status() != Connected:
		return fmt.Errorf("the cloud service %s is not connected; connect it: latchkey cloud-service connect %s: %w", of.Name, of.Name, ErrState)
	}
	return nil
}

// ask makes the sync of a service due.
func (s *Services) ask(ctx context.Context, caller access.Caller, of *Service) error {
	now := s.now()
	entry := of.entry(caller, "cloud_service.sync", now)
	entry.Detail = map[string]string{"name": of.Name, "tenant": of.Target.TenantID}
	if err := s.config.Targets.AskSync(ctx, *of, now, entry); err != nil {
		return err
	}
	s.syncer.Wake()
	return nil
}

// connected begins the sync of a service that has been connected.
func (s *Services) connected(ctx context.Context, caller access.Caller, of *Service) error {
	if of.Kind != Target || !of.Target.SyncAudiences || s.syncable(of) != nil {
		return nil
	}
	return s.ask(ctx, caller, of)
}

// edited begins it where an edit has made that due.
func (s *Services) edited(ctx context.Context, caller access.Caller, before, after *Service) error {
	if after.Kind != Target || before.Target.SyncAudiences && before.Target.TenantID == after.Target.TenantID {
		return nil
	}
	return s.connected(ctx, caller, after)
}

// SyncState gives how the sync of a service stands: [ErrNeverSynced].
func (s *Services) SyncState(ctx context.Context, caller access.Caller, ref Ref) (Sync, error) {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return Sync{}, err
	}
	return s.config.Targets.FindSync(ctx, of.ID)
}

// Audiences gives a part of a service's audiences.
func (s *Services) Audiences(ctx context.Context, caller access.Caller, ref Ref, q AudienceQuery) ([]Audience, error) {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	q.Service = of.ID
	return s.config.Targets.Audiences(ctx, q)
}

// targetOne finds a service of Target.
func (s *Services) targetOne(ctx context.Context, caller access.Caller, ref Ref, scope access.Scope) (Service, error) {
	of, err := s.find(ctx, caller, ref, scope)
	if err == nil && of.Kind != Target {
		err = fmt.Errorf("the cloud service %s is one of Analytics: %w", of.Name, ErrState)
	}
	return of, err
}
