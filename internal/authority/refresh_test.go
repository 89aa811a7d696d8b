package authority_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/authority"
)

// TestRefresh holds the rotation: a token is good once, its answer can be asked for again for ten seconds, and then it
// says that two have it.
func TestRefresh(t *testing.T) {
	w := newWorld(t)
	first := w.tokens(t, webID).token("refresh_token")
	w.clock.Advance(time.Minute)
	got := w.post(t, "/ims/token/v3", refreshing(first))
	second := got.token("refresh_token")
	if got.status != 200 || second == "" || second == first || got.body["sub"] != ada {
		t.Fatalf("%s %v", got.error(), got.body)
	}
	if _, said := payload(t, got.token("id_token")); said["auth_time"] != float64(start.Add(-time.Minute).Unix()) || said["nonce"] != nil {
		t.Errorf("the id_token says %v", said)
	}
	w.clock.Advance(10 * time.Second)
	again := w.post(t, "/ims/token/v3", refreshing(first))
	if again.status != 200 || again.token("refresh_token") != second {
		t.Errorf("a lost answer is asked for again: %s, the same successor: %v", again.error(), again.token("refresh_token") == second)
	}
	third := w.post(t, "/ims/token/v3", refreshing(second)).token("refresh_token")
	if got := w.post(t, "/ims/token/v3", refreshing(first)); got.error() != "400 invalid_grant: The refresh_token was used before; all that came of its code has been revoked." {
		t.Errorf("the first one, once its successor was used: %s", got.error())
	}
	for name, token := range map[string]string{"newest": third, "second": second} {
		if got := w.post(t, "/ims/token/v3", refreshing(token)); got.error() != "400 invalid_grant: The refresh_token was revoked." {
			t.Errorf("the %s after that: %s", name, got.error())
		}
	}
	if got := w.validates(t, got.token("access_token")); got != "false revoked_token" {
		t.Errorf("the access token's validity is %s", got)
	}
	if log := w.log.String(); !strings.Contains(log, "used twice") || strings.Contains(log, first) {
		t.Errorf("the log says %s", log)
	}
}

// TestRefreshAfterTheGrace holds that a used token that comes back late ends the family, though its successor was not used.
func TestRefreshAfterTheGrace(t *testing.T) {
	w := newWorld(t)
	first := w.tokens(t, webID).token("refresh_token")
	second := w.post(t, "/ims/token/v3", refreshing(first)).token("refresh_token")
	w.clock.Advance(10*time.Second + time.Millisecond)
	if got := w.post(t, "/ims/token/v3", refreshing(first)); got.status != 400 {
		t.Errorf("after the grace: %s", got.error())
	}
	if got := w.post(t, "/ims/token/v3", refreshing(second)); got.error() != "400 invalid_grant: The refresh_token was revoked." {
		t.Errorf("its successor: %s", got.error())
	}
}

// TestRefreshAtOnce holds that callers who come together with one token get one successor.
func TestRefreshAtOnce(t *testing.T) {
	w := newWorld(t)
	first := w.tokens(t, webID).token("refresh_token")
	var mu sync.Mutex
	successors := map[string]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got := w.post(t, "/ims/token/v3", refreshing(first))
			mu.Lock()
			defer mu.Unlock()
			successors[got.token("refresh_token")]++
		})
	}
	all.Wait()
	if len(successors) != 1 || successors[""] > 0 {
		t.Errorf("8 callers got %d successors, %d of them none", len(successors), successors[""])
	}
}

