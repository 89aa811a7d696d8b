package cli_test

import (
	"strings"
	"testing"
)

func TestImport(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /definitions/hubspot/prompts", 200, `{"items":[{"name":"portalId","type":"string","required":true}],"grant":"OAUTH2_AUTHORIZATION_CODE"}`).
		on("GET /connections/globex", 200, `{"id":"conn_2","label":"globex"}`).
		on("POST /connections", 201, `{"id":"conn_1","label":"acme","state":"active"}`).
		on("POST /ims-configurations", 201, `{"id":"ims_1","name":"acme","state":"ready"}`)
	s := newShell(t, api)
	one := func(id string) string {
		return `{"connection_id":"` + id + `","provider_config_key":"eu","provider":"hubspot","connection_config":{"portal_id":"7"},` +
			`"credentials":{"type":"OAUTH2","access_token":"hush","refresh_token":"hush-hush","expires_at":"2026-12-01T00:00:00Z","raw":{}}}`
	}
	s.file("all.json", `{"connections":[`+one("acme")+`,`+one("globex")+`]}`)
	s.want(0, "would import acme for hubspot, with its tokens\n", "globex is there already\n", "import", "nango", "all.json", "--dry-run")
	s.want(0, "imported acme for hubspot, with its tokens\n", "globex is there already\n", "import", "nango", "all.json", "--definition", "eu=hubspot")
	const want = `{"definition":"hubspot","fields":{"portalId":"7"},"label":"acme","tokens":{"access_token":"hush","refresh_token":"hush-hush","expires_at":"2026-12-01T00:00:00Z"}}`
	if body := api.last(t, "POST /connections").Body; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
	s.file("other.json", strings.ReplaceAll(one("acme"), "hubspot", "zoom"))
	s.want(1, "", "other.json:1:1: connection acme: there is no definition \"zoom\" here (store and publish one with the same OAuth client, or name another: --definition zoom=NAME)\n"+
		"latchkey: nothing was imported\n", "import", "nango", "other.json")
	s.file("acme.env", "CLIENT_ID=abc\nCLIENT_SECRET=hush\nIMS_ORG_ID=1@AdobeOrg\nSCOPES=openid,AdobeID\n")
	s.want(0, "would make the IMS configuration acme (oauth) of the client id abc\n", "", "import", "dotenv", "acme.env", "--dry-run")
	s.want(0, "imported acme (ims_1)\n", "check it: latchkey ims check acme\n", "import", "dotenv", "acme.env")
	if body := api.last(t, "POST /ims-configurations").Body; !strings.Contains(body, `"client_secret":"hush"`) || !strings.Contains(body, `"scopes":["openid","AdobeID"]`) {
		t.Errorf("sent %s", body)
	}
	s.file("conf/config-prod.xml", `<serverconf><shared><ims authIMSTAClientId="abc" authIMSTAClientSecret="hush"/></shared></serverconf>`)
	s.want(0, "would make the IMS configuration campaign-prod (oauth) of the client id abc\n", "", "import", "campaign", "prod", "--conf", "conf", "--dry-run")
}
