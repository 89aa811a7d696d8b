package cli_test

import (
	"crypto/x509/pkix"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/internal/keypair"
)

const (
	oldSecret = `{"uuid":"aaaa","created_at":"2026-01-01T00:00:00Z","last_used_at":"2026-11-21T08:00:00Z","uses":[{"grant":"client_credentials","from":"192.0.2.7 curl/8","at":"2026-11-21T08:00:00Z"}]}`
	newSecret = `{"uuid":"bbbb","created_at":"2026-11-21T09:00:00Z","last_used_at":null,"uses":[]}`
	usedSince = `{"uuid":"bbbb","created_at":"2026-11-21T09:00:00Z","last_used_at":"2026-11-21T08:59:00Z","uses":[{"grant":"client_credentials","from":"192.0.2.7 curl/8","at":"2026-11-21T08:59:00Z"}]}`
	token     = `{"access_token":"eyJ","token_type":"bearer","expires_in":86399}`
)

func credentialJSON(kind string, secrets, certificates string) string {
	return `{"id":"4001","name":"target","description":"","kind":"` + kind + `","client_id":"e053e1a87cf74c68a6ec8e71d4a82662","organization":"6096892F54B5819E0A4C98A2@AdobeOrg",
	"project":"4566","workspace":"4567","enabled":true,"technical_account":{"id":"D8E1@techacct.adobe.com","email":"c9ad@techacct.adobe.com"},"redirect":null,
	"services":[{"service":"AdobeTargetSDK","profiles":[{"id":"419","role":"observer"}]}],"scopes":["openid","target_sdk"],"metascopes":["ent_marketing_sdk"],
	"secrets":[` + secrets + `],"certificates":[` + certificates + `],"migration":{"state":"none","at":null},"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}`
}

func withSecret(body string) string {
	return strings.TrimSuffix(body, "}") + `,"client_secret":"p8e-one"}`
}

const target = `{"code":"AdobeTargetSDK","name":"Adobe Target","available":true,"reasons":[],"has_profiles":true,"profiles":[{"id":"419","name":"Default Workspace"}]}`

func TestCredentialCreate(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /services/AdobeTargetSDK", 200, target).
		on("POST /credentials", 201, withSecret(credentialJSON("oauth_server_to_server", newSecret, "")))
	s := newShell(t, api)
	got := s.run("credential", "create", "target", "--project", "Moviestar", "--type", "oauth_server_to_server", "--service", "AdobeTargetSDK")
	contains(t, "stdout", got.out, "e053e1a87cf74c68a6ec8e71d4a82662", "D8E1@techacct.adobe.com", "client secret", "p8e-one", "AdobeTargetSDK: 419 observer")
	contains(t, "stderr", got.err, "with its product profile 419 (Default Workspace)")
	contains(t, "body", api.last(t, "POST /credentials").Body, `"services":[{"service":"AdobeTargetSDK","profiles":["419"]}]`, `"project":"Moviestar"`)
	s.want(2, "", "latchkey: --type is missing\nhint: see \"latchkey credential create --help\"\n", "credential", "create", "target", "--project", "Moviestar")
	contains(t, "stderr", s.run("credential", "create", "x", "--project", "M", "--type", "api_key", "--profile", "77").err, `the product profile "77" is of none of the services`)
	contains(t, "json", s.run("credential", "create", "target", "--project", "M", "--type", "api_key", "--json").out, `"client_secret": "p8e-one"`)
}

// TestCredentialGenerate makes a key pair here: the private key is in its file, and not in the request.
func TestCredentialGenerate(t *testing.T) {
	api := newFakeAPI(t).on("POST /credentials", 201, withSecret(credentialJSON("service_account_jwt", newSecret, "")))
	s := newShell(t, api)
	got := s.run("credential", "create", "target", "--project", "Moviestar", "--type", "service_account_jwt", "--generate", "--out", "keys")
	if got.code != 0 {
		t.Fatal(got.err)
	}
	key, err := os.ReadFile("keys/private.key")
	if err != nil || !strings.Contains(string(key), "PRIVATE KEY") {
		t.Errorf("private.key = %v", err)
	}
	body := api.last(t, "POST /credentials").Body
	if !strings.Contains(body, "BEGIN CERTIFICATE") || strings.Contains(body, "PRIVATE") {
		t.Errorf("sent %s", body)
	}
	contains(t, "stderr", s.run("credential", "create", "target", "--project", "M", "--type", "service_account_jwt", "--generate", "--out", "keys").err, "is there already")
	s.want(1, "", "latchkey: keys/private.key: this is a private key, not a certificate; it was not kept\nhint: upload the certificate that was made with it, such as certificate_pub.crt, and keep the key to yourself\n",
		"credential", "create", "target", "--project", "M", "--type", "service_account_jwt", "--cert", "keys/private.key")
}

