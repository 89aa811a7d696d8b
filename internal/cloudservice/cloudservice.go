// Package cloudservice keeps cloud services, as AEM knows them: a configured use of Adobe Target or Adobe Analytics.
//
// A service names the IMS configuration whose token it calls with, or has the credentials of the product's older API, and the
// product's own settings: [TargetSettings], [AnalyticsSettings]. [Services.Connect] is AEM's button of that name: it looks at one
// layer after the other (token, profile, product), keeps what it has learned ([TargetState], [AnalyticsState]), and says which
// layer refused and what to change where. What is called is in the rooms target and analytics, which know the products' APIs.
//
// A token comes from [Tokens], so that nothing is known here of how one is got. Addresses of the products come from the
// operator's configuration, never from a caller. Facts about the vendor's side are those of spec/aem-target-analytics.md §2, §3.
package cloudservice

import (
	"errors"
	"time"

	"latchkey/internal/secret"
)

// Kind is the product that a service uses.
type Kind string

// The products.
const (
	Target    Kind = "target"
	Analytics Kind = "analytics"
)

// Title gives what people call it.
func (k Kind) Title() string {
	if k == Analytics {
		return "Adobe Analytics"
	}
	return "Adobe Target"
}

// Authentication is how a service proves itself.
type Authentication string

// The ways. Credentials are those of the products' older APIs, which Adobe has retired: Target Classic's e-mail and password,
// Analytics 1.4's user name and shared secret.
const (
	IMS         Authentication = "ims"
	Credentials Authentication = "credentials"
)

// Service is a cloud service.
type Service struct {
	// ID is `cs_` and a ULID; Name is unique in the sandbox.
	ID, Organization, Sandbox string
	Name, Title               string
	Kind                      Kind
	Authentication            Authentication
	// Configuration is the name, which stays, of the IMS configuration whose token it calls with; "" with Credentials, and in a draft.
	Configuration string
	// Secret is the password of Target Classic, or the shared secret of Analytics 1.4.
	Secret secret.String
	// Target is there for a service of Target, Analytics for one of Analytics.
	Target    *TargetSettings
	Analytics *AnalyticsSettings
	// State is what the last Connect that went well has learned; nil before it, and when what it was learned with has changed.
	State                *State
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// State is what Connect has learned of the product.
type State struct {
	ConnectedAt time.Time       `json:"connected_at"`
	Target      *TargetState    `json:"target,omitempty"`
	Analytics   *AnalyticsState `json:"analytics,omitempty"`
}

// Status says how far a service has come.
type Status string

// The statuses.
const (
	// Draft lacks values: see [Service.Missing].
	Draft Status = "draft"
	// Ready has all values; Connect has not gone well with them yet.
	Ready     Status = "ready"
	Connected Status = "connected"
)

// Status gives the status.
func (s *Service) Status() Status {
	switch {
	case len(s.Missing()) > 0:
		return Draft
	case s.State == nil:
		return Ready
	}
	return Connected
}

// Missing names the values that a call needs and that are not there, by the names of the API.
func (s *Service) Missing() []string {
	var missing []string
	if s.Authentication == IMS && s.Configuration == "" {
		missing = append(missing, "ims_configuration")
	}
	if s.Authentication == Credentials && s.Secret.Empty() {
		missing = append(missing, "secret")
	}
	if s.Kind == Target {
		return append(missing, s.Target.missing(s.Authentication)...)
	}
	return append(missing, s.Analytics.missing(s.Authentication)...)
}

// The errors of this room, beside [finding.Problems], [*access.DeniedError] and those of the connections.
var (
	// ErrNotFound is given for what does not exist, or not for this caller.
	ErrNotFound = errors.New("no such cloud service")
	// ErrNoConfiguration is given by [Tokens] for an IMS configuration that does not exist, or not for this caller.
	ErrNoConfiguration = errors.New("no such IMS configuration")
	// ErrNameTaken is given for a name that another service of the sandbox has.
	ErrNameTaken = errors.New("the name is taken")
	// ErrConflict is given when somebody else changed it meanwhile.
	ErrConflict = errors.New("it was changed by somebody else meanwhile")
	// ErrInUse is given for a service that another one names.
	ErrInUse = errors.New("another cloud service names it")
	// ErrState is given for an act that does not fit the service's status, or its kind.
	ErrState = errors.New("that does not fit the cloud service's status")
)
