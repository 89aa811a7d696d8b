package web

import (
	"errors"
	"net/http"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/finding"
	"latchkey/internal/seal"
)

// wholeInstallation refuses who may not act for the whole of it.
func (v *visit) wholeInstallation() error { return v.caller.Require(access.Admin) }

// signingKeys lists the authorization server's keys, and makes the next ones.
func (v *visit) signingKeys() error {
	if v.r.Method == http.MethodPost {
		if err := v.SigningKeys.Rotate(v.r.Context(), v.caller, v.r.PostForm.Has("at_once")); err != nil {
			return err
		}
		said := "The next keys are published, and sign in " + plural(int(v.SigningKeys.Soak.Hours()), "hour") + "."
		if v.r.PostForm.Has("at_once") {
			said = "New keys sign from now on."
		}
		return v.done(placeSettings+"/signing-keys", said)
	}
	all, err := v.SigningKeys.List(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	type row struct {
		authority.SigningKey
		Word, Tone string
	}
	view := struct {
		Rows    []row
		Address string
		Rotate  *form
	}{Address: v.address() + "/ims/keys"}
	for _, k := range all {
		one := row{k, "ended", ""}
		switch k.State {
		case authority.KeyNext:
			one.Word, one.Tone = "next", "warn"
		case authority.KeySigns:
			one.Word, one.Tone = "signs", "good"
		case authority.KeyVerifies:
			one.Word = "verifies"
		}
		view.Rows = append(view.Rows, one)
	}
	view.Rotate = v.form(placeSettings+"/signing-keys", "Rotate the signing keys",
		check("at_once", "At once, without the time in which verifiers learn the new keys", "When the present keys can’t be trusted any more. Programs that cache the keys refuse tokens until they read them again.", false))
	return v.show(http.StatusOK, "settings_signing_keys", "Signing keys", &view)
}

// rootRow says how the root key stands.
func (v *visit) rootRow() settingRow {
	row := settingRow{Name: "Root key", Path: placeSettings + "/root-key", About: "What every organization’s secrets are sealed under."}
	if rotation, err := v.RootKeys.Rotation(v.r.Context()); err == nil {
		switch {
		case rotation.Problem != "":
			row.Says, row.Tone = "the rotation does not get on", "bad"
		case !rotation.StartedAt.IsZero() && rotation.FinishedAt.IsZero():
			row.Says, row.Tone = "a rotation is under way", "warn"
		default:
			row.Says = "in order"
		}
	}
	return row
}

// rootKey shows the root keys and how a rotation stands, and begins one.
func (v *visit) rootKey() error {
	if err := v.wholeInstallation(); err != nil {
		return err
	}
	if v.r.Method == http.MethodPost {
		if _, err := v.RootKeys.Rotate(v.r.Context(), v.caller.ID); err != nil {
			return unrotatable(err)
		}
		return v.done(placeSettings+"/root-key", "The rotation is under way. It goes on by itself, after a restart too.")
	}
	roots, err := v.RootKeys.Roots(v.r.Context())
	if err != nil {
		return err
	}
	rotation, err := v.RootKeys.Rotation(v.r.Context())
	if err != nil {
		return err
	}
	type row struct {
		seal.RootStatus
		Word, Tone, Kind string
	}
	view := struct {
		Rows             []row
		Rotation         seal.Rotation
		Running, Refresh bool
		Rotate           *form
	}{Rotation: rotation, Running: !rotation.StartedAt.IsZero() && rotation.FinishedAt.IsZero(), Rotate: v.form(placeSettings+"/root-key", "Rotate the root key")}
	view.Refresh = view.Running
	for _, r := range roots {
		one := row{RootStatus: r, Word: string(r.State), Kind: rootKinds[r.RootKey.Kind]}
		switch string(r.State) {
		case "current":
			one.Tone = "good"
		case "leaving", "next":
			one.Tone = "warn"
		}
		view.Rows = append(view.Rows, one)
	}
	return v.show(http.StatusOK, "settings_root_key", "Root key", &view)
}

// rootKinds say where a root key is.
var rootKinds = map[seal.Kind]string{"file": "a file", "passphrase": "a passphrase", "vault": "HashiCorp Vault", "kms": "a cloud’s key service"}

// unrotatable says why there is no rotation. The administrator is told the cause: it names settings and root keys, and no secret.
func unrotatable(err error) error {
	var problems finding.Problems
	behind, isBehind := errors.AsType[*seal.BehindError](err)
	switch {
	case errors.Is(err, seal.ErrNothingToRotate):
		problems.Wrong("", "this server has one root key", "name the new one in seal.root and the present one in seal.previous_root, on every node, and restart them; then rotate")
	case isBehind:
		problems.Wrong("", "the current root key is "+behind.Current+", which this server does not have", "configure that one and restart it")
	case errors.Is(err, seal.ErrConflict):
		problems.Wrong("", "the root keys were changed at the same time", "look how the rotation stands")
	case errors.Is(err, seal.ErrProbe):
		problems.Wrong("", "the new root key can’t be used yet, and nothing was begun: "+err.Error(), "mend that and rotate again")
	default:
		return err
	}
	return problems
}
