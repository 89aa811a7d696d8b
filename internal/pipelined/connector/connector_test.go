package connector_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"latchkey/internal/clock"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/store/pgtest"
)

func trigger(t testing.TB, offset int64) *message.Trigger {
	t.Helper()
	e := message.Envelope{Kind: message.Data, Topic: "triggers", Partition: 4, Offset: offset, Message: json.RawMessage(fmt.Sprintf(
		`{"messageId":"m-%d","value":{"triggerId":"e2a3 <&>","triggerTimestamp":1516324157228,"mcId":"1","enrichments":{"analyticsHitSummary":{"dimensions":{" eVar3":{"data":["first","last",""]}}}}}}`, offset))}
	got, err := e.Trigger()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func open(t testing.TB, dir string, entry connector.Entry) connector.Connector {
	t.Helper()
	c, err := connector.Open(t.Context(), connector.Config{Clock: clock.System(), Dir: dir}, entry)
	if err != nil {
		t.Fatalf("Open() = %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func deliver(t testing.TB, c connector.Connector, offsets ...int64) {
	t.Helper()
	for _, offset := range offsets {
		if err := c.Deliver(t.Context(), trigger(t, offset)); err != nil {
			t.Fatalf("Deliver() = %v", err)
		}
	}
}

// A file holds whole lines, whoever was killed while it wrote one, and each file has one writer.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.xml")
	if err := os.WriteFile(path, []byte("<whole/>\n<half"), 0o600); err != nil {
		t.Fatal(err)
	}
	entry := connector.Entry{File: &connector.File{Path: "out.xml", Format: connector.XML}}
	c := open(t, dir, entry)
	var work sync.WaitGroup
	for offset := range int64(20) {
		work.Go(func() { deliver(t, c, offset) })
	}
	work.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 21 || lines[0] != "<whole/>" || !strings.Contains(lines[1], `partition="4" triggerId="e2a3 &lt;&amp;&gt;"><enrichments>`) {
		t.Errorf("the file has %d lines, beginning with %q", len(lines), lines[:2])
	}
	if _, err := connector.Open(t.Context(), connector.Config{Clock: clock.System(), Dir: dir}, entry); err == nil || !strings.Contains(err.Error(), "another connector") {
		t.Errorf("a second Open() = %v", err)
	}
	if err := connector.Check(t.Context(), connector.Config{Clock: clock.System(), Dir: dir}, entry); err != nil {
		t.Errorf("Check() beside the writer = %v", err)
	}
}

// A trigger that is delivered again is in the table once, in both databases.
func TestSQL(t *testing.T) {
	dir := t.TempDir()
	postgres := pgtest.Shared(t)
	address := postgres.URL(postgres.Database(t, "template1")).Reveal()
	for name, test := range map[string]struct{ database, driver, source string }{
		"SQLite":     {"sqlite:events.db", "sqlite", filepath.Join(dir, "events.db")},
		"PostgreSQL": {address, "pgx", address},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, dir, connector.Entry{SQL: &connector.SQL{Database: test.database, Key: "eVar3"}})
			deliver(t, c, 1, 2, 1)
			db, err := sql.Open(test.driver, test.source)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			var rows int
			var shopper, data string
			err = db.QueryRow(`SELECT count(*), min("shopper_id"), min("data") FROM "pipelineEvent" WHERE "timeGMT" IS NOT NULL`).Scan(&rows, &shopper, &data)
			if err != nil || rows != 2 || shopper != "last" || !strings.HasPrefix(data, `<trigger offset="1"`) {
				t.Errorf("the table has %d rows, %q, %q, %v", rows, shopper, data, err)
			}
		})
	}
	_, err := connector.Open(t.Context(), connector.Config{Dir: dir}, connector.Entry{SQL: &connector.SQL{Database: "sqlite:x.db", Table: `a"; DROP TABLE b`}})
	if err == nil || !strings.Contains(err.Error(), "no name of a table") {
		t.Errorf("Open() with a bad table = %v", err)
	}
}

