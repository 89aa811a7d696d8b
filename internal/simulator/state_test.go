package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/simulator"
)

// rememberingWorld is a world whose simulator keeps a file in a folder that does not exist yet.
func rememberingWorld(t *testing.T) *world {
	t.Helper()
	return openWorld(t, filepath.Join(t.TempDir(), "dev", "simulator.jsonl"), time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
}

func (w *world) state() string {
	w.Helper()
	text, err := os.ReadFile(w.file)
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

// damage puts a file in the place of the state file.
func (w *world) damage(text string) {
	w.Helper()
	if err := os.WriteFile(w.file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

func TestTokensOfEveryGrantSurvive(t *testing.T) {
	for _, tt := range []struct {
		name  string
		grant func(w *world) result
	}{
		{"password", func(w *world) result { return w.login(tokenURL) }},
		{"password of a tenant", func(w *world) result { return w.login(tenantURL) }},
		{"authorization code", func(w *world) result { return w.redeem(w.code()) }},
		{"client credentials", func(w *world) result { return w.post(tokenURL, sample("grant_type", "client_credentials")) }},
		{"client credentials with refresh", func(w *world) result {
			return w.post(tokenURL+"?fault=issue_refresh", sample("grant_type", "client_credentials", "scope", "read write"))
		}},
		{"refresh", func(w *world) result { return w.refresh(tokenURL, w.login(tokenURL).str("refresh_token")) }},
		{"special refresh token", func(w *world) result { return w.refresh(tokenURL, simulator.SpecialRefreshToken) }},
		{"exchange", func(w *world) result {
			return w.post(tokenURL, sample("grant_type", "fb_exchange_token", "fb_exchange_token", w.login(tokenURL).str("access_token")))
		}},
		{"jwt", func(w *world) result { return w.login(tokenURL + "?fault=jwt") }},
		{"another client and user, of odd bytes", func(w *world) result {
			return w.post(tokenURL, form("grant_type", "password", "client_id", "o%d\xff é", "client_secret", "s", "username", "\xfe", "password", "p"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := rememberingWorld(t)
			tokens := tt.grant(w)
			w.wantError(tokens, 200, "")
			before := w.me(tokens.str("access_token"))
			for range 2 { // from the lines of changes, then from the file that was written anew
				w.start()
				if got := w.me(tokens.str("access_token")); got.status != 200 || got.text != before.text {
					t.Fatalf("/me after a restart = %d %s, want %s", got.status, got.text, before.text)
				}
			}
			if refresh := tokens.str("refresh_token"); refresh != "" {
				at := tokenURL
				if before.str("tenant") != "" {
					at = tenantURL
				}
				w.wantError(w.refreshAs(before.str("client_id"), at, refresh), 200, "")
			}
			w.clock.Advance(61 * 24 * time.Hour)
			w.start()
			w.wantError(w.me(tokens.str("access_token")), 401, "invalid_token")
			if strings.Contains(w.state(), "access") {
				t.Error("what has expired is still in the file")
			}
		})
	}
}

// refreshAs refreshes for the seed's client, or for the one of odd bytes, whose id JSON cannot carry.
func (w *world) refreshAs(client, target, token string) result {
	w.Helper()
	if client == simulator.SampleClientID {
		return w.refresh(target, token)
	}
	return w.post(target, form("grant_type", "refresh_token", "refresh_token", token, "client_id", "o%d\xff é", "client_secret", "s"))
}

func TestCodesSurviveWithTheirConditions(t *testing.T) {
	const verifier = "a-plain-verifier-of-forty-three-characters-x"
	w := rememberingWorld(t)
	used, fresh, stale := w.code(), w.code(), w.code()
	pkce := w.code("client_id", "app", "code_challenge", verifier, "code_challenge_method", "plain")
	tokens := w.redeem(used)
	w.start()
	w.wantError(w.redeem(fresh, "redirect_uri", "https://other.example/"), 400, "invalid_grant")
	w.wantError(w.redeem(fresh), 200, "")
	w.wantError(w.redeem(pkce, "client_id", "app", "client_secret", "", "code_verifier", verifier+"y"), 400, "invalid_grant")
	public := w.redeem(pkce, "client_id", "app", "client_secret", "", "code_verifier", verifier)
	w.wantError(public, 200, "")

	w.wantError(w.me(tokens.str("access_token")), 200, "")
	w.wantError(w.redeem(used), 400, "invalid_grant") // and ends what its first use has brought
	w.start()
	w.wantError(w.me(tokens.str("access_token")), 401, "invalid_token")
	w.wantError(w.redeem(fresh), 400, "invalid_grant")
	w.wantError(w.post(tokenURL, form("grant_type", "refresh_token", "refresh_token", public.str("refresh_token"), "client_id", "app")), 200, "")
	w.clock.Advance(time.Minute)
	w.wantError(w.redeem(stale), 400, "invalid_grant")
}

func TestRotationSurvives(t *testing.T) {
	for _, tt := range []struct {
		mode  string
		reuse int  // status of the reuse of the old one
		alive bool // whether the family survives the reuse
	}{
		{"rotate=on", 400, true},
		{"rotate=off", 200, true},
		{"rotate=same", 200, true},
		{"rotate=revoke_family", 400, false},
		{"rotate=grace=30", 200, true},
		{"jwt,grace=30", 200, true},
		{"no_refresh_token", 200, true},
	} {
		t.Run(tt.mode, func(t *testing.T) {
			w := rememberingWorld(t)
			target := tokenURL + "?fault=" + url.QueryEscape(tt.mode)
			old := w.login(tokenURL).str("refresh_token")
			first := w.refresh(target, old)
			w.start()
			again := w.refresh(target, old)
			if again.status != tt.reuse {
				t.Errorf("reuse after a restart = %d %s, want %d", again.status, again.text, tt.reuse)
			}
			if strings.Contains(tt.mode, "grace") && again.text != first.text {
				t.Error("a reuse within the grace has other tokens after a restart")
			}
			w.start()
			if alive := w.me(first.str("access_token")).status == 200; alive != tt.alive {
				t.Errorf("the access token is good: %v, want %v", alive, tt.alive)
			}
			want := map[bool]int{true: 200, false: 400}[tt.alive]
			if next := first.str("refresh_token"); next != "" && w.refresh(tokenURL, next).status != want {
				t.Errorf("the successor does not answer %d", want)
			}
			w.clock.Advance(30 * time.Second)
			w.start()
			if strings.Contains(w.state(), `"successor"`) {
				t.Error("the file keeps a successor beyond the grace")
			}
		})
	}
}

func TestExtensionSurvives(t *testing.T) {
	w := rememberingWorld(t)
	tokens := w.login(tokenURL)
	w.clock.Advance(50 * time.Minute)
	w.wantError(w.refresh(tokenURL+"?fault=extend", tokens.str("refresh_token")), 200, "")
	w.start()
	w.clock.Advance(50 * time.Minute)
	w.wantError(w.me(tokens.str("access_token")), 200, "")
}

func TestRevokedStaysRevoked(t *testing.T) {
	const revoke = "https://api.moviestar.com/OAuth/revoke"
	for _, tt := range []struct {
		name    string
		revoke  func(w *world, tokens result)
		refresh int // status of a refresh afterwards
	}{
		{"access token", func(w *world, tokens result) { w.post(revoke, sample("token", tokens.str("access_token"))) }, 200},
		{"refresh token", func(w *world, tokens result) { w.post(revoke, sample("token", tokens.str("refresh_token"))) }, 400},
		{"all", func(w *world, _ result) { w.sim.RevokeAll() }, 400},
		{"subject", func(w *world, _ result) { w.sim.RevokeSubject(simulator.SampleUser) }, 400},
		{"client", func(w *world, _ result) { w.sim.RevokeClient(simulator.SampleClientID) }, 400},
		{"reset", func(w *world, _ result) { w.sim.Reset() }, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := rememberingWorld(t)
			tokens := w.login(tokenURL)
			tt.revoke(w, tokens)
			for range 2 {
				w.start()
				w.wantError(w.me(tokens.str("access_token")), 401, "invalid_token")
			}
			if got := w.refresh(tokenURL, tokens.str("refresh_token")); got.status != tt.refresh {
				t.Errorf("refresh = %d %s, want %d", got.status, got.text, tt.refresh)
			}
		})
	}
}

func TestClientIsHeldToItsFirstSecretAfterARestart(t *testing.T) {
	w := rememberingWorld(t)
	try := func(target, secret string) result {
		return w.post(target, form("grant_type", "client_credentials", "client_id", "new\xff", "client_secret", secret))
	}
	w.wantError(try(tokenURL, "one"), 200, "")
	w.start()
	w.wantError(try(tokenURL, "two"), 401, "invalid_client")
	w.wantError(try(tenantURL, "two"), 200, "")
	w.sim.Reset()
	w.start()
	w.wantError(try(tokenURL, "two"), 200, "")
}

func TestSigningKeySurvives(t *testing.T) {
	w := rememberingWorld(t)
	keys := func() string {
		return w.must(w.request(http.MethodGet, "https://api.moviestar.com/.well-known/jwks.json", "")).text
	}
	before := keys()
	w.start()
	if after := keys(); after != before {
		t.Errorf("the keys after a restart are %s, want %s", after, before)
	}
}

func TestFaultsAndJournalAreForgotten(t *testing.T) {
	w := rememberingWorld(t)
	if err := w.sim.SetFault(simulator.Rule{Fault: "status=503"}); err != nil {
		t.Fatal(err)
	}
	w.me("x")
	w.start()
	if len(w.sim.Rules()) != 0 || len(w.sim.Requests()) != 0 {
		t.Errorf("%d rules and %d requests after a restart, want none", len(w.sim.Rules()), len(w.sim.Requests()))
	}
}

func TestLostAnswersAreRemembered(t *testing.T) {
	w := rememberingWorld(t)
	old := w.login(tokenURL).str("refresh_token")
	lost := w.request(http.MethodPost, tokenURL+"?fault=drop", sample("grant_type", "refresh_token", "refresh_token", old).Encode())
	if _, err := w.send(lost); err == nil {
		t.Fatal("the fault drop has answered")
	}
	w.start()
	w.wantError(w.refresh(tokenURL, old), 400, "invalid_grant")
}

func TestTornLastLineIsLeftOut(t *testing.T) {
	w := rememberingWorld(t)
	tokens := w.login(tokenURL)
	whole := w.state()
	w.refresh(tokenURL, tokens.str("refresh_token"))
	torn := w.state()
	if !strings.HasPrefix(torn, whole) || len(torn) == len(whole) {
		t.Fatal("the refresh has not added to the file")
	}
	for _, cut := range []int{len(whole) + 1, (len(whole) + len(torn)) / 2, len(torn) - 1} {
		w.damage(torn[:cut])
		w.start()
		w.wantError(w.me(tokens.str("access_token")), 200, "")
		w.wantError(w.refresh(tokenURL, tokens.str("refresh_token")), 200, "") // the refresh has not happened
		w.start()                                                              // nor does the torn line spoil later ones
		w.wantError(w.refresh(tokenURL, tokens.str("refresh_token")), 400, "invalid_grant")
	}
	w.damage(whole + strings.Repeat("\x00", 4096)) // what some file systems leave
	w.start()
	w.wantError(w.refresh(tokenURL, tokens.str("refresh_token")), 200, "")
	w.damage("")
	w.start()
	w.wantError(w.me(tokens.str("access_token")), 401, "invalid_token")
}

func TestFileThatIsNoStateIsLeftAlone(t *testing.T) {
	w := rememberingWorld(t)
	w.login(tokenURL)
	header, rest, _ := strings.Cut(w.state(), "\n")
	for name, text := range map[string]string{
		"text":            "a diary",
		"text of lines":   "dear\ndiary\n",
		"other JSON":      "{\"a\":1}\n",
		"later version":   "{\"version\":2}\n",
		"damaged middle":  header + "\n{\"acc\n" + rest,
		"orphan":          header + "\n{\"codes\":[{\"family\":7}]}\n",
		"digest too long": header + "\n{\"access\":[{\"sha256\":\"" + strings.Repeat("0", 66) + "\"}]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			w.damage(text)
			sim, err := simulator.Open(w.config())
			if err == nil {
				_ = sim.Close()
				t.Fatal("Open has taken it")
			}
			if !strings.Contains(err.Error(), "hint: ") {
				t.Errorf("error = %q, want a hint", err)
			}
			if w.state() != text {
				t.Error("Open has changed it")
			}
		})
	}
}

func TestOpenNamesWhatItCannotUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.Mkdir(taken, 0o700); err != nil {
		t.Fatal(err)
	}
	badKey := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(badKey+".key", []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(file, "state"): "making the folder of the simulator's state",
		taken:                        "reading the simulator's state",
		badKey:                       "opening the simulator's signing key",
	} {
		if _, err := simulator.Open(simulator.Config{File: path}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Open of %s: %v, want an error that begins %q", path, err, want)
		}
	}
}

func TestNewKeepsNoFile(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New with a file does not panic")
		}
	}()
	simulator.New(simulator.Config{File: filepath.Join(t.TempDir(), "state")})
}

