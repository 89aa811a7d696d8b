package app_test

import (
	"context"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/app"
	"latchkey/internal/keypair"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/credential"
)

const campaignRoutes = `{"topics": [{"name": "triggers", "consumer": "prod", "triggers": [{"name": "*"}]}]}`

// instanceFiles makes the folder of an instance "prod", in which ELEMENTS stand below the root.
func instanceFiles(t *testing.T, elements, routes string) app.PipelinedOptions {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "conf")
	if err := os.MkdirAll(conf, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config-prod.xml": "<serverConf>" + elements + "</serverConf>", "nmsPipeline_config.json": routes} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return app.PipelinedOptions{Instance: "prod", Conf: conf}
}

// TestEveryAttribute holds that each of the 22 attributes of <pipelined> (spec/campaign-and-pipeline.md §1.2) reaches the daemon,
// or is told to change nothing; the option's file is found however it is spelled.
func TestEveryAttribute(t *testing.T) {
	t.Setenv("XTK_VAR_DIR", "/var/lib/neolane")
	setup, err := app.LoadPipelined(instanceFiles(t, `<shared><ims authIMSEndpoint="https://ims.example.com/" authIMSTAClientId="c" authIMSTAClientSecret="s" authIMSTAId="a@techacct.adobe.com"/></shared>
<pipelined appName="app" args="$(XTK_VAR_DIR)" authGatewayEndpoint="https://gateway.example.com" authPrivateKey="" authType="imsJwtToken" autoStart="true" disableAuth="false"
 discoverPipelineEndpoint="https://discover.example.com" dumpStatePeriodSec="7" forcedPipelineEndpoint="https://broker.example.com/" initScript="cus:init" maxProcessMemoryAlertMb="180"
 maxProcessMemoryWarningMb="160" monitorServerPort="7782" pointerFlushMessageCount="500" pointerFlushPeriodSec="6" processRestartTime="05:00:00" processingJSThreads="3" processingThreads="2"
 retryPeriodSec="31" retryValiditySec="301" runLevel="9"/><web><redirection IMSOrgId="ABC@AdobeOrg"/></web>`, campaignRoutes))
	if err != nil {
		t.Fatal(err)
	}
	want := pipelined.Options{
		AppName: "app", GatewayEndpoint: "https://gateway.example.com", AuthType: "imsJwtToken", DiscoverEndpoint: "https://discover.example.com", ForcedEndpoint: "https://broker.example.com",
		DumpState: 7 * time.Second, MemoryWarning: 160, MemoryAlert: 180, StatusPort: 7782, PointerFlushCount: 500, PointerFlushPeriod: 6 * time.Second, ScriptThreads: 3, BuiltInThreads: 2,
		RetryPeriod: 31 * time.Second, RetryValidity: 301 * time.Second,
	}
	if diff := cmp.Diff(want, setup.Options); diff != "" {
		t.Error(diff)
	}
	var idle []string
	for _, note := range setup.Notes {
		idle = append(idle, note.Attribute)
		if note.Why == "" {
			t.Errorf("%s changes nothing, and nobody says why", note.Attribute)
		}
	}
	if diff := cmp.Diff([]string{"args", "autoStart", "initScript", "processRestartTime", "runLevel"}, idle, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Error(diff)
	}
	if c := setup.Credential; c.Mode != credential.OAuth || c.Server != "https://ims.example.com" || c.Client != "c" || c.Organization != "ABC@AdobeOrg" || c.Secret.Reveal() != "s" {
		t.Errorf("the credential is %+v", c)
	}
	for elements, mode := range map[string]credential.Mode{
		`<pipelined appName="a"/>`: credential.Legacy, `<pipelined disableAuth="true" authType="imsJwtToken"/>`: credential.None,
		`<shared><ims authIMSTAPrivateKey="k"/></shared><pipelined authType="imsJwtToken"/>`: credential.JWT,
	} {
		if setup, err := app.LoadPipelined(instanceFiles(t, elements, campaignRoutes)); err != nil || setup.Credential.Mode != mode {
			t.Errorf("%s: %v, %v, want the mode %s", elements, setup, err, mode)
		}
	}
	if plain, err := app.LoadPipelined(instanceFiles(t, `<pipelined/>`, campaignRoutes)); err != nil || plain.Options != pipelined.DefaultOptions() || len(plain.Notes) != 0 {
		t.Errorf("without attributes: %+v, %v", plain, err)
	}
}

