package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/client"
)

// TestRoutes holds every method against the route and the body that it stands for.
func TestRoutes(t *testing.T) {
	doc := []byte(`{"name":"m", "authentication":{"authType":"OAUTH2"}}`)
	for _, c := range []struct {
		want string // method, URI, body
		call func(context.Context, *client.Client) error
	}{
		{"GET /api/v1/definitions/a?revision=2 ", func(ctx context.Context, c *client.Client) error {
			_, err := c.DefinitionRevision(ctx, "a", 2)
			return err
		}},
		{"POST /api/v1/definitions " + string(doc), func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateDefinition(ctx, doc)
			return err
		}},
		{"PUT /api/v1/definitions/a%2Fb " + string(doc), func(ctx context.Context, c *client.Client) error {
			_, err := c.UpdateDefinition(ctx, "a/b", doc)
			return err
		}},
		{"POST /api/v1/definitions/a/publish ", func(ctx context.Context, c *client.Client) error {
			_, err := c.PublishDefinition(ctx, "a")
			return err
		}},
		{"POST /api/v1/definitions/a/lint ", func(ctx context.Context, c *client.Client) error {
			_, err := c.LintDefinition(ctx, "a")
			return err
		}},
		{"POST /api/v1/definitions/lint " + string(doc), func(ctx context.Context, c *client.Client) error {
			_, err := c.LintDocument(ctx, doc)
			return err
		}},
		{"POST /api/v1/cloud-services/a/lists/metrics/sync?suite=s ", func(ctx context.Context, c *client.Client) error {
			_, err := c.SyncCloudServiceList(ctx, "a", "metrics", "s")
			return err
		}},
		{"GET /api/v1/cloud-services/a/lists/segments?search=x ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.CloudServiceItems(ctx, "a", "segments", "", "x"))
			return err
		}},
		{`POST /api/v1/cloud-services/a/report {"range":"td-1d/td","metrics":["visits"]}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.ReportCloudService(ctx, "a", client.AnalyticsQuery{Range: "td-1d/td", Metrics: []string{"visits"}})
			return err
		}},
		{"GET /api/v1/cloud-services/a/frameworks?page=%2Fcontent ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.Frameworks(ctx, "a", "/content"))
			return err
		}},
		{`POST /api/v1/cloud-services/a/frameworks {"name":"b"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateFramework(ctx, "a", client.NewFramework{Name: "b"})
			return err
		}},
		{"POST /api/v1/cloud-services/a/frameworks/b/publish ", func(ctx context.Context, c *client.Client) error {
			_, err := c.PublishFramework(ctx, "a", "b")
			return err
		}},
		{"GET /api/v1/cloud-services/a/frameworks/b/export?run_mode=author ", func(ctx context.Context, c *client.Client) error {
			_, err := c.ExportFramework(ctx, "a", "b", "author")
			return err
		}},
		{`POST /api/v1/cloud-services/a/frameworks/b/preview?run_mode=author {"context":{}}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.PreviewFramework(ctx, "a", "b", "author", json.RawMessage("{}"))
			return err
		}},
		{"DELETE /api/v1/cloud-services/a/frameworks/b ", func(ctx context.Context, c *client.Client) error {
			return c.DeleteFramework(ctx, "a", "b")
		}},
		{"GET /api/v1/ims-configurations/a ", func(ctx context.Context, c *client.Client) error {
			_, err := c.IMSConfiguration(ctx, "a")
			return err
		}},
		{`POST /api/v1/ims-configurations {"name":"a"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateIMSConfiguration(ctx, client.NewIMSConfiguration{Name: "a"})
			return err
		}},
		{`PATCH /api/v1/ims-configurations/a {"title":"t"}`, func(ctx context.Context, c *client.Client) error {
			title := "t"
			_, err := c.UpdateIMSConfiguration(ctx, "a", client.IMSValues{Title: &title})
			return err
		}},
		{"DELETE /api/v1/ims-configurations/a ", func(ctx context.Context, c *client.Client) error {
			return c.DeleteIMSConfiguration(ctx, "a")
		}},
		{"POST /api/v1/ims-configurations/a/check ", func(ctx context.Context, c *client.Client) error {
			_, err := c.CheckIMSConfiguration(ctx, "a")
			return err
		}},
		{`POST /api/v1/ims-configurations/a/migrate {"scopes":["s"]}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.MigrateIMSConfiguration(ctx, "a", client.IMSMigrate{Scopes: []string{"s"}})
			return err
		}},
		{"DELETE /api/v1/ims-configurations/a/migrate ", func(ctx context.Context, c *client.Client) error {
			_, err := c.CancelIMSMigration(ctx, "a")
			return err
		}},
		{`POST /api/v1/ims-configurations/import {"files":[{"name":"f","text":"{}"}]}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.ImportIMSConfigurations(ctx, client.IMSImport{Files: []client.IMSFile{{Name: "f", Text: "{}"}}})
			return err
		}},
		{`POST /api/v1/ims-configurations/a/export {"format":"aem","secrets":true}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.ExportIMSConfiguration(ctx, "a", "aem", true)
			return err
		}},
		{"GET /api/v1/ims-certificates/a ", func(ctx context.Context, c *client.Client) error {
			_, err := c.IMSCertificate(ctx, "a")
			return err
		}},
		{`POST /api/v1/ims-certificates {"alias":"a"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateIMSCertificate(ctx, client.NewIMSCertificate{Alias: "a"})
			return err
		}},
		{`POST /api/v1/ims-certificates/a/rotate {"days":90}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.RotateIMSCertificate(ctx, client.NewIMSCertificate{Alias: "a", Days: 90})
			return err
		}},
		{`POST /api/v1/ims-certificates/a/switch {"version":2}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.SwitchIMSCertificate(ctx, "a", 2)
			return err
		}},
		{"DELETE /api/v1/ims-certificates/a/versions/1 ", func(ctx context.Context, c *client.Client) error {
			return c.DeleteIMSCertificate(ctx, "a", 1)
		}},
		{"GET /api/v1/revocations?state=failed ", func(ctx context.Context, c *client.Client) error {
			for _, err := range c.Revocations(ctx, client.RevocationFailed) {
				return err
			}
			return nil
		}},
		{"GET /api/v1/revocations/a ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Revocation(ctx, "a")
			return err
		}},
		{"POST /api/v1/revocations/a/retry ", func(ctx context.Context, c *client.Client) error {
			_, err := c.RetryRevocation(ctx, "a")
			return err
		}},
		{"DELETE /api/v1/revocations/a ", func(ctx context.Context, c *client.Client) error {
			return c.ForgetRevocation(ctx, "a")
		}},
		{`POST /api/v1/organizations/a@AdobeOrg/offboard {"confirm":"a@AdobeOrg"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.Offboard(ctx, "a@AdobeOrg")
			return err
		}},
		{"GET /api/v1/organizations/a@AdobeOrg/offboard ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Offboarding(ctx, "a@AdobeOrg")
			return err
		}},
		{`POST /api/v1/organizations/a@AdobeOrg/offboard {"confirm":"a@AdobeOrg","erase":true,"forget_failed":true}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.EraseOrganization(ctx, "a@AdobeOrg", true)
			return err
		}},
		{"DELETE /api/v1/definitions/a ", func(ctx context.Context, c *client.Client) error {
			return c.DeleteDefinition(ctx, "a")
		}},
		{"GET /api/v1/definitions/a/prompts?configuration=1 ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Prompts(ctx, "a", 1)
			return err
		}},
		{`POST /api/v1/explain {"definition":"a","fields":{"x":"<&>"}}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.Explain(ctx, client.ExplainInput{Definition: "a", Fields: map[string]any{"x": "<&>"}})
			return err
		}},
		{
			`POST /api/v1/explain {"definition":{"name":"m","authentication":{"authType":"OAUTH2"}},"configuration":1}`,
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Explain(ctx, client.ExplainInput{Document: doc, Configuration: 1})
				return err
			},
		},
		{`POST /api/v1/connections {"definition":"a","fields":{},"label":"l"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateConnection(ctx, client.NewConnection{Definition: "a", Label: "l"})
			return err
		}},
		{"GET /api/v1/connections/a/history ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.ConnectionHistory(ctx, "a"))
			return err
		}},
		{"GET /api/v1/connections/a/placement ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Placement(ctx, "a")
			return err
		}},
		{`POST /api/v1/connect-links {"definition":"a","reference":"r"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateConnectLink(ctx, client.NewConnectLink{Definition: "a", Reference: "r"})
			return err
		}},
		{"GET /api/v1/connect-links ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.ConnectLinks(ctx))
			return err
		}},
		{"GET /api/v1/connect-links/lnk_1 ", func(ctx context.Context, c *client.Client) error {
			_, err := c.ConnectLink(ctx, "lnk_1")
			return err
		}},
		{"DELETE /api/v1/connect-links/lnk_1 ", func(ctx context.Context, c *client.Client) error {
			return c.RevokeConnectLink(ctx, "lnk_1")
		}},
		{`PATCH /api/v1/connections/a {"fields":{"n":1}}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.UpdateConnection(ctx, "a", client.ConnectionPatch{Fields: map[string]any{"n": 1}})
			return err
		}},
		{`POST /api/v1/webhooks {"url":"https://h","types":["expiring"]}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateWebhook(ctx, client.NewWebhook{URL: "https://h", Types: []string{"expiring"}})
			return err
		}},
		{"GET /api/v1/webhooks/wh_1 ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Webhook(ctx, "wh_1")
			return err
		}},
		{`PATCH /api/v1/webhooks/wh_1 {"types":[]}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.UpdateWebhook(ctx, "wh_1", client.WebhookPatch{Types: &[]string{}})
			return err
		}},
		{"DELETE /api/v1/webhooks/wh_1 ", func(ctx context.Context, c *client.Client) error {
			return c.DeleteWebhook(ctx, "wh_1")
		}},
		{"POST /api/v1/webhooks/wh_1/rotate-secret ", func(ctx context.Context, c *client.Client) error {
			_, err := c.RotateWebhookSecret(ctx, "wh_1")
			return err
		}},
		{"POST /api/v1/webhooks/wh_1/test ", func(ctx context.Context, c *client.Client) error {
			_, err := c.TestWebhook(ctx, "wh_1")
			return err
		}},
		{`POST /api/v1/webhooks/wh_1/replay {"event":"evt_1"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.ReplayEvent(ctx, "wh_1", "evt_1")
			return err
		}},
		{`POST /api/v1/webhooks/wh_1/replay {"since":"2026-11-21T09:30:00Z"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.ReplaySince(ctx, "wh_1", time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC))
			return err
		}},
		{"GET /api/v1/webhooks/wh_1/deliveries?state=failed ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.Deliveries(ctx, "wh_1", "failed"))
			return err
		}},
		{"GET /api/v1/events?since=2026-11-21T09%3A30%3A00Z&type=expiring ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.Events(ctx, client.EventFilter{Type: "expiring", Since: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)}))
			return err
		}},
		{"POST /api/v1/connections/a/refresh ", func(ctx context.Context, c *client.Client) error {
			_, err := c.RefreshConnection(ctx, "a")
			return err
		}},
		{`POST /api/v1/connections/a/reauthorize {"return_url":"https://r"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.ReauthorizeConnection(ctx, "a", "https://r")
			return err
		}},
		{"POST /api/v1/connections/a/disable ", func(ctx context.Context, c *client.Client) error {
			_, err := c.DisableConnection(ctx, "a")
			return err
		}},
		{"POST /api/v1/connections/a/enable ", func(ctx context.Context, c *client.Client) error {
			_, err := c.EnableConnection(ctx, "a")
			return err
		}},
		{"DELETE /api/v1/connections/a ", func(ctx context.Context, c *client.Client) error {
			_, err := c.DeleteConnection(ctx, "a")
			return err
		}},
		{`POST /api/v1/sandboxes {"name":"stage"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateSandbox(ctx, client.NewSandbox{Name: "stage"})
			return err
		}},
		{"GET /api/v1/sandboxes/stage ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Sandbox(ctx, "stage")
			return err
		}},
		{"DELETE /api/v1/sandboxes/stage ", func(ctx context.Context, c *client.Client) error {
			return c.DeleteSandbox(ctx, "stage")
		}},
		{"GET /api/v1/keys/key_1 ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Key(ctx, "key_1")
			return err
		}},
		{"GET /api/v1/providers/login.example.com:8443 ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Provider(ctx, "login.example.com:8443")
			return err
		}},
		{"POST /api/v1/providers/login.example.com/resume ", func(ctx context.Context, c *client.Client) error {
			_, err := c.ResumeProvider(ctx, "login.example.com")
			return err
		}},
		{"GET /api/v1/root-keys/rotation ", func(ctx context.Context, c *client.Client) error {
			_, err := c.Rotation(ctx)
			return err
		}},
		{"POST /api/v1/root-keys/rotate ", func(ctx context.Context, c *client.Client) error {
			_, err := c.RotateRootKey(ctx)
			return err
		}},
		{"GET /api/v1/root-keys ", func(ctx context.Context, c *client.Client) error {
			_, err := client.Collect(c.RootKeys(ctx))
			return err
		}},
		{"DELETE /api/v1/keys/key_1 ", func(ctx context.Context, c *client.Client) error {
			return c.RevokeKey(ctx, "key_1")
		}},
	} {
		s := newStub(t, answer(200, `{}`))
		if err := c.call(t.Context(), s.client(t)); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		got := s.requests()[0]
		if line := got.Method + " " + got.URI + " " + got.Body; line != c.want {
			t.Errorf("called %s\n  want %s", line, c.want)
		}
		if got.Body != "" && got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: content type %q", c.want, got.Header.Get("Content-Type"))
		}
	}
}

