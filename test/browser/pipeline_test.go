package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// TestCloudServiceParts syncs audiences and pushes an offer, looks at what Target has, and brings lists and a report home of Analytics.
func TestCloudServiceParts(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.visit(s.URL + "/cloud-services/sample-target")
	b.press("Connect to Target")
	b.shows("Connection successful")
	b.press("Audiences")
	b.shows("Synced: Target has") // the live view has shown the end by itself
	b.shoot("service-audiences")
	b.click("main tbody a")
	b.shows("What Target says")
	b.shoot("service-audience")
	b.visit(s.URL + "/cloud-services/sample-target/offers")
	b.press("Push an offer")
	b.enter("Name", "browser's <b>offer")
	b.enter("Content to push", "<p>Hello</p>")
	b.shoot("service-offer")
	b.press("Push")
	b.shows("was made in Target")
	b.shoot("service-offers")
	b.press("Delete")
	b.enter("Type browser's <b>offer to delete it", "browser's <b>offer")
	b.press("Delete browser's <b>offer")
	b.shows("was deleted in Target")
	for _, part := range []string{"Activities", "Mboxes", "Properties", "Client library"} {
		b.press(part)
		b.shows(part)
		b.shoot("service-" + strings.ReplaceAll(strings.ToLower(part), " ", "-"))
	}
	analyticsParts(s, b)
	b.clean(host(t, s))
}

func analyticsParts(s *harness.Server, b *tab) {
	b.visit(s.URL + "/cloud-services/sample-analytics")
	b.press("Connect to Analytics")
	b.shows("Connection successful")
	b.press("Lists")
	b.press("Sync report suites")
	b.shows("gone since the last time")
	b.shoot("service-lists")
	b.click("main tbody a")
	b.shows("it was synced")
	b.shoot("service-items")
	suite := value(b, chromedp.Evaluate[string](`document.querySelector("td code").textContent`))
	b.visit(s.URL + "/cloud-services/sample-analytics/report")
	b.enter("Report suite", suite)
	b.press("Run the report")
	b.shows("All rows")
	b.shoot("service-report")
	b.press("Frameworks")
	b.press("Create a framework")
	b.enter("Title", "Site")
	b.enter("Report suites", suite)
	b.press("Create")
	b.shows("Mapping 1")
	b.do(chromedp.SetValue(chromedp.CSS("#f-mappings-0-component"), "foundation/components/page"), chromedp.SetValue(chromedp.CSS("#f-mappings-0-variable"), "pagedata.title"),
		chromedp.SetValue(chromedp.CSS("#f-mappings-0-to"), "porp1"))
	b.press("Save the mappings")
	b.shows("Did you mean prop1")
	b.shoot("service-mappings")
	b.do(chromedp.SetValue(chromedp.CSS("#f-mappings-0-to"), "prop1"))
	b.press("Save the mappings")
	b.shows("were saved")
	b.shoot("service-framework")
}

// TestPipeline sends an event and sees it come, follows its path, and moves an instance to another credential.
func TestPipeline(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.press("Pipeline")
	b.shows("triggers")
	b.shoot("pipeline-topics")
	b.press("triggers")
	b.shows("Events by the hour")
	b.press("Live tail")
	b.shows("Listening.")
	s.Must(http.StatusOK, "POST", "/pipeline/topics/triggers/messages", map[string]any{"messages": []any{
		map[string]any{"key": "k", "messageId": "m-1", "value": map[string]any{"triggerId": "browser-trigger", "note": `"><script>document.title = "broken"</script>`}},
	}})
	b.shows("browser-trigger")
	b.click("ol.events summary")
	b.shows("document.title")
	b.shoot("pipeline-tail")
	b.click("live-tail button")
	b.shows("Paused.")
	b.visit(s.URL + "/topics/triggers/produce")
	b.enter("Message id", "m-2")
	b.shoot("pipeline-produce")
	b.press("Send")
	b.shows("The event is stored")
	b.shoot("pipeline-event")
	b.visit(s.URL + "/topics/triggers/find?q=m-1")
	b.shows("The trigger browser-trigger.")
	b.visit(s.URL + "/topics/triggers")
	b.shoot("pipeline-topic")
	b.visit(s.URL + "/new-topic")
	b.shoot("pipeline-new")
	b.enter("Name", "clicks")
	b.press("Make the topic")
	b.shows("The topic clicks was made.")
	b.press("Delete")
	b.enter("Type clicks to delete it", "clicks")
	b.press("Delete clicks")
	b.shows("The topic clicks was deleted.")
	migrationWizard(s, b)
	b.clean(host(t, s))
}

// migrationWizard moves an instance of two hosts, whose daemons tell what the test says.
func migrationWizard(s *harness.Server, b *tab) {
	tell := func(host, fingerprint string, done int, report string) {
		body := map[string]any{"version": "1.0.0", "credential": "IMS client of " + fingerprint, "fingerprint": fingerprint, "carried_out": done, "started_at": "2026-11-28T09:00:00Z"}
		if host == "campaign-1" {
			body["state"] = map[string]any{
				"lanes": []any{map[string]any{"topic": "triggers", "consumer": "prod", "partition": 3, "pointer": 42, "head": 44, "lag": 2, "received": 44, "processed": 40, "discarded": 2}},
				"dead_letters": map[string]any{"count": 2, "newest": []any{
					map[string]any{"id": 2, "topic": "triggers", "partition": 3, "offset": 41, "trigger": "cart-abandonment", "dead_at": "2026-11-28T09:00:00Z", "attempts": 11, "error": "the receiver answered 503"},
					map[string]any{"id": 1, "topic": "triggers", "partition": 3, "offset": 17, "trigger": "session-end", "dead_at": "2026-11-28T08:00:00Z", "attempts": 11, "error": "the receiver answered 503"},
				}},
			}
		}
		if report != "" {
			body["report"] = map[string]any{"from": "IMS service account (JWT)", "to": "IMS OAuth Server-to-Server", "started_at": "2026-11-28T09:00:00Z", "received": 1042, "lost": 0, "suppressed": 3}
		}
		s.Must(http.StatusOK, "PUT", fmt.Sprintf("/api/v1/instances/prod/daemons/%s", host), body)
	}
	tell("campaign-1", "dfb866d0", 0, "")
	tell("campaign-2", "dfb866d0", 0, "")
	b.press("Instances")
	b.shows("prod")
	b.shoot("instances")
	b.press("prod")
	b.shoot("instance")
	b.press("Dead letters")
	b.shows("2 triggers that no connector took")
	b.shoot("instance-letters")
	b.do(chromedp.Click(chromedp.CSS("tbody input[type=checkbox]")))
	b.press("Replay the chosen")
	b.shows("The daemon is asked.")
	b.visit(s.URL + "/instances/prod")
	b.press("Move to another credential")
	b.shows("No migration is under way.")
	b.shoot("instance-migration")
	b.enter("Fingerprint of the new credential", "0a1b2c3d")
	b.press("Tell them to move")
	b.shows("campaign-1, campaign-2 have not carried it out yet")
	b.shoot("instance-migration-under-way")
	tell("campaign-1", "0a1b2c3d", 1, "report")
	tell("campaign-2", "0a1b2c3d", 1, "report")
	b.shows("All have moved") // told live
	b.shoot("instance-migration-decide")
	b.press("Finish: let go of the old credential")
	b.shows("are told to let go")
	tell("campaign-1", "0a1b2c3d", 2, "")
	tell("campaign-2", "0a1b2c3d", 2, "")
	b.shows("The last migration was finished")
}
