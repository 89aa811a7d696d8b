package project

import (
	"slices"
	"strings"
	"time"
)

// Service is an API that credentials subscribe to.
type Service struct {
	// Code names it, as "AdobeAnalyticsSDK".
	Code, Name, Description string
	// Scopes and Metascopes are what a subscribed credential may ask for: the first by OAuth, the second in assertions.
	Scopes, Metascopes []string
	// Profiles tells whether a subscription takes product profiles, one at least.
	Profiles bool
	// Roles are the product roles that a credential can have in a profile, the first by default; most have none.
	Roles []ProductRole
	// Kinds are the credentials that can subscribe.
	Kinds []Kind
	// Open services need no entitlement.
	Open bool
	// AdminOnly services are added to credentials by system administrators alone.
	AdminOnly bool
	// Deprecated services take no new subscriptions.
	Deprecated bool
	DocsURL    string
	// Organization is whose own service it is; "" for a built-in one.
	Organization string
	// The rest is of own services.
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// The codes of built-in services that others have to know.
const (
	// LatchkeyAPI is our own API: /api/v1 takes tokens of credentials that are subscribed to it.
	LatchkeyAPI = "LatchkeyAPISDK"
	// IOManagementAPI is the developer console's.
	IOManagementAPI = "AdobeIOManagementAPISDK"
	// Analytics, Target and Triggers are the services of the samples.
	Analytics = "AdobeAnalyticsSDK"
	Target    = "AdobeTargetSDK"
	Triggers  = "ExperienceCloudTriggersSDK"
	// ExperiencePlatform and UserManagement are Adobe's.
	ExperiencePlatform = "AdobeExperiencePlatformSDK"
	UserManagement     = "UserManagementSDK"
)

// BuiltIn gives the services that every organization can be entitled to, in the order of their codes. Metascopes are
// those of spec/ims-and-console.md §1.4, scopes those of spec/aem-target-analytics.md §1.7.
func BuiltIn() []Service { return slices.Clone(builtIn) }

var enterpriseKinds = []Kind{ServiceAccountJWT, OAuthServerToServer}

// projected are the scopes by which a token tells what its account has licences of.
func projected(more ...string) []string {
	return append([]string{"read_organizations", "additional_info.projectedProductContext"}, more...)
}

var builtIn = []Service{
	{
		Code: Analytics, Name: "Adobe Analytics", Description: "Reports, segments, data sources and bulk data insertion.",
		Scopes: projected("session", "additional_info.job_function"), Metascopes: []string{"ent_analytics_bulk_ingest_sdk"},
		Profiles: true, Roles: []ProductRole{Observer, Editor, Approver}, Kinds: append(slices.Clone(enterpriseKinds), OAuthWebApp, OAuthSinglePageApp), DocsURL: "https://developer.adobe.com/analytics-apis/docs/2.0/",
	},
	{
		Code: ExperiencePlatform, Name: "Experience Platform API", Description: "Data sets, segments, profiles and destinations of Experience Platform.",
		Scopes: projected("session", "additional_info.roles", "additional_info.job_function"), Metascopes: []string{"ent_dataservices_sdk"},
		Profiles: true, Kinds: append(slices.Clone(enterpriseKinds), OAuthWebApp), DocsURL: "https://developer.adobe.com/experience-platform-apis/",
	},
	{
		Code: IOManagementAPI, Name: "I/O Management API", Description: "Projects, workspaces, credentials and their client secrets.",
		Scopes: []string{"adobeio_api", "read_client_secret", "manage_client_secrets", "read_organizations"}, Metascopes: []string{"ent_adobeio_sdk"},
		Open: true, Kinds: append(slices.Clone(enterpriseKinds), OAuthWebApp), DocsURL: "https://developer.adobe.com/developer-console/docs/guides/",
	},
	{
		Code: Target, Name: "Adobe Target", Description: "Activities, audiences, offers and reports of Adobe Target.",
		Scopes: projected("additional_info.roles", "adobeio_api", "read_pc.dma_bullseye", "target_sdk"), Metascopes: []string{"ent_marketing_sdk"},
		Profiles: true, Roles: []ProductRole{Observer, Editor, Approver}, Kinds: enterpriseKinds, DocsURL: "https://experienceleague.adobe.com/docs/target-dev/developer/api/target-api-overview.html",
	},
	{
		Code: Triggers, Name: "Experience Cloud Triggers", Description: "I/O Events: what visitors do or leave undone, as a stream of events.",
		Scopes: projected("adobeio_api", "event_receiver_api", "triggers:consume", "triggers:produce"), Metascopes: []string{"event_receiver_api", "ent_analytics_bulk_ingest_sdk"},
		Profiles: true, Kinds: enterpriseKinds, DocsURL: "https://developer.adobe.com/events/docs/",
	},
	{
		Code: LatchkeyAPI, Name: "Latchkey API", Description: "Latchkey's own API: connections, tokens, definitions, the pipeline.",
		Scopes: []string{
			"latchkey_api", "tokens:read", "connections:read", "connections:write", "definitions:read", "definitions:write", "registry:read",
			"registry:write", "pipeline:produce", "pipeline:consume", "pipeline:run", "audit:read", "admin",
		},
		Metascopes: []string{"ent_latchkey_sdk"}, Open: true, AdminOnly: true,
		Kinds: append(slices.Clone(enterpriseKinds), OAuthWebApp, OAuthSinglePageApp, OAuthNativeApp), DocsURL: "/docs",
	},
	{
		Code: UserManagement, Name: "User Management API", Description: "Users, groups and their product profiles.",
		Scopes: []string{"user_management_sdk"}, Metascopes: []string{"ent_user_sdk"},
		AdminOnly: true, Kinds: enterpriseKinds, DocsURL: "https://adobe-apiplatform.github.io/umapi-documentation/",
	},
}

// lookup finds a service among the built-in ones and an organization's own, by its code in any case.
func lookup(own []Service, code string) (Service, bool) {
	for _, list := range [][]Service{builtIn, own} {
		if i := slices.IndexFunc(list, func(s Service) bool { return strings.EqualFold(s.Code, code) }); i >= 0 {
			return list[i], true
		}
	}
	return Service{}, false
}
