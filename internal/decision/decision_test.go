package decision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/decision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const org = "1111111111AAAAAAAAAA1111@AdobeOrg"

var start = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// memory is a store in memory. A flush comes on the clock's goroutine, so it has a lock.
type memory struct {
	mu      sync.Mutex
	rows    map[string]decision.Decision
	writes  int
	failure error
}

func (m *memory) KeepDecisions(_ context.Context, rows []decision.Decision, _ int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	m.writes++
	for _, r := range rows {
		m.rows[r.ID] = r
	}
	return nil
}

func (m *memory) Decisions(_ context.Context, q decision.Query) ([]decision.Decision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []decision.Decision
	for _, r := range m.rows {
		if r.Organization == q.Organization && (q.Credential == "" || q.Credential == r.Credential) && (q.DebugID == "" || slices.Contains(r.DebugIDs, q.DebugID)) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b decision.Decision) int { return strings.Compare(b.ID, a.ID) })
	return out, nil
}

func (m *memory) ForgetDecisions(_ context.Context, before time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, r := range m.rows {
		if r.LastAt.Before(before) {
			delete(m.rows, id)
		}
	}
	return false, nil
}

type desk struct {
	testing.TB
	log   *decision.Log
	store *memory
	clock *clock.Manual
	lines *bytes.Buffer
	next  int
}

func newDesk(t testing.TB) *desk {
	d := &desk{TB: t, store: &memory{rows: map[string]decision.Decision{}}, clock: clock.NewManual(start), lines: &bytes.Buffer{}}
	d.log = decision.Open(decision.Config{Store: d.store, Clock: d.clock, Log: slog.New(slog.NewTextHandler(d.lines, nil))})
	t.Cleanup(func() {
		if err := d.log.Close(context.Background()); err != nil && d.store.failure == nil {
			t.Error(err)
		}
	})
	return d
}

// refuse reports one of a credential, with an error, from a place.
func (d *desk) refuse(credential, code, place string) {
	d.next++
	r := decision.Decision{Credential: credential, ClientID: credential, Code: code, Says: "No.", Place: place, DebugIDs: []string{fmt.Sprint("debug-", d.next)}}
	if credential != "" {
		r.Organization = org
	}
	d.log.Refused(d.Context(), r)
}

func (d *desk) flushed() []decision.Decision {
	d.Helper()
	if err := d.log.Flush(d.Context()); err != nil {
		d.Fatal(err)
	}
	all, _ := d.store.Decisions(d.Context(), decision.Query{Organization: org})
	slices.Reverse(all)
	return all
}

// TestAlike counts what is alike within a minute, and begins a new row after it.
func TestAlike(t *testing.T) {
	d := newDesk(t)
	for range 100 {
		d.refuse("one", "invalid_token", "192.0.2.1")
	}
	d.refuse("one", "invalid_scope", "192.0.2.1")
	d.refuse("one", "invalid_token", "192.0.2.2")
	d.refuse("", "invalid_client", "192.0.2.3")
	got := d.flushed()
	if len(got) != 3 || got[0].Count != 100 || got[1].Count != 1 || got[2].Count != 1 {
		t.Fatalf("there are %+v, want three rows, of which the first counts 100", got)
	}
	if len(got[0].DebugIDs) != decision.MaxDebugIDs || got[0].DebugIDs[0] != "debug-1" {
		t.Errorf("debug ids %v, want the first %d", got[0].DebugIDs, decision.MaxDebugIDs)
	}
	d.clock.Advance(61 * time.Second)
	d.refuse("one", "invalid_token", "192.0.2.1")
	if got := d.flushed(); len(got) != 4 || got[0].Count != 100 || got[3].Count != 1 || !got[3].FirstAt.Equal(start.Add(61*time.Second)) {
		t.Errorf("after a minute there are %+v, want a new row", got)
	}
	lines := d.lines.String()
	if n := strings.Count(lines, `msg="no token is given"`); n != 5 {
		t.Errorf("the server's log has %d lines of refusals, want one for each row, the unknown client's too\n%s", n, lines)
	}
	if !strings.Contains(lines, `msg="no token is given, again" times=99`) {
		t.Errorf("the server's log does not count\n%s", lines)
	}
}

