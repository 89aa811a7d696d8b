package connection_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

func TestCreate(t *testing.T) {
	w := newWorld(t)
	made, err := w.connector.Create(context.Background(), admin, connection.Create{
		Definition: "person", Label: "ann's", Fields: map[string]any{"username": "ann", "password": "hunter2"},
	})
	if made.Connection.ID != "" || !isProblem(err, "/label") {
		t.Fatalf("Create() with a label that can't stand in a URL = %+v, %v", made, err)
	}
	got := w.connect("person", "ann")
	if got.State != connection.Active || got.Generation != 1 || got.Fields["password"] != destination.Mask ||
		got.Fields["username"] != "ann" || got.CreatedBy != admin.ID || got.SandboxID != "uuid-of-prod" || !got.Renewable {
		t.Errorf("Create() = %+v", got)
	}
	if !got.ExpiresAt.Equal(start.Add(time.Hour)) || got.NextRefreshAt.Before(start.Add(42*time.Minute)) || got.NextRefreshAt.After(start.Add(51*time.Minute)) {
		t.Errorf("it ends at %v and is due at %v", got.ExpiresAt, got.NextRefreshAt)
	}
	if diff := cmp.Diff(got, w.get("ann")); diff != "" {
		t.Errorf("Get() is not what Create() gave (-made +got):\n%s", diff)
	}
}

// isProblem tells whether err is problems of which one points there.
func isProblem(err error, pointer string) bool {
	problems, _ := errors.AsType[destination.Problems](err)
	for _, p := range problems {
		if p.Pointer == pointer && p.Fix != "" {
			return true
		}
	}
	return false
}

func TestCreateRefused(t *testing.T) {
	w := newWorld(t)
	w.connect("machine", "taken")
	calls := w.provider.count()
	good := map[string]any{"username": "ann", "password": "hunter2"}
	for name, test := range map[string]struct {
		ask connection.Create
		is  func(error) bool
	}{
		"no such definition":   {connection.Create{Definition: "nothing"}, func(err error) bool { return errors.Is(err, connection.ErrDefinitionNotFound) }},
		"a missing field":      {connection.Create{Definition: "person", Fields: map[string]any{"username": "ann"}}, pointsTo("/fields/password")},
		"an unknown field":     {connection.Create{Definition: "machine", Fields: map[string]any{"x": "y"}}, pointsTo("/fields/x")},
		"a label like an id":   {connection.Create{Definition: "machine", Label: "conn_1"}, pointsTo("/label")},
		"a long label":         {connection.Create{Definition: "machine", Label: strings.Repeat("é", 101)}, pointsTo("/label")},
		"a label with a slash": {connection.Create{Definition: "machine", Label: "a/b"}, pointsTo("/label")},
		"a label of dots":      {connection.Create{Definition: "machine", Label: ".."}, pointsTo("/label")},
		"a taken label": {connection.Create{Definition: "person", Fields: good, Label: "taken"},
			func(err error) bool { return errors.Is(err, connection.ErrLabelTaken) }},
		"another base":       {connection.Create{Definition: "browser", BaseURL: "https://evil.example.com"}, pointsTo("/base_url")},
		"an unknown sandbox": {connection.Create{Definition: "machine", Sandbox: "nowhere"}, pointsTo("/sandbox")},
	} {
		made, err := w.connector.Create(context.Background(), admin, test.ask)
		if !test.is(err) || made.Connection.ID != "" {
			t.Errorf("%s: Create() = %+v, %v", name, made, err)
		}
	}
	if w.provider.count() != calls {
		t.Errorf("the provider was asked %d times for what can't be", w.provider.count()-calls)
	}
}

func pointsTo(pointer string) func(error) bool {
	return func(err error) bool { return isProblem(err, pointer) }
}

// TestCreateFailsStoresNothing tells a provider that refuses from one that can't be reached.
func TestCreateFailsStoresNothing(t *testing.T) {
	w := newWorld(t)
	for kind, refused := range map[exchange.Kind]bool{
		exchange.ProviderDown: false, exchange.ClientDead: true, exchange.GrantDead: true, exchange.Denied: true,
		exchange.BadResponse: true,
	} {
		w.provider.failing(exchange.Failure{Kind: kind, Code: "why"})
		_, err := w.connector.Create(context.Background(), admin, connection.Create{
			Definition: "person", Label: "ann", Fields: map[string]any{"username": "ann", "password": "hunter2"},
		})
		failure, ok := errors.AsType[*connection.ProviderError](err)
		if !ok || failure.Refused() != refused || failure.Failure.Code != "why" {
			t.Errorf("%v: Create() = %v", kind, err)
		}
	}
	if page, err := w.connector.List(context.Background(), admin, connection.Query{}); err != nil || len(page.Items) != 0 {
		t.Errorf("List() = %+v, %v, want nothing stored", page, err)
	}
}

