package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/client"
	"latchkey/test/harness"
)

// fleetHost is one container of an instance: its files, and its daemon.
type fleetHost struct {
	name, conf string
	daemon     *harness.Running
}

// TestFleet moves three real daemons of one instance to another credential under load, one of which joins while it runs: the
// server hands the credential over, the report waits for all, nothing is lost, and each file holds the new one.
func TestFleet(t *testing.T) {
	s := harness.Dev(t)
	c, err := client.New(client.Config{URL: s.URL, Key: s.AdminKey})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	s.Must(http.StatusCreated, "POST", "/api/v1/topics", map[string]any{"name": "carts", "partitions": 6})
	key, _ := s.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": "fleet", "scopes": []string{"pipeline:consume", "pipeline:run"}}).JSON(t)["key"].(string)
	jwt, err := c.Credential(ctx, "sample-jwt")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := c.ClientSecretValues(ctx, "sample-jwt")
	if err != nil || len(secrets) == 0 {
		t.Fatal(err)
	}
	hosts := []*fleetHost{}
	join := func(name string) {
		h := &fleetHost{name: name, conf: filepath.Join(t.TempDir(), "conf")}
		h.furnish(t, s, key, secrets[0].Value.Reveal(), strings.Join([]string{jwt.Organization, jwt.ClientID, jwt.TechnicalAccount.ID}, "/"))
		h.daemon = s.Begin("pipelined", "--instance", "fleet", "--conf", h.conf, "--host", name, "--status-listen", "127.0.0.1:0")
		hosts = append(hosts, h)
	}
	told := func(n int) {
		t.Helper()
		eventually(t, 30*time.Second, fmt.Sprint(n, " daemons tell of themselves"), func() bool {
			all, err := client.Collect(c.Daemons(ctx, "fleet"))
			return err == nil && len(all) == n
		})
	}
	join("campaign-1")
	join("campaign-2")
	told(2)
	stop, ended := make(chan struct{}), make(chan int)
	go func() { ended <- produce(t, c, stop) }()
	join("campaign-3") // while events come
	told(3)
	moved := s.Run("pipeline", "migrate", "fleet", "--credential", "sample-oauth", "--yes", "--json")
	var sum struct {
		Daemons, Received, Lost int
		Failed                  []string
	}
	if err := json.Unmarshal([]byte(moved.Stdout), &sum); moved.Code != 0 || err != nil || sum.Daemons != 3 || sum.Lost != 0 || len(sum.Failed) != 0 {
		t.Errorf("migrate = %d %s%s", moved.Code, moved.Stdout, moved.Stderr)
	}
	time.Sleep(500 * time.Millisecond) // of load with the new credential
	close(stop)
	made := <-ended
	eventually(t, 60*time.Second, "every event is delivered", func() bool { return len(delivered(t, hosts)) >= made })
	for place, times := range delivered(t, hosts) {
		if times == 0 {
			t.Errorf("%s is missing", place)
		}
	}
	oauth, err := c.Credential(ctx, "sample-oauth")
	if err != nil {
		t.Fatal(err)
	}
	all, err := client.Collect(c.Daemons(ctx, "fleet"))
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range all {
		if d.Fingerprint != all[0].Fingerprint || !strings.HasSuffix(d.Credential, oauth.ClientID) || d.Failure != "" {
			t.Errorf("%s runs with %s (%s), trouble %q", d.Host, d.Credential, d.Fingerprint, d.Failure)
		}
		text, err := os.ReadFile(filepath.Join(hosts[i].conf, "config-fleet.xml"))
		if err != nil || !strings.Contains(string(text), oauth.ClientID) || !strings.Contains(string(text), "<!-- the team's notes stay -->") || strings.Contains(string(text), jwt.ClientID) {
			t.Errorf("the file of %s (%v):\n%s", d.Host, err, text)
		}
	}
	// Asked for at one host, the report is of all: it finds the server in the daemon's own settings.
	seen := s.Run("pipeline", "migrate", "fleet", "--report", "--wait", "--json", "--conf", hosts[0].conf)
	var report struct {
		Received, Lost int
		Daemons        []struct{ Host, State string }
		Waiting        []string
	}
	if err := json.Unmarshal([]byte(seen.Stdout), &report); seen.Code != 0 || err != nil || len(report.Daemons) != 3 || report.Daemons[2].State != "switched" || report.Lost != 0 || report.Received == 0 || len(report.Waiting) != 0 {
		t.Errorf("report = %d %s%s", seen.Code, seen.Stdout, seen.Stderr)
	}
	if back := s.Run("pipeline", "daemons", "fleet", "--order", "rollback", "--json"); back.Code != 0 {
		t.Errorf("rollback = %d %s%s", back.Code, back.Stdout, back.Stderr)
	}
	for _, h := range hosts {
		if text, err := os.ReadFile(filepath.Join(h.conf, "config-fleet.xml")); err != nil || !strings.Contains(string(text), jwt.ClientID) {
			t.Errorf("after the way back, the file of %s (%v):\n%s", h.name, err, text)
		}
	}
}

