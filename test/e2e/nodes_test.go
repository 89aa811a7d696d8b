package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/store/pgtest"
	"latchkey/test/harness"
)

// eventually waits until something is so.
func eventually(t *testing.T, within time.Duration, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// nodes sets up two servers on one database.
func nodes(t *testing.T, server *pgtest.Server) (one, two *harness.Installation, p *provider) {
	t.Helper()
	one, two, _, p = apart(t, server)
	return one, two, p
}

// apart is nodes, of which the second reaches the database through a line that can be cut.
func apart(t *testing.T, server *pgtest.Server) (one, two *harness.Installation, line *pgtest.Line, p *provider) {
	t.Helper()
	line = pgtest.NewLine(t)
	address := server.URL(server.Database(t, ""))
	database := func(address secret.String) string { return fmt.Sprintf("database: {url: %q}", address.Reveal()) }
	one = harness.Install(t)
	p = newProvider(t, one.Dir)
	allowed := strings.ReplaceAll(p.allowed(), "$DIR", one.Dir)
	one.Configure(database(address), allowed)
	one.Setup()
	return one, one.Join(database(line.Through(address)), allowed), line, p
}

// Two nodes on one PostgreSQL: what one makes the other uses, a key revoked on one ends on the other, and both live
// through the database's absence.
func TestTwoNodes(t *testing.T) {
	server := pgtest.Start(t)
	one, two, p := nodes(t, server)
	a, b := one.Start(), two.Start()

	connect(t, a, p.clientCredentials("shared"))
	if got := token(t, b, "shared")["access_token"]; got != "token-1" {
		t.Errorf("the other node gives %v", got)
	}
	made := a.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": "app", "scopes": []string{"tokens:read"}}).JSON(t)
	read := func(s *harness.Server) int {
		return s.Call("GET", "/api/v1/connections/shared/token", nil, "Authorization", "Bearer "+made["key"].(string)).Status
	}
	eventually(t, time.Second, "the other node takes the new key", func() bool { return read(b) == http.StatusOK })
	a.Must(http.StatusNoContent, "DELETE", "/api/v1/keys/"+made["id"].(string), nil)
	if status := read(a); status != http.StatusUnauthorized {
		t.Errorf("the node that revoked a key answers it with %d", status)
	}
	eventually(t, time.Second, "the other node refuses the revoked key", func() bool { return read(b) == http.StatusUnauthorized })

	// A browser that signed in at one node is signed in at the other, until the person is kept out.
	grace := invited(t, a, "grace@example.com")
	for _, s := range []*harness.Server{a, b} {
		if page := grace.page(t, s); !strings.Contains(page, "Grace Hopper") {
			t.Errorf("signed in, and sees at %s:\n%s", s.URL, page)
		}
	}
	b.Must(http.StatusOK, "POST", "/api/v1/users/"+grace.id+"/disable", nil)
	if page := grace.page(t, a); strings.Contains(page, "Grace Hopper") {
		t.Errorf("disabled, and sees:\n%s", page)
	}

	for _, mode := range []string{"fast", "immediate"} {
		server.Stop(t, mode)
		for _, s := range []*harness.Server{a, b} {
			eventually(t, 5*time.Second, "readyz tells that the database is away", func() bool { return ready(s) == http.StatusServiceUnavailable })
			token(t, s, "shared")
			began := time.Now()
			reply := s.Call("GET", "/api/v1/connections/shared", nil)
			if reply.Status != http.StatusServiceUnavailable || time.Since(began) > time.Second {
				t.Errorf("without the database a read answers %d after %s\n%s", reply.Status, time.Since(began), reply.Body)
			}
		}
		server.Restart(t)
		for _, s := range []*harness.Server{a, b} {
			eventually(t, 10*time.Second, "readyz tells that the database is back", func() bool { return ready(s) == http.StatusOK })
		}
	}
	connect(t, b, p.clientCredentials("later"))
	token(t, a, "later")
	for _, s := range []*harness.Server{a, b} {
		says(t, s.Output(), "the database is away", "the database is back")
	}
}

// A node that is cut off from the database, by whom it is told or by silence: it says so, serves what is valid, changes
// nothing, and comes back by itself. The other goes on.
func TestNodeIsCutOff(t *testing.T) {
	one, two, line, p := apart(t, pgtest.Shared(t))
	a, b := one.Start(), two.Start()
	connect(t, a, p.clientCredentials("shared"))
	token(t, b, "shared")
	for name, off := range map[string]func(){"cut": line.Cut, "silent": func() { line.Silence(true) }} {
		made := a.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": name, "scopes": []string{"tokens:read"}}).JSON(t)
		read := func(s *harness.Server) int {
			return s.Call("GET", "/api/v1/connections/shared/token", nil, "Authorization", "Bearer "+made["key"].(string)).Status
		}
		eventually(t, 5*time.Second, "the other node takes the new key", func() bool { return read(b) == http.StatusOK })
		off()
		eventually(t, 10*time.Second, "the node tells that it is cut off", func() bool { return ready(b) == http.StatusServiceUnavailable })
		token(t, b, "shared")
		asked := p.asked.Load()
		if reply := b.Call("POST", "/api/v1/connections/shared/refresh", nil); reply.Status < 400 {
			t.Errorf("%s: a node that is cut off answers a refresh with %d\n%s", name, reply.Status, reply.Body)
		}
		if p.asked.Load() != asked {
			t.Errorf("%s: a node that is cut off asked the provider", name)
		}
		if status := ready(a); status != http.StatusOK {
			t.Errorf("%s: the other node answers %d", name, status)
		}
		a.Must(http.StatusNoContent, "DELETE", "/api/v1/keys/"+made["id"].(string), nil)
		line.Mend()
		eventually(t, 15*time.Second, "the node is back", func() bool { return ready(b) == http.StatusOK })
		eventually(t, 6*time.Second, "the node learns what it missed", func() bool { return read(b) == http.StatusUnauthorized })
	}
}

func ready(s *harness.Server) int { return s.Call("GET", "/readyz", nil).Status }

// A password in the database's address is told by nothing: no command, error or log.
func TestDatabasePasswordIsNotShown(t *testing.T) {
	const password = "hunter-2-secret"
	i := harness.Install(t, `database: {url: "postgres://latchkey:`+password+`@127.0.0.1:1/latchkey?sslpassword=`+password+`"}`)
	foreignKey(t, i)
	for _, result := range []harness.Result{
		harness.Command(t, "", "config", "show", "--effective", "--config", i.Config),
		harness.Command(t, "", "setup", "--config", i.Config),
		i.Run(),
		i.Run("LATCHKEY_DATABASE_URL=postgres://latchkey:" + password + "@host:port/x"),
		i.Run("LATCHKEY_DATABASE_URL=mysql://latchkey:" + password + "@host/x"),
	} {
		if text := result.Stdout + result.Stderr; strings.Contains(text, password) || !strings.Contains(text, "database") {
			t.Errorf("it says\n%s", text)
		}
	}
	i.Configure(`database: {url: "postgres://latchkey:` + password + `@127.0.0.1:1/latchkey`)
	if result := i.Run(); strings.Contains(result.Stderr, password) {
		t.Errorf("of a file that is not YAML it says\n%s", result.Stderr)
	}
}
