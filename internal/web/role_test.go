package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/destination"
	"latchkey/internal/ims"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/web"
)

// markup is what somebody stored who hopes that a page runs it.
const markup = `"><script>alert(1)</script>`

// furnish puts one of each thing into the house, and gives the paths of the project and the credential.
func (h *house) furnish() (projectAt, credentialAt string) {
	h.Helper()
	ctx := context.Background()
	oauth, title, server := ims.OAuth, markup, "https://ims-na1.adobelogin.com"
	_, err := h.ims.Create(ctx, h.caller, ims.Create{Name: "acme", Values: ims.Values{Title: &title, Type: &oauth, Server: &server, Secret: new(secret.New("hush-hush"))}})
	check(h, err)
	configuration := "acme"
	_, err = h.services.Create(ctx, h.caller, cloudservice.Create{Kind: cloudservice.Target, Name: "acme", Values: cloudservice.Values{Title: &title, Configuration: &configuration}})
	check(h, err)
	for _, scope := range []string{"read", "write"} {
		document, err := destination.ParseDocument([]byte(`{"name":"acme","description":"\"><script>alert(1)</script>","authentication":{"authType":"OAUTH2",
			"grant":"OAUTH2_CLIENT_CREDENTIALS","accessTokenUrl":"https://api.moviestar.com/{{ authData.tenant }}","clientId":"acme","clientSecret":"hush-hush","scope":["` + scope + `"],
			"authenticationDataFields":[{"name":"tenant","title":"\"><script>alert(1)</script>","type":"string","pattern":"[a-z]+","source":"CUSTOMER"}]}}`))
		check(h, err)
		draft := destination.Draft{Document: document, Note: markup}
		if _, err = h.catalogue.Update(ctx, h.caller, destination.Ref{Name: "acme"}, draft); errors.Is(err, destination.ErrNotFound) {
			_, err = h.catalogue.Create(ctx, h.caller, "", draft)
		}
		check(h, err)
	}
	made, workspaces, err := h.projects.Create(ctx, h.caller, project.NewProject{Name: "Acme", Title: markup})
	check(h, err)
	credential, err := h.credentials.Create(ctx, h.caller, project.NewCredential{Workspace: workspaces[0].ID, Name: "acme", Description: markup, Kind: project.OAuthServerToServer})
	check(h, err)
	return "/projects/" + made.ID, "/projects/" + made.ID + "/credentials/" + credential.ID
}

// deed is a page that is asked for, or a button that is pressed.
type deed struct {
	method, path string
	// least is the role that it takes; ok is the status then.
	least access.Role
	ok    int
}

