package target_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/egress"
	"latchkey/internal/target"
)

// Every resource is asked for in its current version: in Content-Type by what writes, in Accept by what reads (§2.5).
func TestVersions(t *testing.T) {
	answers := map[string]string{
		"audiences": `{"total":0,"audiences":[]}`, "activities": `{"total":0,"activities":[]}`, "mboxes": `{"total":0,"mboxes":[]}`,
		"properties": `{"total":0,"properties":[]}`, "offers": `{"total":0,"offers":[]}`,
	}
	v := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("X-Api-Key") != "key1" {
			t.Errorf("%s has the headers %v", r.URL, r.Header)
		}
		body, ok := answers[strings.TrimPrefix(r.URL.Path, "/acme/target/")]
		if !ok {
			body = `{"id":7,"name":"x","content":"y"}`
		}
		_, _ = io.WriteString(w, body)
	})
	c, _ := client(t, v.URL)
	ctx, at := t.Context(), account()
	html := target.Offer{ID: 7, Name: "x", Content: json.RawMessage(`"<b>&</b>"`), Workspace: "w1"}
	for name, k := range map[string]struct {
		call func() error
		want seen
	}{
		"audiences": {
			func() error {
				_, err := c.Audiences(ctx, at, target.Query{Limit: 1, SortBy: "id"}, func(target.Audience) error { return nil })
				return err
			},
			seen{"GET", "/acme/target/audiences", "limit=1&offset=0&sortBy=id", "", "application/vnd.adobe.target.v3+json", ""},
		},
		"audience": {
			func() error { _, err := c.Audience(ctx, at, 7); return err },
			seen{"GET", "/acme/target/audiences/7", "", "", "application/vnd.adobe.target.v3+json", ""},
		},
		"activities": {
			func() error { return drain(c.Activities(ctx, at, target.Query{})) },
			seen{"GET", "/acme/target/activities", "limit=200&offset=0", "", "application/vnd.adobe.target.v3+json", ""},
		},
		"an activity": {
			func() error {
				_, _, err := c.Uses(ctx, at, target.Activity{ID: 3, Type: "auto_allocate"}, 7)
				return err
			},
			seen{"GET", "/acme/target/activities/autoallocate/3", "", "", "application/vnd.adobe.target.v1+json", ""},
		},
		"mboxes": {
			func() error { return drain(c.Mboxes(ctx, at, target.Query{Limit: 5})) },
			seen{"GET", "/acme/target/mboxes", "limit=5&offset=0", "", "application/vnd.adobe.target.v1+json", ""},
		},
		"properties": {
			func() error { return drain(c.Properties(ctx, at, target.Query{})) },
			seen{"GET", "/acme/target/properties", "limit=200&offset=0", "", "application/vnd.adobe.target.v1+json", ""},
		},
		"offers": {
			func() error { return drain(c.Offers(ctx, at, target.Query{SortBy: "name"})) },
			seen{"GET", "/acme/target/offers", "limit=200&offset=0&sortBy=name", "", "application/vnd.adobe.target.v2+json", ""},
		},
		"creating": {
			func() error { _, err := c.CreateOffer(ctx, at, target.ContentOffer, html); return err },
			seen{"POST", "/acme/target/offers/content", "", `{"name":"x","content":"<b>&</b>","workspace":"w1"}`, "application/json", "application/vnd.adobe.target.v2+json"},
		},
		"updating": {
			func() error {
				_, err := c.UpdateOffer(ctx, at, target.JSONOffer, target.Offer{ID: 7, Name: "x", Content: json.RawMessage(`{"a":1}`)})
				return err
			},
			seen{"PUT", "/acme/target/offers/json/7", "", `{"name":"x","content":{"a":1}}`, "application/json", "application/vnd.adobe.target.v2+json"},
		},
		"offer": {
			func() error { _, err := c.Offer(ctx, at, target.ContentOffer, 7); return err },
			seen{"GET", "/acme/target/offers/content/7", "", "", "application/vnd.adobe.target.v2+json", ""},
		},
		"deleting": {
			func() error { return c.DeleteOffer(ctx, at, target.ContentOffer, 7) },
			seen{"DELETE", "/acme/target/offers/content/7", "", "", "application/vnd.adobe.target.v2+json", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := k.call(); err != nil {
				t.Fatal(err)
			}
			all := v.requests()
			if diff := cmp.Diff(k.want, all[len(all)-1]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func drain[T any](list func(func(T, error) bool)) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// A request goes out again only where it can't have been acted on.
func TestRepeats(t *testing.T) {
	list := func(c *target.Client, at target.Account) error {
		_, err := c.Audiences(context.Background(), at, target.Query{}, func(target.Audience) error { return nil })
		return err
	}
	create := func(c *target.Client, at target.Account) error {
		_, err := c.CreateOffer(context.Background(), at, target.ContentOffer, target.Offer{Name: "x", Content: json.RawMessage(`""`)})
		return err
	}
	update := func(c *target.Client, at target.Account) error {
		_, err := c.UpdateOffer(context.Background(), at, target.ContentOffer, target.Offer{ID: 7, Name: "x", Content: json.RawMessage(`""`)})
		return err
	}
	for name, k := range map[string]struct {
		call       func(*target.Client, target.Account) error
		status     int
		retryAfter string
		sent       int
		unanswered bool
	}{
		"reading, unavailable":  {list, 503, "", 4, false},
		"reading, too often":    {list, 429, "2", 4, false},
		"reading, much too":     {list, 429, "120", 1, false},
		"reading, forbidden":    {list, 403, "", 1, false},
		"reading, failed":       {list, 500, "", 1, false},
		"reading, timed out":    {list, 504, "", 4, true},
		"creating, unavailable": {create, 503, "", 1, false},
		"creating, no answer":   {create, 502, "", 1, true},
		"creating, too often":   {create, 429, "", 4, false},
		"updating, no answer":   {update, 502, "", 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, says(k.status, `{"httpStatus":`+strconv.Itoa(k.status)+`,"requestId":"r1","errors":[{"errorCode":"X","message":"`+token+` no"}]}`, "Retry-After", k.retryAfter))
			c, clock := client(t, v.URL)
			err := k.call(c, account())
			failed, ok := errors.AsType[*target.Error](err)
			if !ok || failed.Status != k.status || failed.Layer != target.Service || failed.RequestID != "r1" || failed.Unanswered != k.unanswered {
				t.Fatalf("got %+v", err)
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("%q repeats the token", err)
			}
			if got := len(v.requests()); got != k.sent || len(clock.waited) != k.sent-1 {
				t.Errorf("%d requests with %v between, want %d", got, clock.waited, k.sent)
			}
			if k.retryAfter == "2" && clock.waited[0] < 2*time.Second {
				t.Errorf("waited %v, want at least 2s", clock.waited)
			}
		})
	}
}

func TestALostAnswerToACreation(t *testing.T) {
	v := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		connection, _, _ := http.NewResponseController(w).Hijack()
		_ = connection.Close()
	})
	c, _ := client(t, v.URL)
	_, err := c.CreateOffer(t.Context(), account(), target.ContentOffer, target.Offer{Name: "x", Content: json.RawMessage(`""`)})
	failed, ok := errors.AsType[*target.Error](err)
	if !ok || !failed.Unanswered || failed.Layer != target.Network || len(v.requests()) != 1 {
		t.Errorf("got %+v after %d requests, want one that is unanswered", err, len(v.requests()))
	}
}

