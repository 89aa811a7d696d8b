package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/registry/registrytest"
)

const (
	one = "1111111111AAAAAAAAAA1111@AdobeOrg"
	two = "2222222222BBBBBBBBBB2222@AdobeOrg"
)

var (
	start    = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	ctx      = context.Background()
	operator = access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}
	nobody   = access.Caller{Organization: one}
)

func admin(organization string) access.Caller {
	return access.Caller{ID: "key_admin", Organization: organization, Scopes: access.Scopes{access.Admin}}
}

func bound(sandbox string, scopes ...access.Scope) access.Caller {
	return access.Caller{ID: "key_bound", Organization: one, Sandbox: sandbox, Scopes: scopes}
}

// newDirectory gives a directory with the organizations one and two.
func newDirectory(t *testing.T) (*registry.Directory, *registrytest.Memory) {
	t.Helper()
	store := registrytest.NewMemory()
	directory := registry.NewDirectory(store, clock.NewManual(start))
	for _, id := range []string{one, two} {
		if _, err := directory.CreateOrganization(ctx, operator, id, ""); err != nil {
			t.Fatal(err)
		}
	}
	return directory, store
}

func wantDenied(t *testing.T, what string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*access.DeniedError](err); !ok {
		t.Errorf("%s = %v, want a DeniedError", what, err)
	}
}

func wantInvalid(t *testing.T, what string, err error, pointer, text string) {
	t.Helper()
	invalid, ok := errors.AsType[*registry.InvalidError](err)
	if !ok || invalid.Pointer != pointer || !strings.Contains(invalid.Message+" "+invalid.Fix, text) {
		t.Errorf("%s = %+v, want an InvalidError at %s with %q", what, err, pointer, text)
	}
}

func TestOrganizations(t *testing.T) {
	directory, _ := newDirectory(t)
	got, err := directory.Organizations(ctx, operator)
	want := []registry.Organization{{ID: one, Name: one, CreatedAt: start}, {ID: two, Name: two, CreatedAt: start}}
	for i := range got {
		if len(got[i].Number) != 8 || got[i].Number == got[1-i].Number {
			t.Errorf("an organization has the number %q", got[i].Number)
		}
		want[i].Number = got[i].Number
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Organizations() of the operator = %v (-want +got):\n%s", err, diff)
	}
	got, err = directory.Organizations(ctx, admin(two))
	if diff := cmp.Diff(want[1:], got); diff != "" || err != nil {
		t.Errorf("Organizations() of a key = %v (-want +got):\n%s", err, diff)
	}
	if _, err := directory.Organization(ctx, admin(one), two); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Organization() of another = %v, want ErrNotFound", err)
	}
	for _, ref := range []string{one, want[0].Number} {
		if got, err := directory.Organization(ctx, admin(one), ref); err != nil || got != want[0] {
			t.Errorf("Organization(%s) = %v, %v", ref, got, err)
		}
	}
	if _, err := directory.CreateOrganization(ctx, operator, one, "x"); !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("CreateOrganization() of an id in use = %v, want ErrNameTaken", err)
	}
	_, err = directory.CreateOrganization(ctx, operator, "acme", "x")
	wantInvalid(t, "CreateOrganization() of no IMS id", err, "/id", "@AdobeOrg")
	_, err = directory.CreateOrganization(ctx, operator, ident.NewIMSOrg(), "a\nb")
	wantInvalid(t, "CreateOrganization() with a line break", err, "/name", "one line")
	_, err = directory.CreateOrganization(ctx, admin(one), ident.NewIMSOrg(), "x")
	wantDenied(t, "CreateOrganization() by a key", err)
	_, err = directory.Organizations(ctx, nobody)
	wantDenied(t, "Organizations() without scope", err)
	_, err = directory.Organizations(ctx, access.Caller{})
	wantDenied(t, "Organizations() of no caller", err)
}

func TestProdIsThere(t *testing.T) {
	directory, _ := newDirectory(t)
	sandbox, err := directory.Sandbox(ctx, admin(one), access.DefaultSandbox)
	if err != nil || !ident.IsUUID(sandbox.ID) || sandbox.Organization != one || sandbox.Title == "" {
		t.Errorf("Sandbox(prod) = %+v, %v", sandbox, err)
	}
	err = directory.DeleteSandbox(ctx, admin(one), "prod")
	wantInvalid(t, "DeleteSandbox(prod)", err, "", "can't be deleted")
}

