package pipelined_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/client"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/secret"
)

// instanceFile is the house's files, as a daemon writes them.
type instanceFile struct {
	h    *house
	fail error
	puts int
}

func (f *instanceFile) Put(c credential.Credential) (string, error) {
	if f.fail != nil {
		return "", f.fail
	}
	f.puts++
	f.h.change(func(in *pipelined.Instance, o *pipelined.Options) {
		o.AuthType, in.Organization, in.ClientID, in.AccountID, in.ClientSecret, in.PrivateKey = pipelined.AuthIMS, c.Organization, c.Client, c.Account, c.Secret, c.PrivateKey
		in.Standing = stood(in, o)
	})
	return "copy.bak", nil
}

func (f *instanceFile) Restore(was []pipelined.Attribute) (string, error) {
	at := map[string]string{}
	for _, a := range was {
		at[a.Name] = a.Text
	}
	f.h.change(func(in *pipelined.Instance, o *pipelined.Options) {
		in.AccountID = at["account"]
		o.AuthType, in.ClientID, in.ClientSecret, in.PrivateKey = at["authType"], at["client"], secret.New(at["secret"]), secret.New(at["key"])
		in.Standing = stood(in, o)
	})
	return "copy.bak", nil
}

func stood(in *pipelined.Instance, o *pipelined.Options) []pipelined.Attribute {
	return []pipelined.Attribute{
		{Name: "authType", Text: o.AuthType, There: true}, {Name: "client", Text: in.ClientID, There: true}, {Name: "account", Text: in.AccountID, There: true},
		{Name: "secret", Text: in.ClientSecret.Reveal(), There: true}, {Name: "key", Text: in.PrivateKey.Reveal(), There: true},
	}
}

// filed gives the house files that the daemon may write.
func (h *house) filed() *instanceFile {
	h.change(func(in *pipelined.Instance, o *pipelined.Options) { in.Standing = stood(in, o) })
	return &instanceFile{h: h}
}

