package cloudservice_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// shelf is Target's offers, and the activities that show them.
type shelf struct {
	mu         sync.Mutex
	next       int64
	offers     map[int64]map[string]any
	activities string           // the list's items
	shows      map[string]int64 // path of an activity → the offer that it shows
	lose       bool             // the next creation happens, and its answer does not come
	refuse     int              // status of every write
}

func newShelf() *shelf {
	return &shelf{next: 100, offers: map[int64]map[string]any{}, shows: map[string]int64{}}
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/acme/target/"), "/")
	if s.refuse != 0 && r.Method != http.MethodGet {
		w.WriteHeader(s.refuse)
		_, _ = fmt.Fprintf(w, `{"httpStatus":%d,"requestId":"r","errors":[{"errorCode":"X","message":"no"}]}`, s.refuse)
		return
	}
	switch {
	case path[0] == "activities" && len(path) == 1:
		_, _ = io.WriteString(w, `{"activities":[`+s.activities+`]}`)
	case path[0] == "activities":
		_, _ = fmt.Fprintf(w, `{"options":[{"offerId":%d}]}`, s.shows[path[1]+"/"+path[2]])
	case path[0] == "offers" && len(path) == 1:
		var all []string
		for id, o := range s.offers {
			all = append(all, fmt.Sprintf(`{"id":%d,"name":%q,"type":%q,"workspace":%q}`, id, o["name"], o["type"], o["workspace"]))
		}
		_, _ = io.WriteString(w, `{"offers":[`+strings.Join(all, ",")+`]}`)
	case len(path) == 2: // a creation
		var o map[string]any
		_ = json.NewDecoder(r.Body).Decode(&o)
		s.next++
		o["type"], o["id"] = path[1], s.next
		if o["workspace"] == nil {
			o["workspace"] = "default"
		}
		s.offers[s.next] = o
		if s.lose {
			s.lose = false
			connection, _, _ := http.NewResponseController(w).Hijack()
			_ = connection.Close()
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(o)
	default:
		s.one(w, r, path)
	}
}

func (s *shelf) one(w http.ResponseWriter, r *http.Request, path []string) {
	id, _ := strconv.ParseInt(path[2], 10, 64)
	o := s.offers[id]
	if o == nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"httpStatus":404,"requestId":"r","errors":[{"errorCode":"NotFound","message":"no such offer"}]}`)
		return
	}
	switch r.Method {
	case http.MethodPut:
		var changed map[string]any
		_ = json.NewDecoder(r.Body).Decode(&changed)
		o["content"], o["name"] = changed["content"], changed["name"]
	case http.MethodDelete:
		delete(s.offers, id)
	}
	_ = json.NewEncoder(w).Encode(o)
}

func (h *targetHouse) push(name, content string) (cloudservice.Pushed, error) {
	return h.services.PushOffer(h.Context(), h.admin, acmeRef(), cloudservice.Push{Name: name, Kind: cloudservice.HTML, Content: content})
}

// offerHouse is a house whose vendor has a shelf.
func offerHouse(t *testing.T) (*targetHouse, *shelf) {
	h := newTargetHouse(t)
	h.connected()
	s := newShelf()
	h.answers(s.ServeHTTP)
	return h, s
}

func TestPush(t *testing.T) {
	h, s := offerHouse(t)
	first, err := h.push("hero", "<b>1 & 2</b>")
	must(t, err)
	second, err := h.push("hero", "<b>3</b>")
	must(t, err)
	if !first.Created || second.Created || second.Offer.TargetID != first.Offer.TargetID || len(s.offers) != 1 || s.offers[101]["content"] != "<b>3</b>" {
		t.Errorf("first %+v, second %+v, offers %v", first, second, s.offers)
	}
	workspace := "2"
	made, err := h.services.PushOffer(t.Context(), h.admin, acmeRef(), cloudservice.Push{Name: "data", Kind: cloudservice.JSON, Content: `{"a": 1}`, Workspace: &workspace})
	must(t, err)
	if got := s.offers[made.Offer.TargetID]; got["workspace"] != "2" || got["type"] != "json" || !cmp.Equal(got["content"], map[string]any{"a": 1.0}) {
		t.Errorf("got %v", got)
	}
	// Somebody deletes it in Target.
	delete(s.offers, 101)
	third, err := h.push("hero", "<b>4</b>")
	must(t, err)
	if !third.Created || s.offers[third.Offer.TargetID]["content"] != "<b>4</b>" {
		t.Errorf("third %+v", third)
	}
	all, err := h.services.Offers(t.Context(), h.admin, acmeRef())
	must(t, err)
	if len(all) != 2 || all[1].Name != "hero" || all[1].TargetID != third.Offer.TargetID {
		t.Errorf("got %+v", all)
	}
}

// An offer whose making was not answered is found again, and not made twice.
func TestALostAnswer(t *testing.T) {
	h, s := offerHouse(t)
	s.offers[7] = map[string]any{"id": 7, "name": "hero", "type": "content", "content": "somebody else's", "workspace": "default"}
	s.lose = true
	_, err := h.push("hero", "<b>1</b>")
	_, ok := errors.AsType[*cloudservice.RefusedError](err)
	if !ok || !strings.Contains(err.Error(), "nobody knows whether the offer was made") {
		t.Fatalf("got %v", err)
	}
	got, err := h.push("hero", "<b>2</b>")
	must(t, err)
	if !got.Found || got.Offer.TargetID != 101 || len(s.offers) != 2 || s.offers[101]["content"] != "<b>2</b>" || s.offers[7]["content"] != "somebody else's" {
		t.Errorf("got %+v, offers %v", got, s.offers)
	}
}

func TestPushRefused(t *testing.T) {
	h, s := offerHouse(t)
	s.refuse = http.StatusForbidden
	_, err := h.push("hero", "x")
	refused, ok := errors.AsType[*cloudservice.RefusedError](err)
	if !ok || !strings.Contains(words(&refused.Layer), "from Observer to Editor") {
		t.Errorf("got %v", err)
	}
	if all, err := h.services.Offers(t.Context(), h.admin, acmeRef()); err != nil || len(all) > 0 {
		t.Errorf("an offer that was refused is remembered: %+v, %v", all, err)
	}
	for name, push := range map[string]cloudservice.Push{
		"no name": {Kind: cloudservice.HTML}, "two lines": {Name: "a\nb", Kind: cloudservice.HTML}, "no JSON": {Name: "a", Kind: cloudservice.JSON, Content: "{"},
		"no kind": {Name: "a", Kind: "xml"}, "much": {Name: "a", Kind: cloudservice.HTML, Content: strings.Repeat("x", 513<<10)},
	} {
		if _, err := h.services.PushOffer(t.Context(), h.admin, acmeRef(), push); err == nil {
			t.Errorf("%s is pushed", name)
		} else if _, ok := errors.AsType[finding.Problems](err); !ok {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

func TestDeleteOffer(t *testing.T) {
	h, s := offerHouse(t)
	_, err := h.push("hero", "x")
	must(t, err)
	s.activities = `{"id":1,"name":"Front","type":"ab","state":"approved"},{"id":2,"name":"Old","type":"xt","state":"deleted"},{"id":3,"name":"Many","type":"mvt","state":"approved"}`
	s.shows["ab/1"], s.shows["xt/2"] = 101, 101
	_, err = h.services.DeleteOffer(t.Context(), h.admin, acmeRef(), "hero", false)
	inUse, ok := errors.AsType[*cloudservice.OfferInUseError](err)
	if !ok || !cmp.Equal(inUse.Activities, []string{"Front (1)"}) || len(s.offers) != 1 {
		t.Fatalf("got %v", err)
	}
	got, err := h.services.DeleteOffer(t.Context(), h.admin, acmeRef(), "hero", true)
	must(t, err)
	if len(got.Warnings) != 2 || len(s.offers) != 0 {
		t.Errorf("got %v, offers %v", got, s.offers)
	}
	if _, err := h.services.DeleteOffer(t.Context(), h.admin, acmeRef(), "hero", true); !errors.Is(err, cloudservice.ErrNoOffer) {
		t.Errorf("again: %v", err)
	}
}

func TestTargetLists(t *testing.T) {
	h := newTargetHouse(t)
	h.connected()
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.FormValue("offset"))
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		var items []string
		for i := offset; i < min(5, offset+limit); i++ {
			items = append(items, fmt.Sprintf(`{"name":"m%d"}`, i))
		}
		_, _ = io.WriteString(w, `{"total":5,"mboxes":[`+strings.Join(items, ",")+`]}`)
	})
	all, more, err := h.services.Mboxes(t.Context(), h.admin, acmeRef(), cloudservice.Part{Limit: 2, Offset: 1})
	must(t, err)
	if len(all) != 2 || all[1].Name != "m2" || !more {
		t.Errorf("got %v, %v", all, more)
	}
	all, more, err = h.services.Mboxes(t.Context(), h.admin, acmeRef(), cloudservice.Part{Limit: 2, Offset: 4})
	must(t, err)
	if len(all) != 1 || more {
		t.Errorf("got %v, %v", all, more)
	}
}