// The limits of memory push the oldest out. What was pushed out stays out, whatever became of the file meanwhile.
func TestForgottenCodeStaysForgotten(t *testing.T) {
	w := rememberingWorld(t)
	first := w.code()
	target := authorizeURL("https://www.moviestar.com/dialog/OAuth", "client_id", "other") + "&fault=consent%3Dallow"
	handler := w.sim.Handler()
	for range 10_000 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, target, nil))
	}
	w.wantError(w.redeem(first), 400, "invalid_grant")
	w.start()
	got := w.redeem(first)
	w.wantError(got, 400, "invalid_grant")
	if !strings.Contains(got.text, "unknown") {
		t.Errorf("answer = %s, want that the code is unknown", got.text)
	}
}

func TestFileIsCompactedAndClosedToOthers(t *testing.T) {
	w := rememberingWorld(t)
	tokens := w.login(tokenURL)
	for range 40 {
		for range 100 {
			w.quickly(sample("grant_type", "client_credentials", "scope", strings.Repeat("s", 200)), tokenURL+"?fault=token_ttl=1")
		}
		w.clock.Advance(time.Minute)
	}
	if n := len(w.state()); n < 100_000 || n > 1<<20+10_000 {
		t.Errorf("the file has %d bytes after 4,000 changes, want them bounded", n)
	}
	w.wantError(w.me(tokens.str("access_token")), 200, "")
	w.start()
	if n := len(w.state()); n > 2000 {
		t.Errorf("the file has %d bytes after a restart, want no more than one login", n)
	}
	w.wantError(w.me(tokens.str("access_token")), 200, "")
	entries, err := os.ReadDir(filepath.Dir(w.file))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v, want 0600", entry.Name(), info.Mode())
		}
	}
	if len(entries) != 2 {
		t.Errorf("the folder holds %v, want the state and the key", entries)
	}
}

