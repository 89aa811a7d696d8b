package project

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/access"
)

// This file has the acts of the Admin Console. They take the role System Administrator.

// Entitlements gives what the organization is entitled to.
func (c *Catalogue) Entitlements(ctx context.Context, caller access.Caller) ([]Entitlement, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	return c.config.Store.Entitlements(ctx, caller.Organization)
}

// Entitle lets the organization use a service. One that it is entitled to stays as it is.
func (c *Catalogue) Entitle(ctx context.Context, caller access.Caller, code string) (Entitlement, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Entitlement{}, err
	}
	shelf, service, err := c.find(ctx, caller, code)
	if err != nil {
		return Entitlement{}, err
	}
	if e, ok := shelf.entitlement(service.Code); ok {
		return e, nil
	}
	e := Entitlement{
		Organization: caller.Organization, Service: service.Code, Product: newProductID(), CreatedBy: by(caller), CreatedAt: c.config.now(),
	}
	err = c.config.Store.Entitle(ctx, e, note(caller, "entitlement.create", service.Code, 0, e.CreatedAt, map[string]string{"product": e.Product}))
	if errors.Is(err, ErrNameTaken) { // another node was quicker
		return c.entitlement(ctx, caller, service.Code)
	}
	if err != nil {
		return Entitlement{}, fmt.Errorf("entitling to %s: %w", service.Code, err)
	}
	return e, nil
}

func (c *Catalogue) entitlement(ctx context.Context, caller access.Caller, code string) (Entitlement, error) {
	shelf, err := c.config.shelf(ctx, caller.Organization)
	if err != nil {
		return Entitlement{}, err
	}
	e, ok := shelf.entitlement(code)
	if !ok {
		return Entitlement{}, fmt.Errorf("the entitlement to %s: %w", code, ErrNotFound)
	}
	return e, nil
}

// EndEntitlement takes a service from the organization that no credential is subscribed to any more.
func (c *Catalogue) EndEntitlement(ctx context.Context, caller access.Caller, code string) error {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	shelf, service, err := c.find(ctx, caller, code)
	if err != nil {
		return err
	}
	if _, ok := shelf.entitlement(service.Code); !ok {
		return fmt.Errorf("the entitlement to %s: %w", service.Code, ErrNotFound)
	}
	err = c.config.Store.EndEntitlement(ctx, caller.Organization, service.Code, note(caller, "entitlement.delete", service.Code, 0, c.config.now(), nil))
	if err != nil {
		return fmt.Errorf("ending the entitlement to %s: %w", service.Code, err)
	}
	return nil
}

func (c *Catalogue) find(ctx context.Context, caller access.Caller, code string) (*shelf, Service, error) {
	shelf, err := c.config.shelf(ctx, caller.Organization)
	if err != nil {
		return nil, Service{}, err
	}
	service, ok := lookup(shelf.own, code)
	if !ok {
		return nil, Service{}, fmt.Errorf("the service %.64q: %w", code, ErrNotFound)
	}
	return shelf, service, nil
}

// NewService declares a service of the organization's own.
type NewService struct {
	// Code is a letter, then 2 to 63 letters, digits, dots, dashes and underscores.
	Code, Name, Description string
	Scopes, Metascopes      []string
	// Profiles tells whether a subscription takes product profiles, ProductRoles whether a credential has a product role
	// in them.
	Profiles, ProductRoles bool
	// Kinds are the credentials that can subscribe; none means all but api_key.
	Kinds []Kind
	// AdminOnly lets only system administrators add it to credentials.
	AdminOnly, Deprecated bool
	DocsURL               string
}

// Declare adds a service of the organization's own, and entitles the organization to it.
func (c *Catalogue) Declare(ctx context.Context, caller access.Caller, ask NewService) (Service, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Service{}, err
	}
	shelf, err := c.config.shelf(ctx, caller.Organization)
	if err != nil {
		return Service{}, err
	}
	if _, ok := lookup(shelf.own, ask.Code); ok {
		return Service{}, fmt.Errorf("declaring the service %q: %w", ask.Code, ErrNameTaken)
	}
	if len(shelf.own) >= c.config.Quotas.Services {
		return Service{}, &QuotaError{"services of an organization's own", c.config.Quotas.Services}
	}
	s, err := ask.service(caller.Organization)
	if err != nil {
		return Service{}, err
	}
	s.CreatedBy, s.CreatedAt = by(caller), c.config.now()
	return c.save(ctx, caller, s, "service.create")
}

// Redeclare replaces a service of the organization's own, found by the code in ask. What its credentials may ask for
// changes with it.
func (c *Catalogue) Redeclare(ctx context.Context, caller access.Caller, ask NewService) (Service, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Service{}, err
	}
	_, known, err := c.find(ctx, caller, ask.Code)
	if err != nil {
		return Service{}, err
	}
	if known.Organization == "" {
		return Service{}, &InvalidError{Pointer: "/code", Message: fmt.Sprintf("the service %s is built in", known.Code), Fix: "declare one with another code"}
	}
	ask.Code = known.Code
	s, err := ask.service(caller.Organization)
	if err != nil {
		return Service{}, err
	}
	s.Version, s.CreatedBy, s.CreatedAt = known.Version, known.CreatedBy, known.CreatedAt
	return c.save(ctx, caller, s, "service.change")
}

