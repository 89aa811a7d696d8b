package cloudservice

import (
	"context"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// APIType is which of Target's older APIs a service calls.
type APIType string

// The types. An IMS configuration goes with REST alone.
const (
	REST APIType = "rest"
	XML  APIType = "xml"
)

// Library is how a page gets Target's client library.
type Library string

// The libraries. MboxJS and DTM were retired by Adobe.
const (
	AtJS   Library = "at.js"
	MboxJS Library = "mbox.js"
	// Launch is Adobe's tag manager, OtherTagManager any other, DTM the one before Launch.
	DTM             Library = "dtm"
	Launch          Library = "launch"
	OtherTagManager Library = "tag-manager"
)

// TargetSettings are what a service of Target is set to (spec/aem-target-analytics.md §2.1).
type TargetSettings struct {
	// TenantID is what calls between servers name the account by, ClientCode what pages do. They are the same most often.
	TenantID   string `json:"tenant_id"`
	ClientCode string `json:"client_code"`
	// Email goes with the password of Target Classic.
	Email   string  `json:"email,omitempty"`
	APIType APIType `json:"api_type"`
	// Workspace is the one that offers go to: the id of a product profile; "" is the Default Workspace.
	Workspace string `json:"workspace,omitempty"`
	// A4T names the cloud service of Analytics that reports on activities; "" is none.
	A4T string `json:"a4t_configuration,omitempty"`
	// AccurateTargeting lets a page wait for its context before it asks for content.
	AccurateTargeting bool `json:"accurate_targeting"`
	// SyncAudiences lets the audiences of Target be synced.
	SyncAudiences bool    `json:"sync_audiences"`
	Library       Library `json:"library"`
	// LibraryURL is where a tag manager's library is loaded from.
	LibraryURL string `json:"library_url,omitempty"`
}

// TargetValues are what people enter. A nil member stays as it is.
type TargetValues struct {
	TenantID, ClientCode, Email, Workspace, A4T, LibraryURL *string
	APIType                                                 *APIType
	AccurateTargeting, SyncAudiences                        *bool
	Library                                                 *Library
}

// TargetState is what Connect has learned of Target.
type TargetState struct {
	// Premium says that the account has workspaces beside the default one.
	Premium    bool        `json:"premium"`
	Workspaces []Workspace `json:"workspaces"`
}

// Workspace is a product profile of Target.
type Workspace struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default"`
}

func newTarget() *TargetSettings {
	return &TargetSettings{APIType: REST, AccurateTargeting: true, SyncAudiences: true, Library: AtJS}
}

func (t *TargetSettings) clone() TargetSettings { return *t }

func (t *TargetSettings) missing(by Authentication) []string {
	var missing []string
	if by == IMS && t.TenantID == "" {
		missing = append(missing, "target.tenant_id")
	}
	if t.ClientCode == "" && t.TenantID == "" {
		missing = append(missing, "target.client_code")
	}
	if by == Credentials && t.Email == "" {
		missing = append(missing, "target.email")
	}
	return missing
}

func (t *TargetSettings) reaches() []string {
	return []string{t.TenantID, t.ClientCode, t.Email, string(t.APIType)}
}

// applyTarget lays values over the settings.
func (s *Services) applyTarget(_ context.Context, _ access.Caller, v *TargetValues, to *Service, problems *finding.Problems) {
	t := to.Target
	for _, one := range []struct{ given, to *string }{
		{v.TenantID, &t.TenantID}, {v.ClientCode, &t.ClientCode}, {v.Email, &t.Email}, {v.Workspace, &t.Workspace}, {v.A4T, &t.A4T}, {v.LibraryURL, &t.LibraryURL},
	} {
		if one.given != nil {
			*one.to = strings.TrimSpace(*one.given)
		}
	}
	set(v.APIType, &t.APIType)
	set(v.AccurateTargeting, &t.AccurateTargeting)
	set(v.SyncAudiences, &t.SyncAudiences)
	set(v.Library, &t.Library)
	if t.TenantID == "" {
		t.TenantID = t.ClientCode
	}
	if t.APIType != REST && t.APIType != XML {
		problems.Wrong("/target/api_type", "there is no such API", `use "rest" or "xml"`)
	}
	if !slices.Contains([]Library{AtJS, MboxJS, DTM, Launch, OtherTagManager}, t.Library) {
		problems.Wrong("/target/library", "there is no such client library", "use at.js, mbox.js, dtm, launch or tag-manager")
	}
}

// set lays a value over another when it is given.
func set[T any](given, to *T) {
	if given != nil {
		*to = *given
	}
}

// callTarget is what Connect calls of Target.
func (s *Services) callTarget(context.Context, *Service, *Reached, *State) (finding.Layer, error) {
	return finding.Layer{Status: finding.Failed, Message: "nothing here calls Target yet"}, nil
}

func (s *Service) targetNotes() []string { return nil }
