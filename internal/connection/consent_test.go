package connection_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// browser is a customer's browser: it keeps cookies.
type browser map[string]string

func (b browser) cookie(name string) string { return b[name] }

// open follows /connect/{attempt} and gives the state that the provider sees.
func (w *world) open(b browser, authorizeURL string) string {
	w.t.Helper()
	_, link, ok := strings.Cut(authorizeURL, connection.ConnectPath)
	if !ok {
		w.t.Fatalf("the link is %q", authorizeURL)
	}
	begun, err := w.connector.Begin(context.Background(), link)
	if err != nil {
		w.t.Fatalf("Begin() = %v", err)
	}
	b[begun.CookieName] = begun.CookieValue
	u, err := url.Parse(begun.RedirectURL)
	if err != nil {
		w.t.Fatal(err)
	}
	return u.Query().Get("state")
}

func (w *world) callback(b browser, query url.Values) (connection.CallbackResult, error) {
	return w.connector.Callback(context.Background(), connection.CallbackRequest{Query: query, Cookie: b.cookie})
}

// begin makes a connection that waits for its consent.
func (w *world) begin(definition string, ask connection.Create) connection.Created {
	w.t.Helper()
	ask.Definition = definition
	made, err := w.connector.Create(context.Background(), admin, ask)
	if err != nil {
		w.t.Fatalf("Create() = %v", err)
	}
	return made
}

// consent makes a connection and consents to it.
func (w *world) consent(definition string, ask connection.Create) string {
	w.t.Helper()
	made := w.begin(definition, ask)
	b := browser{}
	result, err := w.callback(b, url.Values{"state": {w.open(b, made.AuthorizeURL)}, "code": {"the-code"}})
	if err != nil || result.Failure != nil {
		w.t.Fatalf("Callback() = %v, %v", result.Failure, err)
	}
	return made.Connection.ID
}

func TestConsent(t *testing.T) {
	w := newWorld(t)
	made := w.begin("browser", connection.Create{
		Fields: map[string]any{"region": "eu"}, Label: "acme", ReturnURL: "https://app.example.com/done?x=1",
		BaseURL: "https://eu.latchkey.example.com",
	})
	id := made.Connection.ID
	if made.Connection.State != connection.PendingAuthorization || !made.AuthorizeExpiresAt.Equal(start.Add(10*time.Minute)) ||
		!strings.HasPrefix(made.AuthorizeURL, "https://eu.latchkey.example.com/connect/") {
		t.Fatalf("Create() = %+v", made)
	}
	fails[*connection.PendingError](w, id, connection.Want{})
	b := browser{}
	w.open(b, made.AuthorizeURL)
	state := w.open(b, made.AuthorizeURL) // a link may be opened twice
	result, err := w.callback(b, url.Values{"state": {state}, "code": {"the-code"}, "other": {"thing"}})
	if err != nil || result.Failure != nil {
		t.Fatalf("Callback() = %v, %v", result.Failure, err)
	}
	if want := "https://app.example.com/done?connection=" + id + "&status=ok&x=1"; result.ReturnURL != want {
		t.Errorf("the browser goes to %q, want %q", result.ReturnURL, want)
	}
	if result.Connection.State != connection.Active || result.Connection.Generation != 1 {
		t.Errorf("the connection is %+v", result.Connection)
	}
	in := w.provider.call(0)
	if in.Code.Code.Reveal() != "the-code" || in.Code.RedirectURI != "https://eu.latchkey.example.com"+connection.CallbackPath ||
		in.Code.State != state || len(in.Code.CodeVerifier.Reveal()) != 43 || in.User.Client != admin.ID {
		t.Errorf("the exchange got %+v", in.Code)
	}
	if value, _ := in.Fields.Value("region"); value != "eu" {
		t.Errorf("the exchange got the fields %v", in.Fields.Masked())
	}
	if token := w.token("acme", connection.Want{}); token.AccessToken.Reveal() != "access-1" {
		t.Errorf("Token() = %+v", token)
	}
	for name, act := range map[string]func() error{
		"the callback again": func() error {
			_, err := w.callback(b, url.Values{"state": {state}, "code": {"the-code"}})
			return err
		},
		"the link again": func() error {
			_, err := w.connector.Begin(context.Background(), made.AuthorizeURL[strings.LastIndexByte(made.AuthorizeURL, '/')+1:])
			return err
		},
	} {
		if err := act(); !errors.Is(err, connection.ErrAttemptUsed) {
			t.Errorf("%s = %v, want ErrAttemptUsed", name, err)
		}
	}
	if w.provider.count() != 1 {
		t.Error("the code was exchanged twice")
	}
}