func TestCreatesCarryIdempotencyKeys(t *testing.T) {
	s := newStub(t, answer(201, `{}`))
	c, ctx := s.client(t), t.Context()
	_, _ = c.CreateConnection(ctx, client.NewConnection{IdempotencyKey: "mine"})
	_, _ = c.CreateConnection(ctx, client.NewConnection{})
	_, _ = c.CreateKey(ctx, client.NewKey{})
	_, _ = c.CreateSandbox(ctx, client.NewSandbox{})
	_, _ = c.CreateDefinition(ctx, []byte(`{}`))
	keys := map[string]bool{}
	for _, r := range s.requests() {
		keys[r.Header.Get("Idempotency-Key")] = true
	}
	if len(keys) != 5 || keys[""] || !keys["mine"] {
		t.Errorf("the idempotency keys are %v", keys)
	}
}

func TestListsWalkPages(t *testing.T) {
	s := newStub(t, func(w http.ResponseWriter, r *http.Request, n int) {
		cursor := r.URL.Query().Get("cursor")
		next := map[string]string{"": "two", "two": "three", "three": ""}[cursor]
		write(w, 200, fmt.Sprintf(`{"items":[{"id":"%d-a","later":true},{"id":"%d-b","label":null}],"next_cursor":%q}`, n, n, next))
	})
	filter := client.ConnectionFilter{State: client.Active, Definition: "d"}
	all, err := client.Collect(s.client(t).Connections(t.Context(), filter))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff([]string{"0-a", "0-b", "1-a", "1-b", "2-a", "2-b"}, ids); diff != "" {
		t.Error(diff)
	}
	if got := string(all[0].JSON()); got != `{"id":"0-a","later":true}` {
		t.Errorf("JSON() of an item = %s", got)
	}
	if got := s.requests()[1].URI; got != "/api/v1/connections?cursor=two&definition=d&state=active" {
		t.Errorf("called %s", got)
	}
}

func TestListsStopWhenTheCallerDoes(t *testing.T) {
	s := newStub(t, answer(200, `{"items":[{"id":"a"}],"next_cursor":"more"}`))
	for _, err := range s.client(t).Definitions(t.Context(), client.DefinitionFilter{Query: "movie"}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if got := s.requests(); len(got) != 1 || got[0].URI != "/api/v1/definitions?q=movie" {
		t.Errorf("called %v", got)
	}
}

func TestNullsAreZero(t *testing.T) {
	s := newStub(t, answer(200, `{"id":"conn_1","label":null,"state":"active","last_refresh_at":null,`+
		`"token":{"generation":2,"expires_at":null,"scope":null},"last_error":null,"fields":{"n":1}}`))
	got, err := s.client(t).Connection(t.Context(), "x")
	if err != nil || !got.LastRefreshAt.IsZero() || got.Token.Generation != 2 || !got.Token.ExpiresAt.IsZero() ||
		got.LastError != nil || got.Name() != "conn_1" || got.Fields["n"] != 1.0 {
		t.Errorf("Connection = %+v, %v", got, err)
	}
}