func (c *Catalogue) save(ctx context.Context, caller access.Caller, s Service, action string) (Service, error) {
	s.UpdatedAt = c.config.now()
	entitlement := Entitlement{Organization: s.Organization, Service: s.Code, Product: newProductID(), CreatedBy: s.CreatedBy, CreatedAt: s.UpdatedAt}
	err := c.config.Store.SaveService(ctx, s, entitlement, note(caller, action, s.Code, s.Version+1, s.UpdatedAt,
		map[string]string{"name": s.Name, "scopes": strings.Join(s.Scopes, " "), "metascopes": strings.Join(s.Metascopes, " ")}))
	if err != nil {
		return Service{}, fmt.Errorf("keeping the service %q: %w", s.Code, err)
	}
	c.config.forgetAll()
	s.Version++
	return s, nil
}

// forgetAll is for what many clients may depend on.
func (c Config) forgetAll() {
	if c.Clients != nil {
		c.Clients.Forget()
	}
}

// Withdraw removes a service of the organization's own, with its product profiles, that no credential is subscribed to.
func (c *Catalogue) Withdraw(ctx context.Context, caller access.Caller, code string) error {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	_, known, err := c.find(ctx, caller, code)
	if err != nil {
		return err
	}
	if known.Organization == "" {
		return &InUseError{What: fmt.Sprintf("the service %s is built in", known.Code), Fix: "end the organization's entitlement to it instead"}
	}
	err = c.config.Store.DeleteService(ctx, caller.Organization, known.Code, note(caller, "service.delete", known.Code, known.Version, c.config.now(), nil))
	if err != nil {
		return fmt.Errorf("deleting the service %q: %w", known.Code, err)
	}
	c.config.forgetAll()
	return nil
}

var serviceCode = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9._-]{2,63}\z`)

const (
	maxScopes = 100
	maxLabel  = 100
)

func (ask NewService) service(organization string) (s Service, err error) {
	s = Service{
		Organization: organization, Code: ask.Code, Scopes: ask.Scopes, Metascopes: ask.Metascopes, Profiles: ask.Profiles, Kinds: ask.Kinds,
		AdminOnly: ask.AdminOnly, Deprecated: ask.Deprecated, DocsURL: ask.DocsURL,
	}
	if !serviceCode.MatchString(ask.Code) {
		return s, &InvalidError{Pointer: "/code", Message: fmt.Sprintf("%.70q can't be a service's code", ask.Code), Fix: "begin with a letter, and use 3 to 64 letters, digits, dots, dashes and underscores"}
	}
	if s.Name, err = checkLabel("/name", ask.Name, maxLabel); err != nil {
		return s, err
	}
	if s.Description, err = checkText("/description", ask.Description, "", maxDescription); err != nil {
		return s, err
	}
	if err := errors.Join(checkScopes("/scopes", ask.Scopes), checkScopes("/metascopes", ask.Metascopes)); err != nil {
		return s, err
	}
	if len(ask.Scopes)+len(ask.Metascopes) == 0 {
		return s, &InvalidError{Pointer: "/scopes", Message: "the service has neither scopes nor metascopes", Fix: "name one at least: what tokens for it say"}
	}
	if ask.DocsURL != "" && !strings.HasPrefix(ask.DocsURL, "https://") && !strings.HasPrefix(ask.DocsURL, "http://") {
		return s, &InvalidError{Pointer: "/docs_url", Message: "this is no address of a page", Fix: "begin it with https://"}
	}
	if ask.ProductRoles {
		if !ask.Profiles {
			return s, &InvalidError{Pointer: "/product_roles", Message: "product roles are had in product profiles, and the service has none", Fix: "set profiles too"}
		}
		s.Roles = []ProductRole{Observer, Editor, Approver}
	}
	if len(s.Kinds) == 0 {
		s.Kinds = slices.DeleteFunc(Kinds(), func(k Kind) bool { return k == APIKey || ask.Profiles && !k.Enterprise() })
	}
	for i, k := range s.Kinds {
		if !k.Known() {
			return s, &InvalidError{Pointer: fmt.Sprintf("/kinds/%d", i), Message: fmt.Sprintf("there is no credential kind %.40q", k), Fix: "use " + kindsInWords()}
		}
	}
	return s, nil
}

func kindsInWords() string {
	var words []string
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// scopeToken is RFC 6749 §3.3's, without the comma, which separates scopes for IMS.
var scopeToken = regexp.MustCompile(`\A[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,128}\z`)

func checkScopes(pointer string, scopes []string) error {
	if len(scopes) > maxScopes {
		return &InvalidError{Pointer: pointer, Message: fmt.Sprintf("a service has at most %d scopes, not %d", maxScopes, len(scopes)), Fix: "name those that its callers ask for"}
	}
	for i, scope := range scopes {
		if !scopeToken.MatchString(scope) {
			return &InvalidError{
				Pointer: fmt.Sprintf("%s/%d", pointer, i), Message: fmt.Sprintf("%.40q can't be a scope", scope), Fix: "use letters, digits and marks, without blanks, commas, quotes and backslashes",
			}
		}
		if slices.Index(scopes, scope) != i {
			return &InvalidError{Pointer: fmt.Sprintf("%s/%d", pointer, i), Message: fmt.Sprintf("the scope %q stands here twice", scope), Fix: "take one away"}
		}
	}
	return nil
}
