package cloudservice_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/egress"
	"latchkey/internal/finding"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

const targetOrganization = "6096892F54B5819E0A4C98A2@AdobeOrg"

// targetTokens gives what a test has set; the real ones are the IMS configurations, which stand a floor higher.
type targetTokens struct {
	mu      sync.Mutex
	reached cloudservice.Reached
}

func (f *targetTokens) Find(_ context.Context, _ access.Caller, _ cloudservice.Place, ref string) (cloudservice.Configuration, error) {
	switch ref {
	case "acme-ims", "ims_1":
		return cloudservice.Configuration{Name: "acme-ims", Solution: "target"}, nil
	}
	return cloudservice.Configuration{}, cloudservice.ErrNoConfiguration
}

func (f *targetTokens) Access(context.Context, access.Caller, cloudservice.Place, string) (cloudservice.Access, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reached.Access, nil
}

func (f *targetTokens) Reach(context.Context, access.Caller, cloudservice.Place, string) (cloudservice.Reached, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reached, nil
}

// targetHouse is the room over a real store, and a server in the vendor's place.
type targetHouse struct {
	testing.TB
	admin    access.Caller
	store    *store.Store
	dir      string
	root     seal.Root
	services *cloudservice.Services
	tokens   *targetTokens
	clock    *clock.Manual
	sender   *egress.Client
	vendor   *httptest.Server
	mu       sync.Mutex
	answer   http.HandlerFunc
	requests []string // method, path and query of each, in their order
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begun is when a house's clock begins.
var begun = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

func newTargetHouse(t testing.TB) *targetHouse {
	t.Helper()
	h := &targetHouse{TB: t, dir: storetest.Folder(t), clock: clock.NewManual(begun), admin: access.Caller{
		ID: "key_1", Organization: targetOrganization, Scopes: access.Scopes{access.Admin},
	}}
	var err error
	h.root, err = seal.CreateFileRoot(filepath.Join(h.dir, "root.key"))
	must(t, err)
	h.open()
	t.Cleanup(func() { _ = h.store.Close() })
	_, err = registry.NewDirectory(h.store.Registry(), clock.System()).CreateOrganization(t.Context(), access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, targetOrganization, "Acme Retail")
	must(t, err)
	h.vendor = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, strings.TrimSuffix(r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery, "?"))
		answer := h.answer
		h.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(h.vendor.Close)
	h.tokens = &targetTokens{reached: cloudservice.Reached{
		Access: cloudservice.Access{Token: secret.New("canary-token"), APIKey: "key1"},
		Layers: []finding.Layer{{Name: "token", Status: finding.OK}, {Name: "profile", Status: finding.OK}},
		Products: []cloudservice.Product{
			{Service: "dma_tartan", Group: "2", Name: "Sweden"}, {Service: "dma_analytics", Group: "9", Name: "Reports"},
			{Service: "dma_tartan", Group: "1", Name: "Default Workspace"}, {Service: "dma_tartan", Group: "1", Name: "Default Workspace"},
		},
	}}
	h.sender, err = egress.New(egress.Config{AllowLoopback: true, Timeout: 5 * time.Second})
	must(t, err)
	t.Cleanup(h.sender.Close)
	h.says(200, `{"total":3,"audiences":[{"id":1,"name":"a"}]}`)
	h.begin()
	return h
}

// open opens the store, as a process does that comes after one that was killed.
func (h *targetHouse) open() {
	var err error
	h.store, err = store.Open(h.Context(), store.Config{Path: filepath.Join(h.dir, "latchkey.db"), Root: h.root})
	must(h, err)
}

func (h *targetHouse) begin() {
	var err error
	h.services, err = cloudservice.New(cloudservice.Config{
		Store: h.store.CloudServices(), Targets: h.store.CloudTargets(), Tokens: h.tokens, Sender: h.sender, Clock: h.clock,
		Addresses: cloudservice.Addresses{Target: h.vendor.URL, TargetClassic: h.vendor.URL, TargetClassicAdmin: h.vendor.URL},
	})
	must(h, err)
}

// says lets the vendor answer everything so.
func (h *targetHouse) says(status int, body string) {
	h.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (h *targetHouse) answers(answer http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
}

func (h *targetHouse) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.requests
	h.requests = nil
	return out
}

// with makes values of Target for a service of this house.
func with(change func(*cloudservice.TargetValues)) cloudservice.Values {
	v := &cloudservice.TargetValues{}
	change(v)
	return cloudservice.Values{Target: v}
}

// acme is a service of Target that can be connected.
func (h *targetHouse) acme() cloudservice.Service {
	h.Helper()
	values := with(func(v *cloudservice.TargetValues) { v.ClientCode = new("acme") })
	values.Title, values.Configuration = new("Acme Target"), new("acme-ims")
	saved, err := h.services.Create(h.Context(), h.admin, cloudservice.Create{Kind: cloudservice.Target, Values: values})
	must(h, err)
	return saved.Service
}

func acmeRef() cloudservice.Ref { return cloudservice.Ref{Name: "acme-target"} }

// connected is acme after Connect.
func (h *targetHouse) connected() cloudservice.Service {
	h.Helper()
	h.acme()
	report, err := h.services.Connect(h.Context(), h.admin, acmeRef())
	must(h, err)
	if !report.Connected {
		h.Fatalf("not connected: %+v", report.Layers)
	}
	h.asked()
	return report.Service
}

func words(layer *finding.Layer) string {
	if layer == nil {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", layer.Name, layer.Message)
	for _, a := range layer.Advice {
		fmt.Fprintf(&out, "- %s (%s)\n", a.Do, a.Where)
	}
	return out.String()
}
