package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/revocation"
	"latchkey/internal/secret"
)

func TestRevocations(t *testing.T) { onBoth(t, testRevocations) }

// testRevocations follows a job from the deletion of its connection to its end, with a second node beside.
func testRevocations(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	s := f.open(t)
	q := s.Revocations()
	org := connectiontest.Organization
	definition := addDefinition(t, s, org, connectiontest.Sandbox, "moviestar")
	r := newRecord(t, definition, "acme")
	if err := s.Connections().Create(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	r, err := s.Connections().Find(ctx, connection.Selector{ID: r.ID})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	asked := connection.Revocation{
		ID: ident.New("rev"), Organization: org, Sandbox: r.Sandbox, SandboxID: r.SandboxID, Connection: r.ID, Label: r.Label, Definition: definition,
		DefinitionName: "moviestar", Revision: 1, Host: "api.moviestar.com", Fields: r.Fields, Tokens: &exchange.TokenSet{
			AccessToken: secret.New("the access token"), RefreshToken: secret.New("the refresh token"), IssuedAt: now,
		}, CreatedBy: "key_1", DeletedBy: "key_2", CreatedAt: now,
	}
	gone := connection.Deletion{Organization: org, ID: r.ID, Version: r.Version, Revocation: &asked, At: now}
	late := gone
	late.Version++
	if err := s.Connections().Delete(ctx, late); !errors.Is(err, connection.ErrConflict) {
		t.Fatalf("Delete() of another version = %v", err)
	}
	if jobs, _, err := q.Claim(ctx, now, now.Add(time.Minute), 9); err != nil || len(jobs) != 0 {
		t.Fatalf("a deletion that failed queued %v, %v", jobs, err)
	}
	if err := s.Connections().Delete(ctx, gone); err != nil {
		t.Fatal(err)
	}
	used := &destination.InUseError{}
	if err := s.Definitions().Delete(ctx, definition, audit.Entry{}); !errors.As(err, &used) || used.Revocations != 1 {
		t.Errorf("deleting the definition that a grant is revoked by: %v", err)
	}
	if jobs, next, err := q.Claim(ctx, now.Add(-time.Second), now, 9); err != nil || len(jobs) != 0 || !next.Equal(now) {
		t.Errorf("before it is due: %v, next %v, %v", jobs, next, err)
	}
	jobs, _, err := q.Claim(ctx, now, now.Add(time.Minute), 9)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("Claim() = %v, %v", jobs, err)
	}
	if diff := cmp.Diff(asked, jobs[0].Revocation, cmp.Comparer(secret.String.Equal), cmp.Comparer(destination.Fields.Equal)); diff != "" {
		t.Errorf("the job came back different (-want +got):\n%s", diff)
	}
	if again, _, err := q.Claim(ctx, now, now.Add(time.Minute), 9); err != nil || len(again) != 0 {
		t.Errorf("claimed twice: %v, %v", again, err)
	}
	failure := &revocation.Failure{Class: "provider_down", Status: 503, At: now}
	if err := q.Finish(ctx, revocation.Outcome{Job: jobs[0], State: revocation.Waiting, DueAt: now.Add(time.Hour), At: now, Last: failure, Counted: true}); err != nil {
		t.Fatal(err)
	}
	if err := q.Finish(ctx, revocation.Outcome{Job: jobs[0], State: revocation.Revoked, At: now, Counted: true}); err != nil { // late
		t.Fatal(err)
	}
	listed, err := q.List(ctx, revocation.Selection{Organization: org, State: revocation.Waiting, Limit: 5})
	if err != nil || len(listed) != 1 || listed[0].Attempts != 1 || !listed[0].DueAt.Equal(now.Add(time.Hour)) || listed[0].Tokens != nil {
		t.Fatalf("List() = %+v, %v", listed, err)
	}
	if diff := cmp.Diff(failure, listed[0].Last); diff != "" {
		t.Errorf("the last failure (-want +got):\n%s", diff)
	}
	jobs, _, err = q.Claim(ctx, now.Add(2*time.Hour), now.Add(3*time.Hour), 9)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("Claim() an hour later = %v, %v", jobs, err)
	}
	told := event.New(event.ConnectionNotRevoked, org, r.ID, now, map[string]any{"provider": "api.moviestar.com"}).In(r.Sandbox)
	if err := q.Finish(ctx, revocation.Outcome{Job: jobs[0], State: revocation.Failed, At: now, Last: failure, Events: []event.Event{told}, Counted: true}); err != nil {
		t.Fatal(err)
	}
	if standing, err := q.Standing(ctx); err != nil || standing.Failed != 1 || standing.Waiting != 0 {
		t.Errorf("Standing() = %+v, %v", standing, err)
	}
	retried := audit.Entry{At: now, Organization: org, Actor: "key_1", Action: "revocation.retry", Subject: asked.ID}
	if err := q.Retry(ctx, connectiontest.Sandbox, asked.ID, now, retried); !errors.Is(err, revocation.ErrNotFound) {
		t.Errorf("Retry() of another organization's = %v", err)
	}
	if err := q.Retry(ctx, org, asked.ID, now, retried); err != nil {
		t.Fatal(err)
	}
	if jobs, _, err = q.Claim(ctx, now, now.Add(time.Minute), 9); err != nil || len(jobs) != 1 || jobs[0].Attempts != 0 || jobs[0].Tokens.RefreshToken.Reveal() != "the refresh token" {
		t.Fatalf("after Retry() there is %+v, %v", jobs, err)
	}
	if err := q.Finish(ctx, revocation.Outcome{Job: jobs[0], State: revocation.Revoked, At: now, Counted: true}); err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	db := f.raw(t)
	if err := db.QueryRowContext(ctx, `SELECT sealed FROM revocations`).Scan(&sealed); err != nil || sealed != nil {
		t.Errorf("what is revoked keeps its secrets: %d bytes, %v", len(sealed), err)
	}
	if err := q.Retry(ctx, org, asked.ID, now, retried); !errors.Is(err, revocation.ErrState) {
		t.Errorf("Retry() of what is revoked = %v", err)
	}
	if err := s.Definitions().Delete(ctx, definition, audit.Entry{At: now, Organization: org, Actor: "key_1", Action: "definition.delete", Subject: definition}); err != nil {
		t.Errorf("deleting the definition when all is revoked: %v", err)
	}
	if n, err := q.Prune(ctx, now, 10); err != nil || n != 0 {
		t.Errorf("Prune() of what has just ended = %d, %v", n, err)
	}
	if n, err := q.Prune(ctx, now.Add(time.Hour), 10); err != nil || n != 1 {
		t.Errorf("Prune() = %d, %v", n, err)
	}
	if _, err := q.Find(ctx, org, asked.ID); !errors.Is(err, revocation.ErrNotFound) {
		t.Errorf("Find() of what was pruned = %v", err)
	}
}

// TestRevocationIsSealed looks for the tokens in the file.
func TestRevocationIsSealed(t *testing.T) {
	ctx := context.Background()
	f := newFolder(t)
	s := f.open(t)
	r := newRecord(t, addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar"), "")
	if err := s.Connections().Create(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	asked := connection.Revocation{ID: ident.New("rev"), Organization: r.Organization, Connection: r.ID, Tokens: &exchange.TokenSet{
		AccessToken: secret.New("never-in-the-clear"), IssuedAt: r.CreatedAt}, CreatedAt: r.CreatedAt}
	if err := s.Connections().Delete(ctx, connection.Deletion{Organization: r.Organization, ID: r.ID, Version: 1, Revocation: &asked}); err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	if err := f.raw(t).QueryRowContext(ctx, `SELECT sealed FROM revocations`).Scan(&sealed); err != nil || len(sealed) == 0 {
		t.Fatalf("nothing is kept: %v", err)
	}
	if bytes.Contains(sealed, []byte("never-in-the-clear")) {
		t.Error("a token stands in the queue in the clear")
	}
}
