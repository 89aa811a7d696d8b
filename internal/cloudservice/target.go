package cloudservice

import "latchkey/internal/target"

// APIType is which of Target's older APIs a service calls.
type APIType string

// The types. An IMS configuration goes with REST alone.
const (
	REST APIType = "rest"
	XML  APIType = "xml"
)

// Library is how a page gets Target's client library.
type Library string

// The libraries. Adobe has retired MboxJS and DTM: see [Library.Retired].
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
	// LibraryURL is where the library is loaded from; a tag manager has no other place.
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
	if by == Credentials && t.ClientCode == "" {
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

// Retired says that the vendor has given a library up; "" when it has not.
func (l Library) Retired() string {
	switch l {
	case MboxJS:
		return "Adobe ended the support of mbox.js on 2021-03-31: its calls fail, and pages show their default content. Use at.js"
	case DTM:
		return "Adobe switched Dynamic Tag Management (DTM) off on 2021-04-20, and took no changes since 2021-02-22. Use Launch"
	}
	return ""
}

// managed tells whether a tag manager delivers the library.
func (l Library) managed() bool { return l == DTM || l == Launch || l == OtherTagManager }

// targetNotes are what is worth knowing of a service of Target as a whole.
func (s *Service) targetNotes() []string {
	var notes []string
	if s.Authentication == Credentials {
		notes = append(notes, target.ClassicNote)
	}
	if retired := s.Target.Library.Retired(); retired != "" {
		notes = append(notes, retired)
	}
	return notes
}

// targetRequires says which versions of AEM can be set so (seeds of the vendor's guide, §2.1).
func (s *Service) targetRequires() []string {
	var out []string
	if s.Authentication == IMS {
		out = append(out, "AEM 6.5: it is the first with the Target Standard API, which takes an IMS configuration")
	}
	if t := s.Target; t.ClientCode != "" && t.TenantID != "" && t.ClientCode != t.TenantID {
		out = append(out, "AEM 6.5.8.0: it is the first that has client code and tenant id apart")
	}
	return out
}
