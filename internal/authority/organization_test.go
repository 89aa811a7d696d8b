package authority_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOrganization holds the two routes that name an organization (spec §2.1): one's own, and its administrators with the scope
// that lists people.
func TestOrganization(t *testing.T) {
	w := newWorld(t)
	client := w.clients.byID[oauthID]
	client.Scopes = append(client.Scopes, "read_organizations")
	token := func(scope string) string {
		t.Helper()
		return "Bearer " + w.post(t, "/ims/token/v3", credentialsForm(scope)).token("access_token")
	}
	reads, plain := token("openid read_organizations"), token("openid")
	got := w.get(t, "/ims/organizations/"+org+"/v2?client_id="+oauthID, "Authorization", plain)
	ident, source, _ := strings.Cut(org, "@")
	want := map[string]any{
		"orgName": "Acme", "orgRef": map[string]any{"ident": ident, "authSrc": source}, "orgType": "Enterprise", "countryCode": "",
		"groups": []any{map[string]any{"groupName": "Administrators", "ident": "administrators", "role": "GRP_ADMIN"}},
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("the organization (-want +got):\n%s", diff)
	}
	members := w.get(t, "/ims/organizations/"+org+"/groups/administrators/members/", "Authorization", reads)
	want = map[string]any{"items": []any{map[string]any{
		"id": ada, "username": "ada@example.com", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace",
	}}}
	if diff := cmp.Diff(want, members.body); diff != "" {
		t.Errorf("its administrators (-want +got):\n%s", diff)
	}
	for path, c := range map[string]struct {
		token string
		want  string
	}{
		"/ims/organizations/" + org + "/v2":                                 {"Bearer x", "401 invalid_token: The access token is missing, has ended or was revoked."},
		"/ims/organizations/" + otherOrg + "/v2":                            {reads, "404 not_found: There is no such organization, or it is not the token's own."},
		"/ims/organizations/" + org + "/groups/administrators/members":      {plain, "403 insufficient_scope: The access token lacks the scope read_organizations."},
		"/ims/organizations/" + org + "/groups/others/members":              {reads, "404 not_found: There is no such group."},
		"/ims/organizations/" + otherOrg + "/groups/administrators/members": {reads, "404 not_found: There is no such organization, or it is not the token's own."},
		"/ims/organizations/" + org + "/v3":                                 {reads, "404 not_found: There is no such path; see /ims/.well-known/openid-configuration."},
	} {
		if got := w.get(t, path, "Authorization", c.token); got.error() != c.want {
			t.Errorf("%s: %s, want %s", path, got.error(), c.want)
		}
	}
}