// refusing is an authority and a broker that take nothing, or what they are told to.
func refusing(t *testing.T, token, stream http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", token)
	mux.HandleFunc("GET /pipeline/", stream)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// TestLogRows makes each row of the vendor's page of troubleshooting (spec/campaign-and-pipeline.md §3.2) and finds the vendor's line in
// pipelined.log, in the vendor's columns, beside one that says what to do.
func TestLogRows(t *testing.T) {
	pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "acme"}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	key := strings.ReplaceAll(string(pair.PrivateKey()), "\n", "&#10;")
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	gives := answer(200, `{"access_token":"t","token_type":"bearer","expires_in":3600}`)
	gone := answer(403, `{"error":"This client: app is no longer allowed to get access token."}`)
	const organization = `<web><redirection IMSOrgId="6096892F54B5819E0A4C98A2@AdobeOrg"/></web>`
	legacy := `<pipelined appName="app" authPrivateKey="` + key + `" authGatewayEndpoint="$URL" forcedPipelineEndpoint="$URL" monitorServerPort="0"/>` + organization
	for name, c := range map[string]struct {
		elements, routes string
		token, stream    http.HandlerFunc
		lines            []string
	}{
		"no element":   {elements: organization, lines: []string{"No task corresponds to the mask pipelined@prod"}},
		"empty option": {elements: legacy, routes: " ", lines: []string{"line 1, column 1: it is empty", "'' aurait dû commencer par `[` ou `{` (iRc=16384)"}},
		"bad option":   {elements: legacy, routes: "{\n 'topics' }", lines: []string{"line 2, column 2", "aurait dû commencer par"}},
		"organization": {elements: strings.Replace(legacy, "6096892F54B5819E0A4C98A2@AdobeOrg", "", 1), lines: []string{"the subject must be a valid organization or client", "hides a good one in serverConf.xml"}},
		"no key":       {elements: strings.Replace(legacy, key, "", 1), lines: []string{"pipelined@authPrivateKey: it is empty", "invalid key"}},
		"PuTTYgen":     {elements: strings.Replace(legacy, key, "PuTTY-User-Key-File-2: ssh-rsa", 1), lines: []string{"unable to read the token during authentication"}},
		"no token":     {elements: legacy, token: answer(400, `{"error":"invalid_grant"}`), lines: []string{"Listener: JWT Token is empty. (iRc=16384)"}},
		"retired": {elements: legacy, token: gone, lines: []string{
			"INT-150012 The HTTP query returned a 'Forbidden' type error (403) (iRc=-53)",
			`Error while authenticating: '{"error":"This client: app is no longer allowed to get access token."}' (iRc=16384)`, "move to IMS with nlserver config -setimsoauth",
		}},
		"challenge": {elements: legacy, token: gives, stream: answer(401, `{}`, "WWW-Authenticate", `Bearer realm="Adobe Analytics"`), lines: []string{
			`Unknown authentication mode: 'Bearer realm="Adobe Analytics"'. (iRc=-55)`, "BAS-010007 Function not implemented (iRc=-55)", "is authType right",
		}},
		"forbidden": {elements: legacy, token: gives, stream: answer(403, `{}`), lines: []string{"INT-150012 The HTTP query returned a 'Forbidden' type error (403) (iRc=-53)", "add the Triggers service"}},
		"dropped":   {elements: legacy, token: gives, stream: answer(200, `{"envelopeType":"PING"}`), lines: []string{"Connection seems to have been lost. Attempting to reconnect."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unused := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }
			if c.token == nil {
				c.token = unused
			}
			if c.stream == nil {
				c.stream = unused
			}
			if c.routes == "" {
				c.routes = campaignRoutes
			}
			o := instanceFiles(t, strings.ReplaceAll(c.elements, "$URL", refusing(t, c.token, c.stream)), c.routes)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			seen := &watched{lines: c.lines, all: cancel}
			o.Err = seen
			_ = app.Pipelined(ctx, o) // what it says is what counts
			text, err := os.ReadFile(filepath.Join(filepath.Dir(o.Conf), "var", "prod", "log", "pipelined.log"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.lines {
				if !strings.Contains(string(text), want) {
					t.Errorf("the log lacks %q:\n%s", want, text)
				}
			}
			for line := range strings.Lines(string(text)) {
				if fields := strings.Fields(line); len(fields) < 7 || fields[3] != "1" || fields[5] != "log" {
					t.Errorf("the line has other columns: %s", line)
				}
			}
		})
	}
}

// watched calls all once every line was written.
type watched struct {
	text  strings.Builder
	lines []string
	all   func()
}

// Write is called under the log's lock.
func (w *watched) Write(p []byte) (int, error) {
	w.text.Write(p)
	for _, line := range w.lines {
		if !strings.Contains(w.text.String(), line) {
			return len(p), nil
		}
	}
	w.all()
	return len(p), nil
}

// TestDoctorBuilds holds that the doctor says from which builds on the vendor's own server takes what is configured.
func TestDoctorBuilds(t *testing.T) {
	for elements, want := range map[string]string{
		`<web/>`: "20.3",
		`<shared><ims authIMSTAClientId="c" authIMSTAClientSecret="s"/></shared><pipelined authType="imsJwtToken" forcedPipelineEndpoint="http://127.0.0.1:1"/><web><redirection IMSOrgId="A@AdobeOrg"/></web>`: "Campaign 7.4.1 or newer",
	} {
		layers, err := app.ExaminePipelined(t.Context(), instanceFiles(t, elements, campaignRoutes))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(layers)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("the doctor says %s, %v, want %q in it", text, err, want)
		}
	}
}
