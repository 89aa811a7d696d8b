package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/access"
	"latchkey/internal/egress"
	"latchkey/internal/event"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const organization = "6096892F54B5819E0A4C98A2@AdobeOrg"

var owner = access.Caller{ID: "key_1", Organization: organization, Scopes: access.Scopes{access.Admin}}

// receiver stands for the other side, without a network: a bubble's time does not pass while a socket waits.
type receiver struct {
	mu     sync.Mutex
	answer func(r arrival) (status int, header http.Header, wait time.Duration)
	got    []arrival
	open   map[string]int // endpoint → requests that wait
	most   map[string]int
}

type arrival struct {
	url, id, timestamp, signature string
	event                         event.Event
	at                            time.Time
}

func (r *receiver) Do(ctx context.Context, request *http.Request) (*egress.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	a := arrival{
		url: request.URL.String(), id: request.Header.Get("webhook-id"), timestamp: request.Header.Get("webhook-timestamp"),
		signature: request.Header.Get("webhook-signature"), at: time.Now(),
	}
	if err := json.Unmarshal(body, &a.event); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.got = append(r.got, a)
	r.open[a.url]++
	r.most[a.url] = max(r.most[a.url], r.open[a.url])
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open[a.url]--
	}()
	status, header, wait := r.answer(a)
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		kind := egress.KindTimeout
		if context.Cause(ctx) == context.Canceled { //nolint:errorlint // of the context itself
			kind = egress.KindCanceled
		}
		return nil, &egress.Error{Kind: kind, Sent: true, Err: ctx.Err()}
	}
	return &egress.Response{Status: status, Header: header}, nil
}

func (r *receiver) arrivals(url string) []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []arrival
	for _, a := range r.got {
		if url == "" || a.url == url {
			out = append(out, a)
		}
	}
	return out
}

// always answers with one status.
func always(status int) func(arrival) (int, http.Header, time.Duration) {
	return func(arrival) (int, http.Header, time.Duration) { return status, nil, 0 }
}

// bench is a store with a dispatcher and a receiver, in a bubble.
type bench struct {
	testing.TB
	store         *store.Store
	webhooks      store.Webhooks
	subscriptions *webhook.Subscriptions
	dispatcher    *webhook.Dispatcher
	receiver      *receiver
}

// inBubble runs a test in fake time over a real SQLite file. It begins on a whole second.
func inBubble(t *testing.T, test func(b *bench)) {
	t.Helper()
	dir := storetest.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(context.Background(), store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		b := &bench{TB: t, store: s, webhooks: s.Webhooks(nil)}
		b.receiver = &receiver{answer: always(200), open: map[string]int{}, most: map[string]int{}}
		b.start()
		defer func() { _ = b.dispatcher.Close(context.Background()) }()
		test(b)
	})
}

func (b *bench) start() {
	b.Helper()
	var err error
	b.dispatcher, err = webhook.NewDispatcher(webhook.DispatcherConfig{
		Queue: b.webhooks, Sender: b.receiver, Emitted: b.store.Emitted(), Chance: func() float64 { return 0 },
		Poll: 10 * time.Minute, // so that days pass quickly
	})
	if err != nil {
		b.Fatal(err)
	}
	b.subscriptions = webhook.New(webhook.Config{Endpoints: b.webhooks, Log: b.webhooks, Wake: b.dispatcher.Wake})
	b.dispatcher.Start()
}

func (b *bench) endpoint(url string) webhook.Endpoint {
	b.Helper()
	e, err := b.subscriptions.Create(b.Context(), owner, webhook.Create{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// send sends an endpoint a test event.
func (b *bench) send(e webhook.Endpoint) event.Event {
	b.Helper()
	sent, err := b.subscriptions.Test(b.Context(), owner, e.ID)
	if err != nil {
		b.Fatal(err)
	}
	return sent
}

func (b *bench) log(e webhook.Endpoint) []webhook.Delivery {
	b.Helper()
	list, err := b.subscriptions.Deliveries(b.Context(), owner, e.ID, webhook.DeliverySelection{Limit: 100})
	if err != nil {
		b.Fatal(err)
	}
	return list
}

func (b *bench) find(e webhook.Endpoint) webhook.Endpoint {
	b.Helper()
	found, err := b.subscriptions.Find(b.Context(), owner, e.ID)
	if err != nil {
		b.Fatal(err)
	}
	return found
}

// TestSchedule holds the times of all eight attempts, and what the log says in the end.
func TestSchedule(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = always(500)
		e := b.endpoint("https://a.example/hook")
		start := time.Now()
		sent := b.send(e)
		time.Sleep(48 * time.Hour)
		var at []time.Duration
		for _, a := range b.receiver.arrivals("") {
			at = append(at, a.at.Sub(start).Round(time.Second))
			if a.id != sent.ID || a.event.ID != sent.ID {
				t.Errorf("an attempt carries the id %q, want %q", a.id, sent.ID)
			}
		}
		want := []time.Duration{0}
		for _, pause := range []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour} {
			want = append(want, want[len(want)-1]+pause)
		}
		if len(at) != len(want) {
			t.Fatalf("%d attempts at %v, want 8", len(at), at)
		}
		for i := range want {
			if d := at[i] - want[i]; d < 0 || d > time.Second {
				t.Errorf("attempt %d was %v after the event, want %v", i+1, at[i], want[i])
			}
		}
		log := b.log(e)
		if len(log) != 1 || log[0].State != webhook.Failed || log[0].Attempts != 8 || log[0].Status != 500 || !log[0].DueAt.IsZero() {
			t.Errorf("the log says %+v", log)
		}
		if !b.find(e).Enabled {
			t.Error("the endpoint was disabled after a day")
		}
	})
}

