package registry

import (
	"cmp"
	"context"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/audit"
)

// Who sees and ends sessions: everybody his or her own, a System Administrator those of everybody in the organization.

// maySee checks that.
func maySee(caller access.Caller, person string) error {
	if caller.User == person && person != "" {
		return caller.RequireRole(access.Viewer)
	}
	return caller.RequireRole(access.SystemAdministrator)
}

// List gives a person's sessions, the one that was seen last first. Nobody of another organization has any.
func (s *Sessions) List(ctx context.Context, caller access.Caller, person string) ([]Session, error) {
	if err := maySee(caller, person); err != nil {
		return nil, err
	}
	return s.config.Store.SessionsOf(ctx, caller.Organization, person, s.now())
}

// EndOne ends one of a person's sessions, by its id: [ErrNotFound].
func (s *Sessions) EndOne(ctx context.Context, caller access.Caller, person, id string) error {
	if id == "" {
		return fmt.Errorf("a session without an id: %w", ErrNotFound)
	}
	n, err := s.endSome(ctx, caller, person, SessionPick{ID: id})
	if err == nil && n == 0 {
		return fmt.Errorf("the session %.80q: %w", id, ErrNotFound)
	}
	return err
}

// EndAll ends all of a person's sessions but the one of that id, "" for none, and tells how many those were. Tickets of the
// person go, too: one that lies about would begin another.
func (s *Sessions) EndAll(ctx context.Context, caller access.Caller, person, except string) (int, error) {
	return s.endSome(ctx, caller, person, SessionPick{Except: except})
}

func (s *Sessions) endSome(ctx context.Context, caller access.Caller, person string, which SessionPick) (int, error) {
	if err := maySee(caller, person); err != nil {
		return 0, err
	}
	entry := audit.Entry{
		At: s.now(), Organization: caller.Organization, Actor: cmp.Or(caller.User, caller.ID), Action: "session.end", Subject: cmp.Or(which.ID, person),
		Detail: map[string]string{"person": person},
	}
	if which.ID == "" {
		entry.Detail["sessions"] = "all"
		if which.Except != "" {
			entry.Detail["except"] = which.Except
		}
	}
	return s.config.Store.EndSessions(ctx, caller.Organization, person, which, entry)
}
