package browser_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// The procedures of the vendor's guides for AEM with Target and with Analytics, by the words that they have.
func TestConsole(t *testing.T) {
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.shoot("console-overview")
	imsConfiguration(t, s, b)
	b.clean(host(t, s))
}

// imsConfiguration makes one as AEM does: certificate, download, the console, the rest, Check Health.
func imsConfiguration(t *testing.T, s *harness.Server, b *tab) {
	t.Helper()
	b.press("IMS configurations")
	b.arrive("/libs/cq/adobeims-configuration/content/configurations.html")
	b.shows("JWT Credentials (deprecated)")
	b.shoot("ims-list")
	b.press("Create")
	b.shows("Adobe IMS Technical Account Configuration")
	b.shoot("ims-new")
	b.pick("Cloud solution", "Adobe Target")
	b.enter("Alias", "Not an alias")
	b.press("Create certificate")
	b.shows("This can't be an alias")
	b.shoot("ims-new-problem")
	b.enter("Alias", "browser")
	b.press("Create certificate")
	b.shows("Download Public Key")
	b.shoot("ims-certificate")
	made := credential(t, s)
	b.press("IMS configurations") // the draft is kept
	b.shows("A draft: the certificate is there")
	b.press("browser")
	b.shoot("ims-draft")
	b.press("Go on")
	b.press("Next")
	b.enter("Title", "Browser’s Target")
	b.enter("Authorization Server", s.URL)
	b.enter("API Key", made["client_id"].(string))
	b.enter("Client Secret", made["client_secret"].(string))
	b.enter("Payload", "{ not JSON")
	b.press("Create")
	b.shows("One thing has to be mended; nothing was saved.")
	b.shoot("ims-account-problem")
	b.enter("Client Secret", made["client_secret"].(string))
	b.enter("Payload", payload(t, s, made))
	b.press("Create")
	b.shows("is complete. Check its health now")
	b.shoot("ims-item")
	b.press("Check Health")
	b.press("Check")
	b.shows("Token is retrieved successfully")
	b.shoot("ims-check")
	b.press("Back to browser")
	b.press("Add the next certificate")
	b.shows("stands beside the one that signs")
	b.shoot("ims-rotate")
	b.press("Let the newest sign")
	b.shows("That can’t be done now") // the console does not have it yet
	b.shoot("ims-refused")
	b.visit(s.URL + "/ims-configurations/browser")
	b.press("Properties")
	b.shoot("ims-properties")
	b.visit(s.URL + "/ims-configurations/new/oauth")
	b.shoot("ims-oauth")
	b.visit(s.URL + "/ims-configurations/browser/migrate")
	b.shoot("ims-migrate")
	cloudService(t, s, b)
	b.visit(s.URL + "/ims-configurations/sample-target/delete")
	b.shoot("ims-delete-page")
	b.visit(s.URL + "/ims-configurations/browser/delete")
	b.enter("Type browser to delete it", "something else")
	b.press("Delete browser")
	b.shows("nothing was deleted")
	b.shoot("ims-delete")
	b.enter("Type browser to delete it", "browser")
	b.press("Delete browser")
	b.shows("A cloud service uses it")
	b.visit(s.URL + "/cloud-services/browser-s-target-service/delete")
	b.enter("Type browser-s-target-service to delete it", "browser-s-target-service")
	b.press("Delete browser-s-target-service")
	b.shows("was deleted")
	b.visit(s.URL + "/ims-configurations/browser/delete")
	b.enter("Type browser to delete it", "browser")
	b.press("Delete browser")
	b.shows("The IMS configuration browser was deleted.")
}

// credential makes one in the sample project, with the certificate of the alias "browser".
func credential(t *testing.T, s *harness.Server) map[string]any {
	t.Helper()
	versions := s.Must(http.StatusOK, "GET", "/api/v1/ims-certificates/browser", nil).JSON(t)
	certificate := versions["versions"].([]any)[0].(map[string]any)["pem"]
	profiles := s.Must(http.StatusOK, "GET", "/api/v1/services/AdobeTargetSDK", nil).JSON(t)["profiles"].([]any)
	return s.Must(http.StatusCreated, "POST", "/api/v1/credentials", map[string]any{
		"project": "Sample", "name": "browser", "kind": "service_account_jwt", "certificate": certificate,
		"services": []map[string]any{{"service": "AdobeTargetSDK", "profiles": []any{profiles[0].(map[string]any)["id"]}}},
	}).JSON(t)
}

// payload is what the console's tab JWT shows.
func payload(t *testing.T, s *harness.Server, of map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"exp": 1, "iss": of["organization"], "sub": of["technical_account"].(map[string]any)["id"], "aud": s.URL + "/c/" + of["client_id"].(string),
		s.URL + "/s/ent_marketing_sdk": true,
	}
	text, err := json.MarshalIndent(claims, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// cloudService makes one of Target as AEM does: title, settings, Connect.
func cloudService(t *testing.T, s *harness.Server, b *tab) {
	t.Helper()
	b.press("Cloud services")
	b.arrive("/cloud-services")
	b.shoot("service-list")
	b.press("Create")
	b.press("Adobe Target")
	b.enter("Title", "Browser’s Target service")
	b.press("Create")
	b.shows("Adobe Target Settings")
	b.pick("IMS Configuration", "Browser’s Target")
	b.enter("Client Code", "sampleclient")
	b.enter("Tenant ID", "acme.tt.omtrdc.net")
	b.press("Connect to Target")
	b.shows("nothing was saved")
	b.shoot("service-problem")
	b.enter("Tenant ID", "nobody")
	b.press("Connect to Target")
	b.shows("failed")
	b.shoot("service-refused")
	b.press("Settings")
	b.enter("Tenant ID", "sampletenant")
	b.press("Connect to Target")
	b.shows("Connection successful")
	b.shoot("service-connected")
	b.visit(s.URL + "/cloud-services/new?kind=analytics")
	b.enter("Title", "Browser’s Analytics service")
	b.press("Create")
	b.shoot("service-analytics")
	b.press("OK")
	b.shows("A draft that lacks an IMS configuration")
	b.press("Cloud services")
	b.shoot("service-list-full")
}
