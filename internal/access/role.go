package access

import "slices"

// Role is what a person is in an organization, as the Admin Console has it.
type Role string

// The roles, each of which may do what those after it may.
const (
	// SystemAdministrator may do everything in the organization.
	SystemAdministrator Role = "system_administrator"
	// Developer may make projects and credentials, and attach the product profiles that he or she was made developer of.
	Developer Role = "developer"
	// Viewer may look, and sees no secret.
	Viewer Role = "viewer"
)

// AllProfiles stands for every product profile of the organization, those made later too.
const AllProfiles = "*"

// Roles lists the roles, the one with most rights first.
func Roles() []Role { return []Role{SystemAdministrator, Developer, Viewer} }

// Known tells whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Words names the role for people.
func (r Role) Words() string {
	switch r {
	case SystemAdministrator:
		return "System Administrator"
	case Developer:
		return "Developer"
	case Viewer:
		return "Viewer"
	}
	return string(r)
}

// Covers tells whether who has this role may do what takes the other.
func (r Role) Covers(other Role) bool {
	all := Roles()
	mine, needed := slices.Index(all, r), slices.Index(all, other)
	return mine >= 0 && needed >= 0 && mine <= needed
}

// Acts gives the role that the caller acts in: its own; for an API key System Administrator with registry:write, Viewer
// with registry:read, else none.
func (c Caller) Acts() Role {
	switch {
	case c.Role != "":
		return c.Role
	case c.Scopes.Has(RegistryWrite):
		return SystemAdministrator
	case c.Scopes.Has(RegistryRead):
		return Viewer
	}
	return ""
}

// RequireRole fails with a [*DeniedError] unless the caller acts in the role or one that covers it, and has the scope for
// it: registry:read to look, registry:write for all else. Who is bound to a sandbox may look at most: projects belong
// to the whole organization, and a credential made there could be more than its maker.
func (c Caller) RequireRole(role Role) error {
	scope := RegistryWrite
	if role == Viewer {
		scope = RegistryRead
	}
	switch {
	case !c.Scopes.Has(scope):
		return &DeniedError{Scope: scope, Caller: c.ID}
	case c.Sandbox != "" && role != Viewer:
		return &DeniedError{Role: role, Caller: c.ID}
	case !c.Acts().Covers(role):
		return &DeniedError{Role: role, Caller: c.ID}
	}
	return nil
}

// MayAttach tells whether the caller may attach the product profile to a credential, or change one that has it.
func (c Caller) MayAttach(profile string) bool {
	return c.Acts() == SystemAdministrator || slices.Contains(c.Profiles, AllProfiles) || slices.Contains(c.Profiles, profile)
}