func TestConsentRefused(t *testing.T) {
	w := newWorld(t)
	made := w.begin("browser", connection.Create{})
	b := browser{}
	state := w.open(b, made.AuthorizeURL)
	unknown := strings.Repeat("A", 43)
	for name, test := range map[string]struct {
		browser browser
		query   url.Values
		want    error
	}{
		"no state":            {b, url.Values{"code": {"c"}}, connection.ErrAttemptUnknown},
		"an unknown state":    {b, url.Values{"state": {unknown}, "code": {"c"}}, connection.ErrAttemptUnknown},
		"two states":          {b, url.Values{"state": {state, state}, "code": {"c"}}, connection.ErrAttemptUnknown},
		"state by other name": {b, url.Values{"tate": {state}, "code": {"c"}}, connection.ErrAttemptUnknown},
		"no cookie":           {browser{}, url.Values{"state": {state}, "code": {"c"}}, connection.ErrOtherBrowser},
		"an error, no cookie": {browser{}, url.Values{"state": {state}, "error": {"access_denied"}}, connection.ErrOtherBrowser},
	} {
		if _, err := w.callback(test.browser, test.query); !errors.Is(err, test.want) {
			t.Errorf("%s: Callback() = %v, want %v", name, err, test.want)
		}
	}
	_, err := w.connector.Callback(context.Background(), connection.CallbackRequest{
		Query: url.Values{"state": {state}, "code": {"c"}}, Cookie: b.cookie, RedirectURI: "https://elsewhere.example.com/cb",
	})
	if !errors.Is(err, connection.ErrAttemptUnknown) {
		t.Errorf("Callback() at another address = %v", err)
	}
	for _, link := range []string{"", "short", unknown} {
		if _, err := w.connector.Begin(context.Background(), link); !errors.Is(err, connection.ErrAttemptUnknown) {
			t.Errorf("Begin(%q) = %v", link, err)
		}
	}
	w.clock.Advance(10 * time.Minute)
	if _, err := w.callback(b, url.Values{"state": {state}, "code": {"c"}}); !errors.Is(err, connection.ErrAttemptExpired) {
		t.Errorf("Callback() after ten minutes = %v", err)
	}
	if w.provider.count() != 0 || w.get(made.Connection.ID).State != connection.PendingAuthorization {
		t.Error("a callback that was refused did something")
	}
}

func TestConsentFails(t *testing.T) {
	for name, test := range map[string]struct {
		query   url.Values
		failure *exchange.Failure
		want    exchange.Failure
		calls   int
	}{
		"denied": {url.Values{"error": {"access_denied"}, "error_description": {"no\x00 <way>"}}, nil,
			exchange.Failure{Kind: exchange.Denied, Code: "access_denied", Description: "no  <way>"}, 0},
		"no code": {url.Values{}, nil, exchange.Failure{Kind: exchange.BadResponse, Code: "missing_code"}, 0},
		"a code that is refused": {url.Values{"code": {"c"}}, &exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant"},
			exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant"}, 1},
		"an ambiguous exchange": {url.Values{"code": {"c"}}, &exchange.Failure{Kind: exchange.ProviderDown, Sent: true},
			exchange.Failure{Kind: exchange.ProviderDown}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.failure != nil {
				w.provider.failing(*test.failure)
			}
			made := w.begin("browser", connection.Create{ReturnURL: "/done"})
			b := browser{}
			test.query.Set("state", w.open(b, made.AuthorizeURL))
			result, err := w.callback(b, test.query)
			if err != nil || result.Failure == nil {
				t.Fatalf("Callback() = %+v, %v", result, err)
			}
			if f := result.Failure; f.Kind != test.want.Kind || f.Code != test.want.Code ||
				test.want.Description != "" && f.Description != test.want.Description {
				t.Errorf("the failure is %+v, want %+v", f, test.want)
			}
			if !strings.Contains(result.ReturnURL, "status=failed") || !strings.HasPrefix(result.ReturnURL, "/done?") {
				t.Errorf("the browser goes to %q", result.ReturnURL)
			}
			got := w.get(made.Connection.ID)
			if got.State != connection.PendingAuthorization || got.Generation != 0 {
				t.Errorf("the connection is %+v", got)
			}
			if e := got.LastError; e == nil || e.Kind != test.want.Kind || e.Code != test.want.Code || e.At.IsZero() {
				t.Errorf("who waits for the consent sees %+v, want %+v", e, test.want)
			}
			if _, err := w.callback(b, test.query); !errors.Is(err, connection.ErrAttemptUsed) || w.provider.count() != test.calls {
				t.Errorf("Callback() again = %v, after %d exchanges", err, w.provider.count())
			}
			w.provider.script(nil)
			again, err := w.connector.Reauthorize(context.Background(), admin, connection.Ref{Name: made.Connection.ID}, connection.Reauthorize{})
			if err != nil || again.AuthorizeURL == "" {
				t.Fatalf("Reauthorize() = %+v, %v", again, err)
			}
			if result, err := w.callback(b, url.Values{"state": {w.open(b, again.AuthorizeURL)}, "code": {"new"}}); err != nil || result.Failure != nil {
				t.Errorf("the second consent = %+v, %v", result, err)
			}
		})
	}
}

