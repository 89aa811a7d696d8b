package authority_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// triggersWorld is one where the JWT's client is subscribed to Experience Cloud Triggers too.
func triggersWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	client := w.clients.byID[jwtID]
	client.Services = append(slices.Clone(client.Services), project.ClientService{
		Code: project.Triggers, Scopes: []string{"event_receiver_api", "triggers:consume", "triggers:produce"}, Metascopes: []string{"event_receiver_api"},
	})
	client.Metascopes = append(slices.Clone(client.Metascopes), "event_receiver_api")
	return w
}

// forGateway is a good request of the gateway's, but for the changes.
func forGateway(changes map[string]any) url.Values {
	claims := claims(map[string]any{"iss": jwtID, "sub": org, "aud": "api.omniture.com", ims + "/s/ent_marketing_sdk": nil})
	for name, value := range changes {
		claims[name] = value
	}
	return url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {jwtID}, "assertion": {sign(pairs()[1], rs256, claims)},
	}
}

// TestGateway holds spec §2.2: the token of the gateway that was before IMS, and what it is good for.
func TestGateway(t *testing.T) {
	w := triggersWorld(t)
	got := w.post(t, "/token", forGateway(nil))
	token, _ := got.body["access_token"].(string)
	if got.status != 200 || token == "" || got.body["token_type"] != "bearer" || got.body["expires_in"] != 3600.0 || got.body["success"] != true || got.body["scope"] == "" {
		t.Fatalf("%d %s\n%s", got.status, got.text, w.log)
	}
	caller, err := w.server.PipelineCaller(t.Context(), token)
	if err != nil || caller.Require(access.PipelineConsume, access.PipelineProduce) != nil || caller.Organization != org {
		t.Errorf("PipelineCaller = %+v, %v", caller, err)
	}
	if caller.Require(access.RegistryRead) == nil || caller.Require(access.TokensRead) == nil {
		t.Errorf("its token may more than the pipeline: %+v", caller)
	}
	w.clock.Advance(time.Hour + time.Minute)
	if _, err := w.server.PipelineCaller(t.Context(), token); err == nil {
		t.Error("after an hour its token is still good")
	}
}

func TestGatewayRefuses(t *testing.T) {
	w := triggersWorld(t)
	for name, c := range map[string]struct {
		form   url.Values
		status int
		says   string
	}{
		"another organization": {forGateway(map[string]any{"sub": "0@AdobeOrg"}), 400, "the subject must be a valid organization or client"},
		"another audience":     {forGateway(map[string]any{"aud": "example.com"}), 400, "The aud of the JWT is not api.omniture.com."},
		"another issuer":       {forGateway(map[string]any{"iss": "someone"}), 400, "The iss of the JWT is not the client_id."},
		"it has ended":         {forGateway(map[string]any{"exp": start.Add(-time.Hour).Unix()}), 400, "The JWT has expired."},
		"another key":          {url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {jwtID}, "assertion": {sign(pairs()[0], rs256, map[string]any{"iss": jwtID, "sub": org, "aud": "api.omniture.com", "exp": start.Add(time.Minute).Unix()})}}, 400, "Could not match JWT signature to any of the bindings"},
		"another grant":        {url.Values{"grant_type": {"password"}}, 400, "The grant_type is not urn:ietf:params:oauth:grant-type:jwt-bearer."},
		"no assertion":         {url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {jwtID}}, 400, "The jwt_token is missing."},
	} {
		if got := w.post(t, "/token", c.form); got.status != c.status || got.body["error"] != c.says || len(got.body) != 1 {
			t.Errorf("%s: %d %s, want %q", name, got.status, got.text, c.says)
		}
	}
	w.clients.byID[jwtID].Services = nil
	if got := w.post(t, "/token", forGateway(nil)); got.status != 403 || got.body["error"] != "This client: "+jwtID+" is no longer allowed to get access token." {
		t.Errorf("without a subscription: %d %s", got.status, got.text)
	}
}

// TestPipelineCaller holds what tokens are worth at the broker.
func TestPipelineCaller(t *testing.T) {
	w := triggersWorld(t)
	for name, c := range map[string]struct {
		meta    string
		scopes  access.Scopes
		refused bool
	}{
		"exchanged for the service's metascope": {"event_receiver_api", access.Scopes{access.PipelineConsume, access.PipelineProduce}, false},
		"exchanged for another service's":       {"ent_marketing_sdk", access.Scopes{access.PipelineConsume, access.PipelineProduce}, false},
	} {
		got := w.post(t, "/ims/exchange/jwt", jwtForm(good(map[string]any{ims + "/s/ent_marketing_sdk": nil, ims + "/s/" + c.meta: true})))
		token, _ := got.body["access_token"].(string)
		caller, err := w.server.PipelineCaller(t.Context(), token)
		if err != nil || caller.Require(c.scopes...) != nil {
			t.Errorf("%s: %+v, %v (%s)", name, caller, err, got.text)
		}
	}
	client := w.clients.byID[oauthID]
	client.Services = []project.ClientService{{Code: project.Triggers, Scopes: []string{"triggers:consume", "triggers:produce"}}}
	client.Scopes = append(slices.Clone(client.Scopes), "triggers:consume", "triggers:produce")
	got := w.post(t, "/ims/token/v2", credentialsForm("openid,triggers:consume"))
	token, _ := got.body["access_token"].(string)
	caller, err := w.server.PipelineCaller(t.Context(), token)
	if err != nil || caller.Require(access.PipelineConsume) != nil || caller.Require(access.PipelineProduce) == nil {
		t.Errorf("a token for consuming alone: %+v, %v", caller, err)
	}
	client.Services = nil
	if _, err := w.server.PipelineCaller(t.Context(), token); err == nil {
		t.Error("without a subscription a token is taken")
	}
	client.Services = []project.ClientService{{Code: project.Triggers}}
	client.Enabled = false
	if _, err := w.server.PipelineCaller(t.Context(), token); err == nil {
		t.Error("a disabled client's token is taken")
	}
}
