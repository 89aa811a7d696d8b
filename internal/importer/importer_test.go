package importer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/importer"
)

// nango is what GET /connection/{connectionId} answers for OAuth 2, as Nango's reference has it.
const nango = `{
  "id": 18393, "connection_id": "acme", "provider_config_key": "hubspot-eu", "provider": "hubspot", "errors": [],
  "connection_config": {"portalId": 12345}, "metadata": {}, "tags": {}, "created_at": "2026-03-08T09:43:03.725Z", "updated_at": "2026-03-08T09:43:03.725Z",
  "last_fetched_at": "2026-03-08T09:43:03.725Z", "end_user": null,
  "credentials": {"type": "OAUTH2", "access_token": "hush-access", "refresh_token": "hush-refresh", "expires_at": "2026-03-08T10:43:03.725Z",
    "raw": {"access_token": "hush-access", "refresh_token": "hush-refresh", "expires_in": 3600, "token_type": "bearer", "scope": "crm contacts"}}
}`

func TestNango(t *testing.T) {
	found, err := importer.Nango("acme.json", []byte(nango))
	if err != nil || len(found) != 1 {
		t.Fatalf("Nango = %v, %v", found, err)
	}
	one := found[0]
	if one.ID != "acme" || one.Provider != "hubspot" || one.Integration != "hubspot-eu" || one.Access.Reveal() != "hush-access" || one.Refresh.Reveal() != "hush-refresh" ||
		one.TokenType != "Bearer" || one.Scope != "crm contacts" || !one.ExpiresAt.Equal(time.Date(2026, 3, 8, 10, 43, 3, 725e6, time.UTC)) {
		t.Errorf("the connection is %+v", one)
	}
	if value, ok := importer.Field(one.Fields, "portal_id"); !ok || value != 12345.0 {
		t.Errorf("portal_id = %v", value)
	}
	if found, err := importer.Nango("all.json", []byte(`{"connections":[`+nango+`]}`)); err != nil || len(found) != 1 {
		t.Errorf("a list = %v, %v", found, err)
	}
	client := `[{"connection_id":"m2m","provider":"zoom","provider_config_key":"zoom","credentials":{"type":"OAUTH2_CC","token":"hush","client_id":"id","client_secret":"hush-secret"}}]`
	if found, err := importer.Nango("m2m.json", []byte(client)); err != nil || found[0].Access.Reveal() != "hush" || found[0].Fields["client_secret"] != "hush-secret" {
		t.Errorf("client credentials = %v, %v", found, err)
	}
}

// TestNangoRefuses holds what is said of what can't be imported, and where.
func TestNangoRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`"type": "OAUTH2"`, `"type": "TBA"`, `a.json:5:27: connection acme: credentials of the type "TBA" are not imported`},
		{`"connection_id": "acme", `, ``, `a.json:1:1: connection: it has no connection_id`},
		{`"credentials"`, `"credential"`, "it holds no credentials, as in Nango's lists"},
		{`"expires_at": "2026-03-08T10:43:03.725Z"`, `"expires_at": "soon"`, "this is no time"},
		{`"access_token": "hush-access", "refresh`, `"refresh`, "there is no access token"},
		{`"raw"`, `"config_override": {"client_id": "own"}, "raw"`, "OAuth client of its own"},
		{`"refresh_token": "hush-refresh", "expires_at"`, `"refresh_token": 7, "expires_at"`, "this is not what Nango answers there"},
		{`"errors": []`, `"errors": ]`, "a.json:2:"},
	} {
		_, err := importer.Nango("a.json", []byte(strings.Replace(nango, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error is %v, want %q", c.to, err, c.want)
		}
	}
}

// console is a file as the Developer Console's tools write it.
const console = `# Adobe I/O
export CLIENT_ID=e053e1a87cf74c68a6ec8e71d4a82662
CLIENT_SECRETS='["p8e-old","p8e-hush"]'
IMS_ORG_ID="6096892F54B5819E0A4C98A2@AdobeOrg"
SCOPES=openid, AdobeID,target_sdk # as the console shows them
TECHNICAL_ACCOUNT_ID=D8E157165FC0EAE10A495E8C@techacct.adobe.com
OTHER="a\nb"
EMPTY=
`

func TestDotenv(t *testing.T) {
	variables, err := importer.Dotenv(".env", []byte(console))
	if err != nil {
		t.Fatal(err)
	}
	found, rest := importer.IMSOf(variables, "")
	if found.ClientID != "e053e1a87cf74c68a6ec8e71d4a82662" || found.ClientSecret != "p8e-hush" || found.Organization != "6096892F54B5819E0A4C98A2@AdobeOrg" ||
		strings.Join(found.Scopes, " ") != "openid AdobeID target_sdk" || found.TechnicalAccount != "D8E157165FC0EAE10A495E8C@techacct.adobe.com" {
		t.Errorf("IMSOf = %+v", found)
	}
	if len(rest) != 2 || rest[0].Value != "a\nb" || rest[0].Line != 7 {
		t.Errorf("the rest is %+v", rest)
	}
	prefixed, err := importer.Dotenv(".env", []byte("IMS_OAUTH_S2S_CLIENT_ID=a\nX_CLIENT_ID=b\n"))
	if err != nil {
		t.Fatal(err)
	}
	if found, _ := importer.IMSOf(prefixed, ""); found.ClientID != "a" {
		t.Errorf("with the tools' prefix: %+v", found)
	}
	if found, _ := importer.IMSOf(prefixed, "X_"); found.ClientID != "b" {
		t.Errorf("with a prefix: %+v", found)
	}
	_, err = importer.Dotenv(".env", []byte("A=1\nno variable\nB='hush\n"))
	if err == nil || !strings.Contains(err.Error(), ".env:2:1: this is no NAME=VALUE") || !strings.Contains(err.Error(), ".env:3:3: B: the quotes don't end") || strings.Contains(err.Error(), "hush") {
		t.Errorf("the error is %v", err)
	}
}

func TestCampaign(t *testing.T) {
	dir := t.TempDir()
	write := func(ims string) {
		t.Helper()
		text := `<?xml version='1.0'?><serverconf><shared><ims authIMSEndpoint="https://ims-na1.adobelogin.com" ` + ims + `/></shared>
<web><redirection IMSOrgId="6096892F54B5819E0A4C98A2@AdobeOrg"/></web></serverconf>`
		if err := os.WriteFile(filepath.Join(dir, "config-prod.xml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`authIMSTAClientId="acme-client" authIMSTAId="D8E157165FC0EAE10A495E8C@techacct.adobe.com" authIMSTAClientSecret="hush-hush"`)
	found, err := importer.Campaign(dir, "prod")
	if err != nil || found.JWT || found.ClientID != "acme-client" || found.Secret.Reveal() != "hush-hush" || found.Organization != "6096892F54B5819E0A4C98A2@AdobeOrg" {
		t.Errorf("Campaign = %+v, %v", found, err)
	}
	write(`authIMSTAClientId="acme-client" authIMSTAClientSecret="@abcdefgh=="`)
	if _, err := importer.Campaign(dir, "prod"); err == nil || !strings.Contains(err.Error(), "config-prod.xml:1:") || !strings.Contains(err.Error(), "authIMSTAClientSecret") {
		t.Errorf("a sealed secret: %v", err)
	}
	write("")
	if _, err := importer.Campaign(dir, "prod"); err == nil || !strings.Contains(err.Error(), "no technical account") {
		t.Errorf("without an account: %v", err)
	}
}