// TestRenewSecret puts a secret beside the old one, and removes that when its place has changed over.
func TestRenewSecret(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /credentials/target", 200, credentialJSON("oauth_server_to_server", oldSecret, "")).
		on("POST /credentials/4001/secrets", 201, `{"uuid":"bbbb","client_secret":"p8e-two","created_at":"2026-11-21T09:00:00Z"}`).
		on("POST /ims/token/v3", 200, token).
		on("GET /credentials/4001", 200, credentialJSON("oauth_server_to_server", oldSecret+","+newSecret, ""), credentialJSON("oauth_server_to_server", oldSecret+","+usedSince, "")).
		on("DELETE /credentials/4001/secrets/aaaa?retire=true", 204, "")
	s := newShell(t, api)
	got := s.run("credential", "renew", "target")
	if got.code != 0 || !strings.Contains(got.out, "p8e-two\n") || !strings.Contains(got.out, "192.0.2.7 curl/8") || !strings.Contains(got.err, "proven") {
		t.Errorf("renew = %d\n%s%s", got.code, got.out, got.err)
	}
	contains(t, "form", api.last(t, "POST /ims/token/v3").Body, "client_secret=p8e-two", "scope=openid%2Ctarget_sdk")
	s.want(0, "removed the old one, aaaa\n", "", "credential", "renew", "target", "--finish")
}

// TestRenewRefused takes a secret away again that gives no token.
func TestRenewRefused(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /credentials/target", 200, credentialJSON("oauth_server_to_server", oldSecret, "")).
		on("POST /credentials/4001/secrets", 201, `{"uuid":"bbbb","client_secret":"p8e-two","created_at":"2026-11-21T09:00:00Z"}`).
		on("POST /ims/token/v3", 400, `{"error":"invalid_client","error_description":"invalid client_secret parameter"}`).
		on("DELETE /credentials/4001/secrets/bbbb", 204, "")
	s := newShell(t, api)
	s.want(1, "", "latchkey: the authority refuses the new one, which was removed again: invalid_client: invalid client_secret parameter\nhint: the old one goes on as before\n",
		"credential", "renew", "target")
	api.last(t, "DELETE /credentials/4001/secrets/bbbb")
}

// TestRenewWithoutAuthority keeps both, since nothing is proven.
func TestRenewWithoutAuthority(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /credentials/target", 200, credentialJSON("oauth_server_to_server", oldSecret, "")).
		on("POST /credentials/4001/secrets", 201, `{"uuid":"bbbb","client_secret":"p8e-two","created_at":"2026-11-21T09:00:00Z"}`).
		on("GET /credentials/4001", 200, credentialJSON("oauth_server_to_server", oldSecret+","+newSecret, ""))
	got := newShell(t, api).run("credential", "renew", "target", "--json")
	contains(t, "json", got.out, `"proven": false`, `"client_secret": "p8e-two"`, `"removed": []`)
}

