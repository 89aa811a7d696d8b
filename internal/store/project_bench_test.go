package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// BenchmarkHundredThousandCredentials registers 100,000 credentials, and measures what a start with them costs, what a
// client costs that nobody has asked for yet, and how much memory those that were asked for take.
func BenchmarkHundredThousandCredentials(b *testing.B) {
	const registered = 100_000
	ctx := context.Background()
	f := newFolder(b)
	c := newConsole(b, f.open(b))
	clientIDs := register(b, c, registered)
	begun := time.Now()
	again := project.OpenClients(project.ClientsConfig{Store: c.store.Projects(), Hash: c.store.Keyring().Hash, Limit: registered})
	b.Cleanup(func() { _ = again.Close(ctx) })
	start := time.Since(begun)
	before := heap()
	b.ResetTimer()
	n := 0
	for b.Loop() {
		if _, err := again.Client(ctx, clientIDs[n%registered]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.StopTimer()
	b.ReportMetric(float64(start.Microseconds()), "start-µs")
	if held := min(n, registered); held > 1000 {
		b.ReportMetric(float64(heap()-before)/float64(held), "B/client")
	}
	runtime.KeepAlive(again)
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// register adds credentials, as many at a time as share a transaction.
func register(b *testing.B, c *console, n int) []string {
	b.Helper()
	const inWorkspace, inProject = 100, 5000 // as the quotas have it
	var workspaces []project.Workspace
	for i := range (n + inProject - 1) / inProject {
		ask := project.NewProject{Name: fmt.Sprint("Many", i)}
		for j := range inProject / inWorkspace {
			ask.Workspaces = append(ask.Workspaces, project.NewWorkspace{Name: fmt.Sprint("W", j)})
		}
		_, made, err := c.projects.Create(b.Context(), c.admin, ask)
		if err != nil {
			b.Fatal(err)
		}
		workspaces = append(workspaces, made...)
	}
	binding := c.jwt(b, "Template").Bindings[0]
	ids := make([]string, n)
	next := make(chan int)
	var wait sync.WaitGroup
	for range 128 {
		wait.Go(func() {
			for i := range next {
				id := fmt.Sprintf("%019d", i)
				ids[i] = hex.EncodeToString(fmt.Appendf(nil, "%016d", i))
				own, in := binding, workspaces[i/inWorkspace]
				own.ID = ids[i]
				err := c.store.Projects().CreateCredential(context.Background(), project.Credential{
					ID: id, Organization: c.admin.Organization, Project: in.Project, Workspace: in.ID, Name: "credential " + id,
					Kind: project.ServiceAccountJWT, ClientID: ids[i], Enabled: true, Migration: project.Migration{State: project.MigrationNotStarted},
					TechnicalAccount: project.TechnicalAccount{ID: id + "@techacct.adobe.com", Email: id + "@techacct.adobe.com"},
					Services:         []project.Subscription{{Service: project.IOManagementAPI}, {Service: project.Target, Profiles: []project.Attachment{{Profile: "1", Role: project.Observer}}}},
					Secrets:          []project.Secret{{UUID: ids[i], Value: secret.New("p8e-" + ids[i]), CreatedAt: c.hand.Now()}}, Bindings: []project.Binding{own},
					Version: 1, CreatedAt: c.hand.Now(), UpdatedAt: c.hand.Now(),
				}, inWorkspace, project.Note{Entry: audit.Entry{Organization: c.admin.Organization, Actor: "k", Action: "credential.create", Subject: id}})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	return ids
}
