package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/access"
)

// subscribe makes subscriptions of wishes. The product roles that the credential has in profiles stay; in new ones it has
// the service's first.
func (s *shelf) subscribe(caller access.Caller, credential *Credential, wishes []Wish) ([]Subscription, error) {
	var out []Subscription
	for i, wish := range wishes {
		pointer := fmt.Sprintf("/services/%d", i)
		service, ok := lookup(s.own, wish.Service)
		if !ok {
			return nil, &InvalidError{Pointer: pointer + "/service", Message: fmt.Sprintf("there is no service %.64q", wish.Service), Fix: "see latchkey service list"}
		}
		if slices.ContainsFunc(out, func(o Subscription) bool { return o.Service == service.Code }) {
			return nil, &InvalidError{Pointer: pointer, Message: fmt.Sprintf("the service %s stands here twice", service.Code), Fix: "name it once, with all profiles"}
		}
		if !slices.Contains(service.Kinds, credential.Kind) {
			return nil, &InvalidError{
				Pointer: pointer, Message: fmt.Sprintf("%s takes no credential of the kind %s", service.Code, credential.Kind), Fix: "make one of the kind " + kinds(service.Kinds),
			}
		}
		known := credential.subscription(service.Code)
		if offer := s.offer(caller, service); len(offer.Reasons) > 0 && (known == nil || !slices.Equal(offer.Reasons, []Reason{Deprecated})) {
			return nil, &UnavailableError{service.Code, offer.Reasons}
		}
		subscription, err := s.attach(caller, service, known, wish)
		if err != nil {
			return nil, under(err, pointer)
		}
		out = append(out, subscription)
	}
	slices.SortFunc(out, func(a, b Subscription) int { return strings.Compare(a.Service, b.Service) })
	return out, nil
}

func kinds(list []Kind) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = string(k)
	}
	return strings.Join(words, " or ")
}

func (c *Credential) subscription(service string) *Subscription {
	i := slices.IndexFunc(c.Services, func(s Subscription) bool { return s.Service == service })
	if i < 0 {
		return nil
	}
	return &c.Services[i]
}

// attach gives a subscription its product profiles.
func (s *shelf) attach(caller access.Caller, service Service, known *Subscription, wish Wish) (Subscription, error) {
	out := Subscription{Service: service.Code}
	offered := s.profilesOf(service.Code)
	switch {
	case !service.Profiles && len(wish.Profiles) > 0:
		return out, &InvalidError{Pointer: "/profiles", Message: fmt.Sprintf("%s has no product profiles", service.Code), Fix: "leave them out"}
	case service.Profiles && len(wish.Profiles) == 0:
		return out, &InvalidError{Pointer: "/profiles", Message: fmt.Sprintf("%s needs a product profile", service.Code), Fix: "name one of " + named(offered, caller)}
	}
	for i, id := range wish.Profiles {
		at := slices.IndexFunc(offered, func(p Profile) bool { return p.ID == id || strings.EqualFold(p.Name, id) })
		if at < 0 {
			return out, &InvalidError{
				Pointer: fmt.Sprintf("/profiles/%d", i), Message: fmt.Sprintf("%s has no product profile %.64q", service.Code, id), Fix: "name one of " + named(offered, caller),
			}
		}
		profile := offered[at].ID
		if !caller.MayAttach(profile) {
			return out, &access.DeniedError{Profile: profile, Caller: by(caller)}
		}
		if slices.ContainsFunc(out.Profiles, func(a Attachment) bool { return a.Profile == profile }) {
			continue
		}
		attachment := Attachment{Profile: profile}
		if len(service.Roles) > 0 {
			attachment.Role = service.Roles[0]
		}
		if known != nil {
			if i := slices.IndexFunc(known.Profiles, func(a Attachment) bool { return a.Profile == profile }); i >= 0 {
				attachment.Role = known.Profiles[i].Role
			}
		}
		out.Profiles = append(out.Profiles, attachment)
	}
	return out, nil
}

// named lists the product profiles that the caller may attach.
func named(profiles []Profile, caller access.Caller) string {
	var words []string
	for _, p := range profiles {
		if caller.MayAttach(p.ID) {
			words = append(words, fmt.Sprintf("%s (%s)", p.ID, p.Name))
		}
	}
	if len(words) == 0 {
		return "those that an administrator creates"
	}
	return strings.Join(words, ", ")
}

// SetServices replaces what the credential is subscribed to.
func (c *Credentials) SetServices(ctx context.Context, caller access.Caller, ref string, wishes []Wish) (Credential, error) {
	return c.resubscribe(ctx, caller, ref, func(*Credential) []Wish { return wishes })
}

// Subscribe adds services to the credential's, or gives those that it has other product profiles.
func (c *Credentials) Subscribe(ctx context.Context, caller access.Caller, ref string, more ...Wish) (Credential, error) {
	return c.resubscribe(ctx, caller, ref, func(credential *Credential) []Wish {
		kept := credential.wishes(func(code string) bool {
			return !slices.ContainsFunc(more, func(w Wish) bool { return strings.EqualFold(w.Service, code) })
		})
		return append(slices.Clone(more), kept...) // first what was asked for: errors point into it
	})
}

