package connector_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/secret"
)

// receiver is a server of I/O Events' contract that can be told to misbehave.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
	// greeting answers GET, taking POST.
	greeting, taking http.HandlerFunc
}

type request struct {
	method string
	query  url.Values
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.requests = append(r.requests, request{q.Method, q.URL.Query(), q.Header, body})
		r.mu.Unlock()
		switch {
		case q.Method == http.MethodGet && r.greeting != nil:
			r.greeting(w, q)
		case q.Method == http.MethodGet:
			_, _ = io.WriteString(w, q.URL.Query().Get("challenge"))
		case r.taking != nil:
			r.taking(w, q)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got(method string) []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.requests), func(q request) bool { return q.method != method })
}

// posting opens a connector to a receiver. Those with the same folder remember the same receivers.
func posting(t *testing.T, dir string, to connector.HTTP) (connector.Batcher, connector.Config) {
	t.Helper()
	client, err := egress.New(egress.Config{AllowLoopback: true, MaxRequest: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	config := connector.Config{Client: client, Clock: clock.System(), Dir: dir, Receivers: connector.OpenReceivers(dir, clock.System())}
	c, err := connector.Open(t.Context(), config, connector.Entry{HTTP: &to})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(connector.Batcher), config
}

func secretOf(text string) connector.Secret { return connector.Secret{String: secret.New(text)} }

func triggers(t *testing.T, offsets ...int64) (list []*message.Trigger) {
	t.Helper()
	for _, offset := range offsets {
		list = append(list, trigger(t, offset))
	}
	return list
}

// Each address is asked once, before the first delivery, and again when it changes; the answer may come in each of the
// documented ways.
func TestChallenge(t *testing.T) {
	for name, greeting := range map[string]http.HandlerFunc{
		"text": nil,
		"quoted": func(w http.ResponseWriter, q *http.Request) {
			_, _ = io.WriteString(w, `"`+q.URL.Query().Get("challenge")+"\"\n")
		},
		"object": func(w http.ResponseWriter, q *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]string{"challenge": q.URL.Query().Get("challenge")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, dir := newReceiver(t), t.TempDir()
			r.greeting = greeting
			to := connector.HTTP{URL: r.URL + "/in?key=k", Challenge: connector.Require}
			for range 2 { // the second as after a restart
				c, _ := posting(t, dir, to)
				deliver(t, c, 1, 2)
			}
			if asked := r.got(http.MethodGet); len(asked) != 1 || asked[0].query.Get("key") != "k" || len(asked[0].query.Get("challenge")) < 20 || r.requests[0].method != http.MethodGet {
				t.Errorf("the challenges were %+v, want one before the first delivery", asked)
			}
			to.URL = r.URL + "/elsewhere"
			c, _ := posting(t, dir, to)
			deliver(t, c, 3)
			if asked := r.got(http.MethodGet); len(asked) != 2 {
				t.Errorf("a new address was asked %d times", len(asked)-1)
			}
		})
	}
}

// A receiver that does not know challenges gets triggers all the same, unless it must; skip sends none.
func TestChallengeNotKnown(t *testing.T) {
	r := newReceiver(t)
	r.greeting = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }
	c, _ := posting(t, t.TempDir(), connector.HTTP{URL: r.URL})
	deliver(t, c, 1, 2)
	skipping, _ := posting(t, t.TempDir(), connector.HTTP{URL: r.URL, Challenge: connector.Skip})
	deliver(t, skipping, 3)
	if asked, got := len(r.got(http.MethodGet)), len(r.got(http.MethodPost)); asked != 1 || got != 3 {
		t.Errorf("%d challenges and %d deliveries, want 1 and 3", asked, got)
	}
	strict, _ := posting(t, t.TempDir(), connector.HTTP{URL: r.URL, Challenge: connector.Require})
	if err := strict.Deliver(t.Context(), trigger(t, 4)); err == nil || !strings.Contains(err.Error(), "501") || !strings.Contains(err.Error(), "validation_url") {
		t.Errorf("Deliver() = %v", err)
	}
	if got := len(r.got(http.MethodPost)); got != 3 {
		t.Errorf("%d deliveries, want none more", got)
	}
}