func TestReturnURL(t *testing.T) {
	w := newWorld(t)
	for url, allowed := range map[string]bool{
		"/done": true, "/done?x=1#y": true, "": true, "https://app.example.com/x": true, "https://APP.example.com:443": true,
		"https://latchkey.example.com/x": true, "//evil.example.com": false, "/\\evil.example.com": false,
		"https://app.example.com.evil.example": false, "http://app.example.com/": false, "https://app.example.com:444/": false,
		"https://user@app.example.com/": false, "javascript:alert(1)": false, "done": false, "http://127.0.0.1:1/": false,
		"/x\nSet-Cookie: y": false, "mailto:a@app.example.com": false, "/" + strings.Repeat("x", 3000): false,
	} {
		_, err := w.connector.Create(context.Background(), admin, connection.Create{Definition: "browser", ReturnURL: url})
		if (err == nil) != allowed || err != nil && !isProblem(err, "/return_url") {
			t.Errorf("Create(return_url %.60q) = %v, want allowed: %v", url, err, allowed)
		}
	}
}

func TestListPagesAndSandboxes(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 5 {
		want = append([]string{w.connect("machine", fmt.Sprintf("label %d", i)).ID}, want...)
		w.clock.Advance(time.Second)
	}
	stage := admin
	stage.Sandbox = "stage"
	elsewhere, err := w.connector.Create(context.Background(), stage, connection.Create{Definition: "machine", Label: "label 0"})
	if err != nil || elsewhere.Connection.Sandbox != "stage" {
		t.Fatalf("Create() in stage = %+v, %v", elsewhere, err)
	}
	var got []string
	for query := (connection.Query{Limit: 2}); ; {
		page, err := w.connector.List(context.Background(), admin, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			got = append(got, c.ID)
		}
		if query.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	for name, query := range map[string]connection.Query{"cursor": {Cursor: "x"}, "state": {State: "x"}} {
		if _, err := w.connector.List(context.Background(), admin, query); !isProblem(err, "/"+name) {
			t.Errorf("List(%+v) = %v", query, err)
		}
	}
	// A caller bound to a sandbox sees no other; one that is not finds ids everywhere, and labels where it says.
	for name, test := range map[string]struct {
		caller access.Caller
		ref    connection.Ref
		found  string
	}{
		"bound, own label":   {stage, connection.Ref{Name: "label 0"}, elsewhere.Connection.ID},
		"bound, other id":    {stage, connection.Ref{Name: want[0]}, ""},
		"free, id":           {admin, connection.Ref{Name: elsewhere.Connection.ID}, elsewhere.Connection.ID},
		"free, label":        {admin, connection.Ref{Name: "label 0"}, want[4]},
		"free, label there":  {admin, connection.Ref{Sandbox: "stage", Name: "label 0"}, elsewhere.Connection.ID},
		"free, id elsewhere": {admin, connection.Ref{Sandbox: "stage", Name: want[0]}, ""},
	} {
		c, err := w.connector.Get(context.Background(), test.caller, test.ref)
		if c.ID != test.found || test.found == "" && !errors.Is(err, connection.ErrNotFound) {
			t.Errorf("%s: Get() = %q, %v, want %q", name, c.ID, err, test.found)
		}
	}
}

func TestScopes(t *testing.T) {
	w := newWorld(t)
	id := connection.Ref{Name: w.connect("machine", "").ID}
	ctx := context.Background()
	acts := map[string]func(access.Caller) error{
		"get":  func(c access.Caller) error { _, err := w.connector.Get(ctx, c, id); return err },
		"list": func(c access.Caller) error { _, err := w.connector.List(ctx, c, connection.Query{}); return err },
		"create": func(c access.Caller) error {
			_, err := w.connector.Create(ctx, c, connection.Create{Definition: "machine"})
			return err
		},
		"refresh": func(c access.Caller) error { _, err := w.connector.Refresh(ctx, c, id); return err },
		"reauthorize": func(c access.Caller) error {
			_, err := w.connector.Reauthorize(ctx, c, id, connection.Reauthorize{})
			return err
		},
		"patch":   func(c access.Caller) error { _, err := w.connector.Patch(ctx, c, id, connection.Patch{}); return err },
		"disable": func(c access.Caller) error { _, err := w.connector.Disable(ctx, c, id); return err },
		"enable":  func(c access.Caller) error { _, err := w.connector.Enable(ctx, c, id); return err },
		"delete":  func(c access.Caller) error { _, err := w.connector.Delete(ctx, c, id); return err },
	}
	may := func(scopes ...access.Scope) access.Caller {
		return access.Caller{ID: "key_1", Organization: organization, Scopes: scopes}
	}
	for name, act := range acts {
		reads := name == "get" || name == "list"
		for caller, allowed := range map[string]bool{"none": false, "tokens": false, "read": reads} {
			c := map[string]access.Caller{"none": may(), "tokens": may(access.TokensRead), "read": may(access.ConnectionsRead)}[caller]
			if err := act(c); isA[*access.DeniedError](err) == allowed {
				t.Errorf("%s by a key with %q = %v", name, c.Scopes, err)
			}
		}
		stranger := may(access.Admin)
		stranger.Organization = other
		if err := act(stranger); name != "list" && name != "create" && !errors.Is(err, connection.ErrNotFound) {
			t.Errorf("%s by another organization = %v", name, err)
		}
	}
	if err := acts["delete"](may(access.ConnectionsWrite)); err != nil {
		t.Error(err)
	}
	if _, err := w.keeper.Token(ctx, reader, id.Name, connection.Want{}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("Token() of a deleted connection = %v", err)
	}
}

func TestPatchFieldsWithoutBrowser(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "ann")
	ctx, ref := context.Background(), connection.Ref{Name: c.ID}
	w.provider.failing(exchange.Failure{Kind: exchange.GrantDead})
	if _, err := w.connector.Patch(ctx, admin, ref, connection.Patch{Fields: map[string]any{"password": "wrong"}}); !isA[*connection.ProviderError](err) {
		t.Fatalf("Patch() = %v", err)
	}
	if w.token(c.ID, connection.Want{}).Generation != 1 || w.get(c.ID).State != connection.Active {
		t.Error("a password that does not work replaced one that does")
	}
	w.provider.script(nil)
	label := "anna"
	patched, err := w.connector.Patch(ctx, admin, ref, connection.Patch{Fields: map[string]any{"username": "anna"}, Label: &label})
	if err != nil || patched.Connection.Label != label || patched.Connection.Fields["username"] != "anna" || patched.Connection.Generation != 2 {
		t.Errorf("Patch() = %+v, %v", patched, err)
	}
	if in := w.provider.call(2); in.Tokens != nil {
		t.Error("the new account was acquired with the old one's tokens")
	} else if password, _ := in.Fields.Value("password"); fmt.Sprint(password) != "[redacted]" {
		t.Error("the password was not kept")
	}
	if w.token("anna", connection.Want{}).Generation != 2 {
		t.Error("the new token is not served")
	}
	if _, err := w.keeper.Token(ctx, reader, "ann", connection.Want{}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("the former label leads to %v", err)
	}
	calls := w.provider.count()
	if _, err := w.connector.Patch(ctx, admin, ref, connection.Patch{Fields: map[string]any{"password": destination.Mask}}); err != nil || w.provider.count() != calls {
		t.Errorf("Patch() with nothing new = %v, %d exchanges", err, w.provider.count()-calls)
	}
}

