package pipelined_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/pipelined"
	"latchkey/internal/secret"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const organization = "C74F69D7594880280A495D09@AdobeOrg"

// key is one key for all tests: making one takes long.
var key = sync.OnceValue(func() secret.String {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
})

// authority gives tokens in each of the three ways: "legacy-1", "jwt-2", "oauth-3".
type authority struct {
	*httptest.Server
	mu     sync.Mutex
	count  int
	forms  []map[string]string
	refuse map[string]string // path → the body of a refusal with 400
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{refuse: map[string]string{}}
	mux := http.NewServeMux()
	for path, mode := range map[string]string{"/token": "legacy", "/ims/exchange/jwt": "jwt", "/ims/token/v3": "oauth"} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			a.mu.Lock()
			defer a.mu.Unlock()
			a.count++
			form := map[string]string{"path": path}
			for name := range r.PostForm {
				form[name] = r.PostForm.Get(name)
			}
			a.forms = append(a.forms, form)
			w.Header().Set("Content-Type", "application/json")
			if body, ok := a.refuse[path]; ok {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprint(w, body)
				return
			}
			life := 3600
			if mode == "jwt" {
				life *= 1000
			}
			_, _ = fmt.Fprintf(w, `{"access_token":"%s-%d","token_type":"bearer","expires_in":%d}`, mode, a.count, life)
		})
	}
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) set(path, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if body == "" {
		delete(a.refuse, path)
		return
	}
	a.refuse[path] = body
}

// house is a daemon with a broker, an authority and its folder.
type house struct {
	t         *testing.T
	broker    *broker
	authority *authority
	conf, dir string
	mu        sync.Mutex
	instance  pipelined.Instance
	options   pipelined.Options
	log       *logBook
	daemon    *pipelined.Daemon
}

type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const plainRoutes = `{"topics": [{"name": "triggers", "consumer": "dev", "triggers": [{"name": "*", "jsConnector": "cus:triggers.js"}]}]}`

func newHouse(t *testing.T, routes, settings string) *house {
	t.Helper()
	h := &house{t: t, broker: newBroker(t), authority: newAuthority(t), conf: t.TempDir(), log: &logBook{}, options: pipelined.DefaultOptions()}
	h.dir = filepath.Join(h.conf, "var", "sample")
	h.write("NmsPipeline_Config-sample.json", routes)
	h.write("pipelined-sample.yaml", settings)
	h.options.ForcedEndpoint, h.options.AuthType = h.broker.URL, pipelined.AuthIMS
	h.options.RetryPeriod, h.options.RetryValidity = 5*time.Millisecond, 200*time.Millisecond
	h.options.PointerFlushPeriod = 10 * time.Millisecond
	h.instance = pipelined.Instance{
		Organization: organization, IMSEndpoint: h.authority.URL, ClientID: "client", AccountID: "a@techacct.adobe.com", ClientSecret: secret.New("s3cret"),
	}
	return h
}

func (h *house) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.conf, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) load() (*pipelined.Setup, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	instance, options := h.instance, h.options
	instance.Options = &options
	return pipelined.NewSetup(instance, pipelined.Files{Conf: h.conf, Instance: "sample"})
}

// change changes what the files say.
func (h *house) change(do func(*pipelined.Instance, *pipelined.Options)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do(&h.instance, &h.options)
}

func (h *house) config() pipelined.Config {
	client, err := egress.New(egress.Config{AllowLoopback: true, MaxRequest: 32 << 20})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(client.Close)
	return pipelined.Config{
		Instance: "sample", Dir: h.dir, Load: h.load, Client: client, Exchanger: exchange.New(exchange.Config{Client: client}),
		Log: slog.New(slog.NewTextHandler(h.log, nil)),
		Pace: pipelined.Pace{
			Reconnect: 5 * time.Millisecond, Refused: 5 * time.Millisecond, Silence: time.Minute, Turn: 2 * time.Second, Drain: time.Second,
		},
	}
}

// start opens the daemon and lets it consume; it ends with the test.
func (h *house) start() *pipelined.Daemon {
	h.t.Helper()
	d, err := pipelined.Open(h.t.Context(), h.config())
	if err != nil {
		h.t.Fatalf("Open() = %v", err)
	}
	d.Start(h.t.Context())
	h.daemon = d
	h.t.Cleanup(func() { h.stop() })
	return d
}

func (h *house) stop() {
	if h.daemon == nil {
		return
	}
	if err := h.daemon.Close(); err != nil {
		h.t.Errorf("Close() = %v", err)
	}
	h.daemon = nil
}

// until waits for something to become true.
func (h *house) until(what string, is func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			h.t.Fatalf("%s did not come about; the log:\n%s", what, h.log)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// lines gives what the connector of files has appended, parsed.
func (h *house) lines() []delivered {
	text, err := os.ReadFile(filepath.Join(h.dir, "out.jsonl"))
	if err != nil {
		return nil
	}
	var list []delivered
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		var d delivered
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			h.t.Fatalf("the line %q is no JSON: %v", line, err)
		}
		list = append(list, d)
	}
	return list
}

type delivered struct {
	ID    string `json:"event_id"`
	Event struct {
		Partition int `json:"partition"`
		Offset    int `json:"offset"`
	} `json:"event"`
}

// toFile maps the script to a file.
const toFile = "connectors:\n  \"cus:triggers.js\": {file: {path: out.jsonl}}\n"

// stats gives the numbers of the first listener's status.
func (h *house) stats() map[string]float64 {
	h.t.Helper()
	var status struct {
		Agents []struct {
			Stats map[string]any `json:"stats"`
		} `json:"agents"`
	}
	if err := json.Unmarshal(h.daemon.Status(context.Background()), &status); err != nil {
		h.t.Fatal(err)
	}
	numbers := map[string]float64{}
	for name, value := range status.Agents[0].Stats {
		if n, ok := value.(float64); ok {
			numbers[name] = n
		}
	}
	return numbers
}

// threads counts the agents of a name.
func (h *house) threads(name string) (n int) {
	h.t.Helper()
	var status struct{ Agents []struct{ Name string } }
	if err := json.Unmarshal(h.daemon.Status(context.Background()), &status); err != nil {
		h.t.Fatal(err)
	}
	for _, a := range status.Agents {
		if strings.HasPrefix(a.Name, name+"-") {
			n++
		}
	}
	return n
}

// b is a message of today's shape.
func b(id string) string {
	return fmt.Sprintf(`{"imsOrg":%q,"key":"k","source":"triggers","messageId":%q,"value":{"triggerId":"e2a3","triggerTimestamp":1516324157228,"mcId":"1","enrichments":{"n":1}}}`, organization, id)
}

func many(from, count int) []string {
	var list []string
	for i := range count {
		list = append(list, b(fmt.Sprintf("m-%d", from+i)))
	}
	return list
}
