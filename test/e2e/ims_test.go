package e2e_test

import (
	"path/filepath"
	"testing"

	"latchkey/test/harness"
)

// The sample IMS configurations work out of the box, and follow the server to another port.
func TestIMSSamples(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for range 2 {
		s := harness.DevIn(t, data)
		dir := files(t, map[string]string{"wrong.txt": "not-the-secret\n", "aud.json": `{"aud": "` + s.URL + `/c/x"}`})
		play(t, s, dir, []line{
			{args: "ims check sample-target", stdout: []string{"ok      token        Token is retrieved successfully", "dma_tartan", "ok      product      sample-target: Target lets the tenant sampletenant in", "needs   AEM 6.5"}},
			{args: "ims check sample-target --json", stdout: []string{`"healthy": true`, `"layer": "product"`, `!"status": "unchecked"`}},
			{args: "ims check sample-analytics", stdout: []string{"Token is retrieved successfully", "dma_analytics", "service pack 21"}},
			{args: "ims list", stdout: []string{"sample-analytics", "sample-target", "connected", "oauth", "jwt"}},
			{args: "ims show sample-target", stdout: []string{"ent_marketing_sdk", s.URL}},
			{args: "token sample-target", stdout: []string{"eyJ"}},
			{args: "ims edit sample-target --client-secret @$DIR/wrong.txt", code: 1, stderr: []string{"invalid_client", "!not-the-secret"}},
			{args: "ims edit sample-target --client-secret not-the-secret", code: 2, stderr: []string{"@FILE"}},
			{args: "ims edit sample-target --payload @$DIR/aud.json", code: 1, stderr: []string{`"iss" is missing`, `"sub" is missing`}},
			{args: "ims edit sample-target", code: 2, stderr: []string{"nothing to change"}},
			{args: "ims create wrong --type oauth --api-key x --client-secret @$DIR/wrong.txt --organization-id 6096892F54B5819E0A4C98A2@AdobeOrg --scope openid --authorization-server " + s.URL,
				stdout: []string{"created wrong"}, stderr: []string{"latchkey ims check wrong"}},
			{args: "ims check wrong", code: 1, stdout: []string{"FAILED  token", "invalid_client", "change: ", "where: ", "-       profile"}},
			{args: "ims check wrong --json", code: 1, stdout: []string{`"healthy": false`, `"advice"`}},
			{args: "ims delete wrong --yes", stdout: []string{"deleted"}},
			{args: "ims migrate sample-analytics", code: 1, stderr: []string{"migrated already"}},
			{args: "ims delete sample-target --yes", code: 1, stderr: []string{"A cloud service uses"}},
			{args: "cloud-service export sample-target --out $DIR/out --force", stdout: []string{"wrote"}, stderr: []string{"needs AEM 6.5"}},
			{args: "cloud-service delete sample-target --yes", stdout: []string{"deleted"}},
			{args: "cloud-service import $DIR/out/sample-target.json", stdout: []string{"imported sample-target"}, stderr: []string{"connect it"}},
			{args: "cloud-service connect sample-target", stdout: []string{"Connection successful"}},
			{args: "cloud-service import $DIR/aud.json", code: 1, stderr: []string{"latchkey cloud-service provision"}},
			{args: "cloud-service export sample-target --format properties --out $DIR/out --force", stdout: []string{"marketingcloud.properties"}, stderr: []string{""}},
			{args: "cloud-service provision $DIR/out/marketingcloud.properties", stdout: []string{"provisioned-target-configuration"}, stderr: []string{""}},
			{args: "cloud-service connect provisioned-target-configuration", stdout: []string{"Connection successful"}},
			{args: "cloud-service delete provisioned-target-configuration --yes", stdout: []string{"deleted"}},
			{args: "ims certificate list", stdout: []string{"sample-target", "yes"}},
			{args: "ims certificate remove sample-target --yes", code: 1, stderr: []string{"configuration names it"}},
		})
		s.Stop()
	}
}
