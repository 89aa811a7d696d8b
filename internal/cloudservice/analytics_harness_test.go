package cloudservice_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/adobesim"
	"latchkey/internal/adobesim/adobesimtest"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// reports is the room for Analytics: over a real database, with the stand-ins behind a TLS socket.
type reports struct {
	testing.TB
	*cloudservice.Services
	sim   *adobesimtest.House
	store *store.Store
	admin access.Caller
	token string // of the IMS configuration that is there
}

func newReports(t testing.TB) *reports {
	t.Helper()
	ctx, dir := context.Background(), storetest.Folder(t)
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	noError(t, err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	noError(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	_, err = registry.NewDirectory(kept.Registry(), clock.System()).CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, adobesim.SampleOrganization, "Sample")
	noError(t, err)
	h := &reports{TB: t, store: kept, token: adobesimtest.Token, admin: access.Caller{
		ID: "key_1", Organization: adobesim.SampleOrganization, Scopes: access.Scopes{access.ConnectionsRead, access.ConnectionsWrite},
	}}
	ahead := hurried{clock.System(), new(atomic.Int64)}
	h.sim = adobesimtest.Start(t, adobesimtest.Config{Now: ahead.Now})
	h.Services, err = cloudservice.New(cloudservice.Config{Store: kept.CloudServices(), Targets: kept.CloudTargets(), Tokens: h, Sender: h.sim.Client, Clock: ahead})
	noError(t, err)
	return h
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hurried is a clock that lets nobody wait: what is waited for has passed at once, for the stand-ins too.
type hurried struct {
	clock.Clock
	ahead *atomic.Int64
}

func (h hurried) Now() time.Time { return h.Clock.Now().Add(time.Duration(h.ahead.Load())) }

func (h hurried) NewTimer(d time.Duration) clock.Timer {
	h.ahead.Add(int64(d))
	return h.Clock.NewTimer(0)
}

func (h hurried) AfterFunc(d time.Duration, f func()) clock.Timer {
	h.ahead.Add(int64(d / 12)) // places of the rate are given back one by one
	return h.Clock.AfterFunc(0, f)
}

// Find knows one IMS configuration.
func (h *reports) Find(_ context.Context, _ access.Caller, _ cloudservice.Place, ref string) (cloudservice.Configuration, error) {
	if ref != "acme" && ref != "ims_1" {
		return cloudservice.Configuration{}, cloudservice.ErrNoConfiguration
	}
	return cloudservice.Configuration{Name: "acme", Solution: "analytics"}, nil
}

func (h *reports) Access(context.Context, access.Caller, cloudservice.Place, string) (cloudservice.Access, error) {
	return cloudservice.Access{Token: secret.New(h.token), APIKey: adobesimtest.ClientID}, nil
}

func (h *reports) Reach(ctx context.Context, caller access.Caller, place cloudservice.Place, ref string) (cloudservice.Reached, error) {
	with, err := h.Access(ctx, caller, place, ref)
	return cloudservice.Reached{Access: with, Layers: []finding.Layer{{Name: "token", Status: finding.OK}, {Name: "profile", Status: finding.OK}}}, err
}

func is[T any](v T) *T { return &v }

// named refers to a service.
func named(name string) cloudservice.Ref { return cloudservice.Ref{Name: name} }

// make makes a service of Analytics with the IMS configuration.
func (h *reports) make(values cloudservice.AnalyticsValues) cloudservice.Saved {
	h.Helper()
	saved, err := h.Create(context.Background(), h.admin, cloudservice.Create{Kind: cloudservice.Analytics, Values: cloudservice.Values{
		Title: is("Acme Analytics"), Configuration: is("acme"), Analytics: &values,
	}})
	noError(h, err)
	return saved
}

// connected makes a service, and connects it.
func (h *reports) connected() {
	h.Helper()
	h.make(cloudservice.AnalyticsValues{})
	report, err := h.Connect(context.Background(), h.admin, named("acme-analytics"))
	if err != nil || !report.Connected {
		h.Fatalf("not connected: %+v, %v", report.Layers, err)
	}
}

// product gives the layer of the product in what Connect has found.
func product(r cloudservice.Report) finding.Layer { return r.Layers[len(r.Layers)-1] }

// let changes the account whose token the IMS configuration gives.
func (h *reports) let(change func(*adobesim.Account)) {
	account := adobesimtest.Account()
	change(&account)
	h.token = "changed-token"
	h.sim.Let(h.token, account)
}

// fault turns a fault of Analytics on.
func (h *reports) fault(text string) {
	h.Helper()
	noError(h, h.sim.SetFault(adobesim.Rule{Host: adobesim.AnalyticsHost, Fault: text}))
}
