package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// exampleID is the id of every example.
const exampleID = "evt_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"

// Example gives an event of the type as it might happen.
func (d Description) Example() Event {
	at := time.Date(2026, time.November, 21, 9, 30, 0, 0, time.UTC)
	return Event{
		ID: exampleID, Type: d.Type, Organization: "6096892F54B5819E0A4C98A2@AdobeOrg", Sandbox: d.example.sandbox,
		Subject: d.example.subject, At: at, Data: d.example.data,
	}
}

// ReferencePage writes docs/reference/events.md.
func ReferencePage() string {
	var b strings.Builder
	b.WriteString(`# Events

Written from the code by ` + "`go test ./internal/event -update`" + `.

An event says that something changed, once, when it did (it is edge-triggered): not that it still is so. Events are
delivered to [webhook endpoints](../guide/webhooks.md), those that a person must act on go out [by mail](../guide/e-mail.md), and all are
listed by ` + "`latchkey events list`" + ` and ` + "`GET /api/v1/events`" + `. They are kept for 30 days, or as ` + "`events.retention`" + ` says.

An event is committed with the change that it tells of, and delivered at least once, in no promised order: ` + "`id`" + ` tells a
repetition, ` + "`timestamp`" + ` what came first. It holds no secret. Every event has these members; more may be added.

| Member | Meaning |
|---|---|
| ` + "`id`" + ` | The event's id, also the request's ` + "`webhook-id`" + `. It stays the same however often it is delivered. |
| ` + "`type`" + ` | One of the types below. |
| ` + "`timestamp`" + ` | When it happened, in UTC. |
| ` + "`organization`" + ` | Whom it concerns. |
| ` + "`sandbox`" + ` | The sandbox of the thing; absent for what is in none. |
| ` + "`subject`" + ` | The id of the thing that it happened to. |
| ` + "`data`" + ` | What more there is to say, by type. A member that does not apply is absent. |

`)
	for _, d := range descriptions {
		fmt.Fprintf(&b, "- [`%s`](#%s): %s\n", d.Type, anchor(d.Type), d.Doc)
	}
	for _, d := range descriptions {
		b.WriteString(d.section())
	}
	return b.String()
}

// anchor is a heading's on the usual sites.
func anchor(t Type) string { return strings.ReplaceAll(string(t), ".", "") }

func (d Description) section() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", d.Type, d.Doc)
	if d.Frequent {
		b.WriteString("There is one for each thing that goes as it should, so it is kept and delivered only where an endpoint names its type.\n\n")
	}
	b.WriteString("| Member of `data` | Meaning |\n|---|---|\n")
	for _, m := range d.Members {
		fmt.Fprintf(&b, "| `%s` | %s |\n", m.Name, m.Doc)
	}
	text, err := json.Marshal(d.Example())
	if err != nil {
		panic("event: an example can't be encoded: " + err.Error())
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		panic("event: an example is not JSON: " + err.Error())
	}
	fmt.Fprintf(&b, "\n```json\n%s\n```\n", pretty.String())
	return b.String()
}
