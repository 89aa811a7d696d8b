package cli_test

import (
	"crypto/x509/pkix"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/campaign"
	"latchkey/internal/keypair"
)

const (
	campaignAccount = "6096892F54B5819E0A4C98A2@AdobeOrg/0123456789abcdef0123456789abcdef/D8E157165FC0EAE10A495E8C@techacct.adobe.com"
	campaignFile    = "<serverconf>\n  <pipelined autoStart=\"true\"/>\n</serverconf>\n"
)

// What is left out of the account is asked for, and not shown; a key is pasted over as many lines as it has.
func TestNlserverAsksAtATerminal(t *testing.T) {
	made, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "acme"}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	text := string(made.PrivateKey())
	var wrapped strings.Builder
	for encoded := base64.StdEncoding.EncodeToString([]byte(text)); encoded != ""; {
		n := min(len(encoded), 76)
		wrapped.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	file := filepath.Join(t.TempDir(), "private.key")
	if err := os.WriteFile(file, made.PrivateKey(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]string{
		"the PEM": text, "with extra lines": strings.ReplaceAll(text, "\n", "\n\n"), "base64 in lines": wrapped.String() + "\n", "its file": file + "\n",
	} {
		dir := campaignFolder(t, campaignFile)
		s := newShell(t, nil)
		s.env["NO_COLOR"] = "1"
		p, terminal := newPerson(t)
		done := s.atTerminal(terminal, "nlserver", "config", "-instance:prod", "-setimsjwtauth:"+campaignAccount, "--conf", dir)
		p.answer("Client secret: ", "p8e-hunter2\n")
		p.answer("end with an empty line: ", answer)
		if code := <-done; code != 0 {
			t.Fatalf("%s: %d\n%s", name, code, p.screen())
		}
		instance, err := campaign.Load(dir, "prod")
		if err != nil {
			t.Fatal(err)
		}
		secret, err := instance.Open(instance.IMS.TechnicalSecret)
		key, failed := instance.Key()
		if err != nil || failed != nil || secret.Reveal() != "p8e-hunter2" || made.Certificate.CheckKey(key) != nil {
			t.Errorf("%s: %v %v", name, err, failed)
		}
		lacks(t, "the screen", p.screen(), "hunter2", text[40:80], wrapped.String()[:40])

		// An empty answer leaves what is there.
		p, terminal = newPerson(t)
		done = s.atTerminal(terminal, "nlserver", "config", "-instance:prod", "-setimsjwtauth:"+campaignAccount, "--conf", dir)
		p.answer("Client secret [as it is]: ", "\n")
		p.answer("end with an empty line: ", "\n")
		if code := <-done; code != 0 {
			t.Errorf("%s again: %d\n%s", name, code, p.screen())
		}
		p.sees("nothing was written")
	}
	dir := campaignFolder(t, campaignFile)
	p, terminal := newPerson(t)
	done := newShell(t, nil).atTerminal(terminal, "nlserver", "config", "-instance:prod", "-setimsoauth:"+campaignAccount, "--conf", dir)
	p.answer("Client secret: ", "\n")
	if code := <-done; code != 1 {
		t.Errorf("%d\n%s", code, p.screen())
	}
	p.sees("nothing was entered")
}

// sees waits for what was written to reach the screen.
func (p *person) sees(text string) {
	p.t.Helper()
	for start := time.Now(); !strings.Contains(p.screen(), text); time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			p.t.Fatalf("%q was not shown:\n%s", text, p.screen())
		}
	}
}
