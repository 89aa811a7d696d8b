package api

import "latchkey/internal/cloudservice"

// CloudServiceTarget are the settings of a cloud service of Target.
type CloudServiceTarget struct {
	TenantID          string                  `json:"tenant_id" doc:"What calls between servers name the account by: the part after @ in experience.adobe.com/#/@TENANT/target." example:"acme"`
	ClientCode        string                  `json:"client_code" doc:"What pages name the account by. Most often the same." example:"acme"`
	Email             string                  `json:"email,omitempty" doc:"Goes with the password of Target Classic."`
	APIType           string                  `json:"api_type" enum:"rest,xml"`
	Workspace         string                  `json:"workspace,omitempty" doc:"Where offers go to; nothing is the Default Workspace."`
	A4T               string                  `json:"a4t_configuration,omitempty" doc:"The cloud service of Analytics that reports on activities."`
	AccurateTargeting bool                    `json:"accurate_targeting"`
	SyncAudiences     bool                    `json:"sync_audiences"`
	Library           string                  `json:"library" example:"at.js"`
	LibraryURL        string                  `json:"library_url,omitempty"`
	Premium           *bool                   `json:"premium,omitempty" doc:"Whether the account has workspaces beside the default one; once connected."`
	Workspaces        []CloudServiceWorkspace `json:"workspaces,omitempty" doc:"Once connected."`
}

// CloudServiceWorkspace is a workspace of Target.
type CloudServiceWorkspace struct {
	ID      string `json:"id" example:"1234567"`
	Name    string `json:"name" example:"Default Workspace"`
	Default bool   `json:"default"`
}

// CloudServiceTargetValues are what people enter of a service of Target.
type CloudServiceTargetValues struct {
	TenantID          *string `json:"tenant_id,omitempty" example:"acme"`
	ClientCode        *string `json:"client_code,omitempty" example:"acme"`
	Email             *string `json:"email,omitempty"`
	APIType           *string `json:"api_type,omitempty" enum:"rest,xml" doc:"A new one is rest."`
	Workspace         *string `json:"workspace,omitempty"`
	A4T               *string `json:"a4t_configuration,omitempty" doc:"A cloud service of Analytics by its name."`
	AccurateTargeting *bool   `json:"accurate_targeting,omitempty" doc:"On in a new one."`
	SyncAudiences     *bool   `json:"sync_audiences,omitempty" doc:"On in a new one."`
	Library           *string `json:"library,omitempty" doc:"at.js in a new one."`
	LibraryURL        *string `json:"library_url,omitempty"`
}

func (v *CloudServiceTargetValues) values() *cloudservice.TargetValues {
	return &cloudservice.TargetValues{
		TenantID: v.TenantID, ClientCode: v.ClientCode, Email: v.Email, Workspace: v.Workspace, A4T: v.A4T, LibraryURL: v.LibraryURL,
		APIType: named[cloudservice.APIType](v.APIType), Library: named[cloudservice.Library](v.Library),
		AccurateTargeting: v.AccurateTargeting, SyncAudiences: v.SyncAudiences,
	}
}

// named gives a text as one of a kind.
func named[K ~string](text *string) *K {
	if text == nil {
		return nil
	}
	out := K(*text)
	return &out
}

func shownTarget(s cloudservice.Service) *CloudServiceTarget {
	t := s.Target
	out := CloudServiceTarget{
		TenantID: t.TenantID, ClientCode: t.ClientCode, Email: t.Email, APIType: string(t.APIType), Workspace: t.Workspace, A4T: t.A4T,
		AccurateTargeting: t.AccurateTargeting, SyncAudiences: t.SyncAudiences, Library: string(t.Library), LibraryURL: t.LibraryURL,
	}
	if s.State != nil && s.State.Target != nil {
		out.Premium = &s.State.Target.Premium
		out.Workspaces = mapped(s.State.Target.Workspaces, func(w cloudservice.Workspace) CloudServiceWorkspace { return CloudServiceWorkspace(w) })
	}
	return &out
}