// Unsubscribe takes a service from the credential.
func (c *Credentials) Unsubscribe(ctx context.Context, caller access.Caller, ref, service string) (Credential, error) {
	return c.change(ctx, caller, ref, "credential.unsubscribe", func(credential *Credential) (map[string]string, error) {
		if err := credential.settled("services can't be taken from it"); err != nil {
			return nil, err
		}
		before := len(credential.Services)
		credential.Services = slices.DeleteFunc(credential.Services, func(s Subscription) bool { return strings.EqualFold(s.Service, service) })
		if len(credential.Services) == before {
			return nil, fmt.Errorf("the subscription to %.64q: %w", service, ErrNotFound)
		}
		return map[string]string{"service": service}, nil
	})
}

// wishes asks anew for what the credential has.
func (c *Credential) wishes(wanted func(code string) bool) []Wish {
	var out []Wish
	for _, s := range c.Services {
		if wanted(s.Service) {
			w := Wish{Service: s.Service}
			for _, a := range s.Profiles {
				w.Profiles = append(w.Profiles, a.Profile)
			}
			out = append(out, w)
		}
	}
	return out
}

func (c *Credentials) resubscribe(ctx context.Context, caller access.Caller, ref string, wishes func(*Credential) []Wish) (Credential, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Credential{}, err
	}
	shelf, err := c.config.shelf(ctx, caller.Organization)
	if err != nil {
		return Credential{}, err
	}
	return c.change(ctx, caller, ref, "credential.subscribe", func(credential *Credential) (map[string]string, error) {
		if err := credential.settled("services can't be added to it"); err != nil {
			return nil, err
		}
		subscriptions, err := shelf.subscribe(caller, credential, wishes(credential))
		if err != nil {
			return nil, err
		}
		credential.Services = subscriptions
		return map[string]string{"services": credential.codes()}, nil
	})
}

func (c *Credential) codes() string {
	codes := make([]string, len(c.Services))
	for i, s := range c.Services {
		codes[i] = s.Service
	}
	return strings.Join(codes, " ")
}

// SetRole sets the credential's product role in a product profile of a service, in all of them when profile is "". It is
// an act of the Admin Console, and takes the role System Administrator.
func (c *Credentials) SetRole(ctx context.Context, caller access.Caller, ref, service, profile string, role ProductRole) (Credential, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Credential{}, err
	}
	own, err := c.config.Store.OwnServices(ctx, caller.Organization)
	if err != nil {
		return Credential{}, err
	}
	of, ok := lookup(own, service)
	if !ok {
		return Credential{}, fmt.Errorf("the service %.64q: %w", service, ErrNotFound)
	}
	if !slices.Contains(of.Roles, role) {
		return Credential{}, &InvalidError{Pointer: "/role", Message: fmt.Sprintf("%s has no product role %.40q", of.Code, role), Fix: rolesFix(of.Roles)}
	}
	return c.change(ctx, caller, ref, "credential.set_role", func(credential *Credential) (map[string]string, error) {
		subscription := credential.subscription(of.Code)
		if subscription == nil {
			return nil, &InvalidError{Pointer: "/service", Message: fmt.Sprintf("the credential is not subscribed to %s", of.Code), Fix: "subscribe it first"}
		}
		set := false
		for i := range subscription.Profiles {
			if a := &subscription.Profiles[i]; profile == "" || a.Profile == profile {
				a.Role, set = role, true
			}
		}
		if !set {
			return nil, &InvalidError{Pointer: "/profile", Message: fmt.Sprintf("the credential has not the product profile %.64q", profile), Fix: "attach it first"}
		}
		return map[string]string{"service": of.Code, "profile": profile, "role": string(role)}, nil
	})
}

func rolesFix(roles []ProductRole) string {
	if len(roles) == 0 {
		return "the service has no product roles: its profiles alone say what a credential may do"
	}
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return "use " + strings.Join(words, ", ")
}

// Added is a service on a project, and the credential that has it.
type Added struct {
	Credential Credential
	// Created says that the credential was made for it; else one of the project's was reused.
	Created bool
}

// AddService adds an API to a workspace as the console does: the workspace's credential of that kind gets it; only when
// there is none, one is made of ask, and only then a service_account_jwt needs a certificate. Services of ask is what is
// added.
func (c *Credentials) AddService(ctx context.Context, caller access.Caller, ask NewCredential) (Added, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Added{}, err
	}
	found, err := c.config.Store.Credentials(ctx, Selection{
		Organization: caller.Organization, Workspace: ask.Workspace, Kind: ask.Kind, Page: Page{Limit: 1},
	})
	if err != nil {
		return Added{}, err
	}
	if len(found) > 0 {
		credential, err := c.Subscribe(ctx, caller, found[0].ID, ask.Services...)
		return Added{Credential: credential}, err
	}
	credential, err := c.Create(ctx, caller, ask)
	return Added{credential, true}, err
}