// TestSecondAttemptDelivers holds that a success ends a delivery, and its failures' count.
func TestSecondAttemptDelivers(t *testing.T) {
	inBubble(t, func(b *bench) {
		answers := []int{503, 204}
		b.receiver.answer = func(arrival) (int, http.Header, time.Duration) {
			status := answers[0]
			answers = answers[1:]
			return status, http.Header{"Retry-After": {"60"}}, 0
		}
		e := b.endpoint("https://a.example/hook")
		b.send(e)
		time.Sleep(59 * time.Second)
		if n := len(b.receiver.arrivals("")); n != 1 || b.find(e).FailingSince.IsZero() {
			t.Fatalf("%d attempts before Retry-After, failing since %v", n, b.find(e).FailingSince)
		}
		time.Sleep(10 * time.Second)
		log := b.log(e)
		if len(log) != 1 || log[0].State != webhook.Delivered || log[0].Attempts != 2 || log[0].Status != 204 {
			t.Errorf("the log says %+v", log)
		}
		if since := b.find(e).FailingSince; !since.IsZero() {
			t.Errorf("it fails since %v after a success", since)
		}
	})
}

// TestGone holds that 410 disables at once, and tells the others.
func TestGone(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = func(a arrival) (int, http.Header, time.Duration) {
			if strings.Contains(a.url, "gone") {
				return 410, nil, 0
			}
			return 200, nil, 0
		}
		gone, other := b.endpoint("https://gone.example/hook"), b.endpoint("https://b.example/hook")
		b.send(gone)
		time.Sleep(10 * time.Second)
		if e := b.find(gone); e.Enabled || !strings.Contains(e.Reason, "410") {
			t.Errorf("the endpoint is %+v", e)
		}
		if n := len(b.receiver.arrivals(gone.URL)); n != 1 {
			t.Errorf("it got %d requests", n)
		}
		told := b.receiver.arrivals(other.URL)
		if len(told) != 1 || told[0].event.Type != event.WebhookDisabled || told[0].event.Subject != gone.ID {
			t.Errorf("the other endpoint was told %+v", told)
		}
		if _, err := b.subscriptions.Test(b.Context(), owner, gone.ID); err != webhook.ErrDisabled { //nolint:errorlint // it comes as it is
			t.Errorf("Test() of a disabled endpoint = %v", err)
		}
	})
}

// TestFiveDays holds that an endpoint to which nothing could be delivered for five days is disabled, that it is not
// before, and that enabling it delivers what waits.
func TestFiveDays(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = always(500)
		e := b.endpoint("https://a.example/hook")
		start := time.Now()
		for b.find(e).Enabled && time.Since(start) < 10*24*time.Hour {
			b.send(e)
			time.Sleep(12 * time.Hour)
		}
		if lived := time.Since(start); lived < 5*24*time.Hour || lived > 6*24*time.Hour {
			t.Errorf("it was disabled after %v: %+v", lived, b.find(e))
		}
		before := len(b.receiver.arrivals(""))
		time.Sleep(24 * time.Hour)
		if n := len(b.receiver.arrivals("")); n != before {
			t.Errorf("a disabled endpoint got %d requests", n-before)
		}
		b.receiver.answer = always(200)
		on := true
		if _, err := b.subscriptions.Change(b.Context(), owner, e.ID, webhook.Change{Enabled: &on}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		for _, d := range b.log(e) {
			if d.State == webhook.Pending {
				t.Errorf("%+v still waits", d)
			}
		}
		n, err := b.subscriptions.Replay(b.Context(), owner, e.ID, webhook.Replay{Since: start.Add(-time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		if n != 1 { // that it was disabled itself
			t.Errorf("%d events are replayed, want 1", n)
		}
	})
}

// TestStumblesAfterAWeek holds that an endpoint that last failed long ago gets its chance.
func TestStumblesAfterAWeek(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = always(500)
		e := b.endpoint("https://a.example/hook")
		b.send(e)
		time.Sleep(8 * 24 * time.Hour)
		failures := 2
		b.receiver.answer = func(arrival) (int, http.Header, time.Duration) {
			if failures--; failures >= 0 {
				return 500, nil, 0
			}
			return 200, nil, 0
		}
		b.send(e)
		time.Sleep(time.Hour)
		if found := b.find(e); !found.Enabled || !found.FailingSince.IsZero() {
			t.Errorf("it was disabled at the first stumble: %+v", found)
		}
	})
}

