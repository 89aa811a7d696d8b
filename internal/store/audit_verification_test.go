package store_test

import (
	"context"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/telemetry"
)

// TestVerificationInTheBackground holds that a check is begun once, goes on by itself, and that what it found is kept.
func TestVerificationInTheBackground(t *testing.T) {
	ctx := context.Background()
	s := newFolder(t).open(t)
	log := openLog(t, s)
	caller := access.Caller{ID: "key_1", Organization: "A", Scopes: access.Scopes{access.AuditRead}}
	if v, err := log.Verification(ctx, caller, ""); err != nil || !v.StartedAt.IsZero() {
		t.Errorf("before the first one Verification = %+v, %v", v, err)
	}
	if _, err := log.BeginVerification(ctx, access.Caller{ID: "key_2", Organization: "A"}, "", audit.Proof{}); err == nil {
		t.Error("who may not read begins a verification")
	}
	for range 3 {
		if err := s.Audit().Append(ctx, audit.Entry{Organization: "A", Action: "test.write", Detail: map[string]string{"n": "1"}}); err != nil {
			t.Fatal(err)
		}
	}
	began, err := log.BeginVerification(ctx, caller, "", audit.Proof{})
	if err != nil || began.Total != 3 || began.By != "key_1" {
		t.Fatalf("BeginVerification = %+v, %v", began, err)
	}
	if err := log.Close(ctx); err != nil { // waits for it
		t.Fatal(err)
	}
	v, err := log.Verification(ctx, caller, "")
	if err != nil || v.FinishedAt.IsZero() || v.Problem == "" && (v.Report == nil || !v.Report.OK() || v.Report.Records != 3 || v.Checked != 3) {
		t.Errorf("after it Verification = %+v, %v", v, err)
	}
	old := audit.Verification{Organization: "A", By: "key_1", StartedAt: time.Now().Add(-time.Hour), SeenAt: time.Now().Add(-time.Minute)}
	if err := s.Audit().KeepVerification(ctx, old); err != nil {
		t.Fatal(err)
	}
	if v, err := log.Verification(ctx, caller, ""); err != nil || v.Running(time.Now()) || v.Problem == "" {
		t.Errorf("of a server that ended Verification = %+v, %v", v, err)
	}
}

// TestRecordsNameTheirRequest holds that what is done within a request is found by its id, and by no part of it.
func TestRecordsNameTheirRequest(t *testing.T) {
	s := newFolder(t).open(t)
	entry := audit.Entry{Organization: "A", Action: "test.write", Detail: map[string]string{"a": "b", "z": "y"}}
	for _, id := range []string{"req_1", "req_12", ""} {
		ctx := context.Background()
		if id != "" {
			ctx = telemetry.WithRequestID(ctx, id)
		}
		if err := s.Audit().Append(ctx, entry); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]int{"req_1": 1, "req_12": 1, "req_": 0, "": 3, "%": 0} {
		got, err := s.Audit().Records(context.Background(), audit.Selection{Organization: "A", Request: id, Limit: 10})
		if err != nil || len(got) != want {
			t.Errorf("Records of the request %q = %d, %v, want %d", id, len(got), err, want)
		}
	}
	if len(entry.Detail) != 2 {
		t.Error("the caller's own detail was changed")
	}
}

// TestVerifyDue holds that chains are checked each day without anybody asking, and that what somebody found wrong is kept.
func TestVerifyDue(t *testing.T) {
	ctx := context.Background()
	s := newFolder(t).open(t)
	hand := clock.NewManual(time.Now())
	log, err := audit.Open(ctx, audit.LogConfig{Store: s.Audit(), Vault: s.Audit(), Clock: hand})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Audit().Append(ctx, audit.Entry{Organization: "A", Action: "test.write"}); err != nil {
		t.Fatal(err)
	}
	caller := access.Caller{ID: "key_1", Organization: "A", Scopes: access.Scopes{access.AuditRead}}
	last := func() audit.Verification {
		t.Helper()
		if err := log.VerifyDue(ctx); err != nil {
			t.Fatal(err)
		}
		v, err := log.Verification(ctx, caller, "")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := last()
	if first.By != audit.System || first.Report == nil || !first.Report.OK() || first.Report.Records != 1 {
		t.Fatalf("VerifyDue left %+v", first)
	}
	hand.Advance(23 * time.Hour)
	if v := last(); !v.StartedAt.Equal(first.StartedAt) {
		t.Errorf("within a day the chain is checked again: %v", v.StartedAt)
	}
	hand.Advance(2 * time.Hour)
	if v := last(); v.StartedAt.Equal(first.StartedAt) {
		t.Error("after a day the chain is not checked again")
	}
	first = audit.Verification{Organization: "A", By: "usr_1", StartedAt: hand.Now().UTC(), SeenAt: hand.Now().UTC(), FinishedAt: hand.Now().UTC(), Report: &audit.Report{Faults: []audit.Fault{{Kind: audit.Rebuilt}}}}
	if err := s.Audit().KeepVerification(ctx, first); err != nil {
		t.Fatal(err)
	}
	hand.Advance(48 * time.Hour)
	if v := last(); v.By != "usr_1" {
		t.Errorf("what somebody found wrong was replaced by %+v", v)
	}
}