// TestKeyHeldAgainstTheServer refuses a private key of another certificate than those that its credential has at the server.
func TestKeyHeldAgainstTheServer(t *testing.T) {
	s := harness.Dev(t)
	jwt := s.Must(http.StatusOK, "GET", "/api/v1/credentials/sample-jwt", nil).JSON(t)
	account, _ := jwt["technical_account"].(map[string]any)
	conf := filepath.Join(s.Data, "sample", "conf")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.key")
	harness.WritePEM(t, other, "PRIVATE KEY", der)
	put := func(key string) harness.Result {
		return s.RunInput("p8e-x\n", "nlserver", "config", "--conf", conf, "-instance:sample", fmt.Sprintf("-setimsjwtauth:%s/%s/%s", s.Organization, jwt["client_id"], account["id"]),
			"--secret", "-", "--private-key", "@"+key, "--dry-run")
	}
	if got := put(other); got.Code != 1 || !strings.Contains(got.Stderr, "belongs to none of the certificates that sample-jwt has at the server") {
		t.Errorf("another key = %d %s%s", got.Code, got.Stdout, got.Stderr)
	}
	if got := put(filepath.Join(s.Data, "sample", "private.key")); got.Code != 0 || !strings.Contains(got.Stdout+got.Stderr, "that is bound at the server, which is valid for") {
		t.Errorf("its key = %d %s%s", got.Code, got.Stdout, got.Stderr)
	}
	if got := s.Run("pipeline", "doctor", "sample", "--conf", conf); !strings.Contains(got.Stdout, "the key belongs to the certificate") {
		t.Errorf("doctor = %d %s%s", got.Code, got.Stdout, got.Stderr)
	}
}

// furnish writes the files of a host, with the JWT credential in them.
func (h *fleetHost) furnish(t *testing.T, s *harness.Server, key, secret, account string) {
	t.Helper()
	if err := os.MkdirAll(h.conf, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"config-fleet.xml": `<serverconf><!-- the team's notes stay -->
  <shared><ims authIMSEndpoint="` + s.URL + `"/></shared>
  <pipelined autoStart="true" forcedPipelineEndpoint="` + s.URL + `" pointerFlushPeriodSec="1"/>
  <web><redirection/></web>
</serverconf>
`,
		"NmsPipeline_Config-fleet.json": `{"topics": [{"name": "carts", "consumer": "fleet", "triggers": [{"name": "*", "jsConnector": "cus:triggers.js"}]}]}`,
		"pipelined-fleet.yaml":          "server: {url: \"" + s.URL + "\", key: " + key + "}\nconnectors:\n  \"cus:triggers.js\": {file: {path: out.jsonl}}\n",
		"secret.txt":                    secret,
	} {
		if err := os.WriteFile(filepath.Join(h.conf, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put := s.Run("nlserver", "config", "--conf", h.conf, "-instance:fleet", "-setimsjwtauth:"+account, "--secret", "@"+filepath.Join(h.conf, "secret.txt"),
		"--private-key", "@"+filepath.Join(s.Data, "sample", "private.key"), "--pipelined-auth")
	if put.Code != 0 || !strings.Contains(put.Stdout, "belongs to the certificate") {
		t.Fatalf("putting the credential in = %d %s%s", put.Code, put.Stdout, put.Stderr)
	}
}

// produce sends some 300 events a second until it is stopped, and gives how many.
func produce(t *testing.T, c *client.Client, stop <-chan struct{}) int {
	made := 0
	for {
		select {
		case <-stop:
			return made
		case <-time.After(30 * time.Millisecond):
		}
		var batch []client.Message
		for range 10 {
			batch = append(batch, client.Message{ID: fmt.Sprint("m-", made), Key: fmt.Sprint("k-", made%31), Value: json.RawMessage(
				fmt.Sprintf(`{"triggerId":"e2a3","triggerTimestamp":1516324157228,"mcId":"%d","enrichments":{"n":1}}`, made))})
			made++
		}
		if _, err := c.Produce(t.Context(), "carts", batch...); err != nil {
			t.Error(err)
			return made
		}
	}
}

// delivered gives how often each place of each partition was delivered, those between the first and the last that were not
// included.
func delivered(t *testing.T, hosts []*fleetHost) map[string]int {
	t.Helper()
	times, last := map[string]int{}, map[int]int{}
	for _, h := range hosts {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(h.conf), "var", "fleet", "out.jsonl"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			var one struct {
				Event struct{ Partition, Offset int } `json:"event"`
			}
			if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &one) == nil {
				times[fmt.Sprint(one.Event.Partition, ":", one.Event.Offset)]++
				last[one.Event.Partition] = max(last[one.Event.Partition], one.Event.Offset)
			}
		}
	}
	for partition, offset := range last {
		for n := range offset {
			times[fmt.Sprint(partition, ":", n)] += 0
		}
	}
	return times
}
