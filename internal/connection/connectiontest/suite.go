package connectiontest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// Subject is an implementation in a fresh state.
type Subject struct {
	Store    connection.Store
	Attempts connection.AttemptStore
	Ledger   connection.Ledger
	// AddDefinition stores a definition of that name in the suite's organization and sandbox, and gives its id.
	AddDefinition func(t *testing.T, name string) string
}

// Where the suite works.
const (
	Organization = "1111111111AAAAAAAAAA1111@AdobeOrg"
	Sandbox      = "prod"

	otherOrganization = "2222222222BBBBBBBBBB2222@AdobeOrg"
)

var start = time.Date(2026, 11, 21, 9, 30, 15, 123456e3, time.UTC)

// Run checks a store of connections.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Subject){
		"a record comes back": testComesBack, "labels": testLabels, "lists": testLists, "changes": testChanges,
		"deleting": testDeleting, "commits": testCommits, "commits at once": testCommitsAtOnce,
		"a new account": testAccount, "a disabled connection": testDisabled, "setbacks": testSetbacks, "due": testDue,
		"claims": testClaims, "claims at once": testClaimsAtOnce, "an unanswered exchange": testUnanswered,
		"attempts": testAttempts, "attempts at once": testAttemptsAtOnce, "sweeping": testSweeping, "history": testHistory,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// equal compares records and attempts, secrets included.
var equal = cmp.Options{
	cmp.Comparer(secret.String.Equal), cmp.Comparer(destination.Fields.Equal), cmpopts.EquateEmpty(),
	cmpopts.EquateApproxTime(0), cmp.Transformer("json", func(o exchange.Output) map[string]string {
		text, err := json.Marshal(o.Value)
		if err != nil {
			text = []byte(err.Error())
		}
		return map[string]string{string(text): map[bool]string{true: "secret", false: "public"}[o.Secret]}
	}),
}

