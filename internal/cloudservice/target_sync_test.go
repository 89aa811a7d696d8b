package cloudservice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/cloudservice"
)

// account is Target's list of audiences, as a test has it.
type account struct {
	mu    sync.Mutex
	ids   []int64
	at    map[int64]int // id → minute of the change
	after func(asked int)
	asked int
	most  int // items a page
	fail  int // status that is answered in place of a page
}

func newAccount(n int) *account {
	a := &account{at: map[int64]int{}, most: 1000}
	for id := range n {
		a.ids = append(a.ids, int64(id+1)*10)
	}
	return a
}

func (a *account) change(act func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	act()
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != 0 {
		w.WriteHeader(a.fail)
		return
	}
	offset, _ := strconv.Atoi(r.FormValue("offset"))
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	var out strings.Builder
	fmt.Fprintf(&out, `{"total":%d,"audiences":[`, len(a.ids))
	for i := offset; i < min(len(a.ids), offset+min(limit, a.most)); i++ {
		if i > offset {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"id":%d,"name":"Audience %d","origin":"target","status":"saved","type":"reusable","modifiedAt":"2026-01-02T03:%02d:00Z","targetRule":{"and":[{"geo":"region","matches":["x"]}]}}`, a.ids[i], a.ids[i], a.at[a.ids[i]])
	}
	_, _ = io.WriteString(w, out.String()+`]}`)
	a.asked++
	if a.after != nil {
		a.after(a.asked)
	}
}

func (h *targetHouse) sync(ctx context.Context) cloudservice.Sync {
	h.Helper()
	must(h, h.services.Syncer().RunDue(ctx))
	found, err := h.services.SyncState(h.Context(), h.admin, acmeRef())
	must(h, err)
	return found
}

func (h *targetHouse) ids(gone bool) []int64 {
	h.Helper()
	var out []int64
	for after := int64(0); ; {
		all, err := h.services.Audiences(h.Context(), h.admin, acmeRef(), cloudservice.AudienceQuery{Gone: gone, After: after, Limit: 200})
		must(h, err)
		for _, a := range all {
			out = append(out, a.ID)
		}
		if len(all) < 200 {
			return out
		}
		after = all[len(all)-1].ID
	}
}

func counts(s cloudservice.Sync) string {
	return fmt.Sprintf("%s %d%% +%d ~%d -%d", s.State, s.Percent(), s.Walk.Added, s.Walk.Changed, s.Walk.Removed)
}

// What Target has is here after a sync, and each later one writes only what has changed.
func TestSync(t *testing.T) {
	h := newTargetHouse(t)
	a := newAccount(450)
	h.answers(a.ServeHTTP)
	h.connected() // which begins it
	for _, step := range []struct {
		name   string
		change func()
		want   string
	}{
		{"first", func() {}, "done 100% +450 ~0 -0"},
		{"again", func() {}, "done 100% +0 ~0 -0"},
		{"changed", func() { a.at[10], a.at[2010] = 1, 1 }, "done 100% +0 ~2 -0"},
		{"more", func() { a.ids = append(a.ids, 9000) }, "done 100% +1 ~0 -0"},
		{"vanished", func() { a.ids = slices.Delete(a.ids, 198, 203); a.ids = a.ids[1 : len(a.ids)-1] }, "done 100% +0 ~0 -7"},
		{"back again", func() { a.ids = slices.Insert(a.ids, 0, 10) }, "done 100% +0 ~1 -0"},
		{"none", func() { a.ids = nil }, "done 100% +0 ~0 -445"},
	} {
		t.Run(step.name, func(t *testing.T) {
			a.change(step.change)
			if step.name != "first" {
				_, err := h.services.Sync(t.Context(), h.admin, acmeRef())
				must(t, err)
			}
			got := h.sync(t.Context())
			if counts(got) != step.want {
				t.Errorf("got %s, want %s", counts(got), step.want)
			}
			if diff := cmp.Diff(a.ids, h.ids(false), cmp.Transformer("nil", func(x []int64) []int64 { return append([]int64{}, x...) })); diff != "" {
				t.Error(diff)
			}
		})
	}
	if gone := h.ids(true); len(gone) != 451 {
		t.Errorf("%d have gone, want all 451", len(gone))
	}
}

// Audiences that vanish while pages are being asked for shift those behind them; none is missed, none is taken for gone.
func TestSyncWhileTheListShrinks(t *testing.T) {
	h := newTargetHouse(t)
	a := newAccount(1000)
	h.answers(a.ServeHTTP)
	h.connected()
	a.asked = 0
	a.after = func(asked int) {
		if asked == 2 || asked == 5 {
			a.ids = slices.Delete(a.ids, 5, 155)
		}
	}
	got := h.sync(t.Context())
	if got.State != cloudservice.SyncDone || a.asked < 7 {
		t.Errorf("got %s after %d pages: %+v", counts(got), a.asked, got.Walk.Failed)
	}
	left := h.ids(false)
	for _, id := range a.ids {
		if !slices.Contains(left, id) {
			t.Fatalf("the audience %d is missing", id)
		}
	}
	// The next one sees what has gone.
	a.after = nil
	_, err := h.services.Sync(t.Context(), h.admin, acmeRef())
	must(t, err)
	if got := h.sync(t.Context()); !cmp.Equal(a.ids, h.ids(false)) {
		t.Errorf("got %s", counts(got))
	}
}

// A process that is killed leaves the sync where the last page ended; the next one goes on there.
func TestSyncGoesOn(t *testing.T) {
	h := newTargetHouse(t)
	a := newAccount(1000)
	h.answers(a.ServeHTTP)
	h.connected()
	a.asked = 0
	ctx, kill := context.WithCancel(t.Context())
	a.after = func(asked int) {
		if asked == 3 {
			kill()
		}
	}
	before := h.sync(ctx)
	if before.State != cloudservice.SyncRunning || before.Walk.Offset < 300 {
		t.Fatalf("got %s at %d", counts(before), before.Walk.Offset)
	}
	must(t, h.store.Close())
	h.open()
	h.begin()
	h.asked()
	a.after = nil
	if held := h.sync(t.Context()); held.State != cloudservice.SyncRunning || len(h.asked()) > 0 {
		t.Errorf("somebody else went on while it was held: %s", counts(held))
	}
	h.clock.Advance(2 * time.Minute)
	after := h.sync(t.Context())
	if counts(after) != "done 100% +1000 ~0 -0" {
		t.Errorf("got %s", counts(after))
	}
	if asked := h.asked(); !strings.Contains(asked[0], "offset="+strconv.Itoa(before.Walk.Offset-1)) {
		t.Errorf("it went on with %s behind %d", asked[0], before.Walk.Offset)
	}
}

// A failure is told with its advice, and the sync tries again from where it was.
func TestSyncFails(t *testing.T) {
	h := newTargetHouse(t)
	a := newAccount(500)
	h.answers(a.ServeHTTP)
	h.connected()
	a.asked = 0
	a.after = func(asked int) {
		if asked == 2 {
			a.fail = http.StatusForbidden
		}
	}
	got := h.sync(t.Context())
	if got.State != cloudservice.SyncFailed || got.Walk.Offset < 300 || got.Walk.Failed == nil || len(got.Walk.Failed.Advice) == 0 || got.DueAt.Sub(h.clock.Now()) != time.Minute {
		t.Fatalf("got %s, %+v", counts(got), got)
	}
	a.change(func() { a.fail, a.after = 0, nil })
	h.clock.Advance(time.Minute)
	if got = h.sync(t.Context()); counts(got) != "done 100% +500 ~0 -0" || got.Walk.Failures != 0 {
		t.Errorf("got %s", counts(got))
	}
	// Nobody asks, and it comes again after a while.
	h.asked()
	h.clock.Advance(12 * time.Hour)
	if h.sync(t.Context()); len(h.asked()) == 0 {
		t.Error("it did not come again")
	}
}

// A server that keeps no order is read to its end; then nothing is taken for gone.
func TestSyncWithoutOrder(t *testing.T) {
	h := newTargetHouse(t)
	a := newAccount(500)
	slices.Reverse(a.ids)
	h.answers(a.ServeHTTP)
	h.connected()
	got := h.sync(t.Context())
	if counts(got) != "done 100% +500 ~0 -0" || !got.Walk.Unordered || len(h.ids(false)) != 500 {
		t.Errorf("got %s", counts(got))
	}
}

// Another tenant has other audiences.
func TestSyncOfAnotherTenant(t *testing.T) {
	h := newTargetHouse(t)
	a := newAccount(30)
	h.answers(a.ServeHTTP)
	h.connected()
	h.sync(t.Context())
	a.change(func() { a.ids = a.ids[:3] })
	_, err := h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) { v.TenantID = new("other") }))
	must(t, err)
	if got := h.sync(t.Context()); counts(got) != "done 100% +3 ~0 -0" || got.Walk.Tenant != "other" || len(h.ids(true)) != 0 {
		t.Errorf("got %s of %s", counts(got), got.Walk.Tenant)
	}
}

func TestSyncNeedsConnect(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	if _, err := h.services.Sync(t.Context(), h.admin, acmeRef()); !errors.Is(err, cloudservice.ErrState) || !strings.Contains(err.Error(), "cloud-service connect") {
		t.Errorf("got %v", err)
	}
	if _, err := h.services.SyncState(t.Context(), h.admin, acmeRef()); !errors.Is(err, cloudservice.ErrNeverSynced) {
		t.Errorf("got %v", err)
	}
}

func TestAudiences(t *testing.T) {
	h := newTargetHouse(t)
	h.says(200, `{"total":4,"audiences":[{"id":1,"name":"Gold_Member","type":"reusable"},{"id":2,"name":"100% gold","type":"anonymous"},{"id":3,"name":"Straße","type":"reusable","modifiedAt":"2026-01-02T03:04:05Z","audienceRule":{"x":1}},{"id":4,"name":"silver\u0000"}]}`)
	h.connected()
	h.sync(t.Context())
	for search, want := range map[string]string{"GOLD": "1 2", "%": "2", "_": "1", "straße": "3", "": "1 2 3 4", `\`: ""} {
		got, err := h.services.Audiences(t.Context(), h.admin, acmeRef(), cloudservice.AudienceQuery{Search: search, Limit: 10})
		must(t, err)
		var ids []string
		for _, a := range got {
			ids = append(ids, strconv.FormatInt(a.ID, 10))
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%q finds %v, want %s", search, ids, want)
		}
	}
	got, err := h.services.Audiences(t.Context(), h.admin, acmeRef(), cloudservice.AudienceQuery{Kind: "reusable", After: 1, Limit: 10})
	must(t, err)
	want := []cloudservice.Audience{{ID: 3, Name: "Straße", Kind: "reusable", Rule: `{"x":1}`, ModifiedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