// TestCauses tells causes apart of which the client is told the same.
func TestCauses(t *testing.T) {
	d := newDesk(t)
	for i := range 6 {
		d.log.Refused(t.Context(), decision.Decision{
			Organization: org, Credential: "one", Code: "invalid_grant", Says: "No.", Place: "192.0.2.1", DebugIDs: []string{fmt.Sprint(i)},
			Reasons: decision.Reasons([]any{"reason", []string{"it has ended", "another key"}[i%2], "clock", i}),
		})
	}
	if got := d.flushed(); len(got) != 2 || got[0].Count != 3 || got[1].Reasons[1].Value != "5" || got[1].Reasons[0].Value != "another key" {
		t.Errorf("there are %+v, want a row for each cause, with what was last", got)
	}
}

// TestAttack holds memory, rows and the server's log within bounds, while somebody guesses from many places.
func TestAttack(t *testing.T) {
	d := newDesk(t)
	for i := range 5000 {
		d.refuse("attacked", "invalid_client", fmt.Sprintf("2001:db8::%x", i))
	}
	got := d.flushed()
	if len(got) != decision.MaxOpen+1 {
		t.Fatalf("%d rows, want %d places and one for all others", len(got), decision.MaxOpen)
	}
	last := got[len(got)-1]
	if last.Count != 5000-decision.MaxOpen || last.Place != "" {
		t.Errorf("the last row is %+v, want the rest from many places", last)
	}
	for i := range 10_000 {
		d.refuse(fmt.Sprint("many-", i), "invalid_client", "192.0.2.1")
	}
	if got := d.flushed(); len(got) > 4096+2*decision.MaxOpen {
		t.Errorf("%d rows were kept of a minute", len(got))
	}
	if n := strings.Count(d.lines.String(), "\n"); n > 125 {
		t.Errorf("the server's log got %d lines", n)
	}
}

// TestUnknown keeps nothing of clients that nobody has.
func TestUnknown(t *testing.T) {
	d := newDesk(t)
	for i := range 1000 {
		d.refuse("", "invalid_client", fmt.Sprint("192.0.2.", i))
	}
	if got := d.flushed(); len(got) != 0 || d.store.writes != 0 {
		t.Errorf("%+v is kept", got)
	}
	if n := strings.Count(d.lines.String(), "\n"); n > decision.MaxOpen+1 {
		t.Errorf("the server's log got %d lines", n)
	}
}

// TestBackground writes within seconds, goes on after a failure, and lets go of what is old.
func TestBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{rows: map[string]decision.Decision{}, failure: errors.New("the disk is full")}
		log := decision.Open(decision.Config{Store: store})
		refuse := func() {
			log.Refused(t.Context(), decision.Decision{Organization: org, Credential: "one", Code: "invalid_token", DebugIDs: []string{"d"}})
		}
		refuse()
		time.Sleep(2 * time.Minute) // the window is over before the store has room again
		refuse()
		store.mu.Lock()
		store.failure = nil
		store.mu.Unlock()
		time.Sleep(6 * time.Second)
		all, _ := store.Decisions(t.Context(), decision.Query{Organization: org})
		if len(all) != 2 || all[0].Count != 1 || all[1].Count != 1 {
			t.Errorf("after failed writings %+v is kept, want both rows", all)
		}
		time.Sleep(decision.Kept + time.Hour)
		if all, _ := store.Decisions(t.Context(), decision.Query{Organization: org}); len(all) != 0 {
			t.Errorf("what is old is still there: %+v", all)
		}
		refuse()
		if err := log.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if all, _ := store.Decisions(t.Context(), decision.Query{Organization: org}); len(all) != 1 {
			t.Errorf("what came last is not written at the end: %+v", all)
		}
	})
}