// A receiver that takes the challenge for a page passes on an address, and gets nothing until that was opened.
func TestValidationURL(t *testing.T) {
	r, dir := newReceiver(t), t.TempDir()
	r.greeting = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<h1>hello</h1>") }
	to := connector.HTTP{URL: r.URL, Challenge: connector.Require}
	c, config := posting(t, dir, to)
	config.Receivers.Serve("http://127.0.0.1:7781/pipelined/validate")
	for range 2 { // one address at a time
		if err := c.Deliver(t.Context(), trigger(t, 1)); err == nil || connector.IsPermanent(err) || !strings.Contains(err.Error(), "opens the validation address") {
			t.Fatalf("Deliver() = %v", err)
		}
	}
	posted := r.got(http.MethodPost)
	var body struct{ ValidationURL string }
	if len(posted) != 1 || json.Unmarshal(posted[0].body, &body) != nil || !strings.HasPrefix(body.ValidationURL, "http://127.0.0.1:7781/pipelined/validate?") {
		t.Fatalf("the receiver was sent %d, %s", len(posted), posted[0].body)
	}
	at, err := url.Parse(body.ValidationURL)
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	if config.Receivers.Validate(query.Get("id"), "guessed") || config.Receivers.Validate("guessed", query.Get("challenge")) {
		t.Error("a guessed address validates")
	}
	if !config.Receivers.Validate(query.Get("id"), query.Get("challenge")) || config.Receivers.Validate(query.Get("id"), query.Get("challenge")) {
		t.Error("the address validates not once")
	}
	deliver(t, c, 1)
	again, _ := posting(t, dir, to) // it is remembered
	deliver(t, again, 2)
	r.taking = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }
	to.URL += "/other"
	c, config = posting(t, dir, to)
	config.Receivers.Serve("http://127.0.0.1:7781/pipelined/validate")
	if err := c.Deliver(t.Context(), trigger(t, 3)); err == nil || !strings.Contains(err.Error(), "has to be 200") {
		t.Errorf("Deliver() = %v", err)
	}
}

// Several go as an array, within the bounds of I/O Events, and are signed in both ways.
func TestBatch(t *testing.T) {
	r := newReceiver(t)
	c, _ := posting(t, t.TempDir(), connector.HTTP{
		URL: r.URL, Batch: 3, Secret: secretOf("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ClientSecret: secretOf("s3cret"),
	})
	list := triggers(t, 1, 2, 3, 4)
	list[0].Retries = 2
	for _, want := range []int{3, 1} {
		n, err := c.DeliverAll(t.Context(), list)
		if err != nil || n != want {
			t.Fatalf("DeliverAll() = %d, %v, want %d", n, err, want)
		}
		list = list[n:]
	}
	var ids []string
	for _, q := range r.got(http.MethodPost) {
		var events []struct {
			ID    string `json:"event_id"`
			Event struct{ Offset int64 }
		}
		if err := json.Unmarshal(q.body, &events); err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		mac := hmac.New(sha256.New, []byte("s3cret"))
		_, _ = mac.Write(q.body)
		if q.header.Get("X-Adobe-Signature") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) || !strings.HasPrefix(q.header.Get("Webhook-Signature"), "v1,") || !strings.HasPrefix(q.header.Get("Webhook-Id"), "batch-") {
			t.Errorf("the headers are %v", q.header)
		}
	}
	if strings.Join(ids, " ") != "m-1 m-2 m-3 m-4" || r.got(http.MethodPost)[0].header.Get("X-Adobe-Retry-Count") != "2" {
		t.Errorf("the receiver got %v", ids)
	}
	large := triggers(t, 5, 6)
	for _, big := range large {
		big.Raw = json.RawMessage(`"` + strings.Repeat("x", 1_500_000) + `"`)
	}
	if n, err := c.DeliverAll(t.Context(), large); err != nil || n != 1 {
		t.Errorf("DeliverAll() of 3 MB = %d, %v, want 1", n, err)
	}
}

func TestAnswers(t *testing.T) {
	r := newReceiver(t)
	c, _ := posting(t, t.TempDir(), connector.HTTP{URL: r.URL, Timeout: 200 * time.Millisecond})
	deliver(t, c, 0)
	for _, test := range []struct {
		status    int
		after     string
		permanent bool
		least     time.Duration
	}{
		{status: 429, after: "7", least: 7 * time.Second},
		{status: 503, after: time.Now().Add(time.Minute).UTC().Format(http.TimeFormat), least: 50 * time.Second},
		{status: 503, after: "86400", least: 15 * time.Minute},
		{status: 503, after: "soon"}, {status: 500}, {status: 404}, {status: 401}, {status: 302},
		{status: 400, permanent: true}, {status: 410, permanent: true}, {status: 413, permanent: true}, {status: 415, permanent: true}, {status: 422, permanent: true},
	} {
		r.taking = func(w http.ResponseWriter, _ *http.Request) {
			if test.after != "" {
				w.Header().Set("Retry-After", test.after)
			}
			w.WriteHeader(test.status)
		}
		err := c.Deliver(t.Context(), trigger(t, 1))
		later, asked := errors.AsType[*connector.Later](err)
		if err == nil || connector.IsPermanent(err) != test.permanent || asked != (test.least > 0) || asked && (later.After < test.least || later.After > 15*time.Minute) {
			t.Errorf("%d, Retry-After %q: %v, %+v", test.status, test.after, err, later)
		}
	}
	held := make(chan struct{})
	r.taking = func(http.ResponseWriter, *http.Request) { <-held }
	if err := c.Deliver(t.Context(), trigger(t, 1)); err == nil || connector.IsPermanent(err) {
		t.Errorf("a receiver that does not answer: %v", err)
	}
	close(held)
}
