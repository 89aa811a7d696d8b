package project

import (
	"context"

	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/expiry"
)

// Note is what a change leaves behind. A store MUST keep it in the transaction of the change.
type Note struct {
	Entry  audit.Entry
	Events []event.Event
}

// Page asks for a part of a list: what comes after an id, at most Limit.
type Page struct {
	After string
	Limit int
}

// ProjectStore keeps projects. Times MUST keep their microseconds. What is of another organization is [ErrNotFound].
type ProjectStore interface { //nolint:revive // beside WorkspaceStore and CredentialStore; Store is all of them
	// CreateProject adds a project with its workspaces: [ErrNameTaken], a [*QuotaError] when the organization has quota
	// projects, [ErrNotFound] when there is no such organization.
	CreateProject(ctx context.Context, p Project, workspaces []Workspace, quota int, note Note) error
	// Projects gives an organization's, in the order of their ids.
	Projects(ctx context.Context, organization string, page Page) ([]Project, error)
	// Project gives one by its id or its name.
	Project(ctx context.Context, organization, ref string) (Project, error)
	// ChangeProject replaces one whose version is still that of p, and counts the version: [ErrConflict], [ErrNameTaken].
	ChangeProject(ctx context.Context, p Project, note Note) error
	// DeleteProject removes one with all that is in it, and gives the client ids that are gone.
	DeleteProject(ctx context.Context, organization, id string, note Note) ([]string, error)
}

// WorkspaceStore keeps workspaces, as [ProjectStore] does projects.
type WorkspaceStore interface {
	CreateWorkspace(ctx context.Context, w Workspace, quota int, note Note) error
	// Workspaces gives a project's, in the order of their ids.
	Workspaces(ctx context.Context, organization, project string) ([]Workspace, error)
	// Workspace gives one by its id.
	Workspace(ctx context.Context, organization, id string) (Workspace, error)
	ChangeWorkspace(ctx context.Context, w Workspace, note Note) error
	DeleteWorkspace(ctx context.Context, organization, id string, note Note) ([]string, error)
}

// Selection asks for credentials, in the order of their ids.
type Selection struct {
	// Organization is whose.
	Organization string
	// Project, Workspace and Kind leave out others when they are not "".
	Project, Workspace string
	Kind               Kind
	// Service and Profile leave out what is not subscribed to that service, or has not that product profile.
	Service, Profile string
	Page
}

// CredentialStore keeps credentials with their secrets, bindings and uses.
type CredentialStore interface {
	// CreateCredential adds a credential: [ErrNameTaken], [*QuotaError] when the workspace has quota credentials.
	CreateCredential(ctx context.Context, c Credential, quota int, note Note) error
	// Credentials gives some.
	Credentials(ctx context.Context, s Selection) ([]Credential, error)
	// Credential gives one by its id, its client id or its name.
	Credential(ctx context.Context, organization, ref string) (Credential, error)
	// ChangeCredential replaces one whose version is still that of c, and counts the version. Secrets and bindings that c
	// has not are removed, those that are new are kept: of a secret, its hash and its value, sealed.
	ChangeCredential(ctx context.Context, c Credential, note Note) error
	DeleteCredential(ctx context.Context, organization, id string, note Note) error
	// ReadSecrets gives a credential's secrets with their values, the oldest first, and keeps the note that they were
	// handed out.
	ReadSecrets(ctx context.Context, organization, id string, note Note) ([]Secret, error)
}

// CatalogueStore keeps an organization's own services, its entitlements and its product profiles.
type CatalogueStore interface {
	OwnServices(ctx context.Context, organization string) ([]Service, error)
	// SaveService adds one of version 0, with the organization's entitlement to it ([ErrNameTaken]), or replaces one whose
	// version is still that of s ([ErrConflict]).
	SaveService(ctx context.Context, s Service, entitlement Entitlement, note Note) error
	// DeleteService removes one with its profiles: [*InUseError] while credentials are subscribed to it.
	DeleteService(ctx context.Context, organization, code string, note Note) error
	Entitlements(ctx context.Context, organization string) ([]Entitlement, error)
	// Entitle adds one; [ErrNameTaken] when it is there.
	Entitle(ctx context.Context, e Entitlement, note Note) error
	// EndEntitlement removes one: [*InUseError] while credentials are subscribed to the service.
	EndEntitlement(ctx context.Context, organization, service string, note Note) error
}

// ProfileStore keeps product profiles.
type ProfileStore interface {
	// Profiles gives an organization's, in the order of service and id.
	Profiles(ctx context.Context, organization string) ([]Profile, error)
	CreateProfile(ctx context.Context, p Profile, quota int, note Note) error
	ChangeProfile(ctx context.Context, p Profile, note Note) error
	// DeleteProfile removes one: [*InUseError] while credentials have it.
	DeleteProfile(ctx context.Context, organization, id string, note Note) error
	// ProfileUses counts the credentials of an organization's product profiles, by the role that they have there.
	ProfileUses(ctx context.Context, organization string) ([]ProfileUse, error)
}

// EndingStore finds the certificates that end.
type EndingStore interface {
	// BindingEndings gives the first Limit+1 that may be wanted, by their end and credential.
	BindingEndings(ctx context.Context, q expiry.Query) ([]BindingEnding, error)
}

// Store is all of them.
type Store interface {
	ProjectStore
	WorkspaceStore
	CredentialStore
	CatalogueStore
	ProfileStore
	EndingStore
	ClientStore
}
