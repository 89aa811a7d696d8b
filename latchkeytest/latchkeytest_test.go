package latchkeytest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"go.uber.org/goleak"

	"latchkey/client"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
	"latchkey/latchkeytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if code != 0 {
			fmt.Println("goroutines were left behind, or a test failed")
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	}))
}

// me asks the provider whose token it is, and gives the status.
func me(t *testing.T, s *latchkeytest.Server, token client.Token) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ProviderURL()+"/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", token.Header())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func token(t *testing.T, s *latchkeytest.Server, connection string) client.Token {
	t.Helper()
	got, err := s.Client().Token(t.Context(), connection, client.TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestConnections(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	for _, grant := range []latchkeytest.Grant{latchkeytest.ClientCredentials, latchkeytest.Password, latchkeytest.AuthorizationCode} {
		made := s.Connection("of-"+string(grant), grant)
		if got := me(t, s, token(t, s, made.ID)); got != http.StatusOK {
			t.Errorf("%s: the provider answers its token with %d", grant, got)
		}
	}
}

func TestConsentIsDenied(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	made, err := s.Client().CreateConnection(t.Context(), client.NewConnection{Definition: latchkeytest.AuthorizationCode.Definition(), Label: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	s.Deny(made.AuthorizeURL)
	if got, err := s.Client().Connection(t.Context(), made.ID); err != nil || got.State != client.PendingAuthorization {
		t.Errorf("after the owner's no the connection is %s, %v", got.State, err)
	}
}

// TestAdvance holds that tokens end and are renewed by the server's clock, at the server and at the provider.
func TestAdvance(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	made := s.Connection("acme", latchkeytest.AuthorizationCode)
	first := token(t, s, made.ID)
	before := s.Now()
	s.Advance(30 * time.Minute)
	if got := token(t, s, made.ID); got.AccessToken != first.AccessToken || me(t, s, got) != http.StatusOK {
		t.Error("half an hour ends a token of an hour")
	}
	s.Advance(31 * time.Minute)
	if moved := s.Now().Sub(before); moved < 61*time.Minute || moved > 62*time.Minute {
		t.Errorf("the clock has moved by %v", moved)
	}
	second := token(t, s, made.ID)
	if second.Generation != first.Generation+1 || me(t, s, second) != http.StatusOK {
		t.Errorf("after an hour the generation is %d", second.Generation)
	}
	if got := me(t, s, first); got != http.StatusUnauthorized {
		t.Errorf("the provider answers the token of an hour ago with %d", got)
	}
}

// TestAMonthPasses holds that a connection outlives its refresh tokens: the renewals on the way are made.
func TestAMonthPasses(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	s.Fault(latchkeytest.RefreshTokenLife(72 * time.Hour).And(latchkeytest.TokenLife(24 * time.Hour)))
	made := s.Connection("acme", latchkeytest.AuthorizationCode)
	s.Advance(30 * 24 * time.Hour)
	if got := token(t, s, made.ID); me(t, s, got) != http.StatusOK || got.Generation < 30 || got.Generation > 45 {
		t.Errorf("after a month the generation is %d", got.Generation)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	made := s.Connection("acme", latchkeytest.AuthorizationCode)
	s.Fault(latchkeytest.Status(http.StatusServiceUnavailable).ForGrant(latchkeytest.Refresh))
	s.Advance(59 * time.Minute)
	if got := token(t, s, made.ID); got.Generation != 1 {
		t.Errorf("a valid token is not served while the provider is away: generation %d", got.Generation)
	}
	s.Advance(time.Hour)
	_, err := s.Client().Token(t.Context(), made.ID, client.TokenOptions{})
	if failure, ok := errors.AsType[*client.Error](err); !ok || failure.Status != http.StatusFailedDependency {
		t.Errorf("with an ended token and the provider away: %v", err)
	}
	s.ClearFaults()
	s.Advance(16 * time.Minute)
	if got := token(t, s, made.ID); got.Generation != 2 {
		t.Errorf("once the provider is back the generation is %d", got.Generation)
	}
	var refused, renewed int
	for _, r := range s.Requests() {
		if r.Grant == latchkeytest.Refresh && r.Status == http.StatusServiceUnavailable {
			refused++
		}
		if r.Grant == latchkeytest.Refresh && r.Status == http.StatusOK {
			renewed++
		}
	}
	if refused < 3 || renewed != 1 {
		t.Errorf("the provider refused %d renewals and made %d", refused, renewed)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	made := s.Connection("acme", latchkeytest.AuthorizationCode)
	s.Revoke()
	s.Advance(time.Hour)
	if got, err := s.Client().Connection(t.Context(), made.ID); err != nil || got.State != client.NeedsReauthorization {
		t.Errorf("the connection is %s, %v", got.State, err)
	}
}

// ims sends a form to the authorization server.
func ims(t *testing.T, s *latchkeytest.Server, path string, form url.Values) map[string]any {
	t.Helper()
	response, err := http.PostForm(s.IMS().URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestIMS(t *testing.T) {
	t.Parallel()
	s := latchkeytest.Start(t)
	at := s.IMS()
	oauth := ims(t, s, "/ims/token/v3", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {at.OAuth.ClientID}, "client_secret": {at.OAuth.ClientSecret}, "scope": {strings.Join(at.OAuth.Scopes, ",")},
	})
	access, _ := oauth["access_token"].(string)
	if access == "" {
		t.Fatalf("client credentials give %v", oauth)
	}
	valid := func() any {
		return ims(t, s, "/ims/validate_token/v1", url.Values{"client_id": {at.OAuth.ClientID}, "type": {"access_token"}, "token": {access}})["valid"]
	}
	if valid() != true {
		t.Error("its own token is not valid")
	}
	s.Advance(25 * time.Hour)
	if valid() != false {
		t.Error("a token of 24 hours is valid after 25")
	}
	if got := ims(t, s, "/ims/exchange/jwt", exchange(t, s)); got["access_token"] == nil {
		t.Errorf("a JWT gives %v", got)
	}
}

// exchange is what a client of the JWT credential sends.
func exchange(t *testing.T, s *latchkeytest.Server) url.Values {
	t.Helper()
	at := s.IMS()
	key, err := keypair.Parse(secret.New(at.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.Signer()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{
		"exp": s.Now().Add(time.Hour).Unix(), "iss": at.Organization, "sub": at.JWT.TechnicalAccount, "aud": at.URL + "/c/" + at.JWT.ClientID,
	}
	for _, scope := range at.JWT.Scopes {
		if !strings.HasPrefix(scope, "http") {
			scope = at.URL + "/s/" + scope
		}
		claims[scope] = true
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"client_id": {at.JWT.ClientID}, "client_secret": {at.JWT.ClientSecret}, "jwt_token": {text}}
}

// TestServersShareNothing runs some beside each other, each with a fault and a time of its own.
func TestServersShareNothing(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			s := latchkeytest.Start(t)
			s.Fault(latchkeytest.TokenLife(time.Duration(i+1) * time.Hour))
			made := s.Connection("acme", latchkeytest.ClientCredentials)
			s.Advance(time.Duration(i) * 24 * time.Hour)
			if got := token(t, s, made.ID).ExpiresIn; got < time.Duration(i+1)*12*time.Minute || got > time.Duration(i+1)*time.Hour {
				t.Errorf("with tokens of %d h one lives for %v", i+1, got)
			}
			if n := len(s.Requests()); i == 0 && n != 1 {
				t.Errorf("the provider of server %d has had %d requests", i, n)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	s, err := latchkeytest.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a server without a test does not panic")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	s.Advance(-time.Second)
}

func BenchmarkStart(b *testing.B) {
	first, err := latchkeytest.Open() // it furnishes
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	for b.Loop() {
		s, err := latchkeytest.Open()
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