// TestClean takes out what may be a secret, wherever a client has put it, and bounds every text.
func TestClean(t *testing.T) {
	const password = "s3cr3t-of-another-form"
	hidden := []string{"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", "p8e-ABCDEFGH12345678", "lk_ABCDEFGHIJKLMNOPQRSTUVWX", password}
	d := newDesk(t)
	for i, text := range hidden {
		d.log.Refused(t.Context(), decision.Decision{
			Organization: org, Credential: fmt.Sprint(i), Code: "invalid_scope", Says: "No.", Agent: "agent " + text, Grant: text, Hide: []string{password},
			Reasons: decision.Reasons([]any{"not_allowed", []any{"a", text, "b"}, "long", strings.Repeat("é", 1000) + text, "list", []string{}}), DebugIDs: []string{"d"},
		})
	}
	for _, row := range d.flushed() {
		text := fmt.Sprintf("%+v", row)
		for _, secret := range hidden {
			if strings.Contains(text, secret) || strings.Contains(text, secret[:12]) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
		if want := (decision.Reason{Name: "not_allowed", Value: "a, (left out), b"}); row.Reasons[0] != want {
			t.Errorf("reasons %+v, want %+v first", row.Reasons, want)
		}
		if n := len(row.Reasons[1].Value); n > 310 || row.Reasons[2].Value != "none" || row.Hide != nil {
			t.Errorf("a long text has %d bytes; %+v", n, row)
		}
	}
	if lines := d.lines.String(); strings.Contains(lines, password) || strings.Contains(lines, "eyJh") {
		t.Errorf("a secret is in the server's log\n%s", lines)
	}
}

// TestReasons writes values for people.
func TestReasons(t *testing.T) {
	got := decision.Reasons([]any{"n", 3, "d", time.Minute, "s", []string{"a", "b"}, "odd"})
	want := []decision.Reason{{Name: "n", Value: "3"}, {Name: "d", Value: "1m0s"}, {Name: "s", Value: "a, b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRights lets Developers and System Administrators read their own organization's, and nobody else.
func TestRights(t *testing.T) {
	d := newDesk(t)
	d.refuse("cred-1", "invalid_token", "192.0.2.1")
	decisions := decision.NewDecisions(d.log, func(_ context.Context, _ access.Caller, ref string) (string, error) { return "cred-" + ref, nil })
	for _, c := range []struct {
		name   string
		caller access.Caller
		may    bool
	}{
		{"administrator", access.Caller{Organization: org, Role: access.SystemAdministrator, Scopes: access.Scopes{access.Admin}}, true},
		{"developer", access.Caller{Organization: org, Role: access.Developer, Scopes: access.Scopes{access.RegistryWrite}}, true},
		{"key that writes", access.Caller{Organization: org, Scopes: access.Scopes{access.RegistryWrite}}, true},
		{"viewer", access.Caller{Organization: org, Role: access.Viewer, Scopes: access.Scopes{access.Admin}}, false},
		{"key that reads", access.Caller{Organization: org, Scopes: access.Scopes{access.RegistryRead}}, false},
		{"key of a sandbox", access.Caller{Organization: org, Sandbox: "prod", Scopes: access.Scopes{access.Admin}}, false},
	} {
		_, one := decisions.Explain(t.Context(), c.caller, "debug-1")
		_, of := decisions.Of(t.Context(), c.caller, "1", "", 10)
		_, all := decisions.All(t.Context(), c.caller, "", 10)
		for _, err := range []error{one, of, all} {
			if _, denied := errors.AsType[*access.DeniedError](err); denied == c.may || c.may && err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
	other := access.Caller{Organization: "another", Scopes: access.Scopes{access.Admin}}
	if _, err := decisions.Explain(t.Context(), other, "debug-1"); !errors.Is(err, decision.ErrUnknown) {
		t.Errorf("another organization gets %v", err)
	}
}

// TestAdvice has something to say about every refusal.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		of   decision.Decision
		want string
	}{
		{decision.Decision{Code: "invalid_token", Says: "The JWT has expired."}, "Sign a JWT for each exchange"},
		{decision.Decision{Code: "invalid_scope", Says: "Other words."}, "Ask for scopes that are in"},
		{decision.Decision{Code: "something_new"}, "Compare what the client sends"},
		{decision.Decision{Code: "invalid_client", Reasons: []decision.Reason{{Name: "fix", Value: "take the quotes away"}}}, "Take the quotes away."},
	} {
		if got := c.of.Advice(); !strings.HasPrefix(got, c.want) {
			t.Errorf("Advice of %+v = %q, want %q", c.of, got, c.want)
		}
	}
}