// quickly posts a form without a socket.
func (w *world) quickly(body url.Values, target string) int {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	w.sim.Handler().ServeHTTP(recorder, r)
	return recorder.Code
}

func TestConcurrentChangesSurvive(t *testing.T) {
	w := rememberingWorld(t)
	const callers, rounds = 8, 120
	var wg sync.WaitGroup
	secret := strings.Repeat("s", 100)
	for caller := range callers {
		wg.Go(func() {
			for round := range rounds {
				id := fmt.Sprintf("client-%d-%d-%s", caller, round, strings.Repeat("x", 400)) // long, to outgrow the limit
				body := form("grant_type", "client_credentials", "client_id", id, "client_secret", secret)
				if status := w.quickly(body, tokenURL); status != 200 {
					t.Errorf("token = %d, want 200", status)
				}
				if round%40 == 39 {
					w.sim.RevokeSubject(id)
				}
			}
		})
	}
	wg.Wait()
	w.start()
	for caller := range callers {
		id := fmt.Sprintf("client-%d-%d-%s", caller, rounds-1, strings.Repeat("x", 400))
		for secret, want := range map[string]int{secret: 200, "other": 401} {
			if got := w.quickly(form("grant_type", "client_credentials", "client_id", id, "client_secret", secret), tokenURL); got != want {
				t.Errorf("client %d with the secret %q = %d, want %d", caller, secret, got, want)
			}
		}
	}
	if n := w.sim.RevokeAll(); n != callers*rounds-callers*rounds/40+callers {
		t.Errorf("%d authorizations are alive, want %d", n, callers*rounds-callers*rounds/40+callers)
	}
}