func fields(t *testing.T, password string) destination.Fields {
	t.Helper()
	f, err := destination.NewFields(map[string]any{"host": "eu", "port": json.Number("443"), "tls": true},
		map[string]secret.String{"password": secret.New(password)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func tokens(n string, at time.Time) *exchange.TokenSet {
	return &exchange.TokenSet{
		AccessToken: secret.New("access-" + n), RefreshToken: secret.New("refresh-" + n), TokenType: "Bearer",
		Scope: "read write", IssuedAt: at, ExpiresAt: at.Add(time.Hour), RefreshExpiresAt: at.Add(24 * time.Hour),
		ExpirySource: exchange.ExpiryLifetime, Outputs: map[string]exchange.Output{
			"teamId": {Value: "T-" + n}, "vip": {Value: true}, "userToken": {Value: "hidden-" + n, Secret: true},
		},
	}
}

// record makes an active connection.
func record(t *testing.T, definition, label string) connection.Record {
	t.Helper()
	return connection.Record{
		ID: ident.New("conn"), Organization: Organization, Sandbox: Sandbox, SandboxID: ident.UUID(),
		Definition: definition, Revision: 3, Configuration: 1, Label: label, State: connection.Active,
		Fields: fields(t, "hunter2"), Tokens: tokens("1", start), Generation: 1, Version: 1, Renewable: true,
		Fingerprint: "fp", RefreshAt: start.Add(45 * time.Minute), CreatedBy: "key_1", ReturnURL: "/done",
		CreatedAt: start, UpdatedAt: start, LastRefreshAt: start,
	}
}

func create(t *testing.T, s Subject, r connection.Record, a *connection.Attempt) connection.Record {
	t.Helper()
	if err := s.Store.Create(context.Background(), r, a); err != nil {
		t.Fatalf("Create() = %v", err)
	}
	return find(t, s, r.ID)
}

func find(t *testing.T, s Subject, id string) connection.Record {
	t.Helper()
	r, err := s.Store.Find(context.Background(), connection.Selector{Organization: Organization, ID: id})
	if err != nil {
		t.Fatalf("Find(%s) = %v", id, err)
	}
	return r
}

func testComesBack(t *testing.T, s Subject) {
	ctx := context.Background()
	definition := s.AddDefinition(t, "moviestar")
	full := record(t, definition, "acme")
	full.State, full.Reason, full.Setbacks = connection.Degraded, "could not be reached", 2
	full.LastError = &connection.LastError{
		Kind: exchange.ProviderDown, Code: "timeout", Status: 503, Endpoint: "api.example.com/token",
		Description: "try later", Validation: "status", At: start,
	}
	bare := connection.Record{
		ID: ident.New("conn"), Organization: Organization, Sandbox: Sandbox, Definition: definition, Revision: 1,
		State: connection.PendingAuthorization, Version: 1, CreatedAt: start, UpdatedAt: start,
	}
	for _, want := range []connection.Record{full, bare} {
		got := create(t, s, want, nil)
		want.DefinitionName = "moviestar"
		if diff := cmp.Diff(want, got, equal); diff != "" {
			t.Errorf("a record came back different (-want +got):\n%s", diff)
		}
		for _, where := range []connection.Selector{{ID: want.ID}, {Organization: Organization, ID: want.ID}} {
			if r, err := s.Ledger.Find(ctx, where); err != nil || r.ID != want.ID {
				t.Errorf("Find(%+v) = %v, %v", where, r.ID, err)
			}
		}
	}
	for _, where := range []connection.Selector{
		{Organization: otherOrganization, ID: full.ID}, {ID: ident.New("conn")},
		{Organization: Organization, Sandbox: Sandbox, Label: "nobody"},
		{Organization: otherOrganization, Sandbox: Sandbox, Label: "acme"},
	} {
		if _, err := s.Store.Find(ctx, where); !errors.Is(err, connection.ErrNotFound) {
			t.Errorf("Find(%+v) = %v, want ErrNotFound", where, err)
		}
	}
	full.ID, full.Label, full.Definition = ident.New("conn"), "", ident.New("def")
	if err := s.Store.Create(ctx, full, nil); !errors.Is(err, connection.ErrDefinitionNotFound) {
		t.Errorf("Create() with a definition that is not there = %v", err)
	}
}

func testLabels(t *testing.T, s Subject) {
	ctx := context.Background()
	definition := s.AddDefinition(t, "moviestar")
	first := create(t, s, record(t, definition, "acme"), nil)
	create(t, s, record(t, definition, ""), nil)
	create(t, s, record(t, definition, ""), nil) // no label is no label, as often as you like
	elsewhere := record(t, definition, "acme")
	elsewhere.Sandbox = "stage"
	create(t, s, elsewhere, nil)
	again := record(t, definition, "acme")
	a := attempt(t, &again)
	if err := s.Store.Create(ctx, again, &a); !errors.Is(err, connection.ErrLabelTaken) {
		t.Errorf("Create() with a label that is taken = %v", err)
	}
	if _, err := s.Attempts.AttemptByLink(ctx, a.Link); !errors.Is(err, connection.ErrAttemptUnknown) {
		t.Errorf("the attempt of a connection that was refused is there: %v", err)
	}
	got, err := s.Store.Find(ctx, connection.Selector{Organization: Organization, Sandbox: Sandbox, Label: "acme"})
	if err != nil || got.ID != first.ID {
		t.Errorf("Find() by label = %v, %v, want %v", got.ID, err, first.ID)
	}
}

func testLists(t *testing.T, s Subject) {
	ctx := context.Background()
	one, two := s.AddDefinition(t, "one"), s.AddDefinition(t, "two")
	var all []string // newest first
	for i := range 7 {
		r := record(t, one, "label_"+string(rune('a'+i)))
		if i%2 == 1 {
			r.Definition, r.State = two, connection.Degraded
		}
		r.CreatedAt = start.Add(time.Duration(i/2) * time.Second) // two at a time: the id decides
		all = append([]string{create(t, s, r, nil).ID}, all...)
	}
	hidden := record(t, one, "label_a")
	hidden.Sandbox = "stage"
	create(t, s, hidden, nil)
	list := func(q connection.Selection) (ids []string) {
		q.Organization, q.Sandbox = Organization, Sandbox
		if q.Limit == 0 {
			q.Limit = 100
		}
		found, err := s.Store.List(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		return ids
	}
	for name, c := range map[string]struct {
		query connection.Selection
		want  []string
	}{
		"all":        {connection.Selection{}, all},
		"limit":      {connection.Selection{Limit: 3}, all[:3]},
		"definition": {connection.Selection{Definition: two}, []string{all[1], all[3], all[5]}},
		"by name":    {connection.Selection{Definition: "two"}, []string{all[1], all[3], all[5]}},
		"state":      {connection.Selection{State: connection.Degraded}, []string{all[1], all[3], all[5]}},
		"label":      {connection.Selection{Text: "LABEL_C"}, all[4:5]},
		"id":         {connection.Selection{Text: all[2][5:]}, all[2:3]},
		"pattern":    {connection.Selection{Text: "label%"}, nil},
	} {
		if diff := cmp.Diff(c.want, list(c.query), equal); diff != "" {
			t.Errorf("List(%s) (-want +got):\n%s", name, diff)
		}
	}
	var paged []string
	for before := (connection.Position{}); ; {
		page := list(connection.Selection{Before: before, Limit: 2})
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		last := find(t, s, page[len(page)-1])
		before = connection.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func testChanges(t *testing.T, s Subject) {
	ctx := context.Background()
	definition := s.AddDefinition(t, "moviestar")
	create(t, s, record(t, definition, "taken"), nil)
	r := create(t, s, record(t, definition, "acme"), nil)
	label, back, state := "other", "/elsewhere", connection.Disabled
	at := start.Add(time.Minute)
	change := connection.Change{
		Organization: Organization, ID: r.ID, Version: r.Version, Label: &label, ReturnURL: &back, State: &state,
		Reason: "switched off", At: at,
	}
	if err := s.Store.Change(ctx, change); err != nil {
		t.Fatal(err)
	}
	want := r
	want.Label, want.ReturnURL, want.State, want.Reason, want.RefreshAt = label, back, state, "switched off", time.Time{}
	want.Version, want.UpdatedAt = r.Version+1, at
	if diff := cmp.Diff(want, find(t, s, r.ID), equal); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	taken := "taken"
	for name, c := range map[string]struct {
		change connection.Change
		want   error
	}{
		"an old version":      {change, connection.ErrConflict},
		"a label that is not": {connection.Change{Organization: Organization, ID: r.ID, Version: want.Version, Label: &taken, At: at}, connection.ErrLabelTaken},
		"another's":           {connection.Change{Organization: otherOrganization, ID: r.ID, Version: want.Version, At: at}, connection.ErrNotFound},
		"nothing there":       {connection.Change{Organization: Organization, ID: ident.New("conn"), At: at}, connection.ErrNotFound},
	} {
		if err := s.Store.Change(ctx, c.change); !errors.Is(err, c.want) {
			t.Errorf("Change() of %s = %v, want %v", name, err, c.want)
		}
	}
	if diff := cmp.Diff(want, find(t, s, r.ID), equal); diff != "" {
		t.Errorf("a change that failed changed something (-want +got):\n%s", diff)
	}
	none := ""
	if err := s.Store.Change(ctx, connection.Change{Organization: Organization, ID: r.ID, Version: want.Version, Label: &none, At: at}); err != nil {
		t.Error(err)
	}
	if got := find(t, s, r.ID); got.Label != "" || got.State != connection.Disabled {
		t.Errorf("taking the label away left %q, %v", got.Label, got.State)
	}
}

func testDeleting(t *testing.T, s Subject) {
	ctx := context.Background()
	r := record(t, s.AddDefinition(t, "moviestar"), "acme")
	a := attempt(t, &r)
	create(t, s, r, &a)
	if err := s.Store.Delete(ctx, connection.Deletion{Organization: otherOrganization, ID: r.ID, Version: r.Version}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("Delete() of another's = %v", err)
	}
	r = find(t, s, r.ID)
	gone := connection.Deletion{Organization: Organization, ID: r.ID, Version: r.Version, At: start}
	changed := gone
	changed.Version--
	if err := s.Store.Delete(ctx, changed); !errors.Is(err, connection.ErrConflict) {
		t.Errorf("Delete() of what was changed since it was read = %v", err)
	}
	if err := s.Store.Delete(ctx, gone); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Attempts.AttemptByState(ctx, a.State); !errors.Is(err, connection.ErrAttemptUnknown) {
		t.Errorf("the attempt outlived its connection: %v", err)
	}
	if err := s.Store.Delete(ctx, gone); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("Delete() again = %v", err)
	}
	if err := s.Attempts.OpenAttempt(ctx, a); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("OpenAttempt() without its connection = %v", err)
	}
	create(t, s, record(t, r.Definition, "acme"), nil) // the label is free again
}

func commitOf(r connection.Record, n string, at time.Time) connection.Commit {
	return connection.Commit{
		Organization: r.Organization, ID: r.ID, Generation: r.Generation, Tokens: tokens(n, at), Renewable: true,
		RefreshAt: at.Add(50 * time.Minute), At: at,
	}
}

func testCommits(t *testing.T, s Subject) {
	ctx := context.Background()
	r := record(t, s.AddDefinition(t, "moviestar"), "acme")
	r.State, r.Reason, r.Setbacks = connection.Degraded, "was away", 3
	r.LastError = &connection.LastError{Kind: exchange.BadResponse, At: start}
	r = create(t, s, r, nil)
	at := start.Add(time.Hour)
	standing, applied, err := s.Ledger.Commit(ctx, commitOf(r, "2", at))
	if err != nil || !applied || standing.State != connection.Active || standing.Version != r.Version+1 {
		t.Fatalf("Commit() = %+v, %v, %v", standing, applied, err)
	}
	want := r
	want.Tokens, want.Generation, want.Version, want.State = tokens("2", at), r.Generation+1, r.Version+1, connection.Active
	want.Reason, want.Setbacks, want.LastError = "", 0, nil
	want.RefreshAt, want.UpdatedAt, want.LastRefreshAt = at.Add(50*time.Minute), at, at
	if diff := cmp.Diff(want, find(t, s, r.ID), equal); diff != "" {
		t.Errorf("committed (-want +got):\n%s", diff)
	}
	previous, err := s.Ledger.Previous(ctx, r.Organization, r.ID, r.Generation+1)
	if err != nil || previous == nil || !previous.RefreshToken.Equal(r.Tokens.RefreshToken) {
		t.Errorf("the token set of before is %v, %v", previous, err)
	}
	if _, applied, err := s.Ledger.Commit(ctx, commitOf(r, "late", at)); err != nil || applied {
		t.Errorf("Commit() of an old generation = %v, %v, want nothing to happen", applied, err)
	}
	missing := commitOf(r, "3", at)
	missing.ID = ident.New("conn")
	if _, applied, err := s.Ledger.Commit(ctx, missing); err != nil || applied {
		t.Errorf("Commit() of nothing = %v, %v, want nothing to happen", applied, err)
	}
	if diff := cmp.Diff(want, find(t, s, r.ID), equal); diff != "" {
		t.Errorf("a commit that came late changed something (-want +got):\n%s", diff)
	}
}

func testCommitsAtOnce(t *testing.T, s Subject) {
	ctx := context.Background()
	definition := s.AddDefinition(t, "moviestar")
	var all sync.WaitGroup
	for range 20 {
		r := create(t, s, record(t, definition, ""), nil)
		var won atomic.Int32
		for i := range 8 {
			all.Go(func() {
				_, applied, err := s.Ledger.Commit(ctx, commitOf(r, string(rune('a'+i)), start))
				if err != nil {
					t.Error(err)
				}
				if applied && won.Add(1) > 1 {
					t.Error("two commits of one generation were applied")
				}
			})
		}
	}
	all.Wait()
}

func testAccount(t *testing.T, s Subject) {
	ctx := context.Background()
	r := record(t, s.AddDefinition(t, "moviestar"), "")
	r.State, r.Tokens, r.Generation = connection.PendingAuthorization, nil, 0
	a := attempt(t, &r)
	r = create(t, s, r, &a)
	if err := s.Attempts.UseAttempt(ctx, a.ID, "", start); err != nil {
		t.Fatal(err)
	}
	c := commitOf(r, "1", start)
	c.Attempt = a.ID
	c.Account = &connection.Account{Fields: fields(t, "new password"), Revision: 4, Configuration: 2, Fingerprint: "fp2"}
	if _, applied, err := s.Ledger.Commit(ctx, c); err != nil || !applied {
		t.Fatalf("Commit() = %v, %v", applied, err)
	}
	got := find(t, s, r.ID)
	if !got.Fields.Equal(c.Account.Fields) || got.Revision != 4 || got.Configuration != 2 || got.Fingerprint != "fp2" {
		t.Errorf("the account is not the new one: %+v", got)
	}
	if got.State != connection.Active || got.Generation != 1 || !got.Tokens.AccessToken.Equal(c.Tokens.AccessToken) {
		t.Errorf("the token is not the new account's: %v, generation %d", got.State, got.Generation)
	}
	if previous, err := s.Ledger.Previous(ctx, r.Organization, r.ID, got.Generation); err != nil || previous != nil {
		t.Errorf("another account's tokens are kept: %v, %v", previous, err)
	}
	if ended, err := s.Attempts.AttemptByState(ctx, a.State); err != nil || ended.Outcome != connection.OutcomeDone {
		t.Errorf("the attempt ended as %q, %v", ended.Outcome, err)
	}
	if _, applied, err := s.Ledger.Commit(ctx, commitOf(got, "2", start)); err != nil || !applied {
		t.Fatalf("Commit() = %v, %v", applied, err)
	}
	if after := find(t, s, r.ID); !after.Fields.Equal(c.Account.Fields) {
		t.Error("a renewal changed the fields")
	}
}

func testDisabled(t *testing.T, s Subject) {
	ctx := context.Background()
	r := create(t, s, record(t, s.AddDefinition(t, "moviestar"), ""), nil)
	off := connection.Disabled
	err := s.Store.Change(ctx, connection.Change{
		Organization: Organization, ID: r.ID, Version: r.Version, State: &off, Reason: "off", At: start,
	})
	if err != nil {
		t.Fatal(err)
	}
	standing, applied, err := s.Ledger.Commit(ctx, commitOf(r, "2", start))
	if err != nil || !applied || standing.State != connection.Disabled {
		t.Fatalf("Commit() to a disabled connection = %+v, %v, %v: the token must be kept, the state too", standing, applied, err)
	}
	got := find(t, s, r.ID)
	if got.State != off || got.Reason != "off" || !got.RefreshAt.IsZero() || got.Generation != 2 {
		t.Errorf("committing woke it: %v %q, due %v, generation %d", got.State, got.Reason, got.RefreshAt, got.Generation)
	}
	if _, applied, err := s.Ledger.SetBack(ctx, connection.Setback{ID: r.ID, Generation: 2, State: connection.Degraded, At: start}); err != nil || applied {
		t.Errorf("SetBack() of a disabled connection = %v, %v", applied, err)
	}
}

func testSetbacks(t *testing.T, s Subject) {
	ctx := context.Background()
	r := create(t, s, record(t, s.AddDefinition(t, "moviestar"), ""), nil)
	at := start.Add(time.Minute)
	back := connection.Setback{
		ID: r.ID, Generation: r.Generation, State: connection.Degraded, Reason: "away", Setbacks: 1,
		LastError: &connection.LastError{Kind: exchange.ProviderDown, Code: "timeout", At: at, NotBefore: at.Add(time.Second)}, RefreshAt: at.Add(5 * time.Second), At: at,
	}
	standing, applied, err := s.Ledger.SetBack(ctx, back)
	if err != nil || !applied || standing.State != connection.Degraded || standing.Version != r.Version+1 {
		t.Fatalf("SetBack() = %+v, %v, %v", standing, applied, err)
	}
	want := r
	want.State, want.Reason, want.Setbacks, want.LastError = back.State, back.Reason, 1, back.LastError
	want.RefreshAt, want.UpdatedAt, want.Version = back.RefreshAt, at, standing.Version
	if diff := cmp.Diff(want, find(t, s, r.ID), equal); diff != "" {
		t.Errorf("set back (-want +got):\n%s", diff)
	}
	left := *r.Tokens
	left.RefreshToken = secret.New("rotated")
	back.Organization, back.Tokens = r.Organization, &left
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || !applied {
		t.Errorf("SetBack() = %v, %v", applied, err)
	}
	if got := find(t, s, r.ID); got.Tokens.RefreshToken.Reveal() != "rotated" || got.Generation != r.Generation {
		t.Errorf("generation %d has the refresh token %q, want the one that was left", got.Generation, got.Tokens.RefreshToken.Reveal())
	}
	back.Tokens = nil
	back.Generation--
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || applied {
		t.Errorf("SetBack() of an old generation = %v, %v", applied, err)
	}
	back.Generation, back.State, back.RefreshAt = r.Generation, connection.NeedsReauthorization, time.Time{}
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || !applied {
		t.Errorf("SetBack() = %v, %v", applied, err)
	}
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || applied {
		t.Errorf("SetBack() of a dead grant = %v, %v, want nothing to happen", applied, err)
	}
}

func testDue(t *testing.T, s Subject) {
	ctx := context.Background()
	definition := s.AddDefinition(t, "moviestar")
	var want []connection.Due
	for i := range 5 {
		r := record(t, definition, "")
		r.RefreshAt = start.Add(time.Duration(i) * time.Minute)
		want = append(want, connection.Due{ID: create(t, s, r, nil).ID, At: r.RefreshAt})
	}
	never := record(t, definition, "")
	never.RefreshAt = time.Time{}
	create(t, s, never, nil)
	for limit, n := range map[int]int{10: 3, 2: 2} {
		got, err := s.Ledger.Due(ctx, start.Add(150*time.Second), limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:n], got, equal); diff != "" {
			t.Errorf("Due(limit %d) (-want +got):\n%s", limit, diff)
		}
	}
}