// begin starts a daemon that writes its file, and that a server gives orders.
func (h *house) begin(f *instanceFile, s *server) *pipelined.Daemon {
	h.t.Helper()
	config := h.config()
	config.File, config.Host, config.Pace.Tell = f, "campaign-1", 5*time.Millisecond
	if s != nil {
		config.Connect = func(connector.Server) (pipelined.Server, error) { return s, nil }
	}
	d, err := pipelined.Open(h.t.Context(), config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.daemon = d
	d.Start(h.t.Context())
	h.t.Cleanup(h.stop)
	return d
}

func (h *house) held() string { return h.setup().Credential.Describe() }

const told = toFile + "server: {url: \"http://127.0.0.1:1\", key: lk_x}\n"

func handedOver(t *testing.T, text string) (h client.HandedCredential) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

// A credential that the server hands over is proven, serves, is written into the file, and outlives a restart; the way back
// does, too.
func TestTakeOver(t *testing.T) {
	h := newHouse(t, plainRoutes, told)
	h.change(jwt)
	f, s := h.filed(), &server{}
	s.handed = handedOver(t, `{"mode":"oauth","organization":"`+organization+`","client_id":"new","technical_account":"b@techacct.adobe.com","client_secret":"p8e-new"}`)
	h.begin(f, s)
	h.broker.produce(0, many(0, 5)...)
	h.until("5 lines", func() bool { return len(h.lines()) == 5 })
	order := client.DaemonOrder{Number: 1, Action: "migrate", Hand: &client.Hand{ID: "hand_1", Name: "campaign", ClientID: "new", Mode: "oauth"}}
	s.give(order)
	h.until("the move", func() bool { return s.last().CarriedOut == 1 })
	if last := s.last(); last.Failure != "" || last.Credential != "IMS OAuth Server-to-Server, client new" || len(last.Report) == 0 {
		t.Fatalf("the daemon tells %+v", last)
	}
	if h.held() != "IMS OAuth Server-to-Server, client new" || f.puts != 1 {
		t.Errorf("the file holds %s after %d writes", h.held(), f.puts)
	}
	if strings.Contains(h.log.String(), "p8e-new") {
		t.Error("the log shows the secret")
	}
	h.broker.produce(0, many(5, 5)...)
	h.until("10 lines", func() bool { return len(h.lines()) == 10 })

	h.stop() // after a restart the order is known, and the file has the credential
	s.mu.Lock()
	s.told, s.taken = client.DaemonReport{}, nil
	s.mu.Unlock()
	d := h.begin(f, s)
	h.until("the order, once more", func() bool { return s.last().CarriedOut == 1 })
	if last := s.last(); last.Failure != "" || last.Credential != "IMS OAuth Server-to-Server, client new" || len(s.taken) != 0 {
		t.Errorf("after a restart the daemon tells %+v, and asked for %v", last, s.taken)
	}
	report, err := d.Rollback(t.Context())
	if err != nil || !report.RolledBack || h.held() != "IMS JWT, client client" {
		t.Fatalf("Rollback() = %+v, %v, and the file holds %s", report, err, h.held())
	}
	h.broker.produce(0, many(10, 5)...)
	h.until("15 lines, by the old one", func() bool { return len(h.lines()) == 15 })
}

// What is handed over and does not work leaves everything as it was.
func TestTakeOverRefused(t *testing.T) {
	for name, test := range map[string]struct {
		handed string
		broken func(*house, *instanceFile, *server)
		says   string
	}{
		"the token": {`{"mode":"oauth","client_id":"new","client_secret":"x","organization":"` + organization + `"}`, func(h *house, _ *instanceFile, _ *server) {
			h.authority.set("/ims/token/v3", `{"error":"invalid_client"}`)
		}, "at its token"},
		"the file": {`{"mode":"oauth","client_id":"new","client_secret":"x","organization":"` + organization + `"}`, func(_ *house, f *instanceFile, _ *server) {
			f.fail = errors.New("the disk is full")
		}, "the disk is full"},
		"gone":    {`{}`, func(_ *house, _ *instanceFile, s *server) { s.refusal = &client.Error{Status: http.StatusNotFound} }, "taking the credential"},
		"a whim":  {`{"mode":"telepathy"}`, func(*house, *instanceFile, *server) {}, "telepathy"},
		"nothing": {`{"mode":"jwt"}`, func(*house, *instanceFile, *server) {}, "at its credential"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plainRoutes, told)
			h.change(jwt)
			f, s := h.filed(), &server{handed: handedOver(t, test.handed)}
			test.broken(h, f, s)
			h.begin(f, s)
			s.give(client.DaemonOrder{Number: 1, Action: "migrate", Hand: &client.Hand{ID: "hand_1", Name: "campaign", ClientID: "new", Mode: "oauth"}})
			h.until("the refusal", func() bool { return s.last().CarriedOut == 1 })
			if last := s.last(); !strings.Contains(last.Failure, test.says) || last.Credential != "IMS JWT, client client" || h.held() != "IMS JWT, client client" {
				t.Errorf("the daemon tells %+v, and the file holds %s", last, h.held())
			}
			h.broker.produce(0, many(0, 3)...)
			h.until("3 lines, by the old one", func() bool { return len(h.lines()) == 3 })
		})
	}
}

// A refused migration, and one that is rolled back, leave a file that a restart comes up with.
func TestRefusedLeavesTheFile(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.change(jwt)
	f := h.filed()
	d := h.begin(f, nil)
	h.until("a stream", func() bool { return h.stats()["streams-opened"] == 1 })
	put := func() pipelined.Setup {
		h.change(oauth)
		h.change(func(in *pipelined.Instance, o *pipelined.Options) { in.Standing = stood(in, o) })
		return *h.setup()
	}
	h.authority.set("/ims/token/v3", `{"error":"invalid_client"}`)
	_, err := d.Migrate(t.Context(), put().Credential)
	if err == nil || !strings.Contains(err.Error(), "holds the credential of before again, and what it held is in copy.bak") || h.held() != "IMS JWT, client client" {
		t.Fatalf("Migrate() = %v, and the file holds %s", err, h.held())
	}
	h.authority.set("/ims/token/v3", "")
	if _, err := d.Migrate(t.Context(), put().Credential); err != nil || h.held() != "IMS OAuth Server-to-Server, client client" {
		t.Fatalf("Migrate() = %v, and the file holds %s", err, h.held())
	}
	if _, err := d.Rollback(t.Context()); err != nil || h.held() != "IMS JWT, client client" {
		t.Fatalf("Rollback() = %v, and the file holds %s", err, h.held())
	}
	h.stop()
	h.begin(f, nil)
	h.broker.produce(0, many(0, 3)...)
	h.until("3 lines after a restart", func() bool { return len(h.lines()) == 3 })
}