func TestSandboxes(t *testing.T) {
	directory, store := newDirectory(t)
	stage, err := directory.CreateSandbox(ctx, admin(one), "stage", " Stage 1 ")
	if err != nil || stage.Title != "Stage 1" || stage.Organization != one || !stage.CreatedAt.Equal(start) {
		t.Fatalf("CreateSandbox() = %+v, %v", stage, err)
	}
	if untitled, err := directory.CreateSandbox(ctx, admin(one), "dev-2", ""); err != nil || untitled.Title != "dev-2" {
		t.Errorf("CreateSandbox() without title = %+v, %v", untitled, err)
	}
	for _, ref := range []string{"stage", stage.ID, strings.ToUpper(stage.ID)} {
		if got, err := directory.Sandbox(ctx, admin(one), ref); err != nil || got != stage {
			t.Errorf("Sandbox(%q) = %+v, %v", ref, got, err)
		}
		if _, err := directory.Sandbox(ctx, admin(two), ref); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("Sandbox(%q) of another organization = %v, want ErrNotFound", ref, err)
		}
	}
	for caller, want := range map[*access.Caller]string{
		ptr(admin(one)): "dev-2 prod stage", ptr(admin(two)): "prod", ptr(bound("stage", access.RegistryRead)): "stage",
	} {
		all, err := directory.Sandboxes(ctx, *caller)
		var names []string
		for _, sandbox := range all {
			names = append(names, sandbox.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("Sandboxes() of %+v = %q, %v, want %q", *caller, got, err, want)
		}
	}
	if _, err := directory.CreateSandbox(ctx, admin(one), "stage", ""); !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("CreateSandbox() of a name in use = %v, want ErrNameTaken", err)
	}
	store.Occupy(stage)
	if err := directory.DeleteSandbox(ctx, admin(one), "stage"); !errors.Is(err, registry.ErrInUse) {
		t.Errorf("DeleteSandbox() of one in use = %v, want ErrInUse", err)
	}
	if err := directory.DeleteSandbox(ctx, admin(one), "dev-2"); err != nil {
		t.Errorf("DeleteSandbox() = %v", err)
	}
	if err := directory.DeleteSandbox(ctx, admin(one), "dev-2"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("DeleteSandbox() again = %v, want ErrNotFound", err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestSandboxNames(t *testing.T) {
	directory, _ := newDirectory(t)
	for name, ok := range map[string]bool{
		"a": true, "0-9": true, strings.Repeat("a", 256): true,
		"": false, strings.Repeat("a", 257): false, "Stage": false, "a_b": false, "a b": false, "ä": false, "a/b": false, "a\n": false,
	} {
		_, err := directory.CreateSandbox(ctx, admin(one), name, "")
		if ok && err != nil {
			t.Errorf("CreateSandbox(%q) = %v", name, err)
		} else if !ok {
			wantInvalid(t, "CreateSandbox("+name+")", err, "/name", "a-z, 0-9")
		}
	}
	_, err := directory.CreateSandbox(ctx, admin(one), "ok", strings.Repeat("ä", 257))
	wantInvalid(t, "CreateSandbox() with a long title", err, "/title", "256")
}

func TestSandboxRights(t *testing.T) {
	directory, _ := newDirectory(t)
	if _, err := directory.CreateSandbox(ctx, admin(one), "stage", ""); err != nil {
		t.Fatal(err)
	}
	reader := access.Caller{Organization: one, Scopes: access.Scopes{access.RegistryRead}}
	_, err := directory.CreateSandbox(ctx, reader, "x", "")
	wantDenied(t, "CreateSandbox() by a reader", err)
	wantDenied(t, "DeleteSandbox() by a reader", directory.DeleteSandbox(ctx, reader, "stage"))
	_, err = directory.Sandboxes(ctx, nobody)
	wantDenied(t, "Sandboxes() without scope", err)
	_, err = directory.CreateSandbox(ctx, bound("stage", access.Admin), "x", "")
	wantDenied(t, "CreateSandbox() by a bound key", err)
	wantDenied(t, "DeleteSandbox() by a bound key", directory.DeleteSandbox(ctx, bound("stage", access.Admin), "stage"))
	if _, err := directory.Sandbox(ctx, bound("stage"), "prod"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Sandbox(prod) of a key bound to stage = %v, want ErrNotFound", err)
	}
	if err := directory.DeleteSandbox(ctx, bound("stage", access.Admin), "prod"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("DeleteSandbox(prod) of a key bound to stage = %v, want ErrNotFound", err)
	}
}
