package web_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/mail"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/registry"
	"latchkey/internal/web"
)

// TestOverviewKeeps tells of what Latchkey keeps and tells itself: a record that is not whole, mail that is not taken, dead letters
// that wait, a daemon that is silent. Each stands once, with the page that mends it, and only before those who may go there.
func TestOverviewKeeps(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	client := h.browser()
	h.get(client, h.link(h.ada))
	fault := audit.Fault{Kind: audit.Changed, Sequence: 7, Message: "record 7 is not what its hash says"}
	for _, organization := range []string{organization, ""} {
		check(t, h.kept.Audit().KeepVerification(ctx, audit.Verification{Organization: organization, By: audit.System, StartedAt: h.hand.Now(), SeenAt: h.hand.Now(), FinishedAt: h.hand.Now(), Report: &audit.Report{Faults: []audit.Fault{fault}}}))
	}
	h.failMail("mail_1", mail.Failed)
	state := []byte(`{"lanes":[],"dead_letters":{"count":3,"newest":[{"id":7,"topic":"triggers","partition":0,"offset":0,"trigger":"t","dead_at":"2026-11-28T09:00:00Z","attempts":3,"error":"refused ` + "<b>" + `"}]}}`)
	_, err := h.fleet.Tell(ctx, h.caller, fleet.Daemon{Instance: "prod", Host: "one", Credential: "JWT", Fingerprint: "f1", State: state})
	check(t, err)
	page := h.get(client, h.url+"/")
	says(t, page, http.StatusOK, "<h1>Four things need you</h1>", "The audit record</a> is not whole.", "found 1 fault. The first: Record 7 is not what its hash says.", `href="/audit/verify"`,
		"The installation’s audit record</a> is not whole.", `href="/audit/verify?chain=installation"`,
		"Mail</a> can’t be delivered.", "mail.example.com did not take 1 mail: Connection refused. Nobody was told", `href="/settings/mail"`,
		"The daemon one of <a", "prod</a> keeps 3 dead letters.", "The newest failed with: Refused &lt;b&gt;", `href="/instances/prod/letters"`)
	says(t, h.get(client, h.url+"/settings"), http.StatusOK, "the last mail was not sent")
	_, err = h.fleet.Tell(ctx, h.caller, fleet.Daemon{Instance: "prod", Host: "one", Credential: "JWT", Fingerprint: "f1", State: bytes.Replace(state, []byte("{"), []byte(`{"trouble":"no stream of topic triggers: the certificate has ended",`), 1)})
	check(t, err)
	says(t, h.get(client, h.url+"/"), http.StatusOK, "prod</a> consumes nothing.", "No stream of topic triggers: the certificate has ended.", "wait in the broker")
	says(t, h.get(client, h.url+"/instances/prod"), http.StatusOK, "consumes nothing", "No stream of topic triggers: the certificate has ended.")
	h.hand.Advance(10 * time.Minute)
	says(t, h.get(client, h.url+"/"), http.StatusOK, "prod</a> tells nothing since ", "It keeps 3 dead letters.", "take it off the list")
	viewer := h.browser()
	seen := h.get(viewer, h.link(h.person(organization, registry.NewUser{Email: "view@example.com", Role: access.Viewer})))
	for _, text := range []string{"audit record", "Mail</a>"} {
		if strings.Contains(seen.text, text) {
			t.Errorf("a viewer is told of %q", text)
		}
	}
	says(t, seen, http.StatusOK, "<h1>One thing needs you</h1>", "prod</a> tells nothing since ")
}

// failMail lets the newest mail be one that the server did not take.
func (h *house) failMail(id string, state mail.State) {
	h.Helper()
	ctx := context.Background()
	mails := h.kept.Mails()
	check(h, mails.Open(ctx, mail.Mail{ID: id, Kind: mail.Digest, CreatedAt: h.hand.Now()}))
	claimed, ok, err := mails.Claim(ctx, h.hand.Now(), h.hand.Now().Add(time.Minute))
	check(h, err)
	if !ok {
		h.Fatal("there is no mail to claim")
	}
	o := mail.Outcome{ID: id, Attempt: claimed.Attempt, State: state, Error: "connection refused"}
	if state == mail.Sent {
		o.Error = ""
	}
	check(h, mails.Finish(ctx, o))
	post, err := mail.New(mail.Config{Store: mails, Sender: nobody{}, Clock: h.hand})
	check(h, err)
	h.pages.Mail = &web.Mailing{Post: post, Server: "mail.example.com", From: "latchkey@example.com", To: []string{"ops@example.com"}}
}

// nobody takes mail.
type nobody struct{}

func (nobody) Send(context.Context, mail.Message) ([]string, error) { return nil, nil }

// TestOverviewMail is quiet about mail again when a later one was sent.
func TestOverviewMail(t *testing.T) {
	h := newHouse(t)
	client := h.browser()
	h.get(client, h.link(h.ada))
	h.failMail("mail_1", mail.Pending)
	says(t, h.get(client, h.url+"/"), http.StatusOK, "Mail</a> can’t be delivered.", "It is tried again.")
	h.hand.Advance(time.Minute)
	h.failMail("mail_2", mail.Sent)
	if page := h.get(client, h.url+"/"); strings.Contains(page.text, "can’t be delivered") {
		t.Error("mail is told of although the last one was sent")
	}
}
