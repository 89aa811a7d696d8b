package simulator_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/simulator"
)

// killedFile makes the test's program a simulator with that state file.
const killedFile = "LATCHKEY_TEST_SIMULATOR_FILE"

// serveUntilKilled tells its URL and serves until it is killed, or its parent is gone.
func serveUntilKilled(file string) {
	sim, err := simulator.Open(simulator.Config{File: file})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(sim.Handler())
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
	_ = sim.Close()
}

// chain refreshes in a row until the simulator is gone.
type chain struct {
	access, refresh string // of the last answer
	before          string // the refresh token that brought it
}

func TestWhateverWasAnsweredSurvivesAKill(t *testing.T) {
	w := openWorld(t, filepath.Join(t.TempDir(), "state"), time.Now())
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	const chains = 4
	all := make([]chain, chains)
	for range 3 {
		base, kill := startProcess(t, w.file)
		var answers [chains]atomic.Int64
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				for all[i].next(t, base) {
					answers[i].Add(1)
				}
			})
		}
		for i := range answers {
			for answers[i].Load() < 10 && !t.Failed() {
				time.Sleep(time.Millisecond)
			}
		}
		kill() // while requests are under way
		wg.Wait()

		w.start()
		for i, c := range all {
			w.wantError(w.me(c.access), 200, "")
			w.wantError(w.refresh(tokenURL, c.before), 400, "invalid_grant")
			// The request under way may have rotated the last refresh token. Then the grace shows that whole.
			next := w.refresh(tokenURL+"?fault=grace=600", c.refresh)
			w.wantError(next, 200, "")
			w.wantError(w.me(next.str("access_token")), 200, "")
			all[i] = chain{access: next.str("access_token"), refresh: next.str("refresh_token"), before: c.refresh}
		}
		if err := w.sim.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// startProcess runs a simulator of its own, and gives its URL and what kills it.
func startProcess(t *testing.T, file string) (base string, kill func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), killedFile+"="+file)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
		_ = stdin.Close()
	})
	t.Cleanup(kill)
	base, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(base, "http://") {
		t.Fatalf("the simulator says %q, %v", base, err)
	}
	return strings.TrimSpace(base), kill
}

// next makes one step, and tells whether there was an answer.
func (c *chain) next(t *testing.T, base string) bool {
	body := sample("grant_type", "refresh_token", "refresh_token", c.refresh)
	if c.refresh == "" {
		body = sample("grant_type", "password", "username", "bo", "password", "p")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/OAuth/access_token?fault=grace=600", strings.NewReader(body.Encode()))
	if err != nil {
		t.Error(err)
		return false
	}
	r.Host = "api.moviestar.com"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&tokens); err != nil {
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) && response.StatusCode != http.StatusOK {
			t.Errorf("answer = %d, %v", response.StatusCode, err)
		}
		return false
	}
	if response.StatusCode != http.StatusOK {
		t.Errorf("answer = %d, want 200", response.StatusCode)
		return false
	}
	*c = chain{access: tokens.Access, refresh: tokens.Refresh, before: c.refresh}
	return true
}
