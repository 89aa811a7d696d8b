package web

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/calendar"
	"latchkey/internal/connection"
	"latchkey/internal/expiry"
	"latchkey/internal/provider"
	"latchkey/internal/revocation"
)

// What needs somebody among what is held for others: connections, their providers, what ends, grants to be revoked.

func connectionTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	var all []trouble
	owners, err := v.imsOwners(ctx)
	if err != nil {
		return nil, err
	}
	found, err := v.Connections.Troubled(ctx, v.caller)
	if err != nil {
		return nil, err
	}
	for _, state := range []connection.State{connection.NeedsReauthorization, connection.Degraded} {
		n := found[v.sandbox][state]
		if n == 0 {
			continue
		}
		first, err := v.Connections.List(ctx, v.caller, connection.Query{Sandbox: v.sandbox, State: state, Limit: perRoom})
		if err != nil {
			return nil, err
		}
		for _, c := range first.Items {
			all = append(all, v.connectionTrouble(c, owners[c.ID]))
		}
		if more := n - len(first.Items); more > 0 {
			all = append(all, v.moreConnections(state, more))
		}
	}
	return all, nil
}

// imsOwners gives the names of IMS configurations by the connections that hold their tokens.
func (v *visit) imsOwners(ctx context.Context) (map[string]string, error) {
	configurations, err := v.IMS.List(ctx, v.caller, v.sandbox)
	owners := map[string]string{}
	for i := range configurations {
		owners[configurations[i].Connection] = configurations[i].Name
	}
	return owners, err
}

func (v *visit) connectionTrouble(c connection.Connection, ims string) trouble {
	name := cmp.Or(c.Label, c.ID)
	at := v.leads("/connections/" + url.PathEscape(c.ID))
	t := trouble{Tone: "bad", Name: name, Before: c.DefinitionName + " · ", Path: v.inSandbox(at), Since: c.UpdatedAt, What: "lost its consent.",
		Act: "Connect again", ActPath: v.inSandbox(at), Command: v.Program + " connection reauthorize " + name,
		Text: sentence(c.StateReason) + " " + v.tokenLeft(c) + " Somebody has to consent again."}
	if c.State == connection.Degraded {
		t.Tone, t.What, t.Act = "warn", "gets no new token.", "See why"
		t.Text, t.Command = sentence(c.StateReason)+" "+v.tokenLeft(c)+" Latchkey goes on trying.", v.Program+" connection refresh "+name
	}
	if c.LastError != nil {
		code := c.LastError.Code
		if c.LastError.Status != 0 {
			code = strings.TrimSpace(fmt.Sprint(c.LastError.Status, " ", code))
		}
		if code != "" && !strings.Contains(t.Text, c.LastError.Code) {
			t.Text = "The provider answered " + code + ". " + t.Text
		}
	}
	if ims != "" {
		t.Before, t.Name, t.Path = "IMS configuration ", ims, v.inSandbox("/ims-configurations/"+url.PathEscape(ims))
		t.Act, t.ActPath, t.Command = "Check Health", v.inSandbox("/ims-configurations/"+url.PathEscape(ims)+"/check"), ""
		t.What = "gets no token."
	}
	return t.untyped()
}

// untyped leaves the command out where a page does the same.
func (t trouble) untyped() trouble {
	if t.ActPath != "" {
		t.Command = ""
	}
	return t
}

// tokenLeft says what becomes of callers.
func (v *visit) tokenLeft(c connection.Connection) string {
	now := v.Clock.Now()
	switch {
	case c.Generation == 0:
		return ""
	case c.ExpiresAt.IsZero():
		return "Its last token has no known end, and is given on."
	case c.ExpiresAt.After(now):
		return "Its last token works for another " + short(c.ExpiresAt.Sub(now)) + "; after that, calls fail."
	}
	return "Its last token has ended, so calls fail."
}

func (v *visit) moreConnections(state connection.State, n int) trouble {
	t := trouble{Tone: "bad", Name: plural(n, "more connection"), What: "lost consent.", ActPath: v.leads("/connections?state=" + string(state)), Act: "Show all"}
	if state == connection.Degraded {
		t.Tone, t.What = "warn", "without a new token."
	}
	return t
}

// otherSandboxes is in how many more sandboxes is looked.
const otherSandboxes = 20

func sandboxTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	if v.caller.Sandbox != "" {
		return nil, nil
	}
	sandboxes, err := v.Directory.Sandboxes(ctx, v.caller)
	if err != nil {
		return nil, err
	}
	found, err := v.Connections.Troubled(ctx, v.caller)
	if err != nil {
		return nil, err
	}
	var all []trouble
	for _, s := range sandboxes[:min(len(sandboxes), otherSandboxes)] {
		if s.Name == v.sandbox {
			continue
		}
		t := trouble{Tone: "warn", Before: "The sandbox ", Name: s.Name, Path: "/?sandbox=" + url.QueryEscape(s.Name), ActPath: "/?sandbox=" + url.QueryEscape(s.Name), Act: "Look there"}
		for _, state := range []connection.State{connection.Degraded, connection.NeedsReauthorization} {
			if n := found[s.Name][state]; n > 0 {
				t.What = "has " + plural(n, "connection") + " that " + map[bool]string{true: "gets", false: "get"}[n == 1] + " no new token."
				if state == connection.NeedsReauthorization {
					t.Tone, t.What = "bad", "has "+plural(n, "connection")+" that lost "+map[bool]string{true: "its", false: "their"}[n == 1]+" consent."
				}
			}
		}
		if t.What != "" {
			all = append(all, t)
		}
	}
	return all, nil
}

func providerTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	found, err := v.Providers.List(v.caller, provider.Query{})
	if err != nil {
		return nil, err
	}
	var all []trouble
	for _, s := range found {
		at := v.leads("/settings/providers/"+url.PathEscape(string(s.Host)), "/settings/providers")
		if s.State == provider.Down || s.State == provider.Probing {
			t := trouble{Tone: "bad", Before: "The provider ", Name: string(s.Host), What: "does not answer.", Path: at, Since: s.Since, Act: "See the provider", ActPath: at,
				Text: "Tokens that have not ended are given on. Latchkey tries again " + ago(s.ProbeAt, v.Clock.Now()) + ".", Command: v.Program + " provider resume " + string(s.Host)}
			if s.LastFailure.Class != 0 {
				t.Text = "The last call failed: " + s.LastFailure.String() + ". " + t.Text
			}
			all = append(all, t.untyped())
		}
		for _, i := range s.Incidents {
			fix := v.leads("/definitions/" + url.PathEscape(i.Definition))
			all = append(all, trouble{Tone: "bad", Before: "The provider ", Name: string(s.Host), What: "refuses the client " + i.Client + ".", Path: at, Since: i.OpenedAt,
				Text: "It answered " + i.Last.String() + ". " + plural(i.Held, "connection") + " wait. Compare client id and secret in the definition with what the provider has.",
				Act:  "Look at the definition", ActPath: v.inSandbox(fix), Command: v.Program + " provider show " + string(s.Host)}.untyped())
		}
	}
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "bad", Name: "and " + plural(n, "more provider"), What: "fail.", Act: "Show all", ActPath: v.leads("/settings/providers")}
	}), nil
}

func endingTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	const most = 100
	found, err := v.Calendar.List(ctx, v.caller, calendar.Ask{Within: soon, Attention: true, Limit: most})
	if err != nil {
		return nil, err
	}
	var all []trouble
	for _, e := range found {
		row := v.endingRow(e)
		t := trouble{Tone: cmp.Or(row.Tone, "warn"), Before: "The " + row.KindWords + " of ", Name: e.Name, What: "ends " + row.When + ".", Path: row.Path,
			Text: sentence(row.Do), Act: renewWords(e.Kind), ActPath: row.Path, Command: row.Command}
		if e.Kind == expiry.APIKey || e.Kind == expiry.RootKey {
			t.Before = "The " + row.KindWords + " "
		}
		if e.Ends.Before(v.Clock.Now()) {
			t.What = row.When + "."
		}
		all = append(all, t.untyped())
	}
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "warn", Name: "and " + many(n, most-perRoom, "more thing"), What: "end within 14 days.", Act: "Show all", ActPath: placeCalendar + "?days=14"}
	}), nil
}

// renewWords name the act that moves an end.
func renewWords(k expiry.Kind) string {
	switch k {
	case expiry.Certificate:
		return "Rotate certificate"
	case expiry.RefreshToken, expiry.AccessToken:
		return "Connect again"
	case expiry.APIKey:
		return "Make a new key"
	case expiry.RootKey:
		return "Rotate the root key"
	}
	return "Renew"
}

func revocationTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	const most = 100
	found, err := v.Revocations.List(ctx, v.caller, revocation.Selection{Sandbox: v.sandbox, State: revocation.Failed, Limit: most})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return []trouble{trouble{Tone: "warn", Name: many(len(found), most, "grant"), What: "could not be revoked at the provider.", Since: found[0].EndedAt, Path: v.leads("/settings/revocations"),
		Text: "The connections are gone, and the provider may still honour their tokens: " + sentence(found[0].Last.String()) + " Revoke them there, or try again.",
		Act:  "See which", ActPath: v.leads("/settings/revocations"), Command: v.Program + " revocation list --state failed"}.untyped()}, nil
}

func rootKeyTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	if err := v.caller.Require(access.Admin); err != nil || v.caller.Sandbox != "" {
		return nil, err
	}
	r, err := v.RootKeys.Rotation(ctx)
	if err != nil || r.StartedAt.IsZero() || !r.FinishedAt.IsZero() {
		return nil, err
	}
	t := trouble{Tone: "warn", Name: "The rotation of the root key", What: "is under way.", Since: r.StartedAt, Path: v.leads("/settings/root-key"),
		Text: fmt.Sprintf("%d of %d data keys are wrapped anew.", r.Done, r.Total), Command: v.Program + " keys status"}
	if r.Problem != "" {
		t.Tone, t.What, t.Text = "bad", "does not go on.", sentence(r.Problem)+" "+t.Text
	} else if v.Clock.Now().Sub(r.StartedAt) < rotationPatience {
		return nil, nil
	}
	t.Act, t.ActPath = "See its progress", t.Path
	return []trouble{t.untyped()}, nil
}
