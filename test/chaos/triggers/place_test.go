package triggers_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// place is everything of a run: the broker, the daemon with its files, the producer and the receiver.
type place struct {
	t              *testing.T
	dir, conf      string
	url, program   string
	broker, daemon *process
	source         *source
	sink           *sink
	workspace      workspace
	key            string // the sample's private key, in base64
	credential     string
}

// workspace is what is read of sample/workspace.json.
type workspace struct {
	Project struct {
		Org struct {
			ID string `json:"ims_org_id"`
		} `json:"org"`
		Workspace struct {
			Details struct {
				Credentials []struct {
					JWT   *account `json:"jwt"`
					OAuth *account `json:"oauth_server_to_server"`
				} `json:"credentials"`
			} `json:"details"`
		} `json:"workspace"`
	} `json:"project"`
}

type account struct {
	ClientID string   `json:"client_id"`
	Secret   string   `json:"client_secret"`
	Secrets  []string `json:"client_secrets"`
	ID       string   `json:"technical_account_id"`
}

func newPlace(t *testing.T, chance *rand.Rand) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), program: harness.Binary(t), sink: newSink(t), credential: "legacy"}
	p.conf = filepath.Join(p.dir, "nl6", "conf")
	address := freeAddress(t, chance)
	p.url = "http://" + address
	p.broker = &process{name: "the broker", path: p.program, args: []string{"dev", "--listen", address, "--data", filepath.Join(p.dir, "data"), "--log-level", "warn"}}
	p.daemon = &process{name: "pipelined", path: p.program, args: []string{"pipelined", "--instance", "chaos", "--conf", p.conf, "--status-listen", "127.0.0.1:0"}}
	p.source = &source{url: p.url, partitions: map[string]bool{}}
	return p
}

// freeAddress gives an address below the ports that the system hands out: a broker that was killed must find its own again.
func freeAddress(t *testing.T, chance *rand.Rand) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+chance.IntN(15000)))
		if err == nil {
			defer func() { _ = l.Close() }()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// ready waits for the broker, and writes the daemon's files.
func (p *place) ready() {
	p.t.Helper()
	var ready harness.Ready
	p.until("the broker to serve", func() bool {
		text, err := os.ReadFile(filepath.Join(p.dir, "data", "dev.json"))
		return err == nil && json.Unmarshal(text, &ready) == nil && ready.AdminKey != ""
	})
	p.source.key = ready.AdminKey
	sample := filepath.Join(p.dir, "data", "sample")
	text, err := os.ReadFile(filepath.Join(sample, "workspace.json"))
	if err == nil {
		err = json.Unmarshal(text, &p.workspace)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(sample, "private.key"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.key = base64.StdEncoding.EncodeToString(pem)
	// The sample's own daemon would only take time: with such a file it does not begin again.
	if err := os.WriteFile(filepath.Join(sample, "conf", "NmsPipeline_Config-sample.json"), []byte("{}"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(p.conf, 0o700); err != nil {
		p.t.Fatal(err)
	}
	p.write("NmsPipeline_Config-chaos.json", `{"topics": [{"name": "triggers", "consumer": "chaos", "triggers": [{"name": "*", "jsConnector": "cus:triggers.js"},]}]}`)
	p.write("pipelined-chaos.yaml", "connectors:\n  cus:triggers.js: {http: {url: \""+p.sink.server.URL+"/\"}}\n")
	p.configure("legacy")
}

func (p *place) write(name, text string) {
	p.t.Helper()
	// Whole or not at all: the daemon may begin at this moment.
	path := filepath.Join(p.conf, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		p.t.Fatal(err)
	}
}

// configure writes the instance's file for a credential, as an operator does on every container.
func (p *place) configure(mode string) {
	p.t.Helper()
	common := fmt.Sprintf(`forcedPipelineEndpoint=%q retryPeriodSec="1" retryValiditySec="3600" pointerFlushPeriodSec="1" processingJSThreads="15" authGatewayEndpoint=%q monitorServerPort="0"`, p.url, p.url)
	ims, own := "", ""
	for _, c := range p.workspace.Project.Workspace.Details.Credentials {
		switch {
		case mode == "legacy" && c.JWT != nil: // the authority's own gateway, POST /token
			own = fmt.Sprintf(`appName=%q authPrivateKey=%q`, c.JWT.ClientID, p.key)
		case mode == "jwt" && c.JWT != nil:
			ims = fmt.Sprintf(`<ims authIMSEndpoint=%q authIMSTAClientId=%q authIMSTAId=%q authIMSTAClientSecret=%q authIMSTAPrivateKey=%q/>`,
				p.url, c.JWT.ClientID, c.JWT.ID, c.JWT.Secret+strings.Join(c.JWT.Secrets, ""), p.key)
			own = `authType="imsJwtToken"`
		case mode == "oauth" && c.OAuth != nil:
			ims = fmt.Sprintf(`<ims authIMSEndpoint=%q authIMSTAClientId=%q authIMSTAId=%q authIMSTAClientSecret=%q/>`,
				p.url, c.OAuth.ClientID, c.OAuth.ID, c.OAuth.Secret+strings.Join(c.OAuth.Secrets, ""))
			own = `authType="imsJwtToken"`
		}
	}
	p.write("config-chaos.xml", fmt.Sprintf("<?xml version='1.0'?>\n<serverconf>\n  <shared>%s</shared>\n  <pipelined %s %s/>\n  <web><redirection IMSOrgId=%q/></web>\n</serverconf>\n",
		ims, own, common, p.workspace.Project.Org.ID))
}

// migrate moves to another credential as the guide says: the file first, then the running daemon. A daemon that was killed
// in between has begun with the new one.
func (p *place) migrate(mode string) {
	p.t.Helper()
	p.configure(mode)
	var text []byte
	p.until("the migration to "+mode, func() bool {
		var err error
		text, err = exec.Command(p.program, "pipeline", "migrate", "chaos", "--conf", p.conf).CombinedOutput()
		return err == nil || strings.Contains(string(text), "runs with this credential already")
	})
	p.credential = mode
	p.t.Logf("to %s: %s", mode, strings.TrimSpace(string(text)))
}

// kill kills one of both programs every now and then, until it has to stop.
func (p *place) kill(chance *rand.Rand, every, duration time.Duration) {
	end := time.Now().Add(duration - every/2)
	for turn := 0; ; turn++ {
		wait := time.Duration((0.5 + chance.Float64()) * float64(every))
		if time.Now().Add(wait).After(end) {
			return
		}
		time.Sleep(wait)
		if turn%2 == 0 {
			p.daemon.kill()
		} else {
			p.broker.kill()
		}
	}
}

// letters counts dead letters.
func (p *place) letters() int {
	p.t.Helper()
	text, err := exec.Command(p.program, "pipeline", "dead-letters", "list", "chaos", "--conf", p.conf, "--json").Output()
	var list struct{ Items []struct{ Error string } }
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		p.t.Errorf("listing dead letters: %v", err)
	}
	for _, one := range list.Items {
		p.t.Log(one.Error)
	}
	return len(list.Items)
}

func (p *place) until(what string, is func() bool) {
	p.t.Helper()
	end := time.Now().Add(time.Minute)
	for !is() {
		if time.Now().After(end) {
			p.t.Fatalf("waiting for %s took too long\n%s\n%s", what, p.broker.output.String(), p.daemon.output.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
}
