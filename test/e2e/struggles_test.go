package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// struggle is a thing that people are known to struggle with (spec/aem-target-analytics.md §5), made to happen here.
type struggle struct {
	// number is its place in that list.
	number int
	name   string
	// rules are the switches that are turned; before is what is typed to bring it about.
	rules  []map[string]any
	before []line
	// command is what the person types; it ends with 1, unless works says that it is a warning.
	command string
	works   bool
	// layer is the one that is said to fail, code the server's own, advice a part of what to change, and where.
	layer, code string
	advice      []string
	after       []line
}

func rule(fault string, more ...string) []map[string]any {
	out := map[string]any{"fault": fault}
	for n := 0; n < len(more); n += 2 {
		out[more[n]] = more[n+1]
	}
	return []map[string]any{out}
}

func struggles(s *harness.Server) []struggle {
	const target, analytics = "mc.adobe.io", "analytics.adobe.io"
	edit := func(args string) []line {
		return []line{{args: args, stdout: []string{"changed"}, stderr: []string{""}}}
	}
	return []struggle{
		{number: 1, name: "token good, the product refuses the profile", rules: rule("bad_profile", "host", target),
			command: "ims check sample-target", layer: "product", code: "403025", advice: []string{"product profile", "Edit product profiles"}},
		{number: 1, name: "the credential has lost its profiles", rules: rule("revoked_profile"),
			command: "ims check sample-analytics", layer: "profile", advice: []string{"give the credential a product profile of Adobe Analytics", "Edit product profiles"}},
		{number: 1, name: "the profile has no report suites", rules: rule("no_permissions"),
			command: "ims check sample-analytics", layer: "product", advice: []string{"Report Suites", "Metrics", "Dimensions"}},
		{number: 1, name: "the role was left at Observer", rules: rule("observer"),
			command: "cloud-service offer push sample-target hero --html @$DIR/offer.html", advice: []string{"Editor", "Admin Console"}},
		{number: 2, name: "the API key is another project's", rules: rule("bad_key", "host", target),
			command: "ims check sample-target", layer: "product", code: "403003", advice: []string{"Add API"}},
		{number: 2, name: "the project has not the API", rules: rule("not_subscribed", "host", analytics),
			command: "ims check sample-analytics", layer: "product", code: "403003", advice: []string{"Add API"}},
		{number: 3, name: "the certificate has ended, and it is seen here",
			command: "ims certificate create ended --private-key $DIR/ended.key --certificate $DIR/ended.crt", advice: []string{"has expired on", "make a new one"}},
		{number: 3, name: "the certificate has ended, and IMS says so", rules: rule("expired_certificate"),
			command: "ims check sample-target", layer: "token", advice: []string{"bind the certificate of sample-target", "Public keys"}},
		{number: 4, name: "another certificate is bound than signs", rules: rule("wrong_key"),
			command: "ims check sample-target", layer: "token", code: "Could not match JWT signature to any of the bindings", advice: []string{"bind the certificate of sample-target", "same credential"}},
		{number: 5, name: "the metascopes are not the binding's", rules: rule("no_scopes"),
			command: "ims check sample-target", layer: "token", code: "invalid_scope", advice: []string{"metascopes", "--payload @FILE"}},
		{number: 6, name: "the payload is of another client", command: "ims edit sample-target --api-key mine --payload @$DIR/other.json",
			advice: []string{"is for the client e053e1a87cf74c68a6ec8e71d4a82662", "same credential"}},
		{number: 6, name: "the whole aud stands in the authorization server",
			command: "ims create pasted --authorization-server https://ims-na1.adobelogin.com/c/e053e1a87cf74c68a6ec8e71d4a82662", advice: []string{"expected are scheme and host alone", "write https://ims-na1.adobelogin.com"}},
		{number: 7, name: "the client code stands in the tenant id", command: "cloud-service edit sample-target --tenant-id sampleclient",
			advice: []string{"nothing was saved", "product: ", "not always the client code"}},
		{number: 7, name: "the tenant is another organization's", rules: rule("wrong_tenant"),
			command: "ims check sample-target", layer: "product", advice: []string{"write the tenant id", "not always the client code"}},
		{number: 8, name: "the company is another's", before: edit("cloud-service edit sample-analytics --company elsewhere0"),
			command: "ims check sample-analytics", layer: "product", advice: []string{"--company"}, after: edit("cloud-service edit sample-analytics --company sampleco0")},
		{number: 8, name: "the technical account is no user of the company", rules: rule("no_user"),
			command: "ims check sample-analytics", layer: "product", advice: []string{"product profile"}},
		{number: 9, name: "the credential is of the other type", before: []line{
			{args: "ims certificate create odd", stdout: []string{"made"}, stderr: []string{"upload"}},
			{args: "ims create odd --type jwt --key-alias odd --client-secret @$DIR/secret.txt --payload @$DIR/odd.json", stdout: []string{"created"}, stderr: []string{"check it"}},
		}, command: "ims check odd", layer: "token", advice: []string{"latchkey ims migrate odd"}, after: []line{{args: "ims delete odd --yes", stdout: []string{"deleted"}}}},
		{number: 10, name: "an OAuth configuration made by hand lacks its other half", before: []line{
			{args: "ims import $DIR/com.adobe.granite.auth.oauth.accesstoken.provider-byhand.config --name byhand", stdout: []string{"byhand"}, stderr: []string{"client_secret"}},
		}, command: "ims check byhand", layer: "token", advice: []string{"client_secret", "latchkey ims edit byhand"}, after: []line{{args: "ims delete byhand --yes", stdout: []string{"deleted"}}}},
		{number: 11, name: "1.4: the user has no Web Service Access", rules: rule("no_web_services"),
			command: "cloud-service connect old-analytics", layer: "product", advice: []string{"Web Service Access"}},
		{number: 11, name: "1.4: this machine's clock is wrong", rules: rule("clock_skew=10m", "host", "api.omniture.com"),
			command: "cloud-service connect old-analytics", layer: "product", advice: []string{"clock"}},
		{number: 12, name: "several configurations for one solution", before: []line{{args: "ims create second --solution target --authorization-server " + s.URL, stdout: []string{"created"}, stderr: []string{"draft"}}},
			command: "ims check sample-target", works: true, advice: []string{"also for Adobe Target: second"}, after: []line{{args: "ims delete second --yes", stdout: []string{"deleted"}}}},
		{number: 13, name: "a proxy answers in the product's place", rules: rule("html", "host", target),
			command: "ims check sample-target", layer: "product", advice: []string{"proxy"}},
		{number: 13, name: "a firewall cuts the connection", rules: rule("drop", "host", analytics),
			command: "ims check sample-analytics", layer: "product", advice: []string{"firewall"}},
		{number: 13, name: "a proxy takes the token away", rules: rule("no_token", "host", target),
			command: "ims check sample-target", layer: "product", code: "401010", advice: []string{"Authorization"}},
	}
}