// TestRenewCertificate exchanges a JWT that the new key has signed.
func TestRenewCertificate(t *testing.T) {
	old := `{"id":"cccc","sha1":"d71a","sha256":"2b1f","not_before":"2026-01-01T00:00:00Z","not_after":"2026-12-01T00:00:00Z","created_at":"2026-01-01T00:00:00Z","uses":[]}`
	made := `{"id":"dddd","sha1":"e82b","sha256":"3c2f","not_before":"2026-11-21T00:00:00Z","not_after":"2027-11-21T00:00:00Z","created_at":"2026-11-21T09:00:00Z","uses":[]}`
	api := newFakeAPI(t).
		on("GET /credentials/target", 200, credentialJSON("service_account_jwt", oldSecret, old)).
		on("POST /credentials/4001/certificates", 201, made).
		on("POST /credentials/4001/secrets/reveal", 200, `{"items":[{"uuid":"aaaa","client_secret":"p8e-one"}],"limit":2}`).
		on("POST /ims/exchange/jwt", 200, token).
		on("GET /credentials/4001", 200, credentialJSON("service_account_jwt", oldSecret, old+","+made)).
		on("DELETE /credentials/4001/certificates/cccc?retire=true", 204, "")
	s := newShell(t, api)
	pair, err := keypair.Generate(keypair.Order{EC: true, Subject: pkix.Name{CommonName: "x"}, Now: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"my.key": pair.PrivateKey(), "my.crt": pair.Certificate.PEM()} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.want(0, "bound e82b, ends 2027-11-21\nremoved the old one, cccc\n", "proven: the authority gave a token for it\n",
		"credential", "renew", "target", "--cert", "my.crt", "--private-key", "my.key")
	contains(t, "form", api.last(t, "POST /ims/exchange/jwt").Body, "jwt_token=eyJ", "client_secret=p8e-one")
}

// TestRenewClientCertificate proves the certificate of a server-to-server credential by authenticating with it.
func TestRenewClientCertificate(t *testing.T) {
	old := `{"id":"cccc","sha1":"d71a","sha256":"2b1f","not_before":"2026-01-01T00:00:00Z","not_after":"2026-12-01T00:00:00Z","created_at":"2026-01-01T00:00:00Z",
		"uses":[{"grant":"client_credentials","from":"192.0.2.7 curl/8","at":"2026-11-21T08:30:00Z"}]}`
	made := `{"id":"dddd","sha1":"e82b","sha256":"3c2f","not_before":"2026-11-21T00:00:00Z","not_after":"2027-11-21T00:00:00Z","created_at":"2026-11-21T09:00:00Z","uses":[]}`
	api := newFakeAPI(t).
		on("GET /credentials/target", 200, credentialJSON("oauth_server_to_server", oldSecret, old)).
		on("POST /credentials/4001/certificates", 201, made).
		on("POST /ims/token/v3", 200, token).
		on("GET /credentials/4001", 200, credentialJSON("oauth_server_to_server", oldSecret, old+","+made))
	s := newShell(t, api)
	got := s.run("credential", "renew", "target", "--certificate", "--out", "keys")
	if got.code != 0 {
		t.Fatal(got.err)
	}
	contains(t, "stdout", got.out, "bound e82b", "keys/private.key", "192.0.2.7 curl/8")
	contains(t, "stderr", got.err, "proven", "latchkey credential renew target --certificate --finish")
	form := api.last(t, "POST /ims/token/v3").Body
	contains(t, "form", form, "client_assertion=eyJ", "client_assertion_type=urn%3A", "grant_type=client_credentials")
	if strings.Contains(form, "client_secret") {
		t.Error("a secret is sent too")
	}
	s.want(2, "", "latchkey: --secret and --certificate do not go together\nhint: see \"latchkey credential renew --help\"\n", "credential", "renew", "target", "--secret", "--certificate")
}

func TestMigrateCommands(t *testing.T) {
	started := `{"state":"started","at":"2026-11-21T08:00:00Z","jwt":[{"grant":"exchange_jwt","from":"192.0.2.7","at":"2026-11-21T08:30:00Z"}],"oauth":[],"obstacle":"no token was taken with client credentials yet"}`
	api := newFakeAPI(t).on("POST /credentials/jwt/migration", 200, started).on("GET /credentials/jwt/migration", 200, started).
		on("POST /credentials/jwt/migration/finish", 409, `{"title":"That does not fit its state","detail":"The migration can't be finished: no token was taken with client credentials yet.","status":409}`).
		on("DELETE /credentials/jwt/migration", 204, "")
	s := newShell(t, api)
	contains(t, "start", s.run("credential", "migrate", "start", "jwt").out, "takes JWTs and client credentials")
	s.want(0, "jwt: started\nWAY  FROM       LAST USED\nJWT  192.0.2.7  30 minutes ago\n", "it can't be finished yet: no token was taken with client credentials yet\n", "credential", "migrate", "status", "jwt")
	s.want(1, "", "latchkey: The migration can't be finished: no token was taken with client credentials yet.\n", "credential", "migrate", "finish", "jwt", "--yes")
	s.want(0, "jwt takes JWTs alone again\n", "", "credential", "migrate", "cancel", "jwt")
}

// TestConsoleCommands calls what is a line each.
func TestConsoleCommands(t *testing.T) {
	project := `{"id":"4566","name":"Moviestar","title":"Loyalty","description":"","type":"default","workspaces":[{"id":"4567","name":"Production"}],"created_at":"2026-11-21T08:00:00Z","updated_at":"2026-11-21T08:00:00Z"}`
	user := `{"id":"A@b","email":"ada@example.com","first_name":"Ada","last_name":"","role":"developer","profiles":["*"],"status":"invited","created_at":"2026-11-21T08:00:00Z","updated_at":"2026-11-21T08:00:00Z","last_sign_in_at":null`
	credential := credentialJSON("oauth_server_to_server", oldSecret, "")
	api := newFakeAPI(t).
		on("GET ", 200, `{"organization":{"id":"6096@AdobeOrg"}}`).
		on("GET /organizations/6096@AdobeOrg", 200, `{"id":"6096@AdobeOrg","number":"25591412","name":"Acme","created_at":"2026-11-21T08:00:00Z"}`).
		on("POST /projects", 201, project).on("GET /projects/Moviestar", 200, project).on("PATCH /projects/Moviestar", 200, project).
		on("GET /credentials?project=4566", 200, `{"items":[],"limit":50}`).on("GET /credentials", 200, `{"items":[`+credential+`],"limit":50}`).
		on("GET /projects/Moviestar/workspaces/Production/download", 200, `{"project":{"id":"4566"}}`).
		on("POST /users", 201, user+`,"link":"https://x/invitation?token=t","link_until":"2026-11-28T08:00:00Z"}`).
		on("POST /users/ada@example.com/disable", 200, strings.Replace(user, "invited", "disabled", 1)+"}").
		on("GET /services", 200, `{"items":[`+target+`,{"code":"X","name":"X","available":false,"reasons":[{"code":"ORG_NOT_ALLOWLISTED","message":"the organization is not entitled to it"}]}],"limit":50}`).
		on("PUT /services/AdobeTargetSDK/entitlement", 200, target).on("POST /profiles", 201, `{"id":"419","name":"Default Workspace"}`).
		on("GET /credentials/target", 200, credential).on("GET /services/AdobeTargetSDK", 200, target).
		on("PUT /credentials/target/services/AdobeTargetSDK", 200, credential).on("PUT /credentials/target/services/AdobeTargetSDK/role", 200, credential).
		on("POST /credentials/target/secrets/reveal", 200, `{"items":[{"uuid":"aaaa","client_secret":"p8e-one"}],"limit":2}`).
		on("GET /credentials/target/secrets", 200, `{"items":[`+oldSecret+`],"limit":2}`)
	s := newShell(t, api)
	for line, want := range map[string]string{
		"org show": "25591412",
		"project create Moviestar --title Loyalty":                 "created Moviestar (4566)",
		"project show Moviestar":                                   "Production",
		"project edit Moviestar --title X":                         "changed Moviestar",
		"project download Moviestar":                               `"id": "4566"`,
		"project download Moviestar --out f.json":                  "wrote f.json",
		"user create ada@example.com --role developer --profile *": "https://x/invitation?token=t",
		"user disable ada@example.com":                             "ada@example.com is disabled",
		"service list":                                             "no: the organization is not entitled to it",
		"service entitle AdobeTargetSDK":                           "entitled to AdobeTargetSDK",
		"profile create AdobeTargetSDK Default":                    "created Default Workspace (419)",
		"credential list":                                          "1 hour ago",
		"credential show target":                                   "used 1 hour ago from 192.0.2.7 curl/8",
		"credential service add target AdobeTargetSDK":             "target may call AdobeTargetSDK",
		"credential service role target AdobeTargetSDK editor":     "target is editor in AdobeTargetSDK",
		"credential secret reveal target":                          "p8e-one",
		"credential secret list target":                            "aaaa",
	} {
		got := s.run(strings.Fields(line)...)
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("%s = %d\n%s%s\nwant %q in it", line, got.code, got.out, got.err, want)
		}
	}
	if got := s.run("credential", "show", "target"); strings.Contains(got.out, "p8e-") {
		t.Errorf("show prints a secret: %s", got.out)
	}
}