// TestRefreshRefused has the other ways in which a refresh token gives nothing, or less.
func TestRefreshRefused(t *testing.T) {
	w := newWorld(t)
	tokens := w.tokens(t, webID, "scope", "openid email offline_access")
	good := tokens.token("refresh_token")
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"missing":          {refreshing(""), "400 invalid_request: The refresh_token is missing."},
		"no JWT":           {refreshing("abc"), "400 invalid_grant: The refresh_token is not one of this server's."},
		"an access token":  {refreshing(tokens.token("access_token")), "400 invalid_grant: The refresh_token is not one of this server's."},
		"an id_token":      {refreshing(tokens.token("id_token")), "400 invalid_grant: The refresh_token is not one of this server's."},
		"another client's": {refreshing(good, "client_id", spaID), "400 invalid_grant: The refresh_token was given to another client."},
		"a wrong secret":   {refreshing(good, "client_secret", "guess"), "401 invalid_client: The client_id and client_secret do not match."},
		"more scopes":      {refreshing(good, "scope", "openid profile"), "400 invalid_scope: A scope is not one of those that the person agreed to."},
	} {
		if got := w.post(t, "/ims/token/v3", c.form); got.error() != c.want {
			t.Errorf("%s: %s, want %s", name, got.error(), c.want)
		}
	}
	fewer := w.post(t, "/ims/token/v3", refreshing(good, "scope", "openid"))
	if _, said := payload(t, fewer.token("access_token")); said["scope"] != "openid" {
		t.Errorf("fewer scopes: %v", said["scope"])
	}
	all := w.post(t, "/ims/token/v3", refreshing(fewer.token("refresh_token")))
	if _, said := payload(t, all.token("access_token")); said["scope"] != "openid,email,offline_access" {
		t.Errorf("the refresh token keeps the scopes of the consent: %v", said["scope"])
	}
	w.gone[ada] = true
	if got := w.post(t, "/ims/token/v3", refreshing(all.token("refresh_token"))); got.error() != "400 invalid_grant: The person who granted it is disabled or deleted." {
		t.Errorf("the person is gone: %s", got.error())
	}
	w.gone[ada] = false
	w.clock.Advance(14 * 24 * time.Hour)
	if got := w.post(t, "/ims/token/v3", refreshing(all.token("refresh_token"))); got.error() != "400 invalid_grant: The refresh_token has ended." {
		t.Errorf("after 14 days: %s", got.error())
	}
}

// TestRefreshTokenEnds holds RFC 7009 §2.1 for refresh tokens, and IMS's cascade; and what is told of one meanwhile.
func TestRefreshTokenEnds(t *testing.T) {
	w := newWorld(t)
	for name, end := range map[string]func(reply) reply{
		"revoke": func(tokens reply) reply {
			return w.post(t, "/ims/revoke", url.Values{"client_id": {webID}, "client_secret": {password}, "token": {tokens.token("refresh_token")}})
		},
		"invalidate with all": func(tokens reply) reply {
			return w.post(t, "/ims/invalidate_token/v2", url.Values{"client_id": {webID}, "client_secret": {password}, "token_type": {"access_token"}, "token": {tokens.token("access_token")}, "cascading": {"all"}})
		},
	} {
		tokens := w.tokens(t, webID)
		if got := w.validates(t, tokens.token("refresh_token")); got != "true" {
			t.Errorf("%s: the refresh token's validity is %s before", name, got)
		}
		introspect := url.Values{"client_id": {webID}, "client_secret": {password}, "token": {tokens.token("refresh_token")}}
		if got := w.post(t, "/ims/introspect", introspect); got.body["active"] != true || got.body["token_type"] != nil {
			t.Errorf("%s: introspection gives %v before", name, got.body)
		}
		if got := end(tokens); got.status != 200 || got.text != "" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
		for _, token := range []string{"refresh_token", "access_token"} {
			if got := w.validates(t, tokens.token(token)); got != "false revoked_token" {
				t.Errorf("%s: the %s's validity is %s after", name, token, got)
			}
		}
		if got := w.post(t, "/ims/introspect", introspect); len(got.body) != 1 || got.body["active"] != false {
			t.Errorf("%s: introspection gives %v after", name, got.body)
		}
	}
	if whys := w.store.whys(); whys != authority.EndRevoked+" "+authority.EndRevoked {
		t.Errorf("they ended because %s", whys)
	}
}

func (m *families) whys() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, ending := range m.endings {
		out = append(out, ending.Why)
	}
	return strings.Join(out, " ")
}
