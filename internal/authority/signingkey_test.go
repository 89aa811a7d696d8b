package authority_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/authority"
)

// TestSigningKeys holds who may rotate the signing keys, that the next ones wait for the soak, and that those that are made at once
// sign from then on, whatever waits.
func TestSigningKeys(t *testing.T) {
	w := newWorld(t)
	ctx, keys := context.Background(), w.server.SigningKeys()
	admin := access.Caller{ID: "key_1", Scopes: access.Scopes{access.Admin}}
	for _, caller := range []access.Caller{{ID: "key_2", Scopes: access.Scopes{access.RegistryWrite}}, {ID: "key_3", Sandbox: "stage", Scopes: access.Scopes{access.Admin}}} {
		if _, ok := errors.AsType[*access.DeniedError](keys.Rotate(ctx, caller, false)); !ok {
			t.Errorf("%s rotates the keys", caller.ID)
		}
		if _, err := keys.List(ctx, caller); err == nil {
			t.Errorf("%s lists the keys", caller.ID)
		}
	}
	states := func() map[string]authority.KeyState {
		t.Helper()
		all, err := keys.List(ctx, admin)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]authority.KeyState{}
		for _, k := range all {
			if k.Algorithm == "RS256" {
				out[k.ID] = k.State
			}
		}
		return out
	}
	signs := func() string {
		header, _ := payload(t, w.post(t, "/ims/token/v3", credentialsForm("openid")).body["access_token"].(string))
		return header["kid"].(string)
	}
	if err := keys.Rotate(ctx, admin, false); err != nil {
		t.Fatal(err)
	}
	if got := states(); got["ims_na1-key-at-1"] != authority.KeySigns || got["ims_na1-key-at-2"] != authority.KeyNext {
		t.Errorf("after a rotation the keys are %v", got)
	}
	if err := keys.Rotate(ctx, admin, false); !errors.Is(err, authority.ErrKeyWaits) {
		t.Errorf("a second rotation: %v, want ErrKeyWaits", err)
	}
	if err := keys.Rotate(ctx, admin, true); err != nil {
		t.Fatal(err)
	}
	if got := states(); got["ims_na1-key-at-1"] != authority.KeyVerifies || got["ims_na1-key-at-3"] != authority.KeySigns || signs() != "ims_na1-key-at-3" {
		t.Errorf("after a rotation at once the keys are %v, and %s signs", got, signs())
	}
	w.clock.Advance(25 * time.Hour)
	if got := signs(); got != "ims_na1-key-at-3" {
		t.Errorf("a day later %s signs, want the one of the highest number", got)
	}
}