// TestReplaceOutdoesARefresh has a refresh of the old account end while the new one is being saved.
func TestReplaceOutdoesARefresh(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	raced := false
	w.memory.Fail(func(method string) error {
		if method == "Commit" && !raced {
			raced = true
			return errors.New("busy") // the commit is tried again; meanwhile:
		}
		return nil
	})
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		if n == 2 { // acquiring the new account: the old one's refresh comes in between
			w.memory.Fail(nil)
			_, _, err := w.memory.Commit(context.Background(), connection.Commit{
				Organization: organization, ID: c.ID, Generation: 1, Tokens: w.provider.token(9, time.Hour), At: start,
			})
			if err != nil {
				return nil, err
			}
		}
		return w.provider.token(n, time.Hour), nil
	})
	if _, err := w.connector.Patch(context.Background(), admin, connection.Ref{Name: c.ID}, connection.Patch{Fields: map[string]any{"username": "bob"}}); err != nil {
		t.Fatal(err)
	}
	if token := w.token(c.ID, connection.Want{}); token.AccessToken.Reveal() != "access-2" || token.Generation != 3 {
		t.Errorf("Token() = %+v, want the new account's", token)
	}
}

func TestDisableEnable(t *testing.T) {
	w := newWorld(t)
	c := w.connect("person", "")
	ctx, ref := context.Background(), connection.Ref{Name: c.ID}
	w.token(c.ID, connection.Want{})
	if got, err := w.connector.Disable(ctx, admin, ref); err != nil || got.State != connection.Disabled {
		t.Fatalf("Disable() = %+v, %v", got, err)
	}
	fails[*connection.DisabledError](w, c.ID, connection.Want{})
	w.clock.Advance(2 * time.Hour)
	w.start()
	fails[*connection.DisabledError](w, c.ID, connection.Want{})
	if _, err := w.connector.Reauthorize(ctx, admin, ref, connection.Reauthorize{}); !isA[*connection.StateError](err) {
		t.Errorf("Reauthorize() of a disabled connection = %v", err)
	}
	if w.provider.count() != 1 {
		t.Error("a disabled connection was exchanged")
	}
	if got, err := w.connector.Enable(ctx, admin, ref); err != nil || got.State != connection.Active {
		t.Fatalf("Enable() = %+v, %v", got, err)
	}
	if token := w.token(c.ID, connection.Want{}); token.Generation != 2 {
		t.Errorf("generation %d", token.Generation)
	}
	pending := connection.Ref{Name: w.begin("browser", connection.Create{}).Connection.ID}
	if _, err := w.connector.Disable(ctx, admin, pending); err != nil {
		t.Fatal(err)
	}
	if got, err := w.connector.Enable(ctx, admin, pending); err != nil || got.State != connection.PendingAuthorization {
		t.Errorf("Enable() of one that never had a consent = %+v, %v", got, err)
	}
}
