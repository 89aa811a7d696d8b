package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/registry"
	"latchkey/internal/webhook"
)

// TestOverview says what needs somebody, what is broken before what is about to be, each with its way out.
func TestOverview(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	client := h.browser()
	nothing := h.get(client, h.link(h.ada))
	expect(t, nothing, http.StatusOK, "Nothing is connected yet")
	h.define("moviestar", "consent=allow", "", clientSecret)
	made := h.begin(connection.Create{Definition: "moviestar", Label: "working"})
	h.get(h.browser(), made.AuthorizeURL)
	all := h.get(client, h.url+"/")
	for _, text := range []string{"Everything answers", "In the last day no token was read", "Nothing ends in the next 90 days", "Tokens read, last hour", "no consumer"} {
		if !strings.Contains(all.text, text) {
			t.Errorf("%q is not in %s", text, all.text)
		}
	}
	_, err := h.keys.Create(ctx, h.caller, registry.NewKey{Name: "Nightly job", Scopes: access.Scopes{access.TokensRead}, ExpiresAt: h.hand.Now().Add(9*24*time.Hour + time.Hour)})
	check(t, err)
	h.loseConsent(made.Connection.ID, connection.NeedsReauthorization)
	page := h.get(client, h.url+"/")
	for _, text := range []string{"<h1>Two things need you</h1>", "Everything else answers.", "lost its consent.", "The API key ", "Nightly job", "ends in 9 days.", `aria-label="What ends in the next 90 days: API key Nightly job in 9 days."`} {
		if !strings.Contains(page.text, text) {
			t.Errorf("%q is not in %s", text, page.text)
		}
	}
	if strings.Index(page.text, "lost its consent.") > strings.Index(page.text, "The API key ") {
		t.Error("what is about to break stands before what is broken")
	}
	if calendar := h.get(client, h.url+"/calendar"); !strings.Contains(calendar.text, `needs you: </span>2</span>`) {
		t.Error("the navigation does not say that two things need somebody")
	}
	elsewhere := h.get(client, h.url+"/?sandbox=nowhere")
	expect(t, elsewhere, http.StatusOK, "The sandbox ")
}

// loseConsent lets a connection be one whose provider refused its refresh token.
func (h *house) loseConsent(id string, state connection.State) {
	h.Helper()
	_, applied, err := h.kept.Connections().SetBack(context.Background(), connection.Setback{
		Organization: organization, ID: id, Generation: 1, State: state, Reason: "the provider ended the grant", At: h.hand.Now(),
		LastError: &connection.LastError{Kind: exchange.GrantDead, Code: "invalid_grant", Status: 400, At: h.hand.Now()},
	})
	check(h, err)
	if !applied {
		h.Fatal("the connection was not changed")
	}
}

// TestOverviewWebhook tells of an endpoint that was switched off, but not when its owner did it.
func TestOverviewWebhook(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	endpoint, err := h.webhooks.Create(ctx, h.caller, webhook.Create{URL: "https://hooks.example.com/warehouse"})
	check(t, err)
	off := false
	_, err = h.webhooks.Change(ctx, h.caller, endpoint.ID, webhook.Change{Enabled: &off})
	check(t, err)
	client := h.browser()
	if page := h.get(client, h.link(h.ada)); strings.Contains(page.text, "hooks.example.com") {
		t.Error("the owner’s own act is told of as a trouble")
	}
}

// TestFigures shows an organization’s own figures: on the Overview as cards, on the charts’ page with a table.
func TestFigures(t *testing.T) {
	h := newHouse(t)
	h.series.Read(organization, 1_284_310)
	h.series.Renewed(organization, true)
	h.series.Renewed(organization, false)
	h.series.Issued(organization, true)
	h.series.Answered(organization, 80*time.Millisecond)
	h.series.Lagging(organization, 1500*time.Millisecond, 42)
	h.series.Read("2222222222BBBBBBBBBB2222@AdobeOrg", 777_777)
	client := h.browser()
	page := h.get(client, h.link(h.ada))
	for _, text := range []string{"tokens were read 1,284,310 times", "Providers answered within 96 ms", "<strong>1,284,310</strong>", "1 failed", "99 of 100 within", "<strong>1.5 s</strong>", "42 events behind", "<svg"} {
		if !strings.Contains(page.text, text) {
			t.Errorf("%q is not in %s", text, page.text)
		}
	}
	for _, path := range []string{"/charts", "/charts?over=day", "/charts?over=week", "/?over=week"} {
		chart := h.get(client, h.url+path)
		expect(t, chart, http.StatusOK, "1,284,310")
		if strings.Contains(chart.text, "777,777") {
			t.Errorf("%s shows another organization's figures", path)
		}
	}
}

// TestOverviewSandboxes leads to another sandbox in which something is broken.
func TestOverviewSandboxes(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	_, err := h.directory.CreateSandbox(ctx, h.caller, "stage", "Stage")
	check(t, err)
	document, err := destination.ParseDocument([]byte(`{"name":"elsewhere","authentication":{"authType":"OAUTH2","grant":"OAUTH2_AUTHORIZATION_CODE",
		"authorizationUrl":"https://www.moviestar.com/dialog/OAuth?fault=consent=allow","accessTokenUrl":"https://api.moviestar.com/OAuth/access_token","refreshTokenUrl":"https://api.moviestar.com/OAuth/refresh_token",
		"clientId":"Experience-Platform-client-id","clientSecret":"` + clientSecret + `","scope":["read"]}}`))
	check(t, err)
	_, err = h.catalogue.Create(ctx, h.caller, "stage", destination.Draft{Document: document})
	check(t, err)
	_, err = h.catalogue.Publish(ctx, h.caller, destination.Ref{Sandbox: "stage", Name: "elsewhere"})
	check(t, err)
	made := h.begin(connection.Create{Sandbox: "stage", Definition: "elsewhere", Label: "far"})
	h.get(h.browser(), made.AuthorizeURL)
	h.loseConsent(made.Connection.ID, connection.NeedsReauthorization)
	page := h.get(h.browser(), h.link(h.ada))
	expect(t, page, http.StatusOK, "has 1 connection that lost its consent.")
	if !strings.Contains(page.text, `href="/?sandbox=stage"`) {
		t.Error("nothing leads there")
	}
}