// TestSlowEndpoint holds that one that takes its time holds up nobody else, and gets a few requests at a time.
func TestSlowEndpoint(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = func(a arrival) (int, http.Header, time.Duration) {
			if strings.Contains(a.url, "slow") {
				return 200, nil, 14 * time.Second
			}
			return 200, nil, 0
		}
		slow, quick := b.endpoint("https://slow.example/hook"), b.endpoint("https://quick.example/hook")
		for range 40 {
			b.send(slow)
		}
		start := time.Now()
		for range 40 {
			b.send(quick)
		}
		time.Sleep(time.Second)
		arrivals := b.receiver.arrivals(quick.URL)
		if len(arrivals) != 40 || arrivals[39].at.Sub(start) > time.Second {
			t.Errorf("%d of 40 arrived at the quick one in %v", len(arrivals), time.Since(start))
		}
		time.Sleep(10 * time.Minute)
		if n := len(b.receiver.arrivals(slow.URL)); n != 40 || b.receiver.most[slow.URL] != 4 {
			t.Errorf("the slow one got %d requests, %d at a time", n, b.receiver.most[slow.URL])
		}
	})
}

// TestTimeout holds that one that does not answer is tried again.
func TestTimeout(t *testing.T) {
	inBubble(t, func(b *bench) {
		waits := []time.Duration{time.Hour, 0}
		b.receiver.answer = func(arrival) (int, http.Header, time.Duration) {
			wait := waits[0]
			waits = waits[1:]
			return 200, nil, wait
		}
		e := b.endpoint("https://a.example/hook")
		b.send(e)
		time.Sleep(16 * time.Second)
		if log := b.log(e); len(log) != 1 || log[0].Error != "timeout" || log[0].Latency != 15*time.Second {
			t.Errorf("the log says %+v", log)
		}
		time.Sleep(6 * time.Second)
		if log := b.log(e); log[0].State != webhook.Delivered || log[0].Error != "" {
			t.Errorf("the log says %+v", log)
		}
	})
}

// TestClose holds that what is given up at the end is sent by whoever comes next, and counts as no attempt.
func TestClose(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = func(arrival) (int, http.Header, time.Duration) { return 200, nil, 14 * time.Second }
		e := b.endpoint("https://a.example/hook")
		b.send(e)
		time.Sleep(time.Second)
		drain, cancel := context.WithTimeout(b.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		if err := b.dispatcher.Close(drain); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("Close() took %v, want 2s", took)
		}
		b.receiver.answer = always(200)
		b.start()
		time.Sleep(15 * time.Minute) // the claim is this process's own, and has to end first
		if log := b.log(e); log[0].State != webhook.Delivered || log[0].Attempts != 1 {
			t.Errorf("the log says %+v", log)
		}
	})
}

// TestTwoDispatchers holds that no delivery is made by two at the same time.
func TestTwoDispatchers(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receiver.answer = func(arrival) (int, http.Header, time.Duration) { return 200, nil, 3 * time.Second }
		second, err := webhook.NewDispatcher(webhook.DispatcherConfig{Queue: b.webhooks, Sender: b.receiver})
		if err != nil {
			t.Fatal(err)
		}
		second.Start()
		defer func() { _ = second.Close(context.Background()) }()
		e := b.endpoint("https://a.example/hook")
		for range 30 {
			b.send(e)
		}
		time.Sleep(5 * time.Minute)
		got := map[string]int{}
		for _, a := range b.receiver.arrivals("") {
			got[a.id]++
		}
		if len(got) != 30 {
			t.Errorf("%d of 30 events arrived", len(got))
		}
		for id, n := range got {
			if n != 1 {
				t.Errorf("%s arrived %d times", id, n)
			}
		}
		if most := b.receiver.most[e.URL]; most > 8 {
			t.Errorf("%d requests at a time, of two dispatchers", most)
		}
	})
}
