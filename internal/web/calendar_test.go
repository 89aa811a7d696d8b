package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// TestCalendar lists what ends, the nearest first, by kind and by how far ahead, and makes an address for calendar programs.
func TestCalendar(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	for name, days := range map[string]int{"next week": 7, "next month": 40, "next year": 300} {
		_, err := h.keys.Create(ctx, h.caller, registry.NewKey{Name: name, Scopes: access.Scopes{access.TokensRead}, ExpiresAt: h.hand.Now().Add(time.Duration(days) * 24 * time.Hour)})
		check(t, err)
	}
	client := h.browser()
	h.get(client, h.link(h.ada))
	page := h.get(client, h.url+"/calendar")
	for _, text := range []string{"next week", "in 7 days", "API key", "next month", "What to do"} {
		if !strings.Contains(page.text, text) {
			t.Errorf("%q is not in %s", text, page.text)
		}
	}
	if strings.Contains(page.text, "next year") || strings.Index(page.text, "next week") > strings.Index(page.text, "next month") {
		t.Errorf("what ends first is not first, or too much is shown: %s", page.text)
	}
	expect(t, h.get(client, h.url+"/calendar?days=365&kind=api_key"), http.StatusOK, "next year")
	expect(t, h.get(client, h.url+"/calendar?days=365&kind=certificate"), http.StatusOK, "Nothing of that kind")
	token := fill(h, page, nil).Get("csrf")
	made := post(h, client, "/calendar/feeds", url.Values{"csrf": {token}, "name": {"platform team"}})
	expect(t, made, http.StatusOK, "shown this once")
	if !strings.Contains(made.text, h.url+"/api/v1/expiring.ics?feed=lkf_") {
		t.Errorf("the address is not in %s", made.text)
	}
	expect(t, post(h, client, "/calendar/feeds", url.Values{"csrf": {token}}), http.StatusUnprocessableEntity, "needs a name")
	feeds, err := h.calendar.Feeds(ctx, h.caller)
	check(t, err)
	gone := post(h, client, "/calendar/feeds/"+feeds[0].ID+"/revoke", url.Values{"csrf": {token}})
	expect(t, gone, http.StatusOK, "The address is revoked")
	expect(t, post(h, client, "/calendar/feeds/"+feeds[0].ID+"/revoke", url.Values{"csrf": {token}}), http.StatusNotFound, "no such calendar address")
}
