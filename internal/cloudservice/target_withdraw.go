package cloudservice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/target"
)

// OfferInUseError is given for an offer that activities show.
type OfferInUseError struct {
	Offer      string
	Activities []string
}

func (e *OfferInUseError) Error() string {
	return fmt.Sprintf("the offer %s is shown by %s; they would show their default content", e.Offer, strings.Join(e.Activities, ", "))
}

// Unwrap gives [ErrInUse].
func (e *OfferInUseError) Unwrap() error { return ErrInUse }

// Withdrawn says what became of the removal of an offer.
type Withdrawn struct {
	// Warnings say what it leaves behind.
	Warnings []string
}

// mostActivities is how many activities are looked into for an offer.
const mostActivities = 200

// DeleteOffer removes an offer from Target. One that an activity shows is removed when anyway says so: [*OfferInUseError].
func (s *Services) DeleteOffer(ctx context.Context, caller access.Caller, ref Ref, name string, anyway bool) (Withdrawn, error) {
	of, at, err := s.reachTarget(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Withdrawn{}, err
	}
	kept, err := s.config.Targets.FindOffer(ctx, of.ID, name)
	if err != nil {
		return Withdrawn{}, err
	}
	p := &pusher{Services: s, caller: caller, of: &of, at: at, kept: kept}
	if kept.TargetID == 0 { // its making was not answered
		if p.kept.TargetID, err = p.search(ctx); err != nil {
			return Withdrawn{}, of.refuse(err)
		}
	}
	var out Withdrawn
	if p.kept.TargetID != 0 {
		if out, err = p.withdraw(ctx, anyway); err != nil {
			return Withdrawn{}, err
		}
	}
	return out, s.config.Targets.ForgetOffer(context.WithoutCancel(ctx), of.ID, name, p.entry("cloud_service.offer.delete"))
}

func (p *pusher) withdraw(ctx context.Context, anyway bool) (Withdrawn, error) {
	used, unseen, err := p.users(ctx)
	if err != nil {
		return Withdrawn{}, p.of.refuse(err)
	}
	if len(used) > 0 && !anyway {
		return Withdrawn{}, &OfferInUseError{p.kept.Name, used}
	}
	var out Withdrawn
	if len(used) > 0 {
		out.Warnings = append(out.Warnings, "these activities show it, and show their default content from now on: "+strings.Join(used, ", "))
	}
	if unseen > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d activities were not looked into: there are too many of them, or Target does not tell what is in them", unseen))
	}
	err = p.target.DeleteOffer(ctx, p.at, p.kept.Kind.of(), p.kept.TargetID)
	if failed, ok := errors.AsType[*target.Error](err); ok && failed.Layer == target.Service && failed.Status == http.StatusNotFound {
		err = nil // it was gone
	}
	return out, p.of.refuse(err)
}

// users gives the activities that show the offer, and how many could not be looked into.
func (p *pusher) users(ctx context.Context) (used []string, unseen int, err error) {
	looked := 0
	for one, err := range p.target.Activities(ctx, p.at, target.Query{}) {
		if err != nil {
			return nil, 0, err
		}
		if one.State == "deleted" || one.State == "deactivated" {
			continue
		}
		if looked == mostActivities {
			unseen++
			continue
		}
		looked++
		shows, known, err := p.target.Uses(ctx, p.at, one, p.kept.TargetID)
		if failed, ok := errors.AsType[*target.Error](err); ok && failed.Layer == target.Service && failed.Status == http.StatusNotFound {
			known, err = false, nil
		}
		switch {
		case err != nil:
			return nil, 0, err
		case !known:
			unseen++
		case shows:
			used = append(used, fmt.Sprintf("%s (%d)", one.Name, one.ID))
		}
	}
	return used, unseen, nil
}