func TestExec(t *testing.T) {
	dir := t.TempDir()
	run := func(script string) error {
		c := open(t, dir, connector.Entry{Exec: &connector.Exec{Command: []string{"sh", "-c", script}}})
		return c.Deliver(t.Context(), trigger(t, 7))
	}
	if err := run(`cat > got.xml; test "$TRIGGER_ID" = m-7`); err != nil {
		t.Errorf("Deliver() = %v", err)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "got.xml")); !strings.HasPrefix(string(text), `<trigger offset="7"`) {
		t.Errorf("the program got %q", text)
	}
	if err := run(`echo no such shopper >&2; exit 65`); !connector.IsPermanent(err) || !strings.Contains(err.Error(), "no such shopper") {
		t.Errorf("Deliver() = %v, want a refusal for good", err)
	}
	if err := run(`exit 1`); err == nil || connector.IsPermanent(err) {
		t.Errorf("Deliver() = %v, want one to try again after", err)
	}
}

// NATS removes what is delivered again by the event's id; core NATS has no stream to wait for.
func TestNATS(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("NATS is not ready")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "T", Subjects: []string{"triggers.>"}, Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, open(t, "", connector.Entry{NATS: &connector.NATS{URL: s.ClientURL(), Subject: "triggers.in"}}), 1, 2, 1)
	info, err := stream.Info(t.Context())
	if err != nil || info.State.Msgs != 2 {
		t.Errorf("the stream has %v, %v, want 2 messages", info, err)
	}
	deliver(t, open(t, "", connector.Entry{NATS: &connector.NATS{URL: s.ClientURL(), Subject: "elsewhere", Core: true}}), 3)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	lost := open(t, "", connector.Entry{NATS: &connector.NATS{URL: s.ClientURL(), Subject: "nobody"}})
	if err := lost.Deliver(ctx, trigger(t, 4)); err == nil {
		t.Error("a trigger that no stream holds counts as delivered")
	}
}

func TestSettings(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"unknown member": {"conectors: {}", "conectors"},
		"two kinds":      {"connectors: {a: {file: {path: x}, exec: {command: [y]}}}", "exactly one"},
		"no kind":        {"connectors: {a: {}}", "exactly one"},
		"no path":        {"connectors: {a: {file: {format: xml}}}", "path is missing"},
		"bad format":     {"connectors: {a: {file: {path: x, format: csv}}}", "json or xml"},
		"bad reset":      {"reset: middle", "earliest or latest"},
		"no url":         {"connectors: {a: {http: {batch: 3}}}", "url is missing"},
		"large batch":    {"connectors: {a: {http: {url: \"https://x\", batch: 101}}}", "1 to 100"},
		"batch of XML":   {"connectors: {a: {http: {url: \"https://x\", batch: 2, format: xml}}}", "arrays of JSON"},
		"long timeout":   {"connectors: {a: {http: {url: \"https://x\", timeout: 2m}}}", "at most"},
		"bad challenge":  {"connectors: {a: {http: {url: \"https://x\", challenge: no}}}", "ask, require or skip"},
		"no variable":    {"connectors: {a: {http: {url: \"https://x\", secret: \"env:LATCHKEY_TEST_NONE\"}}}", "LATCHKEY_TEST_NONE"},
		"bad mechanism":  {"connectors: {a: {kafka: {brokers: [x], topic: t, sasl: {mechanism: gssapi}}}}", "scram-sha-256"},
		"no password":    {"connectors: {a: {kafka: {brokers: [x], topic: t, sasl: {mechanism: PLAIN, user: u}}}}", "password is missing"},
		"no token":       {"connectors: {a: {kafka: {brokers: [x], topic: t, sasl: {mechanism: oauthbearer}}}}", "a token or a connection"},
		"CA without TLS": {"connectors: {a: {kafka: {brokers: [x], topic: t, ca_file: x}}}", "tls: true"},
		"no such secret": {"connectors: {a: {http: {url: \"https://x\", secret: \"@none\"}}}", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pipelined-x.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := connector.ReadSettings(path); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("ReadSettings(%q) = %v, want %q in it", test.text, err, test.says)
			}
		})
	}
	if s, err := connector.ReadSettings(filepath.Join(t.TempDir(), "absent.yaml")); err != nil || len(s.Connectors) != 0 {
		t.Errorf("without a file: %v, %v", s, err)
	}
	if err := (connector.Unmapped{Name: "a"}).Deliver(t.Context(), nil); !errors.Is(err, connector.ErrNotMapped) || !connector.IsPermanent(err) {
		t.Errorf("an unmapped connector: %v", err)
	}
}
