package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/decision"
	"latchkey/internal/registry"
)

// imsURL is what assertions of IMS's clients are meant for; some of them can't be told another.
const imsURL = "https://ims-na1.adobelogin.com"

// openAuthority makes the authorization server.
func (h *house) openAuthority(ctx context.Context) (err error) {
	issuers := append([]string{}, h.publicURLs...)
	for _, alias := range append([]string{imsURL}, h.config.IssuerAliases...) {
		issuers = append(issuers, strings.TrimRight(alias, "/"))
	}
	if h.url != "" {
		issuers = append(issuers, h.url)
	}
	var clients authority.Clients = h.clients
	at := h.clock
	if h.products != nil {
		clients, at = h.products.Clients(h.clients), h.products.Clock(at)
	}
	h.refusals = decision.Open(decision.Config{Store: h.store.Decisions(), Clock: h.clock, Log: h.log})
	h.authority, err = authority.New(ctx, authority.Config{
		Clients: clients, Store: h.store.Authority(), Decisions: h.refusals, Registrar: h.registrar(), Issuers: issuers, AccessLife: h.config.AccessLife, KeyLife: h.config.SigningKeyLife,
		Organizations: func(ctx context.Context, id string) (authority.Organization, error) {
			o, err := h.directory.Organization(ctx, operator(), id)
			return authority.Organization{ID: o.ID, Number: o.Number, Name: o.Name}, err
		},
		People: h.people, Administrators: h.administrators, RefreshLife: h.config.RefreshLife, RefreshGrace: h.config.RefreshGrace,
		RSAKey: h.rsaKey, Clock: at, Log: h.log, Meter: h.metrics.Meter("authority"), Counted: h.series.Issued,
	})
	if err == nil && h.products != nil {
		h.products.Verify(h.holder)
	}
	return err
}

// people tells the authorization server of a person.
func (h *house) people(ctx context.Context, id string) (authority.Person, error) {
	user, err := h.users.Active(ctx, id)
	if errors.Is(err, registry.ErrNotFound) {
		return authority.Person{}, authority.ErrNoPerson
	}
	if err != nil {
		return authority.Person{}, err
	}
	return person(user), nil
}

func person(user registry.User) authority.Person {
	return authority.Person{
		ID: user.ID, Organization: user.Organization, Email: user.Email, FirstName: user.FirstName, LastName: user.LastName, Name: user.Name(),
		Rights: user.Caller(),
	}
}

// administrators gives an organization's System Administrators who can sign in.
func (h *house) administrators(ctx context.Context, organization string) ([]authority.Person, error) {
	users, err := h.users.List(ctx, access.Caller{ID: "authority", Organization: organization, Scopes: access.Scopes{access.RegistryRead}})
	var people []authority.Person
	for _, user := range users {
		if user.Role == access.SystemAdministrator && user.Status == registry.UserActive {
			people = append(people, person(user))
		}
	}
	return people, err
}

// decisions lets developers read why tokens were refused.
func (h *house) decisions() *decision.Decisions {
	return decision.NewDecisions(h.refusals, func(ctx context.Context, caller access.Caller, ref string) (string, error) {
		found, err := h.credentials.Find(ctx, caller, ref)
		return found.ID, err
	})
}

// issuing gives the authority its paths before the mux sees them: that would redirect those with two slashes, and some
// clients make such and follow none.
func (h *house) issuing(next http.Handler) http.Handler {
	var issuer http.Handler = h.authority
	if h.products != nil {
		issuer = h.products.Authority(issuer)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if authority.Owns(r.URL.Path) {
			issuer.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func authoritySettings() []setting {
	return []setting{
		list("authority.issuers", "Further base URLs under which clients know the authorization server, beside the public ones and IMS's own: what assertions may be meant for.", func(c *Config) *[]string { return &c.IssuerAliases }),
		duration("authority.access_life", "24h", "How long its access tokens live.", func(c *Config) *time.Duration { return &c.AccessLife }),
		duration("authority.refresh_life", "336h", "How long a refresh token is good for that is not used. Using it begins the time anew.", func(c *Config) *time.Duration { return &c.RefreshLife }),
		duration("authority.refresh_grace", "10s", "How long a refresh token that was used gets the same successor again, for answers that were lost. Later, it ends everything that came of the consent.", func(c *Config) *time.Duration { return &c.RefreshGrace }),
		registrationMode("authority.registration", registrationOff, "Whether clients may register themselves at /ims/register (RFC 7591): off; token: with an API key or an access token that has registry:write; open: anybody may, up to 100 clients. `dev` has open.", func(c *Config) *string { return &c.Registration }),
		text("authority.registration_organization", "", "With open: the IMS organization id of whose the clients are. `dev` has its sample organization.", func(c *Config) *string { return &c.RegistrationOrganization }),
		duration("authority.key_life", "2160h", "How long one of its keys signs before the next one does, which is published a day before.", func(c *Config) *time.Duration { return &c.SigningKeyLife }),
	}
}
