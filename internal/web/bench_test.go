package web_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/ident"
	"latchkey/internal/ims"
	"latchkey/internal/series"
)

const (
	crowdConnections = 10_000
	crowdAudiences   = 100_000
	// pageMost is what a page may weigh.
	pageMost = 100 << 10
)

// BenchmarkPages measures the server's time for every page that there is in a crowded house, as a System Administrator: 10,000
// connections, a hundred of which need somebody, a service of Target with 100,000 audiences, a day of figures. It reports the
// middle and the slowest of a hundred, and the bytes. Pages join by their lines in [house.deeds]; what is searched and paged is
// added here.
func BenchmarkPages(b *testing.B) {
	h := newHouse(b)
	paths := []string{"/", "/?over=week", "/charts?over=day", "/search?q=crowd-777", "/search?q=conn", "/search?q=audience", "/calendar?all=1&days=365",
		"/connections?q=crowd-777", "/connections?q=nobody", "/connections?state=degraded",
		"/cloud-services/crowd/audiences", "/cloud-services/crowd/audiences?q=777", "/cloud-services/crowd/audiences?q=nobody", "/search?q=nobody"}
	for _, d := range h.deeds() {
		if d.method == http.MethodGet && d.ok == http.StatusOK && !slices.Contains(paths, d.path) {
			paths = append(paths, d.path)
		}
	}
	h.crowd()
	client := h.browser()
	h.get(client, h.link(h.ada))
	here, err := url.Parse(h.url)
	check(b, err)
	for _, path := range paths {
		if first := h.page(client, here, path); first.Code == http.StatusNotFound || first.Header().Get("Content-Disposition") != "" {
			continue // of an area that has no such page, or a file
		}
		b.Run(strings.NewReplacer("/", "_", "?", "·").Replace(strings.TrimPrefix(path, "/"))+"_", func(b *testing.B) {
			var took []time.Duration
			size := 0
			for b.Loop() {
				begun := time.Now()
				answer := h.page(client, here, path)
				took = append(took, time.Since(begun))
				size = answer.Body.Len()
				if answer.Code >= http.StatusBadRequest {
					b.Fatalf("%s = %d", path, answer.Code)
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
			b.ReportMetric(float64(size), "page-bytes")
			if size > pageMost {
				b.Errorf("%s has %d bytes, over %d", path, size, pageMost)
			}
		})
	}
}

// page asks the handler for a page, without the network in between.
func (h *house) page(client *http.Client, here *url.URL, path string) *httptest.ResponseRecorder {
	h.Helper()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, h.url+path, http.NoBody)
	for _, c := range client.Jar.Cookies(here) {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	h.pages.ServeHTTP(answer, r)
	return answer
}

// crowd puts very much into the house.
func (h *house) crowd() {
	h.Helper()
	h.crowdOfConnections()
	h.crowdOfAudiences()
	var rows []series.Row
	begin := h.hand.Now().UTC().Truncate(time.Minute)
	for n := range 24 * 60 {
		counts := series.Counts{Reads: int64(800 + n%90), Renewed: 30, Issued: 130, Lagged: true, Lag: time.Duration(n%7) * time.Second}
		counts.Latency[20+n%9], counts.Latency[30] = 25, 2
		rows = append(rows, series.Row{ID: ident.New("row"), Organization: organization, At: begin.Add(-time.Duration(n) * time.Minute), Counts: counts})
	}
	check(h, h.kept.Series().KeepSeries(context.Background(), rows))
}

func (h *house) crowdOfConnections() {
	h.Helper()
	ctx, kept := context.Background(), h.kept.Connections()
	h.define("crowd", "consent=allow", "", clientSecret)
	made := h.begin(connection.Create{Definition: "crowd", Label: "crowd"})
	h.get(h.browser(), made.AuthorizeURL)
	first, err := kept.Find(ctx, connection.Selector{ID: made.Connection.ID})
	check(h, err)
	var all sync.WaitGroup
	ids := make(chan int)
	for range 64 { // who write at once share transactions
		all.Go(func() {
			for n := range ids {
				r := first
				r.ID, r.Label = ident.New("conn"), fmt.Sprintf("crowd-%d", n)
				if n%100 == 0 {
					r.State, r.Reason = []connection.State{connection.Degraded, connection.NeedsReauthorization}[n/100%2], "the provider refuses"
				}
				if err := kept.Create(ctx, r, nil); err != nil {
					h.Error(err)
				}
			}
		})
	}
	for n := range crowdConnections {
		ids <- n
	}
	close(ids)
	all.Wait()
}

// crowdOfAudiences writes them into the file itself: what a sync of them costs is measured elsewhere.
func (h *house) crowdOfAudiences() {
	h.Helper()
	ctx := context.Background()
	oauth, title, server, configuration, yes := ims.OAuth, "Crowd", "https://ims-na1.adobelogin.com", "crowd", true
	_, err := h.ims.Create(ctx, h.caller, ims.Create{Name: "crowd", Values: ims.Values{Title: &title, Type: &oauth, Server: &server}})
	check(h, err)
	made, err := h.services.Create(ctx, h.caller, cloudservice.Create{Kind: cloudservice.Target, Name: "crowd", Values: cloudservice.Values{
		Title: &title, Configuration: &configuration, Target: &cloudservice.TargetValues{SyncAudiences: &yes},
	}})
	check(h, err)
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "latchkey.db"))
	check(h, err)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
		INSERT INTO audiences (service, id, name, search, description, origin, status, kind, workspace, rule, modified_at, created_at, version)
		SELECT $1, i, 'Audience ' || i || ' of those who came from somewhere', 'audience ' || i || ' of those who came from somewhere', 'Who was seen in the last days',
			'target', 'saved', 'reusable', '', '{"and":[{"page":"url","contains":["somewhere"]},{"or":[{"user":"browser","equals":["firefox"]}]}]}', 1, 1, 1 FROM n`,
		made.Service.ID, crowdAudiences)
	check(h, err)
}
