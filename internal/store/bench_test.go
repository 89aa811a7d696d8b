package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
)

// BenchmarkSaveTokens measures a token set made durable: by one caller at a time, and by many at once, who share
// transactions.
func BenchmarkSaveTokens(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkSaveTokens(b, newFolder) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkSaveTokens(b, newServed) })
}

func benchmarkSaveTokens(b *testing.B, fresh func(testing.TB) folder) {
	for _, callers := range []int{1, 32, 128} {
		b.Run(fmt.Sprintf("%d callers", callers), func(b *testing.B) {
			ctx := context.Background()
			s := fresh(b).open(b)
			id := addDefinition(b, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
			records := make([]connection.Record, callers)
			for i := range records {
				records[i] = newRecord(b, id, "x")
				if err := s.Connections().Create(ctx, records[i], nil); err != nil {
					b.Fatal(err)
				}
			}
			var next atomic.Int64
			b.SetParallelism((callers + 1) / 2)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				r := records[int(next.Add(1)-1)%callers]
				for pb.Next() {
					commit := newCommit(r, "y")
					commit.Past = &connection.Past{At: commit.At, What: connection.WasRefreshed, Cause: "due", Took: 84 * time.Millisecond, Status: 200,
						TokenType: "Bearer", Scope: "read write", ExpiresAt: commit.At.Add(time.Hour), Rotated: true}
					_, applied, err := s.Connections().Commit(ctx, commit)
					if err != nil {
						b.Error(err)
					}
					if !applied { // callers=1 on two processors
						r, err = s.Connections().Find(ctx, connection.Selector{ID: r.ID})
						if err != nil {
							b.Error(err)
						}
						continue
					}
					r.Generation++
				}
			})
		})
	}
}

func BenchmarkClaim(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkClaim(b, newFolder) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkClaim(b, newServed) })
}

func benchmarkClaim(b *testing.B, fresh func(testing.TB) folder) {
	ctx := context.Background()
	s := fresh(b).open(b)
	r := newRecord(b, addDefinition(b, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar"), "x")
	if err := s.Connections().Create(ctx, r, nil); err != nil {
		b.Fatal(err)
	}
	ask := connection.Claim{Organization: r.Organization, ID: r.ID, Version: r.Version, Generation: r.Generation, Presents: true, At: r.CreatedAt, Lease: time.Minute}
	for b.Loop() {
		claimed, err := s.Connections().Claim(ctx, ask)
		if err != nil {
			b.Fatal(err)
		}
		ask.Seen = claimed.Count
	}
}

// BenchmarkDue finds what is due among very many connections.
func BenchmarkDue(b *testing.B) {
	const many, due = 200_000, 100
	ctx := context.Background()
	f := newFolder(b)
	s := f.open(b)
	id := addDefinition(b, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	r := newRecord(b, id, "x")
	r.RefreshAt = now
	if err := s.Connections().Create(ctx, r, nil); err != nil {
		b.Fatal(err)
	}
	exec1(b, f.raw(b), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO connections SELECT 'conn_' || i, organization, sandbox, sandbox_id, definition, revision, configuration,
		NULL, state, reason, last_error, fields, secrets, secrets_generation, tokens, generation, version, renewable,
		fingerprint, refresh_at + i * 1000000, setbacks, created_by, return_url, created_at, updated_at, last_refresh_at
		FROM connections, n WHERE id = $2`, many, r.ID)
	b.ResetTimer()
	for b.Loop() {
		found, err := s.Connections().Due(ctx, now.Add(due*time.Second), 4096)
		if err != nil || len(found) != due {
			b.Fatal(len(found), err)
		}
	}
}
