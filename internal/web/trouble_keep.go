package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/mail"
	"latchkey/internal/pipelined/fleet"
)

// What needs somebody among what Latchkey itself keeps and tells: the audit record, mail, the daemons of instances.

// auditTroubles tells of chains whose last check found something wrong: the organization's, and the installation's to who reads it.
func auditTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	if v.caller.Require(access.AuditRead) != nil || v.caller.Sandbox != "" {
		return nil, nil
	}
	chains := []struct{ name, of string }{{"", "The audit record"}}
	if v.may(access.Admin) {
		chains = append(chains, struct{ name, of string }{audit.Installation, "The installation’s audit record"})
	}
	var all []trouble
	for _, chain := range chains {
		last, err := v.Audit.Verification(ctx, v.caller, chain.name)
		if err != nil {
			return nil, err
		}
		at := placeAudit + "/verify"
		if chain.name != "" {
			at += "?chain=" + chain.name
		}
		switch r := last.Report; {
		case r != nil && !r.OK():
			t := trouble{Tone: "bad", Name: chain.of, What: "is not whole.", Path: at, Since: last.FinishedAt, Act: "See what is wrong", ActPath: at}
			t.Text = "The last check found " + plural(len(r.Faults)+int(r.More), "fault") + ". The first: " + sentence(r.Faults[0].Message) +
				" Somebody may have written to the database: keep a copy of it, and compare with the last backup."
			all = append(all, t)
		case last.Problem != "":
			all = append(all, trouble{Tone: "warn", Name: chain.of, What: "could not be checked.", Path: at, Since: last.StartedAt, Act: "Check it again", ActPath: at,
				Text: sentence("the check broke off: " + last.Problem)})
		}
	}
	return all, nil
}

// undelivered gives the mails that could not be sent since the last one that was, the newest first.
func undelivered(recent []mail.Standing) []mail.Standing {
	var out []mail.Standing
	for _, m := range recent {
		switch {
		case m.State == mail.Sent:
			return out
		case m.State == mail.Failed || m.Error != "":
			out = append(out, m)
		}
	}
	return out
}

func mailTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	if v.Mail == nil || v.wholeInstallation() != nil || v.caller.Sandbox != "" {
		return nil, nil
	}
	status, err := v.Mail.Post.Status(ctx)
	if err != nil {
		return nil, err
	}
	stuck := undelivered(status.Recent)
	if len(stuck) == 0 {
		return nil, nil
	}
	at := placeSettings + "/mail"
	t := trouble{Tone: "warn", Name: "Mail", What: "can’t be delivered.", Path: at, Since: stuck[len(stuck)-1].CreatedAt, Act: "Send a test mail", ActPath: at}
	t.Text = "The mail server " + v.Mail.Server + " did not take " + plural(len(stuck), "mail") + ": " + sentence(clip(stuck[0].Error, 200))
	if slices.ContainsFunc(stuck, func(m mail.Standing) bool { return m.State == mail.Failed }) {
		t.Tone = "bad"
		t.Text += " Nobody was told of what they said: it stands on this page alone."
	} else {
		t.Text += " It is tried again."
	}
	return []trouble{t}, nil
}

// daemonTroubles tells of dead letters that wait, and of daemons that consume nothing, told nothing for a while or could not do
// what they were told.
func daemonTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	daemons, err := v.Fleet.Daemons(ctx, v.caller, "")
	if err != nil {
		return nil, err
	}
	var all []trouble
	for _, d := range daemons {
		row := v.daemonRow(d)
		at := placeInstances + "/" + url.PathEscape(d.Instance)
		t := trouble{Tone: row.Tone, Before: "The daemon " + d.Host + " of ", Name: d.Instance, What: row.Says + ".", Path: at, Act: "Look at the instance", ActPath: at}
		switch {
		case row.Quiet:
			t.Text = "It consumes no triggers, or can’t reach this server: see whether it runs there. If it is gone for good, take it off the list."
			if row.Letters > 0 {
				t.Text += " It keeps " + plural(int(row.Letters), "dead letter") + "."
			}
		case row.Trouble != "":
			t.Text = sentence(clip(row.Trouble, 300)) + " Triggers wait in the broker meanwhile, as long as their topic keeps them."
		case row.Letters > 0:
			t.Act, t.ActPath = "See the dead letters", at+"/letters"
			t.Text = "Its connector did not take these triggers in all attempts. See why, then replay or drop them."
			if newest := d.Told().Letters.Newest; len(newest) > 0 {
				t.Since = slices.MinFunc(newest, func(a, b fleet.Letter) int { return a.DeadAt.Compare(b.DeadAt) }).DeadAt
				t.Text = "The newest failed with: " + sentence(clip(newest[0].Error, 200)) + " See why, then replay or drop them."
			}
			if row.Tone == "good" {
				t.Tone = "warn"
			}
			t.What = "keeps " + plural(int(row.Letters), "dead letter") + "."
		case row.Tone == "bad":
			t.Text = sentence(clip(d.Failure, 300))
			t.Act, t.ActPath = "See its migration", at+"/migration"
		default:
			continue
		}
		all = append(all, t)
	}
	slices.SortStableFunc(all, func(a, b trouble) int { return strings.Compare(a.Tone, b.Tone) })
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "warn", Name: "and " + plural(n, "more daemon"), What: "need somebody.", Act: "Show all", ActPath: placeInstances}
	}), nil
}
