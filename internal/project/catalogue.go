package project

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
)

// Entitlement says that an organization may use a service.
type Entitlement struct {
	Organization string
	// Service is its code.
	Service string
	// Product is what the licence is known by, 20 upper-case hexadecimal digits; profiles of the service name it.
	Product   string
	CreatedBy string
	CreatedAt time.Time
}

// Profile is a product profile: which part of a service its users and credentials may use.
type Profile struct {
	// ID is digits.
	ID           string
	Organization string
	// Service is the code of its service, Product that of the entitlement.
	Service, Product string
	// Name is unique among the service's.
	Name, Description    string
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// Reason is why a service can't be added to a credential, as the console's API names it (spec/ims-and-console.md §3.2).
type Reason string

// The reasons.
const (
	UserMissingProductProfiles      Reason = "USER_MISSING_PRODUCT_PROFILES"
	OrgMissingProductProfiles       Reason = "ORG_MISSING_PRODUCT_PROFILES"
	UserMissingAdminRole            Reason = "USER_MISSING_ADMIN_ROLE"
	UserMissingAdminOrDeveloperRole Reason = "USER_MISSING_ADMIN_OR_DEVELOPER_ROLE"
	OrgNotAllowlisted               Reason = "ORG_NOT_ALLOWLISTED"
	Deprecated                      Reason = "DEPRECATED"
)

// Words says the reason, and what to do about it, for people.
func (r Reason) Words() string {
	switch r {
	case UserMissingProductProfiles:
		return "you are developer of none of its product profiles; an administrator can make you one"
	case OrgMissingProductProfiles:
		return "it needs a product profile, and the organization has none; an administrator can create one"
	case UserMissingAdminRole:
		return "only a System Administrator can add it"
	case UserMissingAdminOrDeveloperRole:
		return "it takes the role Developer or System Administrator"
	case OrgNotAllowlisted:
		return "the organization is not entitled to it; an administrator can entitle it"
	case Deprecated:
		return "it is deprecated, and takes no new subscriptions"
	}
	return string(r)
}

// Offer is a service as it stands for an organization and a caller.
type Offer struct {
	Service
	Entitled bool
	// Offered are the product profiles that the caller may attach, of a service that has them.
	Offered []Profile
	// Reasons say why the caller can't add it; none when it can.
	Reasons []Reason
}

// UnavailableError says why a service can't be added.
type UnavailableError struct {
	Service string
	Reasons []Reason
}

func (e *UnavailableError) Error() string {
	words := make([]string, 0, len(e.Reasons))
	for _, r := range e.Reasons {
		words = append(words, r.Words())
	}
	return fmt.Sprintf("the service %s can't be added: %s", e.Service, strings.Join(words, "; "))
}

// Catalogue holds the use cases of services, entitlements and product profiles.
type Catalogue struct{ config Config }

// NewCatalogue makes the use cases.
func NewCatalogue(config Config) *Catalogue { return &Catalogue{config.complete()} }

// Services gives every service of the organization, in the order of their codes, those too that it can't use, with the
// reasons. codes, when there are any, leave out the others.
func (c *Catalogue) Services(ctx context.Context, caller access.Caller, codes ...string) ([]Offer, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	shelf, err := c.config.shelf(ctx, caller.Organization)
	if err != nil {
		return nil, err
	}
	var out []Offer
	for _, s := range shelf.services() {
		if len(codes) == 0 || slices.ContainsFunc(codes, func(code string) bool { return strings.EqualFold(code, s.Code) }) {
			out = append(out, shelf.offer(caller, s))
		}
	}
	return out, nil
}

// Service gives one by its code.
func (c *Catalogue) Service(ctx context.Context, caller access.Caller, code string) (Offer, error) {
	found, err := c.Services(ctx, caller, code)
	if err != nil {
		return Offer{}, err
	}
	if len(found) == 0 {
		return Offer{}, fmt.Errorf("the service %.64q: %w", code, ErrNotFound)
	}
	return found[0], nil
}

// shelf is what an organization has of services.
type shelf struct {
	own          []Service
	entitlements []Entitlement
	profiles     []Profile
}

func (c Config) shelf(ctx context.Context, organization string) (*shelf, error) {
	var s shelf
	var err error
	if s.own, err = c.Store.OwnServices(ctx, organization); err != nil {
		return nil, err
	}
	if s.entitlements, err = c.Store.Entitlements(ctx, organization); err != nil {
		return nil, err
	}
	s.profiles, err = c.Store.Profiles(ctx, organization)
	return &s, err
}

// services gives the built-in ones and the organization's own.
func (s *shelf) services() []Service {
	all := append(BuiltIn(), s.own...)
	slices.SortFunc(all, func(a, b Service) int { return strings.Compare(a.Code, b.Code) })
	return all
}

func (s *shelf) entitlement(code string) (Entitlement, bool) {
	i := slices.IndexFunc(s.entitlements, func(e Entitlement) bool { return e.Service == code })
	if i < 0 {
		return Entitlement{}, false
	}
	return s.entitlements[i], true
}

func (s *shelf) profilesOf(code string) []Profile {
	var out []Profile
	for _, p := range s.profiles {
		if p.Service == code {
			out = append(out, p)
		}
	}
	return out
}

// offer tells how a service stands for a caller.
func (s *shelf) offer(caller access.Caller, service Service) Offer {
	_, entitled := s.entitlement(service.Code)
	o := Offer{Service: service, Entitled: service.Open || entitled}
	all := s.profilesOf(service.Code)
	for _, p := range all {
		if caller.MayAttach(p.ID) {
			o.Offered = append(o.Offered, p)
		}
	}
	role := caller.Acts()
	for _, r := range []struct {
		reason  Reason
		applies bool
	}{
		{Deprecated, service.Deprecated},
		{OrgNotAllowlisted, !o.Entitled},
		{OrgMissingProductProfiles, service.Profiles && len(all) == 0},
		{UserMissingAdminOrDeveloperRole, !role.Covers(access.Developer)},
		{UserMissingAdminRole, service.AdminOnly && role == access.Developer},
		{UserMissingProductProfiles, service.Profiles && len(all) > 0 && len(o.Offered) == 0 && role == access.Developer},
	} {
		if r.applies {
			o.Reasons = append(o.Reasons, r.reason)
		}
	}
	return o
}