func TestConsentAtOnce(t *testing.T) {
	w := newWorld(t)
	made := w.begin("browser", connection.Create{})
	b := browser{}
	query := url.Values{"state": {w.open(b, made.AuthorizeURL)}, "code": {"c"}}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := w.callback(b, query); err != nil && !errors.Is(err, connection.ErrAttemptUsed) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if w.provider.count() != 1 {
		t.Errorf("the code was exchanged %d times", w.provider.count())
	}
}

// TestReauthorizeKeepsServing follows spec §3.9 U10: the old account serves until the new one works.
func TestReauthorizeKeepsServing(t *testing.T) {
	w := newWorld(t)
	id := w.consent("browser", connection.Create{Fields: map[string]any{"region": "eu"}, ReturnURL: "/home"})
	ctx := context.Background()
	patched, err := w.connector.Patch(ctx, admin, connection.Ref{Name: id}, connection.Patch{Fields: map[string]any{"region": "us"}})
	if err != nil || patched.AuthorizeURL == "" || patched.Connection.Fields["region"] != "eu" {
		t.Fatalf("Patch() = %+v, %v", patched, err)
	}
	b := browser{}
	result, err := w.callback(b, url.Values{"state": {w.open(b, patched.AuthorizeURL)}, "error": {"access_denied"}})
	if err != nil || result.Failure == nil {
		t.Fatalf("Callback() = %+v, %v", result, err)
	}
	if got := w.get(id); got.State != connection.Active || got.Fields["region"] != "eu" || w.token(id, connection.Want{}).Generation != 1 {
		t.Errorf("a consent that failed changed the old account: %+v", got)
	}
	again, err := w.connector.Patch(ctx, admin, connection.Ref{Name: id}, connection.Patch{Fields: map[string]any{"region": "us"}})
	if err != nil {
		t.Fatal(err)
	}
	result, err = w.callback(b, url.Values{"state": {w.open(b, again.AuthorizeURL)}, "code": {"new"}})
	if err != nil || result.Failure != nil || !strings.HasPrefix(result.ReturnURL, "/home?") {
		t.Fatalf("Callback() = %+v, %v", result, err)
	}
	if got := w.get(id); got.Fields["region"] != "us" || got.Generation != 2 || w.token(id, connection.Want{}).AccessToken.Reveal() != "access-2" {
		t.Errorf("the new account is not there: %+v", got)
	}
}

func TestConsentOfADeletedConnection(t *testing.T) {
	w := newWorld(t)
	made := w.begin("browser", connection.Create{})
	b := browser{}
	state := w.open(b, made.AuthorizeURL)
	if _, err := w.connector.Delete(context.Background(), admin, connection.Ref{Name: made.Connection.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.callback(b, url.Values{"state": {state}, "code": {"c"}}); !errors.Is(err, connection.ErrAttemptUnknown) {
		t.Errorf("Callback() = %v", err)
	}
}

func TestPruning(t *testing.T) {
	w := newWorld(t)
	pending := w.begin("browser", connection.Create{}).Connection.ID
	active := w.consent("browser", connection.Create{})
	w.clock.Advance(25 * time.Hour)
	w.start()
	w.eventually("the pending connection goes", func() bool {
		_, err := w.connector.Get(context.Background(), admin, connection.Ref{Name: pending})
		return errors.Is(err, connection.ErrNotFound)
	})
	w.get(active)
}

// TestCallbackNames follows options.callback (spec/destination-sdk.md §6.3): other names, a code that is encoded twice,
// and parameters that become outputs.
func TestCallbackNames(t *testing.T) {
	w := newWorld(t)
	w.definitions.publish("odd", `{"name":"odd","authentication":{"authType":"OAUTH2","grant":"OAUTH2_AUTHORIZATION_CODE",
		"authorizationUrl":"https://id.example.com/authorize","accessTokenUrl":"https://id.example.com/token",
		"clientId":"c","clientSecret":"s","options":{"callback":{"codeParam":"auth_code","stateParam":"st","errorParam":"err",
		"decodeCode":true,"capture":{"merchantId":"merchant_id"}}}}}`)
	made := w.begin("odd", connection.Create{})
	b := browser{}
	state := w.open(b, made.AuthorizeURL)
	if _, err := w.callback(b, url.Values{"state": {state}, "auth_code": {"c"}}); !errors.Is(err, connection.ErrAttemptUnknown) {
		t.Errorf("Callback() with the usual name = %v", err)
	}
	result, err := w.callback(b, url.Values{"st": {state}, "auth_code": {"a%2Fb"}, "merchant_id": {"m1"}, "error": {"not ours"}})
	if err != nil || result.Failure != nil {
		t.Fatalf("Callback() = %+v, %v", result.Failure, err)
	}
	if code := w.provider.call(0).Code; code.Code.Reveal() != "a/b" || code.Captured["merchantId"] != "m1" {
		t.Errorf("the exchange got %+v", code)
	}
	again := w.begin("odd", connection.Create{})
	result, err = w.callback(b, url.Values{"st": {w.open(b, again.AuthorizeURL)}, "err": {"nope"}})
	if err != nil || result.Failure == nil || result.Failure.Code != "nope" {
		t.Errorf("Callback() = %+v, %v", result.Failure, err)
	}
}
