package mail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/event"
)

// shown is how many things of a kind a mail names; of the others it tells the number.
const shown = 20

// wording is how a mail speaks of a type of event.
type wording struct {
	one, many string
	// what says of a single event what it is about.
	what func(event.Event) string
	// mend is the command for one thing, or for all when each is nil.
	mend func(event.Event) string
}

// wordings are those of the events that are told, in the order of a mail.
var wordings = []struct {
	event.Type
	wording
}{
	{event.ConnectionNeedsReauthorization, wording{"1 connection needs a new consent", "%d connections need a new consent", connectionWords,
		func(e event.Event) string { return "latchkey connection reauthorize " + named(e) + inSandbox(e) }}},
	{event.ProviderDown, wording{"1 client is refused by its provider", "%d clients are refused by their providers", clientWords,
		func(e event.Event) string {
			return "latchkey provider show " + quoted(cmp.Or(member(e, "provider"), e.Subject))
		}}},
	{event.Expiring, wording{"1 thing ends soon", "%d things end soon", endingWords,
		func(event.Event) string { return "latchkey expiring" }}},
	{event.ConnectionNotRevoked, wording{"1 grant could not be revoked", "%d grants could not be revoked", connectionWords,
		func(e event.Event) string { return "latchkey events list --subject " + e.Subject }}},
	{event.WebhookDisabled, wording{"1 webhook endpoint was disabled", "%d webhook endpoints were disabled",
		func(e event.Event) string { return member(e, "url") + ": " + member(e, "reason") },
		func(e event.Event) string { return "latchkey webhook update " + e.Subject + " --enable" }}},
}

func (w wording) count(n int) string {
	if n == 1 {
		return w.one
	}
	return fmt.Sprintf(w.many, n)
}

// member gives a member of an event's data as text, in one line.
func member(e event.Event, name string) string {
	if e.Data[name] == nil {
		return ""
	}
	return oneLine(fmt.Sprint(e.Data[name]))
}

// named gives what people call the subject.
func named(e event.Event) string { return quoted(cmp.Or(member(e, "label"), e.Subject)) }

