package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/test/harness"
)

// registered is how many credentials there are beside the sample's.
const registered = 100_000

// BenchmarkManyCredentials measures what 100,000 registered credentials cost a server: its start, its memory, its slowest
// answers, beside one with the sample's alone. -benchtime 1x.
func BenchmarkManyCredentials(b *testing.B) {
	rounds, length := settings(b)
	busy(os.Stdout)
	few, fewStart := restarted(b, harness.Dev(b), func(*harness.Server) {})
	many, manyStart := restarted(b, harness.Dev(b), func(s *harness.Server) { register(b, s.Data, readWorkspace(b, s.Data).oauth) })
	w, fewIdle, manyIdle := readWorkspace(b, few.Data), memory(few.PID), memory(many.PID)

	ask := func(s *harness.Server, id, secret string) []byte {
		form := credential{ID: id, Secret: secret}.form("grant_type", "client_credentials", "scope", "AdobeID,target_sdk", "resource", s.URL)
		return post(rival{URL: s.URL}.address(), "/ims/token/v3", form.Encode())
	}
	spread := func(n int) [][]byte {
		var out [][]byte
		for _, i := range rand.Perm(registered)[:n] {
			out = append(out, ask(many, crowdID(i), crowdSecret))
		}
		return out
	}
	t := &table{}
	own, crowded := rival{few.URL, []int{few.PID}}, rival{many.URL, []int{many.PID}}
	add := func(name string, r rival, requests func() [][]byte) {
		t.contenders = append(t.contenders, contender{name, func() turn { return r.serve(b, requests(), length) }})
	}
	always := func(requests [][]byte) func() [][]byte { return func() [][]byte { return requests } }
	add(oneOfFew, own, always([][]byte{ask(few, w.oauth.ID, w.oauth.form().Get("client_secret"))}))
	add(oneOfMany, crowded, always(spread(1)))
	held := spread(1000)
	crowded.warm(b, held...)
	add(thousand, crowded, always(held))
	everyone := spread(registered)
	add(strangers, crowded, func() [][]byte { // further on in each turn
		everyone = append(everyone[registered/10:], everyone[:registered/10]...)
		return everyone
	})
	t.play(rounds)

	fmt.Printf("\n%d credentials registered, %d rounds of %s each in turn, medians; tokens for our own API, ES256\n", registered, rounds, length)
	t.print(os.Stdout)
	fmt.Printf("\nstart to the ready file   %4.0f ms, beside %4.0f ms with the sample's alone\n", manyStart.Seconds()*1e3, fewStart.Seconds()*1e3)
	fmt.Printf("memory when idle          %4.0f MiB, beside %4.0f MiB\n", manyIdle, fewIdle)
	fmt.Printf("memory after these rounds %4.0f MiB, beside %4.0f MiB\n", memory(many.PID), memory(few.PID))
	t.compare(os.Stdout, oneOfMany, oneOfFew, 0.80)
	t.compare(os.Stdout, thousand, oneOfFew, 0.80)
	t.compare(os.Stdout, strangers, oneOfFew, 0)
}

const (
	oneOfFew  = "the sample's alone: one asks"
	oneOfMany = "100,000: one asks"
	thousand  = "100,000: 1,000 of them ask, by turns"
	strangers = "100,000: each asks for the first time"
)

// restarted stops a server, does something to its data, and starts it again: three times, for the least that a start takes.
func restarted(b *testing.B, s *harness.Server, meanwhile func(*harness.Server)) (again *harness.Server, least time.Duration) {
	b.Helper()
	s.Stop()
	meanwhile(s)
	least = time.Hour
	for range 3 {
		s.Stop()
		began := time.Now()
		s = harness.DevIn(b, s.Data)
		least = min(least, time.Since(began))
	}
	return s, least
}

const crowdSecret = "p8e-the-secret-of-all-of-them-0123456789abcdef"

func crowdID(i int) string { return fmt.Sprintf("%032x", i+1) }

// register copies a credential, with all that belongs to it, as often as there are to be.
func register(b *testing.B, data string, template credential) {
	b.Helper()
	root, err := seal.FileRoot(filepath.Join(data, "keys", "root.key"))
	if err != nil {
		b.Fatal(err)
	}
	opened, err := store.Open(context.Background(), store.Config{Path: filepath.Join(data, "latchkey.db"), Root: root})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	db, err := sql.Open("sqlite", filepath.Join(data, "latchkey.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO workspaces SELECT 'many', organization, project, 'Many', title, description, version, created_by, updated_by, created_at, updated_at
		FROM workspaces WHERE id = (SELECT workspace FROM credentials WHERE client_id = $1)`, template.ID); err != nil {
		b.Fatal(err)
	}
	for _, copied := range []string{
		`INSERT INTO credentials (id, organization, project, workspace, name, description, kind, client_id, technical_id, technical_email,
			enabled, redirect, migration, migration_at, version, created_by, updated_by, created_at, updated_at)
			SELECT 'many-' || i, organization, project, 'many', 'many ' || i, description, kind, printf('%032x', i), technical_id, technical_email,
			enabled, redirect, migration, migration_at, version, created_by, updated_by, created_at, updated_at FROM credentials, n WHERE client_id = $2`,
		`INSERT INTO subscriptions (credential, organization, service, profile, role)
			SELECT 'many-' || i, s.organization, service, profile, role FROM subscriptions s JOIN credentials c ON c.id = s.credential, n WHERE c.client_id = $2`,
	} {
		if _, err := tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) `+copied, registered, template.ID); err != nil {
			b.Fatal(err)
		}
	}
	// A secret's hash is bound to its client.
	secret, err := tx.Prepare(`INSERT INTO client_secrets (uuid, credential, hash, value, created_by, created_at) VALUES ($1, $2, $3, x'', 'bench', 0)`)
	if err != nil {
		b.Fatal(err)
	}
	for i := range registered {
		hash := opened.Keyring().Hash("client secret", []byte(crowdID(i)+"\x00"+crowdSecret))
		if _, err := secret.Exec(fmt.Sprint("uuid-", i), fmt.Sprint("many-", i+1), hash[:]); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