// deeds furnishes the house, and gives what there is to ask for and to press.
func (h *house) deeds() []deed {
	h.Helper()
	atProject, atCredential := h.furnish()
	atProfile, atUser := h.furnishAdmin()
	atKey, atHook := h.furnishSettings()
	h.furnishServices()
	h.furnishPipeline()
	atConnection := h.account()
	return []deed{
		{"GET", "/search?q=acme", access.Viewer, 200},
		{"POST", "/organization", access.Viewer, 404},
		{"GET", "/account/passkeys/new", access.Viewer, 200}, // which say that there are none at a bare address
		{"POST", "/account/passkeys/new", access.Viewer, 200},
		{"POST", "/account/passkeys", access.Viewer, 200},
		{"GET", "/account/passkeys/none/name", access.Viewer, 404},
		{"POST", "/account/passkeys/none/name", access.Viewer, 404},
		{"GET", "/account/passkeys/none/remove", access.Viewer, 404},
		{"POST", "/account/passkeys/none/remove", access.Viewer, 404},
		{"GET", "/account/prove", access.Viewer, 404}, // where there is no provider
		{"GET", "/account", access.Viewer, 200},
		{"GET", "/account/name", access.Viewer, 200},
		{"POST", "/account/name", access.Viewer, 200},
		{"GET", "/account/password", access.Viewer, 200},
		{"POST", "/account/password", access.Viewer, 422},
		{"GET", "/account/app", access.Viewer, 200},
		{"POST", "/account/app", access.Viewer, 200},
		{"POST", "/account/app/code", access.Viewer, 422},
		{"GET", "/account/app/remove", access.Viewer, 200},
		{"POST", "/account/app/remove", access.Viewer, 422},
		{"GET", "/account/recovery", access.Viewer, 200},
		{"POST", "/account/recovery", access.Viewer, 422},
		{"POST", "/account/sessions", access.Viewer, 200},
		{"POST", "/account/sessions/none/end", access.Viewer, 404},
		{"GET", atUser + "/sign-in", access.SystemAdministrator, 200},
		{"POST", atUser + "/sign-in/end", access.SystemAdministrator, 200},
		{"POST", atUser + "/sign-in/sessions/none/end", access.SystemAdministrator, 404},
		{"GET", atUser + "/sign-in/reset", access.SystemAdministrator, 200},
		{"POST", atUser + "/sign-in/reset", access.SystemAdministrator, 200},
		{"GET", "/admin/sign-in", access.Viewer, 200},
		{"POST", "/admin/sign-in", access.SystemAdministrator, 200},
		{"GET", "/charts", access.Viewer, 200},
		{"GET", "/calendar", access.Viewer, 200},
		{"POST", "/calendar/feeds", access.Viewer, 422},
		{"POST", "/calendar/feeds/none/revoke", access.Viewer, 404},
		{"GET", "/libs/cq/adobeims-configuration/content/configurations.html", access.Viewer, 200},
		{"GET", "/ims-configurations/acme", access.Viewer, 200},
		{"GET", "/ims-configurations/none", access.Viewer, 404},
		{"GET", "/ims-configurations/new", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/new", access.SystemAdministrator, 422},
		{"GET", "/ims-configurations/new/oauth", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/new/oauth", access.SystemAdministrator, 422},
		{"GET", "/ims-configurations/acme/edit", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/acme/edit", access.SystemAdministrator, 200},
		{"GET", "/ims-configurations/acme/check", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/acme/check", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/acme/migrate", access.SystemAdministrator, 422},
		{"GET", "/ims-configurations/acme/delete", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/acme/delete", access.SystemAdministrator, 422},
		{"GET", "/ims-configurations/new/import", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/new/import", access.SystemAdministrator, 422},
		{"GET", "/ims-configurations/acme/export", access.Viewer, 200},
		{"POST", "/ims-configurations/acme/export", access.Viewer, 422}, // a draft
		{"GET", "/cloud-services/new/import", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/new/import", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme/export?format=json", access.Viewer, 200},
		{"GET", "/cloud-services/acme/export?format=properties", access.Viewer, 200},
		{"POST", "/ims-certificates/none/rotate", access.SystemAdministrator, 404},
		{"POST", "/ims-certificates/none/switch", access.SystemAdministrator, 404},
		{"GET", "/cloud-services", access.Viewer, 200},
		{"GET", "/cloud-services/acme", access.Viewer, 200},
		{"GET", "/cloud-services/new?kind=target", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/new?kind=target", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme/edit", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme/connect", access.SystemAdministrator, 409},
		{"POST", "/cloud-services/acme/delete", access.SystemAdministrator, 422},
		{"GET", "/connections", access.Viewer, 200},
		{"GET", "/connections/new", access.SystemAdministrator, 200},
		{"GET", "/connections/new?definition=moviestar", access.SystemAdministrator, 200},
		{"POST", "/connections/new", access.SystemAdministrator, 200},
		{"GET", "/connections/done", access.Viewer, 404},
		{"GET", "/connections/links", access.Viewer, 200},
		{"GET", "/connections/links/new", access.SystemAdministrator, 200},
		{"GET", "/connections/links/new?definition=moviestar", access.SystemAdministrator, 200},
		{"POST", "/connections/links/new", access.SystemAdministrator, 200},
		{"POST", "/connections/links/none/revoke", access.SystemAdministrator, 404},
		{"GET", "/connections/brand", access.SystemAdministrator, 200},
		{"POST", "/connections/brand", access.SystemAdministrator, 200},
		{"GET", "/connections/none", access.Viewer, 404},
		{"GET", atConnection, access.Viewer, 200},
		{"GET", atConnection + "/edit", access.SystemAdministrator, 200},
		{"POST", atConnection + "/edit", access.SystemAdministrator, 200},
		{"GET", atConnection + "/reauthorize", access.SystemAdministrator, 200},
		{"POST", atConnection + "/reauthorize", access.SystemAdministrator, 200},
		{"POST", atConnection + "/refresh", access.SystemAdministrator, 409},
		{"POST", atConnection + "/enabled", access.SystemAdministrator, 200},
		{"GET", atConnection + "/delete", access.SystemAdministrator, 200},
		{"POST", atConnection + "/delete", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme/audiences", access.Viewer, 200},
		{"GET", "/cloud-services/acme/audiences/none", access.Viewer, 404},
		{"GET", "/cloud-services/acme/audiences/progress", access.Viewer, 200},
		{"POST", "/cloud-services/acme/audiences/sync", access.SystemAdministrator, 409},
		{"GET", "/cloud-services/acme/offers", access.Viewer, 200},
		{"GET", "/cloud-services/acme/offers/push", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme/offers/push", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme/offers/delete?offer=none", access.SystemAdministrator, 404},
		{"POST", "/cloud-services/acme/offers/delete?offer=none", access.SystemAdministrator, 404},
		{"GET", "/cloud-services/acme/activities", access.Viewer, 200},
		{"GET", "/cloud-services/acme/mboxes", access.Viewer, 200},
		{"GET", "/cloud-services/acme/properties", access.Viewer, 200},
		{"GET", "/cloud-services/acme/library", access.Viewer, 200},
		{"POST", "/cloud-services/acme/library", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme/library/file", access.Viewer, 200},
		{"GET", "/cloud-services/acme/library/snippet", access.Viewer, 409},
		{"POST", "/cloud-services/acme/library/delete", access.SystemAdministrator, 200},
		{"GET", "/cloud-services/acme-analytics/lists", access.Viewer, 200},
		{"POST", "/cloud-services/acme-analytics/lists", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme-analytics/lists/segments", access.Viewer, 200},
		{"GET", "/cloud-services/acme-analytics/lists/none", access.Viewer, 404},
		{"GET", "/cloud-services/acme-analytics/report", access.Viewer, 200},
		{"POST", "/cloud-services/acme-analytics/report", access.SystemAdministrator, 200},
		{"GET", "/cloud-services/acme/frameworks?page=/content", access.Viewer, 200},
		{"GET", "/cloud-services/acme/new-framework", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme/new-framework", access.SystemAdministrator, 422},
		{"GET", "/cloud-services/acme/frameworks/site", access.Viewer, 200},
		{"GET", "/cloud-services/acme/frameworks/none", access.Viewer, 404},
		{"GET", "/cloud-services/acme/frameworks/site/edit", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme/frameworks/site/edit", access.SystemAdministrator, 200},
		{"GET", "/cloud-services/acme-analytics/frameworks/site/mappings", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme-analytics/frameworks/site/mappings", access.SystemAdministrator, 422},
		{"POST", "/cloud-services/acme/frameworks/site/publish", access.SystemAdministrator, 200},
		{"GET", "/cloud-services/acme/frameworks/site/export?run_mode=author", access.Viewer, 200},
		{"GET", "/cloud-services/acme/frameworks/site/preview", access.Viewer, 200},
		{"POST", "/cloud-services/acme/frameworks/site/preview", access.Viewer, 422},
		{"GET", "/cloud-services/acme/frameworks/site/delete", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme/frameworks/site/delete", access.SystemAdministrator, 422},
		{"GET", "/topics", access.Viewer, 200},
		{"GET", "/new-topic", access.SystemAdministrator, 200},
		{"POST", "/new-topic", access.SystemAdministrator, 422},
		{"GET", "/topics/triggers", access.Viewer, 200},
		{"GET", "/topics/none", access.Viewer, 404},
		{"GET", "/topics/triggers/edit", access.SystemAdministrator, 200},
		{"POST", "/topics/triggers/edit", access.SystemAdministrator, 200},
		{"GET", "/topics/triggers/delete", access.SystemAdministrator, 200},
		{"POST", "/topics/triggers/delete", access.SystemAdministrator, 422},
		{"GET", "/topics/triggers/produce", access.SystemAdministrator, 200},
		{"POST", "/topics/triggers/produce", access.SystemAdministrator, 422},
		{"GET", "/topics/triggers/tail", access.SystemAdministrator, 200},
		{"GET", "/topics/triggers/find?q=m-1", access.SystemAdministrator, 200},
		{"GET", "/topics/triggers/events/0/0", access.SystemAdministrator, 200},
		{"GET", "/topics/triggers/events/0/99", access.SystemAdministrator, 404},
		{"GET", "/topics/triggers/groups/campaign", access.Viewer, 200},
		{"GET", "/topics/triggers/groups/none", access.Viewer, 404},
		{"POST", "/topics/triggers/groups/campaign/reset", access.SystemAdministrator, 422},
		{"GET", "/topics/triggers/groups/campaign/delete", access.SystemAdministrator, 200},
		{"POST", "/topics/triggers/groups/campaign/delete", access.SystemAdministrator, 422},
		{"GET", "/topics/none/live", access.SystemAdministrator, 404},
		{"GET", "/instances", access.Viewer, 200},
		{"GET", "/instances/prod", access.Viewer, 200},
		{"GET", "/instances/none", access.Viewer, 404},
		{"GET", "/instances/prod/migration", access.Viewer, 200},
		{"GET", "/instances/none/progress", access.Viewer, 404},
		{"POST", "/instances/prod/order", access.SystemAdministrator, 422},
		{"POST", "/instances/prod/forget", access.SystemAdministrator, 404},
		{"GET", "/instances/prod/letters", access.Viewer, 200},
		{"POST", "/instances/prod/letters", access.SystemAdministrator, 409},
		{"GET", "/instances/prod/drop?host=one&all=1", access.SystemAdministrator, 200},
		{"POST", "/instances/prod/drop?host=one&all=1", access.SystemAdministrator, 422},
		{"GET", "/instances/none/answers", access.Viewer, 404},
		{"GET", "/projects", access.Viewer, 200},
		{"GET", "/integrations", access.Viewer, 200},
		{"GET", "/integrations/new", access.Developer, 200},
		{"POST", "/integrations/new", access.Developer, 422},
		{"GET", "/integrations/added?credential=none", access.Viewer, 404},
		{"GET", "/projects/new", access.Developer, 200},
		{"POST", "/projects/new", access.Developer, 422},
		{"GET", atProject, access.Viewer, 200},
		{"GET", atProject + "/add-api", access.Developer, 200},
		{"POST", atProject + "/add-api", access.Developer, 200},
		{"POST", atProject + "/delete", access.Developer, 422},
		{"GET", atCredential, access.Viewer, 200},
		{"GET", atCredential + "/services", access.Viewer, 200},
		{"GET", atCredential + "/keys", access.Viewer, 200},
		{"POST", atCredential + "/keys", access.Developer, 404},
		{"POST", atCredential + "/secrets", access.Developer, 200},
		{"POST", atCredential + "/enabled", access.Developer, 200},
		{"POST", atCredential + "/delete", access.Developer, 422},
		{"GET", atCredential + "/delete", access.Developer, 200},
		{"GET", "/credentials/none", access.Viewer, 404},
		{"GET", atCredential + "/jwt", access.Viewer, 200},
		{"GET", atCredential + "/migration", access.Viewer, 200},
		{"POST", atCredential + "/jwt", access.Developer, 200},
		{"GET", atCredential + "/insights", access.Viewer, 200},
		{"GET", atCredential + "/events", access.Viewer, 200},
		{"POST", atCredential + "/migration", access.Developer, 409},
		{"POST", atCredential + "/services", access.Developer, 404},
		{"GET", atProject + "/added?credential=" + path.Base(atCredential), access.Viewer, 200},
		{"GET", atProject + "/delete", access.Developer, 200},
		{"POST", atProject + "/download", access.Viewer, 404},
		{"GET", "/ims-configurations", access.Viewer, 200},
		{"GET", "/ims-configurations/acme/certificate", access.Viewer, 200},
		{"GET", "/ims-configurations/acme/migrate", access.SystemAdministrator, 200},
		{"POST", "/ims-configurations/acme/migrate/cancel", access.SystemAdministrator, 409},
		{"POST", "/ims-certificates/none/remove", access.SystemAdministrator, 404},
		{"GET", "/ims-certificates/none/1/public", access.Viewer, 404},
		{"GET", "/cloud-services/acme/delete", access.SystemAdministrator, 200},
		{"POST", "/cloud-services/acme/edit", access.SystemAdministrator, 422},
		{"GET", "/admin", access.Viewer, 200},
		{"GET", "/admin/new-product", access.SystemAdministrator, 200},
		{"POST", "/admin/new-product", access.SystemAdministrator, 422},
		{"GET", "/admin/products/AdobeTargetSDK", access.Viewer, 200},
		{"GET", "/admin/products/AdobeTargetSDK/details", access.Viewer, 200},
		{"GET", "/admin/products/none", access.Viewer, 404},
		{"POST", "/admin/products/AdobeAnalyticsSDK/entitlement", access.SystemAdministrator, 200},
		{"POST", "/admin/products/AdobeTargetSDK/end", access.SystemAdministrator, 422},
		{"GET", "/admin/products/AdobeTargetSDK/new-profile", access.SystemAdministrator, 200},
		{"POST", "/admin/products/AdobeTargetSDK/new-profile", access.SystemAdministrator, 422},
		{"GET", "/admin/products/billing/edit", access.SystemAdministrator, 200},
		{"POST", "/admin/products/billing/edit", access.SystemAdministrator, 422},
		{"POST", "/admin/products/billing/delete", access.SystemAdministrator, 422},
		{"GET", atProfile, access.Viewer, 200},
		{"POST", atProfile + "/role", access.SystemAdministrator, 409},
		{"GET", atProfile + "/developers", access.Viewer, 200},
		{"POST", atProfile + "/developers", access.SystemAdministrator, 404},
		{"GET", atProfile + "/edit", access.SystemAdministrator, 200},
		{"POST", atProfile + "/edit", access.SystemAdministrator, 422},
		{"POST", atProfile + "/delete", access.SystemAdministrator, 422},
		{"GET", "/admin/profiles/1", access.Viewer, 404},
		{"GET", "/admin/credentials", access.Viewer, 200},
		{"GET", "/admin/users", access.Viewer, 200},
		{"GET", "/admin/new-user", access.SystemAdministrator, 200},
		{"POST", "/admin/new-user", access.SystemAdministrator, 422},
		{"GET", atUser, access.Viewer, 200},
		{"GET", "/admin/users/none", access.Viewer, 404},
		{"POST", atUser + "/status", access.SystemAdministrator, 200},
		{"POST", atUser + "/consents", access.SystemAdministrator, 404},
		{"GET", atUser + "/edit", access.SystemAdministrator, 200},
		{"POST", atUser + "/edit", access.SystemAdministrator, 422},
		{"GET", atUser + "/reset", access.SystemAdministrator, 200},
		{"POST", atUser + "/reset", access.SystemAdministrator, 422}, // disabled above
		{"POST", atUser + "/delete", access.SystemAdministrator, 422},
		{"GET", "/admin/sandboxes", access.Viewer, 200},
		{"GET", "/admin/sandboxes/stage", access.Viewer, 200},
		{"GET", "/admin/new-sandbox", access.SystemAdministrator, 200},
		{"POST", "/admin/new-sandbox", access.SystemAdministrator, 422},
		{"POST", "/admin/delete-sandbox/stage", access.SystemAdministrator, 422},
		{"GET", "/admin/products", access.Viewer, 200},
		{"GET", "/settings", access.Viewer, 200},
		{"GET", "/settings/keys", access.Viewer, 200},
		{"GET", "/settings/keys?past=on", access.Viewer, 200},
		{"GET", "/settings/new-key", access.SystemAdministrator, 200},
		{"POST", "/settings/new-key", access.SystemAdministrator, 422},
		{"GET", atKey + "/revoke", access.SystemAdministrator, 200},
		{"POST", atKey + "/revoke", access.SystemAdministrator, 422},
		{"GET", "/settings/keys/none/revoke", access.SystemAdministrator, 404},
		{"GET", "/settings/webhooks", access.Viewer, 200},
		{"GET", "/settings/new-webhook", access.SystemAdministrator, 200},
		{"POST", "/settings/new-webhook", access.SystemAdministrator, 422},
		{"GET", atHook, access.Viewer, 200},
		{"GET", "/settings/webhooks/none", access.Viewer, 404},
		{"GET", atHook + "/edit", access.SystemAdministrator, 200},
		{"POST", atHook + "/edit", access.SystemAdministrator, 422},
		{"POST", atHook + "/act", access.SystemAdministrator, 200}, // it is paused then
		{"POST", atHook + "/secret", access.SystemAdministrator, 200},
		{"POST", atHook + "/replay", access.SystemAdministrator, 409},
		{"GET", atHook + "/delete", access.SystemAdministrator, 200},
		{"POST", atHook + "/delete", access.SystemAdministrator, 422},
		{"GET", "/settings/signing-keys", access.SystemAdministrator, 200},
		{"POST", "/settings/signing-keys", access.SystemAdministrator, 200},
		{"GET", "/settings/root-key", access.SystemAdministrator, 200},
		{"POST", "/settings/root-key", access.SystemAdministrator, 409},
		{"GET", "/settings/mail", access.SystemAdministrator, 200},
		{"POST", "/settings/mail", access.SystemAdministrator, 409},
		{"GET", "/settings/providers", access.Viewer, 200},
		{"GET", "/settings/providers/none.example.com", access.Viewer, 404},
		{"POST", "/settings/providers/none.example.com", access.SystemAdministrator, 404},
		{"GET", "/settings/revocations", access.Viewer, 200},
		{"GET", "/settings/revocations/none", access.Viewer, 404},
		{"POST", "/settings/revocations/none/retry", access.SystemAdministrator, 404},
		{"GET", "/settings/revocations/none/forget", access.SystemAdministrator, 404},
		{"POST", "/settings/revocations/none/forget", access.SystemAdministrator, 404},
		{"GET", "/settings/refusals", access.Developer, 200},
		{"GET", "/settings/refusals?debug_id=none", access.Developer, 200},
		{"GET", "/settings/simulators", access.Viewer, 200},
		{"POST", "/settings/simulators", access.SystemAdministrator, 404},
		{"GET", "/settings/about?all=on", access.Viewer, 200},
		{"GET", "/audit", access.SystemAdministrator, 200},
		{"GET", "/audit?chain=installation&before=9", access.SystemAdministrator, 200},
		{"GET", "/audit/verify", access.SystemAdministrator, 200},
		{"POST", "/audit/verify", access.SystemAdministrator, 200},
		{"GET", "/audit/checkpoints", access.SystemAdministrator, 200},
		{"POST", "/audit/checkpoints", access.SystemAdministrator, 200},
		{"GET", "/audit/checkpoints/0", access.SystemAdministrator, 404},
		{"GET", "/audit/key", access.SystemAdministrator, 200},
		{"GET", "/audit/export", access.SystemAdministrator, 200},
		{"GET", "/audit/file", access.SystemAdministrator, 200},
		{"POST", "/settings/backup", access.SystemAdministrator, 422},
		{"GET", "/admin/products/AdobeTargetSDK/end", access.SystemAdministrator, 200},
		{"GET", "/admin/products/billing/delete", access.SystemAdministrator, 200},
		{"GET", atProfile + "/delete", access.SystemAdministrator, 200},
		{"GET", atUser + "/delete", access.SystemAdministrator, 200},
		{"GET", "/admin/delete-sandbox/stage", access.SystemAdministrator, 200},
		{"GET", "/definitions", access.Viewer, 200},
		{"GET", "/definitions/start", access.Viewer, 200},
		{"GET", "/definitions/new?start=password", access.SystemAdministrator, 200},
		{"POST", "/definitions/new", access.SystemAdministrator, 422},
		{"POST", "/definitions/check", access.Viewer, 200},
		{"GET", "/definitions/schema.json", access.Viewer, 200},
		{"GET", "/definitions/acme", access.Viewer, 200},
		{"GET", "/definitions/none", access.Viewer, 404},
		{"GET", "/definitions/playground", access.Viewer, 200},
		{"GET", "/definitions/playground?definition=acme&at=/authentication/accessTokenUrl", access.Viewer, 200},
		{"POST", "/definitions/playground", access.Viewer, 200},
		{"GET", "/definitions/acme/explain", access.Viewer, 200},
		{"POST", "/definitions/acme/explain", access.Viewer, 200},
		{"GET", "/definitions/acme/try", access.Viewer, 200},
		{"POST", "/definitions/acme/try", access.Viewer, 200},
		{"GET", "/definitions/acme/edit", access.SystemAdministrator, 200},
		{"POST", "/definitions/acme/edit", access.SystemAdministrator, 422},
		{"GET", "/definitions/acme/publish", access.SystemAdministrator, 200},
		{"POST", "/definitions/acme/publish", access.SystemAdministrator, 409},
		{"GET", "/definitions/acme/revisions", access.Viewer, 200},
		{"GET", "/definitions/acme/revisions/1", access.Viewer, 200},
		{"GET", "/definitions/acme/changes?from=1&to=2", access.Viewer, 200},
		{"POST", "/definitions/acme/revisions/1/restore", access.SystemAdministrator, 200},
		{"GET", "/definitions/acme/delete", access.SystemAdministrator, 200},
		{"POST", "/definitions/acme/delete", access.SystemAdministrator, 422},
		{"GET", "/account", access.Viewer, 200},
		{"GET", "/account/name", access.Viewer, 200},
		{"POST", "/account/name", access.Viewer, 200},
		{"GET", "/account/password", access.Viewer, 200},
		{"POST", "/account/password", access.Viewer, 422},
		{"GET", "/account/app", access.Viewer, 200},
		{"POST", "/account/app", access.Viewer, 200},
		{"POST", "/account/app/code", access.Viewer, 422},
		{"GET", "/account/app/remove", access.Viewer, 200},
		{"POST", "/account/app/remove", access.Viewer, 422},
		{"GET", "/account/recovery", access.Viewer, 200},
		{"POST", "/account/recovery", access.Viewer, 422},
		{"POST", "/account/sessions", access.Viewer, 200},
		{"POST", "/account/sessions/none/end", access.Viewer, 404},
		{"GET", atUser + "/sign-in", access.SystemAdministrator, 200},
		{"POST", atUser + "/sign-in/end", access.SystemAdministrator, 200},
		{"POST", atUser + "/sign-in/sessions/none/end", access.SystemAdministrator, 404},
		{"GET", atUser + "/sign-in/reset", access.SystemAdministrator, 200},
		{"POST", atUser + "/sign-in/reset", access.SystemAdministrator, 200},
		{"GET", "/admin/sign-in", access.Viewer, 200},
		{"POST", "/admin/sign-in", access.SystemAdministrator, 200},
	}
}

// TestRoles asks for each page, and presses each button, as each role: what the role does not allow changes nothing and says
// why; what was stored runs nowhere; a form of another site and one without our token are refused.
func TestRoles(t *testing.T) {
	h := newHouse(t)
	deeds := h.deeds()
	sessions := map[access.Role]*http.Client{access.SystemAdministrator: h.browser(), access.Developer: h.browser(), access.Viewer: h.browser()}
	h.get(sessions[access.SystemAdministrator], h.link(h.ada))
	for role, email := range map[access.Role]string{access.Developer: "dev@example.com", access.Viewer: "view@example.com"} {
		h.get(sessions[role], h.link(h.person(organization, registry.NewUser{Email: email, Role: role})))
	}
	const nobody = access.Role("")
	sessions[nobody] = h.browser()
	tokens := map[access.Role]string{} // of a session they stay the same
	for role, client := range sessions {
		tokens[role] = h.tokenOf(client)
	}
	mux, tried := http.NewServeMux(), map[string]bool{}
	for _, pattern := range web.Patterns() {
		mux.HandleFunc(pattern, http.NotFound)
	}
	for _, c := range deeds {
		_, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), c.method, h.url+c.path, http.NoBody))
		tried[pattern] = true
		for role, client := range sessions {
			want := c.ok
			switch {
			case role == nobody && c.method == "POST":
				want = http.StatusForbidden
			case role == nobody:
				want = http.StatusOK // the sign-in
			case !role.Covers(c.least):
				want = http.StatusForbidden
			}
			got := h.press(client, c.method, c.path, tokens[role])
			if got.StatusCode != want {
				t.Errorf("%s %s as %q = %d, want %d", c.method, c.path, role, got.StatusCode, want)
			}
			if role == nobody && c.method == "GET" && got.Request.URL.Path != "/sign-in" {
				t.Errorf("%s as nobody leads to %s", c.path, got.Request.URL)
			}
			if want == http.StatusForbidden && role != nobody && !strings.Contains(got.text, "This takes the role") {
				t.Errorf("%s %s as %q says not which role it takes", c.method, c.path, role)
			}
			page := strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") // files are kept, and shown by no browser
			if page && strings.Contains(got.text, "<script>alert") || strings.Contains(got.text, "hush-hush") {
				t.Errorf("%s %s as %q lets markup or a secret through", c.method, c.path, role)
			}
			if strings.Contains(got.Header.Get("Content-Security-Policy"), "unsafe") || !strings.Contains(got.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("%s %s: policy %q", c.method, c.path, got.Header.Get("Content-Security-Policy"))
			}
		}
		if c.method == "POST" {
			expect(t, h.press(sessions[access.SystemAdministrator], "POST", c.path, "guessed"), http.StatusForbidden, "did not come from here")
		}
	}
	for _, pattern := range web.Inside() {
		if !tried[pattern] {
			t.Errorf("%s is in no line of the table", pattern)
		}
	}
}

// tokenOf gives the token of the forms that a browser is shown.
func (h *house) tokenOf(client *http.Client) string {
	h.Helper()
	return fill(h, h.get(client, h.url+"/docs"), nil).Get("csrf")
}

// press asks for a page, or sends an empty form with the token.
func (h *house) press(client *http.Client, method, path, token string) answer {
	h.Helper()
	if method == http.MethodGet {
		return h.get(client, h.url+path)
	}
	return post(h, client, path, url.Values{"csrf": {token}})
}