// quoted makes a name fit for a shell.
func quoted(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.@:/", r))
	}) {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

func inSandbox(e event.Event) string {
	if e.Sandbox == "" || e.Sandbox == "prod" {
		return ""
	}
	return " --sandbox " + quoted(e.Sandbox)
}

func connectionWords(e event.Event) string {
	text := cmp.Or(member(e, "label"), e.Subject)
	if definition := member(e, "definition"); definition != "" {
		text += " (" + definition + ")"
	}
	return text + reason(e)
}

func clientWords(e event.Event) string {
	text := member(e, "provider")
	if definition := member(e, "definition"); definition != "" {
		text += ", definition " + definition
	}
	if n := member(e, "connections"); n != "" {
		text += ", connections held back: " + n
	}
	return text + reason(e)
}

func endingWords(e event.Event) string {
	text := cmp.Or(member(e, "name"), e.Subject)
	if kind := member(e, "kind"); kind != "" {
		text += " (" + strings.ReplaceAll(kind, "_", " ") + ")"
	}
	if at := member(e, "expires_at"); at != "" {
		text += " ends at " + at
	}
	return text
}

func reason(e event.Event) string {
	if why := cmp.Or(member(e, "reason"), member(e, "error_code")); why != "" {
		return ": " + why
	}
	return ""
}

// place says where the links of a mail lead.
type place struct{ publicURL string }

// alert writes the mail that tells of events.
func (p place) alert(m Mail, events []event.Event) Message {
	groups := map[event.Type][]event.Event{}
	for _, e := range events {
		groups[e.Type] = append(groups[e.Type], e)
	}
	var heads []string
	var body strings.Builder
	for _, w := range wordings {
		group := groups[w.Type]
		if len(group) == 0 {
			continue
		}
		heads = append(heads, w.count(len(group)))
		fmt.Fprintf(&body, "%s.\n\n", w.count(len(group)))
		for i, e := range group {
			if i == shown {
				fmt.Fprintf(&body, "  … and %d more: latchkey events list --type %s\n\n", len(group)-shown, w.Type)
				break
			}
			fmt.Fprintf(&body, "  %s  %s\n      %s\n", e.At.UTC().Format("2006-01-02 15:04:05Z"), w.what(e), w.mend(e))
		}
		body.WriteString("\n")
	}
	body.WriteString(p.foot())
	return Message{ID: m.ID, Subject: "Latchkey: " + strings.Join(heads, ", "), Body: body.String(), At: m.CreatedAt}
}

// digest writes the mail that tells what waits; false when there is nothing to tell.
func (p place) digest(m Mail, s Summary) (Message, bool) {
	var waits, body strings.Builder
	needs, degraded := s.States["needs_reauthorization"], s.States["degraded"]
	line := func(n int, one, many string) {
		if n > 0 {
			fmt.Fprintf(&waits, "  %s\n", wording{one: one, many: many}.count(n))
		}
	}
	line(needs, "1 connection needs a new consent: latchkey connection list --state needs_reauthorization",
		"%d connections need a new consent: latchkey connection list --state needs_reauthorization")
	line(degraded, "1 connection is degraded: latchkey connection list --state degraded",
		"%d connections are degraded: latchkey connection list --state degraded")
	line(s.Disabled, "1 webhook endpoint is disabled: latchkey webhook list", "%d webhook endpoints are disabled: latchkey webhook list")
	if waits.Len() == 0 && len(s.Ending) == 0 && len(s.Counts) == 0 {
		return Message{}, false
	}
	if waits.Len() > 0 {
		fmt.Fprintf(&body, "What waits for somebody\n\n%s", waits.String())
		for _, name := range s.Waiting {
			fmt.Fprintf(&body, "      latchkey connection reauthorize %s\n", quoted(name))
		}
		body.WriteString("\n")
	}
	if len(s.Ending) > 0 {
		body.WriteString("What ends soon: latchkey expiring\n\n")
		for _, e := range s.Ending {
			fmt.Fprintf(&body, "  %s\n", endingWords(e))
		}
		body.WriteString("\n")
	}
	if len(s.Counts) > 0 {
		body.WriteString("What happened since yesterday: latchkey events list --since 24h\n\n")
		for _, d := range event.Descriptions() {
			if n := s.Counts[d.Type]; n > 0 {
				fmt.Fprintf(&body, "  %6d  %s\n", n, d.Type)
			}
		}
		body.WriteString("\n")
	}
	body.WriteString(p.foot())
	subject := "Latchkey: the day's digest"
	if needs > 0 {
		subject += ", " + wordings[0].count(needs)
	}
	return Message{ID: m.ID, Subject: subject, Body: body.String(), At: m.CreatedAt}, true
}

func (p place) foot() string {
	return "Console: " + cmp.Or(p.publicURL, "(no public_url is set)") + "\nYou get this because mail.to of that Latchkey's configuration names you.\n"
}

// digestID is a day's digest's, so that there is one however many nodes there are.
func digestID(day time.Time) string { return "mail_digest_" + day.UTC().Format(time.DateOnly) }

// due gives the instant of the latest digest that should be there.
func due(now time.Time, at time.Duration) time.Time {
	day := now.UTC().Truncate(24 * time.Hour).Add(at)
	if day.After(now) {
		day = day.Add(-24 * time.Hour)
	}
	return day
}

// pauses are those between the attempts to send a mail.
var pauses = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour,
}

// next gives when to try again after the attempt of that number; false when it was the last.
func next(attempt int, now time.Time) (time.Time, bool) {
	if attempt > len(pauses) {
		return time.Time{}, false
	}
	return now.Add(pauses[attempt-1]), true
}

// types lists those that mails tell of; a test holds it against [Acted].
func types() []event.Type {
	var out []event.Type
	for _, w := range wordings {
		out = append(out, w.Type)
	}
	slices.Sort(out)
	return out
}