func TestTenants(t *testing.T) {
	v := serve(t, says(200, `{}`))
	c, _ := client(t, v.URL)
	for _, tenant := range []string{"", "..", "a/b", "a?b", "a#b", "a%2fb"} {
		at := account()
		at.Tenant = tenant
		_, err := c.Audience(t.Context(), at, 1)
		if failed, ok := errors.AsType[*target.Error](err); !ok || failed.Layer != target.Here {
			t.Errorf("the tenant %q gives %v", tenant, err)
		}
	}
	if len(v.requests()) > 0 {
		t.Errorf("%v was sent", v.requests())
	}
}

// A list is read page by page, by what the server says of its length.
func TestPages(t *testing.T) {
	const total = 450
	for name, k := range map[string]struct {
		most    int // items that the server puts in a page
		counted bool
		pages   int
	}{
		"as asked":              {1000, true, 3},
		"shorter than asked":    {150, true, 3},
		"without a total":       {1000, false, 3},
		"all, whatever is said": {-1, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				offset, _ := strconv.Atoi(r.FormValue("offset"))
				limit, _ := strconv.Atoi(r.FormValue("limit"))
				if limit = min(limit, k.most); k.most < 0 {
					limit = total
				}
				var items []string
				for id := offset; id < min(total, offset+limit); id++ {
					items = append(items, fmt.Sprintf(`{"name":"mbox%d","status":"active"}`, id))
				}
				head := `{"more":{"deep":[1,{"mboxes":2}]},`
				if k.counted {
					head += `"total":` + strconv.Itoa(total) + `,`
				}
				_, _ = io.WriteString(w, head+`"mboxes":[`+strings.Join(items, ",")+`],"offset":0}`)
			})
			c, _ := client(t, v.URL)
			next := 0
			for one, err := range c.Mboxes(t.Context(), account(), target.Query{}) {
				if err != nil {
					t.Fatal(err)
				}
				if one.Name != "mbox"+strconv.Itoa(next) {
					t.Fatalf("got %q, want number %d", one.Name, next)
				}
				next++
			}
			if next != total || len(v.requests()) != k.pages {
				t.Errorf("got %d in %d pages, want %d in %d", next, len(v.requests()), total, k.pages)
			}
		})
	}
}