func TestMissingLineIsMadeGoodBeforeTheAnswer(t *testing.T) {
	w := rememberingWorld(t)
	first := w.login(tokenURL)
	if err := w.sim.BreakState(); err != nil {
		t.Fatal(err)
	}
	second := w.login(tokenURL)
	if !strings.Contains(w.log.String(), "simulator does not remember") {
		t.Error("the log does not say so")
	}
	third := w.login(tokenURL)
	w.start()
	for _, tokens := range []result{first, second, third} {
		w.wantError(w.me(tokens.str("access_token")), 200, "")
	}
}

func TestFileThatCannotBeCompactedGrowsOn(t *testing.T) {
	w := rememberingWorld(t)
	if err := os.Mkdir(w.file+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 1500 {
		w.quickly(sample("grant_type", "client_credentials", "scope", strings.Repeat("s", 500)), tokenURL)
	}
	tokens := w.login(tokenURL)
	if n := strings.Count(w.log.String(), "simulator does not compact its state"); n != 1 {
		t.Errorf("the log says %d times that the file cannot be compacted, want once", n)
	}
	if _, err := simulator.Open(w.config()); err == nil || !strings.HasPrefix(err.Error(), "writing the simulator's state") {
		t.Errorf("Open: %v, want an error about writing the state", err)
	}
	if err := os.Remove(w.file + ".new"); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.wantError(w.me(tokens.str("access_token")), 200, "")
}

func TestClosedSimulatorWritesNoMore(t *testing.T) {
	w := rememberingWorld(t)
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	before := w.state()
	w.login(tokenURL)
	if w.state() != before {
		t.Error("the file has changed after Close")
	}
	if err := newWorld(t).sim.Close(); err != nil {
		t.Errorf("Close without a file: %v", err)
	}
}

func TestFileHoldsNoSecret(t *testing.T) {
	const verifier = "another-plain-verifier-of-forty-three-chars"
	const password = "a-password-to-keep"
	w := rememberingWorld(t)
	secrets := map[string]string{
		"client secret": "client-secret-to-keep", "sample secret": simulator.SampleClientSecret, "password": password, "verifier": verifier,
	}
	kept := 0
	note := func(tokens result) result {
		w.wantError(tokens, 200, "")
		for _, name := range []string{"access_token", "refresh_token", "BhRestToken"} {
			if token := tokens.str(name); token != "" {
				kept++
				secrets[fmt.Sprint(name, " ", kept)] = token
			}
		}
		return tokens
	}
	own := func(pairs ...string) url.Values {
		out := form(pairs...)
		out.Set("client_id", "c")
		out.Set("client_secret", secrets["client secret"])
		return out
	}
	first := note(w.post(tokenURL, own("grant_type", "password", "username", "bo", "password", password)))
	for _, mode := range []string{"rotate=on", "rotate=off", "rotate=same", "rotate=revoke_family", "grace=300", "jwt,grace=300"} {
		tokens := note(w.login(tokenURL))
		note(w.refresh(tokenURL+"?fault="+url.QueryEscape(mode), tokens.str("refresh_token")))
	}
	used, unused := w.code("code_challenge", verifier), w.code()
	secrets["used code"], secrets["unused code"] = used, unused
	note(w.redeem(used, "code_verifier", verifier))
	note(w.post(tokenURL, own("grant_type", "ig_exchange_token", "access_token", first.str("access_token"))))
	note(w.must(w.request(http.MethodGet, "https://api.moviestar.com/session?access_token="+first.str("access_token"), "")))

	for _, moment := range []string{"as it grew", "written anew"} {
		text := w.state()
		for name, value := range secrets {
			if strings.Contains(text, value) {
				t.Errorf("the file %s holds the %s", moment, name)
			}
		}
		sum := sha256.Sum256([]byte(first.str("access_token")))
		if !strings.Contains(text, hex.EncodeToString(sum[:])) {
			t.Errorf("the file %s lacks the digest of a token", moment)
		}
		w.start()
	}
	if kept < 20 {
		t.Errorf("%d tokens were looked for, want more", kept)
	}
}

func BenchmarkToken(b *testing.B) {
	for _, kind := range []string{"memory", "file"} {
		b.Run(kind, func(b *testing.B) {
			config := simulator.Config{}
			if kind == "file" {
				config.File = filepath.Join(b.TempDir(), "state")
			}
			sim, err := simulator.Open(config)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = sim.Close() }()
			handler := sim.Handler()
			body := sample("grant_type", "password", "username", "bo", "password", "p").Encode()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(body))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, r)
				if recorder.Code != http.StatusOK {
					b.Fatal(recorder.Code)
				}
			}
		})
	}
}