// endedPair writes a key and a certificate whose time is over.
func endedPair(t *testing.T, dir string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ended"}, NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	harness.WritePEM(t, filepath.Join(dir, "ended.key"), "PRIVATE KEY", private)
	harness.WritePEM(t, filepath.Join(dir, "ended.crt"), "CERTIFICATE", der)
}

// TestStruggles makes each thing happen that people are known to struggle with, and holds that the layer which refused is named,
// with what to change and where; and that all is well again when the cause is gone.
func TestStruggles(t *testing.T) {
	s := harness.Dev(t)
	clientID, secret := sampleOAuth(t, s)
	const organization, account = "6C617463686B657900000001@AdobeOrg", "9DEE87339B6C76720A24DE85@techacct.adobe.com"
	payload := func(client string) string {
		return `{"exp": 1, "iss": "` + organization + `", "sub": "` + account + `", "` + s.URL + `/s/ent_marketing_sdk": true, "aud": "` + s.URL + `/c/` + client + `"}`
	}
	dir := files(t, map[string]string{
		"offer.html": "<b>hi</b>", "secret.txt": secret, "other.json": payload("e053e1a87cf74c68a6ec8e71d4a82662"), "odd.json": payload(clientID),
		"com.adobe.granite.auth.oauth.accesstoken.provider-byhand.config": `auth.token.provider.title="By hand"
auth.token.provider.client.id="` + clientID + `"
auth.token.provider.authorization.grants="client_credentials"
auth.token.provider.orgId="` + organization + `"
auth.token.provider.scope="openid, AdobeID"
auth.access.token.request="` + s.URL + `/ims/token/v3"
`,
	})
	endedPair(t, dir)
	s.Must(http.StatusCreated, "POST", "/api/v1/cloud-services", map[string]any{"kind": "analytics", "name": "old-analytics", "authentication": "credentials", "secret": "75d0test",
		"analytics": map[string]any{"company": "Sample Company", "username": "ada"}})
	for _, one := range struggles(s) {
		t.Run(strings.ReplaceAll(one.name, " ", "_"), func(t *testing.T) {
			play(t, s, dir, one.before)
			for _, r := range one.rules {
				s.Must(http.StatusOK, "PUT", "/sim/_adobe/faults", r)
			}
			want := line{args: one.command, code: 1, stdout: []string{}, stderr: []string{}}
			if one.works {
				want.code = 0
			}
			got := s.Run(strings.Fields(strings.ReplaceAll(one.command, "$DIR", dir))...)
			said := got.Stdout + got.Stderr
			if got.Code != want.code {
				t.Errorf("%d. $ latchkey %s ends with %d, want %d\n%s", one.number, one.command, got.Code, want.code, said)
			}
			texts := append([]string{one.code}, one.advice...)
			if one.layer != "" {
				texts = append(texts, "FAILED  "+one.layer, "change: ", "where: ")
			}
			for _, text := range texts {
				if !strings.Contains(said, text) {
					t.Errorf("%d. $ latchkey %s does not say %q:\n%s", one.number, one.command, text, said)
				}
			}
			s.Must(http.StatusOK, "DELETE", "/sim/_adobe/faults", nil)
			play(t, s, dir, one.after)
		})
	}
	play(t, s, dir, []line{
		{args: "ims check sample-target", stdout: []string{"ok      product"}}, {args: "ims check sample-analytics", stdout: []string{"ok      product"}},
	})
}
