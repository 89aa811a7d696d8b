package authority_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/decision"
	"latchkey/internal/project"
)

// kept is a decision log's store in memory.
type kept struct {
	mu   sync.Mutex
	rows []decision.Decision
}

func (k *kept) KeepDecisions(_ context.Context, rows []decision.Decision, _ int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rows = append(k.rows, rows...)
	return nil
}

func (k *kept) Decisions(context.Context, decision.Query) ([]decision.Decision, error) {
	return nil, nil
}

func (k *kept) ForgetDecisions(context.Context, time.Time) (bool, error) { return false, nil }

// refusals is a world whose decisions a test looks at.
func refusals(t *testing.T) (*world, func(reply) *decision.Decision) {
	t.Helper()
	store := &kept{}
	w := newWorld(t)
	w.decisions = decision.Open(decision.Config{Store: store, Clock: w.clock})
	t.Cleanup(func() { _ = w.decisions.Close(context.Background()) })
	w.open(t)
	return w, func(got reply) *decision.Decision {
		t.Helper()
		if err := w.decisions.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(store.rows, func(d decision.Decision) bool { return slices.Contains(d.DebugIDs, got.header.Get("X-Debug-Id")) })
		if i < 0 {
			return nil
		}
		return &store.rows[i]
	}
}

// TestDecisions holds that an answer's x-debug-id leads its credential's developers to what the answer does not say.
func TestDecisions(t *testing.T) {
	w, decided := refusals(t)
	expired := good(map[string]any{"exp": start.Add(-time.Hour).Unix()})
	for _, c := range []struct {
		name       string
		got        reply
		credential string // whose it is; "" for nobody's
		want       []string
	}{
		{"clock", w.post(t, "/ims/exchange/jwt/", jwtForm(expired)), "cred-" + jwtID,
			[]string{"invalid_token", "exchange_jwt", "/ims/exchange/jwt", "{delta -1h0m0s}", "127.0.0.1", "{server_clock"}},
		{"audience", w.post(t, "/ims/exchange/jwt", jwtForm(good(map[string]any{"aud": ims + "/c/another"}))), "cred-" + jwtID,
			[]string{"{aud " + ims[:8], "{expected " + issuer + "/c/" + jwtID + "}"}},
		{"fingerprints", w.post(t, "/ims/exchange/jwt", jwtForm(sign(pairs()[0], rs256, claims(nil)))), "cred-" + jwtID,
			[]string{"{fingerprints_tried sha1-of-new, sha1-of-strict}", "{fingerprints_expired sha1-of-old}"}},
		{"scope", w.post(t, "/ims/token/v3", credentialsForm("openid,ent_nothing")), "cred-" + oauthID,
			[]string{"invalid_scope", "{not_allowed ent_nothing}", "{allowed openid, AdobeID"}},
		{"no grant type", w.post(t, "/ims/token/v3", url.Values{"client_id": {oauthID}, "client_secret": {password}}), "cred-" + oauthID, []string{"The grant_type is missing."}},
		{"twice", w.post(t, "/ims/token/v3?scope=a&client_id="+oauthID, url.Values{"scope": {"b"}}), "cred-" + oauthID, []string{"with different values"}},
		{"disabled", w.post(t, "/ims/token/v3", url.Values{"grant_type": {"client_credentials"}, "client_id": {offID}, "client_secret": {password}}), "cred-" + offID,
			[]string{"The client is disabled."}},
		{"unknown client", w.post(t, "/ims/token/v3", url.Values{"grant_type": {"client_credentials"}, "client_id": {"nobody"}}), "", nil},
		{"no such path", w.get(t, "/ims/nothing"), "", nil},
	} {
		d := decided(c.got)
		if c.credential == "" {
			if d != nil {
				t.Errorf("%s: %+v is kept", c.name, d)
			}
			continue
		}
		if d == nil || d.Credential != c.credential || d.Organization != org {
			t.Errorf("%s: %s leads to %+v, want one of %s", c.name, c.got.text, d, c.credential)
			continue
		}
		text := fmt.Sprintf("%+v", *d)
		text = strings.ReplaceAll(strings.ReplaceAll(text, "Name:", ""), " Value:", " ")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s does not say %s", c.name, text, want)
			}
		}
		for _, hidden := range []string{password, "eyJ", expired} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s: %s says %s", c.name, text, hidden)
			}
		}
		if d.Advice() == "" || strings.Contains(c.got.text, d.Advice()) {
			t.Errorf("%s: the advice is %q", c.name, d.Advice())
		}
	}
}

// TestDecidedSecrets tells the developers what a wrong secret was compared with, and what often happens to a right one on
// its way; the client gets the same answer whatever it is.
func TestDecidedSecrets(t *testing.T) {
	w, decided := refusals(t)
	w.clients.byID[oauthID].Secrets = []project.ClientSecret{{UUID: "uuid-1"}, {UUID: "uuid-2"}}
	answers := map[string]bool{}
	for secret, want := range map[string]string{
		"another": "uuids_tried uuid-1, uuid-2", password + "\n": "take the white space away", `"` + password + `"`: "take the quotes away",
	} {
		form := credentialsForm("openid")
		form.Set("client_secret", secret)
		form.Set("scope", "openid,"+secret) // where it does not belong
		got := w.post(t, "/ims/token/v3", form)
		answers[got.text] = true
		d := decided(got)
		if d == nil {
			t.Fatalf("%q leads to nothing", secret)
		}
		text := strings.ReplaceAll(fmt.Sprintf("%+v", *d), " Value:", " ")
		if !strings.Contains(text, want) || strings.Contains(text, password) || strings.Contains(w.log.String(), password) {
			t.Errorf("%q leads to %s, want %q in it and no secret", secret, text, want)
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

// TestAdvisedTexts holds that advice is given on texts that are still told.
func TestAdvisedTexts(t *testing.T) {
	var told strings.Builder
	for _, pattern := range []string{"*.go", "../decision/advice.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if pattern == "*.go" {
				if !strings.HasSuffix(name, "_test.go") {
					told.Write(text)
				}
				continue
			}
			_, advice, _ := strings.Cut(string(text), "var bySays")
			advice, _, _ = strings.Cut(advice, "\n}\n")
			for _, line := range regexp.MustCompile(`(?m)^\t"((?:[^"\\]|\\.)*)":`).FindAllStringSubmatch(advice, -1) {
				// Some are put together around a parameter's name, which comes second.
				if words := strings.SplitN(line[1], " ", 3); !strings.Contains(told.String(), words[len(words)-1]+`"`) {
					t.Errorf("nothing tells %q any more", line[1])
				}
			}
		}
	}
}
