package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
)

// TestDeadLetters lists what a daemon gave up, has one shown and replayed, and drops the rest when the name is typed.
func TestDeadLetters(t *testing.T) {
	h := newHouse(t)
	h.furnishPipeline()
	state := []byte(`{"lanes":[{"topic":"triggers","consumer":"campaign","partition":0,"pointer":1,"head":1,"lag":0,"received":1,"processed":0,"discarded":1}],
		"dead_letters":{"count":2,"newest":[{"id":7,"topic":"triggers","partition":0,"offset":0,"trigger":` + quoted(markup) + `,"dead_at":"2026-11-28T09:00:00Z","attempts":3,"error":"refused ` + "<b>" + `"}]}}`)
	tell := func(acts ...fleet.Act) fleet.Order {
		t.Helper()
		order, err := h.fleet.Tell(t.Context(), h.caller, fleet.Daemon{Instance: "prod", Host: "one", Credential: "JWT", Fingerprint: "f1", State: state, Acts: acts})
		check(t, err)
		return order
	}
	tell()
	client := h.browser()
	h.get(client, h.link(h.ada))
	act := func(path string, values url.Values) answer {
		values.Set("csrf", h.tokenOf(client))
		return post(h, client, path, values)
	}
	const at = "/instances/prod/letters"
	tells(t, h.get(client, h.url+"/instances/prod"), http.StatusOK, "keeps 2 dead letters", "Partitions of one")
	tells(t, h.get(client, h.url+at), http.StatusOK, "2 triggers that no connector took", "&lt;script&gt;", "3 attempts")
	tells(t, h.get(client, h.url+"/topics/triggers/events/0/0"), http.StatusOK, "After 3 attempts", "given up")
	tells(t, act(at, url.Values{"do": {"replay"}, "host": {"one"}}), http.StatusConflict, "No dead letter is chosen")
	tells(t, act(at, url.Values{"do": {"show"}, "host": {"one"}, "letter": {"7"}}), http.StatusOK, "The daemon is asked.", "A daemon is waited for.", `data-src="/instances/prod/answers"`)
	waiting := tell().Acts
	if len(waiting) != 1 || waiting[0].Action != fleet.Show || len(waiting[0].Letters) != 1 || waiting[0].Letters[0] != 7 {
		t.Fatalf("the daemon is asked %v", waiting)
	}
	waiting[0].Done, waiting[0].Shown = 1, `{"value":`+quoted(markup)+`}`
	tell(waiting...)
	tells(t, h.get(client, h.url+at), http.StatusOK, "What was asked for", "&lt;script&gt;", "1 done")
	tells(t, h.get(client, h.url+"/instances/prod/answers"), http.StatusOK, "event: done")
	tells(t, act(at, url.Values{"do": {"replay"}, "host": {"one"}, "letter": {"7"}}), http.StatusOK, "Replay 1 dead letter on one")
	waiting = tell().Acts
	waiting[0].Failed, waiting[0].Why = 1, "still refused"
	tell(waiting...)
	tells(t, h.get(client, h.url+at), http.StatusOK, "0 done, 1 not: still refused")
	tells(t, act(at, url.Values{"do": {"drop"}, "host": {"one"}, "all": {"1"}}), http.StatusOK, "Type prod to delete it", "all dead letters on one")
	tells(t, act("/instances/prod/drop?host=one&all=1", url.Values{"confirm": {"other"}}), http.StatusUnprocessableEntity, "nothing was deleted")
	tells(t, act("/instances/prod/drop?host=one&all=1", url.Values{"confirm": {"prod"}}), http.StatusOK, "is asked to drop all dead letters on one")
	if waiting = tell().Acts; len(waiting) != 1 || waiting[0].Action != fleet.Drop || len(waiting[0].Letters) != 0 {
		t.Errorf("the daemon is asked %v", waiting)
	}
}

// TestHandOver hands a credential over by the form of the migration, which says what keeps it from being handed over.
func TestHandOver(t *testing.T) {
	h := newHouse(t)
	h.furnishPipeline()
	_, workspaces, err := h.projects.Create(t.Context(), h.caller, project.NewProject{Name: "Campaign"})
	check(t, err)
	made, err := h.credentials.Create(t.Context(), h.caller, project.NewCredential{Workspace: workspaces[0].ID, Name: "campaign-oauth", Kind: project.OAuthServerToServer})
	check(t, err)
	tell := func(instance string) fleet.Order {
		t.Helper()
		order, err := h.fleet.Tell(t.Context(), h.caller, fleet.Daemon{Instance: instance, Host: "one", Credential: "JWT", Fingerprint: "f1"})
		check(t, err)
		return order
	}
	tell("prod")
	client := h.browser()
	h.get(client, h.link(h.ada))
	send := func(values url.Values) answer {
		values.Set("csrf", h.tokenOf(client))
		return post(h, client, "/instances/prod/order", values)
	}
	tells(t, h.get(client, h.url+"/instances/prod/migration"), http.StatusOK, "Hand it over to one", "campaign-oauth, client id "+made.ClientID)
	tells(t, send(url.Values{"do": {"migrate"}, "way": {"hand"}}), http.StatusUnprocessableEntity, "No credential is chosen")
	tells(t, send(url.Values{"do": {"migrate"}, "way": {"hand"}, "credential": {made.ID}, "private_key": {"PEM"}}), http.StatusUnprocessableEntity, "has no private key")
	tells(t, send(url.Values{"do": {"migrate"}, "way": {"hand"}, "credential": {made.ID}}), http.StatusOK, "The credential is handed over.")
	if order := tell("prod"); order.Hand.Client != made.ClientID || order.Hand.Mode != fleet.OAuth {
		t.Errorf("the daemon is told %+v", order)
	}
}
