package cli_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"latchkey/internal/cli"
)

// person sits at a pseudoterminal: types, and sees what is shown.
type person struct {
	t    *testing.T
	near *os.File // the terminal's other end
	mu   sync.Mutex
	seen strings.Builder
}

// newPerson opens a pseudoterminal and gives the end that a command gets.
func newPerson(t *testing.T) (*person, *os.File) {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no pseudoterminals: %v", err)
	}
	if err := unix.IoctlSetPointerInt(int(near.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(near.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	far, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, near: near}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		p.watch()
	}()
	t.Cleanup(func() {
		_ = far.Close() // the last one that holds the far end: watch ends
		<-watched
		_ = near.Close()
	})
	return p, far
}

func (p *person) watch() {
	buffer := make([]byte, 1024)
	for {
		n, err := p.near.Read(buffer)
		p.mu.Lock()
		p.seen.Write(buffer[:n])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// screen gives all that was shown.
func (p *person) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.ReplaceAll(p.seen.String(), "\r\n", "\n")
}

// answer waits for a question and types.
func (p *person) answer(question, text string) {
	p.t.Helper()
	for start := time.Now(); !strings.HasSuffix(p.screen(), question); time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			p.t.Fatalf("%q was not asked:\n%s", question, p.screen())
		}
	}
	if _, err := p.near.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// at runs a command at the terminal, in the background.
func (s *shell) atTerminal(terminal *os.File, args ...string) <-chan int {
	config := s.config
	config.In, config.Out, config.Err = terminal, terminal, terminal
	done := make(chan int, 1)
	go func() { done <- cli.Run(s.ctx, config, args) }()
	return done
}

func TestCreateAsksAtATerminal(t *testing.T) {
	api := newFakeAPI(t).on("POST /connections", 201, connected).
		on("GET /definitions/moviestar/prompts", 200, strings.Replace(promptsCC, `"name":"tenant"`, `"name":"tenant","description":"Number of the account"`, 1))
	s := newShell(t, api)
	s.env["NO_COLOR"] = "1"
	p, terminal := newPerson(t)
	done := s.atTerminal(terminal, "connection", "create", "moviestar")
	p.answer("Client ID: ", "\n")
	p.answer("it is needed\nClient ID: ", "ABC\n")
	p.answer("clientId does not match [a-z]+\nClient ID: ", "abc\n")
	p.answer("Client secret: ", "hunter2\n")
	p.answer("Number of the account\ntenant (optional): ", "7\n")
	p.answer("1) Europe (eu)\n  2) America (us)\nregion [eu]: ", "2\n")
	p.answer("sandboxed (optional): ", "\n")
	p.answer("extra (optional): ", "\n")
	if code := <-done; code != 0 {
		t.Errorf("= %d\n%s", code, p.screen())
	}
	want := `{"definition":"moviestar","fields":{"clientId":"abc","clientSecret":"hunter2","region":"us","tenant":7}}`
	if got := api.last(t, "POST /connections").Body; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	lacks(t, "the screen", p.screen(), "hunter2", "\x1b[")
}

// A field with a condition is asked for when it holds, after the field that it depends on.
func TestCreateAsksConditionalFields(t *testing.T) {
	const prompts = `{"items":[
		{"name":"vat","title":"VAT number","type":"string","required":true,"condition":{"field":"kind","value":"business"}},
		{"name":"kind","title":"Kind","type":"string","required":true,"enum":[{"value":"private"},{"value":"business"}]},
		{"name":"shards","title":"Shards","type":"integer","default":12345678},
		{"name":"key","title":"Shard key","type":"string","required":true,"condition":{"field":"shards","value":12345678}}]}`
	for kind, want := range map[string]string{"private": "", "business": `,"vat":"DE1"`} {
		api := newFakeAPI(t).on("POST /connections", 201, connected).on("GET /definitions/moviestar/prompts", 200, prompts)
		s := newShell(t, api)
		p, terminal := newPerson(t)
		done := s.atTerminal(terminal, "connection", "create", "moviestar", "--field", "key=k")
		p.answer("Kind: ", kind+"\n")
		if want != "" {
			p.answer("VAT number: ", "DE1\n")
		}
		if code := <-done; code != 0 {
			t.Errorf("= %d\n%s", code, p.screen())
		}
		if got := api.last(t, "POST /connections").Body; got != `{"definition":"moviestar","fields":{"key":"k","kind":"`+kind+`"`+want+`}}` {
			t.Errorf("%s sent %s", kind, got)
		}
	}
	// Where nobody can be asked, only what its condition asks for is missing.
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, prompts)
	s := newShell(t, api)
	got := s.run("connection", "create", "moviestar", "--field", "kind=private")
	if got.code != 2 || !strings.Contains(got.err, "key (Shard key)") || strings.Contains(got.err, "vat") {
		t.Errorf("= %d\n%s", got.code, got.err)
	}
}

func TestInterruptedQuestion(t *testing.T) {
	api := newFakeAPI(t).on("GET /definitions/moviestar/prompts", 200, promptsCC)
	s := newShell(t, api)
	ctx, cancel := context.WithCancel(t.Context())
	s.ctx = ctx
	p, terminal := newPerson(t)
	done := s.atTerminal(terminal, "connection", "create", "moviestar", "--field", "clientId=abc")
	for !strings.HasSuffix(p.screen(), "Client secret: ") {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if code := <-done; code != 1 {
		t.Errorf("= %d", code)
	}
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal still hides what is typed (%v)", err)
	}
	if _, err := p.near.WriteString("\n"); err != nil { // lets the read go
		t.Fatal(err)
	}
}

func TestDeleteAsksAtATerminal(t *testing.T) {
	api := newFakeAPI(t).on("DELETE /connections/acme", 204, "")
	s := newShell(t, api)
	p, terminal := newPerson(t)
	done := s.atTerminal(terminal, "connection", "delete", "acme")
	p.answer("Delete the connection acme and its token? [y/N] ", "\n")
	if code := <-done; code != 1 || len(api.lines()) != 0 {
		t.Errorf("= %d after %v", code, api.lines())
	}
	done = s.atTerminal(terminal, "connection", "delete", "acme")
	p.answer("Delete the connection acme and its token? [y/N] ", "y\n")
	if code := <-done; code != 0 {
		t.Errorf("= %d\n%s", code, p.screen())
	}
}

func TestStatesAreColoredAtATerminal(t *testing.T) {
	api := newFakeAPI(t).on("GET /connections", 200, `{"items":[`+connected+`]}`)
	s := newShell(t, api)
	p, terminal := newPerson(t)
	<-s.atTerminal(terminal, "connection", "list")
	for start := time.Now(); !strings.Contains(p.screen(), "\x1b[32mactive\x1b[0m"); time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("the state is not colored:\n%q", p.screen())
		}
	}
}

func TestWaitAtATerminalOpensABrowser(t *testing.T) {
	s, _ := consentShell(t, pending(), connected)
	s.env["DISPLAY"] = ":0"
	opened := make(chan string, 1)
	s.config.OpenBrowser = func(_ context.Context, url string) error { opened <- url; return nil }
	p, terminal := newPerson(t)
	if code := <-s.atTerminal(terminal, "connection", "create", "moviestar"); code != 0 {
		t.Errorf("= %d", code)
	}
	if got := <-opened; got != "http://x/connect/att1" {
		t.Errorf("opened %q", got)
	}
	contains(t, "the screen", p.screen(), "\r\x1b[Kwaiting for the consent… 0s (Ctrl-C stops waiting)")
}
