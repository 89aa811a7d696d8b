package audit_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"latchkey/internal/audit"
)

var first = audit.Entry{
	At: time.Date(2026, 11, 21, 9, 30, 0, 123456000, time.UTC), Organization: "1111111111AAAAAAAAAA1111@AdobeOrg", Actor: "key_1",
	Action: "connection.refresh", Subject: "conn_1", Generation: 7, Detail: map[string]string{"token": "hash", "attempt": "att_1"},
}

// TestHashIsStable holds the canonical encoding: chains that were made with it are verified for ever.
func TestHashIsStable(t *testing.T) {
	one := first.Follow(0, audit.Hash{})
	two := audit.Entry{At: first.At, Action: "é", Detail: map[string]string{}}.Follow(one.Sequence, one.Hash)
	for _, c := range []struct {
		record audit.Record
		want   string
	}{
		{one, "e127d50fef067852f9f8127c5419389cc581d15384082d269daaa547b59d6ac3"},
		{two, "231ace914c0c5938a29a5fb8e9346c25e4ec17bc35e1247a40bb7025934223e6"},
	} {
		if got := c.record.Hash.String(); got != c.want {
			t.Errorf("the hash of record %d = %s, want %s", c.record.Sequence, got, c.want)
		}
	}
}

// TestEveryMemberIsInTheHash changes one after the other.
func TestEveryMemberIsInTheHash(t *testing.T) {
	base := first.Follow(3, audit.Hash{1})
	for name, change := range map[string]func(*audit.Record){
		"organization": func(r *audit.Record) { r.Organization = "x" },
		"sequence":     func(r *audit.Record) { r.Sequence++ },
		"at":           func(r *audit.Record) { r.At = r.At.Add(time.Microsecond) },
		"actor":        func(r *audit.Record) { r.Actor, r.Action = r.Actor+"c", r.Action[1:] },
		"action":       func(r *audit.Record) { r.Action = "" },
		"subject":      func(r *audit.Record) { r.Subject += "x" },
		"generation":   func(r *audit.Record) { r.Generation-- },
		"detail":       func(r *audit.Record) { r.Detail = map[string]string{"token": "hash", "attempt": "att_2"} },
		"no detail":    func(r *audit.Record) { r.Detail = nil },
		"previous":     func(r *audit.Record) { r.Previous = audit.Hash{2} },
	} {
		changed := base
		change(&changed)
		if changed.Sum() == base.Hash {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

// TestOddTexts holds that what no database or encoding can hold is made plain before it is hashed.
func TestOddTexts(t *testing.T) {
	odd := audit.Entry{
		At: first.At.Add(7), Actor: "a\x00b", Action: "\xff", Subject: strings.Repeat("é", 5000),
		Detail: map[string]string{"empty": "", "\xfe": "x\x00"},
	}
	r := odd.Follow(0, audit.Hash{})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back audit.Record
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.Sum() != r.Hash || len(r.Subject) > 1100 || r.Actor != "a\uFFFDb" || len(r.Detail) != 1 {
		t.Errorf("the record %+v comes back as %+v", r, back)
	}
}

func TestForeignCheckpoints(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"sequence":1,"extra":2}`, `{"sequence":1,"hash":"00"}`, "\x00"} {
		if found, err := audit.ParseCheckpoints([]byte(text)); err == nil {
			t.Errorf("ParseCheckpoints(%q) = %v", text, found)
		}
	}
	if _, err := audit.ParsePublicKey([]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")); err == nil {
		t.Error("a damaged public key was read")
	}
}

// FuzzExport reads what may be no export: it never panics, and a record that it reads is written as it was.
func FuzzExport(f *testing.F) {
	record, err := json.Marshal(first.Follow(0, audit.Hash{}))
	if err != nil {
		f.Fatal(err)
	}
	zeros := audit.Hash{}.String()
	head := `{"latchkey_audit":1,"organization":"1111111111AAAAAAAAAA1111@AdobeOrg","exported_at":"2026-11-21T09:30:00Z","after":0,"previous":"` + zeros + `"}` + "\n"
	end := `{"end":{"sequence":1,"hash":"` + zeros + `"}}` + "\n"
	f.Add(head + string(record) + "\n" + end)
	f.Add(head + `{"checkpoint":{"organization":"o","sequence":1,"hash":"` + zeros + `","at":"2026-11-21T09:30:00Z","public_key":"","signature":""}}` + "\n" + end)
	f.Add(head + end)
	f.Add("{}")
	f.Fuzz(func(t *testing.T, text string) {
		exported, err := audit.ReadExport(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		if err != nil {
			return
		}
		for r, err := range exported.Records {
			if err != nil {
				break
			}
			again, err := json.Marshal(r)
			if err != nil {
				t.Fatalf("a record that was read can't be written: %v", err)
			}
			var back audit.Record
			if err := json.Unmarshal(again, &back); err != nil || back.Sum() != r.Sum() {
				t.Fatalf("%s comes back with another hash, %v", again, err)
			}
		}
		if _, err := audit.Examine(exported.Chain); err != nil {
			return
		}
	})
}
