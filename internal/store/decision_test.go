package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/decision"
	"latchkey/internal/ident"
)

func TestDecisions(t *testing.T) { onBoth(t, testDecisions) }

func testDecisions(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept := t.Context(), s.Decisions()
	one, other := c.jwt(t, "One"), c.jwt(t, "Other")
	now := c.hand.Now()
	row := func(credential, client string, n int) decision.Decision {
		return decision.Decision{
			ID: ident.New("dec"), Organization: c.admin.Organization, Credential: credential, ClientID: client, Grant: "exchange_jwt", Path: "/ims/exchange/jwt",
			Code: "invalid_token", Says: "The JWT has expired.", Reasons: []decision.Reason{{Name: "delta", Value: "-1h0m0s"}}, Place: "192.0.2.7", Agent: "curl/8",
			Count: 1, FirstAt: now, LastAt: now.Add(time.Duration(n) * time.Second), DebugIDs: []string{fmt.Sprintf("%s-%d", client[:8], n)},
		}
	}
	var rows []decision.Decision
	for n := range 5 {
		rows = append(rows, row(one.ID, one.ClientID, n))
	}
	gone := row("4000000000000000000", "nobody-there", 1)
	if err := kept.KeepDecisions(ctx, append(slices.Clone(rows), gone, row(other.ID, other.ClientID, 1)), 3); err != nil {
		t.Fatal(err)
	}
	read := func(q decision.Query) []decision.Decision {
		t.Helper()
		q.Organization = c.admin.Organization
		if q.Limit == 0 {
			q.Limit = 100
		}
		all, err := kept.Decisions(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	want := []decision.Decision{rows[4], rows[3], rows[2]}
	if diff := cmp.Diff(want, read(decision.Query{Credential: one.ID})); diff != "" {
		t.Errorf("the newest three, the newest first (-want +got):\n%s", diff)
	}
	if got := read(decision.Query{}); len(got) != 4 || got[0].Credential != other.ID {
		t.Errorf("the organization has %d, want 4: that of a credential that is not there is passed over", len(got))
	}
	if got := read(decision.Query{Before: rows[4].ID, Limit: 1}); len(got) != 1 || got[0].ID != rows[3].ID {
		t.Errorf("behind %s comes %+v", rows[4].ID, got)
	}
	counted := rows[4]
	counted.Count, counted.LastAt, counted.DebugIDs = 7, now.Add(time.Minute), append(counted.DebugIDs, "another")
	if err := kept.KeepDecisions(ctx, []decision.Decision{counted}, 3); err != nil {
		t.Fatal(err)
	}
	for _, id := range counted.DebugIDs {
		got := read(decision.Query{DebugID: id})
		if len(got) != 1 || got[0].Count != 7 || len(got[0].DebugIDs) != 2 || !got[0].LastAt.Equal(counted.LastAt) {
			t.Errorf("the debug id %s gives %+v", id, got)
		}
	}
	if got, err := kept.Decisions(ctx, decision.Query{Organization: "another", DebugID: "another", Limit: 1}); err != nil || len(got) != 0 {
		t.Errorf("another organization gets %+v, %v", got, err)
	}
	more, err := kept.ForgetDecisions(ctx, now.Add(4*time.Second))
	if err != nil || more || len(read(decision.Query{})) != 1 {
		t.Errorf("forgetting: more %v, %v, left %+v", more, err, read(decision.Query{}))
	}
	if err := c.credentials.Delete(ctx, c.admin, one.ID); err != nil {
		t.Fatal(err)
	}
	if got := read(decision.Query{DebugID: "another"}); len(got) != 0 {
		t.Errorf("after the credential's end there is %+v", got)
	}
}