// Pages whose items are large are asked for in smaller ones.
func TestLargeItems(t *testing.T) {
	v := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.FormValue("offset"))
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		var items []string
		for id := offset + 1; id <= min(60, offset+limit); id++ {
			items = append(items, fmt.Sprintf(`{"id":%d,"name":"a","description":"%s"}`, id, strings.Repeat("x", 50_000)))
		}
		_, _ = io.WriteString(w, `{"total":60,"audiences":[`+strings.Join(items, ",")+`]}`)
	})
	c, _ := client(t, v.URL)
	var got []int64
	page, err := c.Audiences(t.Context(), account(), target.Query{}, func(a target.Audience) error { got = append(got, a.ID); return nil })
	if err != nil || page.Limit != 12 || page.Items != 12 || page.Total != 60 || page.Last(0) || len(got) != 12 {
		t.Errorf("got %d items in %+v, %v", len(got), page, err)
	}
}

func TestMalformedPages(t *testing.T) {
	for name, body := range map[string]string{
		"a page":        `<html>sign in</html>`,
		"nothing":       ``,
		"another list":  `{"total":0,"offers":[]}`,
		"broken off":    `{"total":2,"audiences":[{"id":1},`,
		"no list":       `{"audiences":{"id":1}}`,
		"an odd total":  `{"total":"many","audiences":[]}`,
		"an odd id":     `{"total":1,"audiences":[{"id":"one"}]}`,
		"array alone":   `[{"id":1}]`,
		"unclosed":      `{"total":0,"audiences":[]`,
		"broken member": `{"x":[1,`,
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := client(t, serve(t, says(200, body)).URL)
			_, err := c.Audiences(t.Context(), account(), target.Query{}, func(target.Audience) error { return nil })
			if failed, ok := errors.AsType[*target.Error](err); !ok || failed.Layer != target.Foreign {
				t.Errorf("got %v, want what answers to be no Target", err)
			}
		})
	}
}

// What is read of an audience; an odd date hides none.
func TestAudience(t *testing.T) {
	c, _ := client(t, serve(t, says(200, `{"total":2,"offset":0,"limit":200,"audiences":[`+audience(1)+`,{"id":2,"name":"b","modifiedAt":"yesterday"}]}`)).URL)
	var got []target.Audience
	page, err := c.Audiences(t.Context(), account(), target.Query{}, func(a target.Audience) error { got = append(got, a); return nil })
	if err != nil || len(got) != 2 || !page.Last(0) {
		t.Fatalf("got %v, %+v, %v", got, page, err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	want := []target.Audience{
		{ID: 1, Name: "Audience 1", Origin: "target", Status: "saved", Type: "reusable", ModifiedAt: target.Moment{Time: at}, TargetRule: json.RawMessage(`{"and":[{"geo":"region","matches":["california"]}]}`)},
		{ID: 2, Name: "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Which activities show an offer is told by the activity alone.
func TestUses(t *testing.T) {
	c, _ := client(t, serve(t, says(200, `{"id":168816,"name":"offerId","options":[{"optionLocalId":41,"offerId":41},{"offerId":"42","x":{"offerId":null}}],"experiences":[{"id":43}]}`)).URL)
	for offer, want := range map[int64]bool{41: true, 42: true, 43: false, 168816: false} {
		used, known, err := c.Uses(t.Context(), account(), target.Activity{ID: 1, Type: "ab"}, offer)
		if err != nil || !known || used != want {
			t.Errorf("Uses(%d) = %v, %v, %v", offer, used, known, err)
		}
	}
	if _, known, err := c.Uses(t.Context(), account(), target.Activity{ID: 1, Type: "mvt"}, 1); known || err != nil {
		t.Errorf("an mvt activity is known: %v", err)
	}
}

var _ target.Sender = (*egress.Client)(nil)
