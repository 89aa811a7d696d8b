package ims_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// statuses gives a report in one line: "ok ok ok unchecked".
func statuses(r ims.Report) string {
	var out []string
	for _, l := range r.Layers {
		out = append(out, string(l.Status))
	}
	return strings.Join(out, " ")
}

func TestCheckJWT(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	saved := h.make()
	if c := saved.Configuration; c.Name != "acme-target" || c.State() != ims.Ready || c.Server != h.server.URL {
		t.Errorf("created %+v", c)
	}
	for range 2 { // a first token, and another
		r := h.check("acme-target")
		if got := statuses(r); got != "ok ok ok unchecked" || !r.Healthy || r.Configuration.State() != ims.Connected {
			t.Fatalf("%s: %+v", got, r.Layers)
		}
		if r.Layers[1].Message != "Token is retrieved successfully" {
			t.Errorf("the token layer says %q", r.Layers[1].Message)
		}
		if !strings.Contains(r.Layers[2].Message, organization) || !strings.Contains(r.Layers[2].Message, "dma_tartan") {
			t.Errorf("the profile layer says %q", r.Layers[2].Message)
		}
	}
	got, err := h.connector.Get(h.ctx, h.admin, connection.Ref{Name: "acme-target"})
	check(t, err)
	if life := got.ExpiresAt.Sub(got.LastRefreshAt); life < 23*time.Hour || life > 25*time.Hour {
		t.Errorf("the token lives for %v: expires_in of that route is in milliseconds", life)
	}
	if got.Fields["privateKey"] != "********" || got.Fields["clientSecret"] != "********" {
		t.Errorf("the connection shows %v", got.Fields)
	}
	access, err := h.configs.Access(h.ctx, h.admin, ims.Ref{Name: "acme-target"})
	if err != nil || access.APIKey != h.jwt.ClientID || access.Token.Empty() {
		t.Errorf("Access = %+v, %v", access, err)
	}
	check(t, h.configs.Delete(h.ctx, h.admin, ims.Ref{Name: "acme-target"}))
	if _, err := h.connector.Get(h.ctx, h.admin, connection.Ref{Name: "acme-target"}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("the connection is left: %v", err)
	}
}

// oauthValues are those of the OAuth credential.
func (h *house) oauthValues() ims.Values {
	return ims.Values{
		Title: text("Acme OAuth"), Solution: text("target"), Type: ptr(ims.OAuth), Server: &h.server.URL, ClientID: text(h.oauth.ClientID), Secret: &h.oauthSecret,
		IMSOrganization: text(organization), Scopes: &[]string{"openid, AdobeID", "read_organizations additional_info.projectedProductContext"},
	}
}

func TestCheckOAuth(t *testing.T) {
	called := ims.Access{}
	h := newHouse(t, 0, map[ims.Solution]ims.Probe{ims.Target: func(_ context.Context, _ ims.Configuration, with ims.Access) finding.Layer {
		called = with
		return finding.Layer{Status: finding.Failed, Message: "Target answers 403", Advice: []finding.Advice{{Do: "give the role Editor", Where: "Admin Console"}}}
	}})
	_, err := h.configs.Create(h.ctx, h.admin, ims.Create{Values: h.oauthValues()})
	check(t, err)
	r := h.check("acme-oauth")
	if got := statuses(r); got != "not_needed ok ok failed" || r.Healthy || r.Failed().Name != ims.LayerProduct {
		t.Fatalf("%s: %+v", got, r.Layers)
	}
	if called.APIKey != h.oauth.ClientID || called.Token.Empty() || called.Server != h.server.URL {
		t.Errorf("the probe was called with %+v", called)
	}
	if len(r.Requires) != 2 || !strings.Contains(r.Requires[1], "service pack 21") {
		t.Errorf("requires %q", r.Requires)
	}
}

// Each trouble is found at its layer, and answered with what to change and where.
func TestCheckFindsTheLayer(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	h.importPair("other", 1)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	t.Cleanup(web.Close)
	noMetascope := strings.Replace(h.payload(), "ent_marketing_sdk", "ent_reactor_sdk", 1)
	for name, test := range map[string]struct {
		change              func(*ims.Values)
		status, code, words string
		do                  string
	}{
		"wrong-secret":  {func(v *ims.Values) { v.Secret = ptr(secret.New("p8e-wrong")) }, "ok failed skipped skipped", "invalid_client", "do not belong together", "copy the client secret anew"},
		"wrong-key":     {func(v *ims.Values) { v.Alias = text("other") }, "ok failed skipped skipped", "invalid_token", "fits no certificate", "bind the certificate of other"},
		"wrong-scope":   {func(v *ims.Values) { v.Payload = &noMetascope }, "ok failed skipped skipped", "invalid_scope", "metascopes that the credential does not have", "subscribe the credential"},
		"wrong-sub":     {func(v *ims.Values) { v.TechnicalAccount = text("0123456789ABCDEF01234567@techacct.adobe.com") }, "ok failed skipped skipped", "", "", ""},
		"wrong-type":    {func(v *ims.Values) { *v = h.oauthValues(); v.ClientID, v.Secret = &h.jwt.ClientID, &h.jwtSecret }, "not_needed failed skipped skipped", "", "", ""},
		"no-such":       {func(v *ims.Values) { v.Payload, v.ClientID = nil, text("ffffffffffffffffffffffffffffffff") }, "ok failed skipped skipped", "", "", ""},
		"dead":          {func(v *ims.Values) { v.Payload, v.Server = nil, &dead.URL }, "ok failed skipped skipped", "", "gave no answer", "can be reached from here"},
		"no-ims":        {func(v *ims.Values) { v.Payload, v.Server = nil, &web.URL }, "ok failed skipped skipped", "", "not an IMS", "scheme and host alone"},
		"draft":         {func(v *ims.Values) { *v = ims.Values{Alias: text("acme")} }, "ok failed skipped skipped", "", "lacks authorization_server", "latchkey ims edit"},
		"other-product": {func(v *ims.Values) { v.Solution = text("analytics") }, "ok ok failed skipped", "", "no product profile of Adobe Analytics", "give the credential a product profile"},
	} {
		t.Run(name, func(t *testing.T) {
			h.TB = t
			values := h.values()
			values.IMSOrganization, values.TechnicalAccount, values.Metascopes = text(organization), text(h.jwt.TechnicalAccount.ID), nil
			test.change(&values)
			if values.Payload == nil {
				values.Metascopes = &[]string{"ent_marketing_sdk"}
			}
			_, err := h.configs.Create(h.ctx, h.admin, ims.Create{Name: name, Values: values})
			check(t, err)
			r := h.check(name)
			if got := statuses(r); got != test.status {
				t.Fatalf("%s, want %s: %+v", got, test.status, r.Layers)
			}
			failed := r.Failed()
			t.Logf("%s %s %q: %s %v", failed.Name, failed.Code, failed.Description, failed.Message, failed.Advice)
			if test.code != "" && failed.Code != test.code || !strings.Contains(failed.Message, test.words) {
				t.Errorf("it says %s: %s", failed.Code, failed.Message)
			}
			if len(failed.Advice) == 0 || failed.Advice[0].Where == "" || !strings.Contains(failed.Advice[0].Do, test.do) || strings.Contains(failed.Message, "not known here") {
				t.Errorf("it advises %+v", failed.Advice)
			}
			if r.Configuration.Connection != "" && failed.Name == ims.LayerToken {
				t.Error("a connection was kept that has had no token")
			}
		})
	}
}

func TestCheckTellsOfTheClock(t *testing.T) {
	for skew, words := range map[time.Duration]string{-10 * time.Minute: "behind", 10 * time.Minute: "ahead of"} {
		h := newHouse(t, skew, nil)
		h.importPair("acme", 0)
		h.make()
		r := h.check("acme-target")
		layer := r.Failed()
		if skew > 0 { // IMS takes what expires later than it should, and says the time
			layer = &r.Layers[2]
		}
		if layer == nil || len(layer.Warnings) == 0 || !strings.Contains(layer.Warnings[0], words) || !strings.Contains(layer.Warnings[0], "10m") {
			t.Errorf("with a clock that is off by %v: %+v", skew, r.Layers)
		}
		if skew < 0 && !strings.Contains(r.Failed().Message, "expired") {
			t.Errorf("the failure says %q", r.Failed().Message)
		}
	}
}

func TestCheckOfAnExpiredCertificate(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	h.make()
	h.clock.Advance(340 * 24 * time.Hour)
	key := h.importPairOf("soon")
	if got, err := h.configs.Create(h.ctx, h.admin, ims.Create{Name: "soon", Values: ims.Values{Alias: &key.Alias}}); err != nil || len(got.Problems) != 1 ||
		!strings.Contains(got.Problems[0].Message, "ends in 24 days") {
		t.Errorf("creating with a certificate that ends soon: %+v, %v", got.Problems, err)
	}
	h.clock.Advance(30 * 24 * time.Hour)
	r := h.check("acme-target")
	if got := statuses(r); got != "failed skipped skipped skipped" || !strings.Contains(r.Failed().Message, "expired") || !strings.Contains(r.Failed().Advice[0].Do, "rotate acme") {
		t.Errorf("%s: %+v", got, r.Layers)
	}
}

// importPairOf is importPair of the first pair.
func (h *house) importPairOf(alias string) ims.Key { return h.importPair(alias, 0) }

func TestEditAsksFirst(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	h.make()
	h.check("acme-target")
	ref := ims.Ref{Name: "acme-target"}
	_, err := h.configs.Edit(h.ctx, h.admin, ref, ims.Values{Secret: ptr(secret.New("p8e-wrong"))})
	if _, refused := errors.AsType[*connection.ProviderError](err); !refused {
		t.Fatalf("a wrong secret: %v", err)
	}
	if r := h.check("acme-target"); !r.Healthy {
		t.Errorf("the right one is gone: %+v", r.Layers)
	}
	made, err := h.credentials.AddSecret(h.ctx, h.admin, h.jwt.ID)
	check(t, err)
	saved, err := h.configs.Edit(h.ctx, h.admin, ref, ims.Values{Secret: &made.Value, Title: text("New title")})
	check(t, err)
	if saved.Configuration.Title != "New title" || saved.Configuration.Secret.Reveal() != made.Value.Reveal() {
		t.Errorf("edited: %+v", saved.Configuration)
	}
	if r := h.check("acme-target"); !r.Healthy {
		t.Errorf("after the edit: %+v", r.Layers)
	}
	if _, err := h.configs.Edit(h.ctx, h.admin, ref, ims.Values{ClientID: text("")}); err == nil {
		t.Error("a value that is needed could be taken away")
	}
}

func TestMigrate(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	h.make()
	before := h.check("acme-target").Configuration
	ref := ims.Ref{Name: "acme-target"}
	got, err := h.configs.Migrate(h.ctx, h.admin, ref, ims.Migrate{Secret: secret.New("p8e-wrong"), Scopes: []string{"openid,AdobeID"}})
	check(t, err)
	if got.Done || got.Refused == nil || got.Configuration.Type != ims.JWT || got.Configuration.Migration == nil {
		t.Fatalf("a migration that is refused: %+v", got)
	}
	if r := h.check("acme-target"); !r.Healthy || r.Configuration.Connection != before.Connection || len(r.Notes) != 1 {
		t.Errorf("the JWT part does not serve on: %+v %q", r.Layers, r.Notes)
	}
	cancelled, err := h.configs.CancelMigration(h.ctx, h.admin, ref)
	if err != nil || cancelled.Migration != nil {
		t.Fatalf("cancelling: %+v, %v", cancelled.Migration, err)
	}
	if _, err := h.configs.CancelMigration(h.ctx, h.admin, ref); !errors.Is(err, ims.ErrState) {
		t.Errorf("cancelling again: %v", err)
	}
	_, err = h.credentials.StartMigration(h.ctx, h.admin, h.jwt.ID)
	check(t, err)
	got, err = h.configs.Migrate(h.ctx, h.admin, ref, ims.Migrate{Secret: h.jwtSecret, Scopes: []string{"openid,AdobeID,read_organizations,additional_info.projectedProductContext"}})
	check(t, err)
	if !got.Done || got.Configuration.Type != ims.OAuth || got.Configuration.ClientID != h.jwt.ClientID || got.Configuration.Alias != "" {
		t.Fatalf("the migration: %+v, refused %+v", got.Configuration, got.Refused)
	}
	if _, err := h.connector.Get(h.ctx, h.admin, connection.Ref{Name: before.Connection}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("the old connection is left: %v", err)
	}
	r := h.check("acme-target")
	if !r.Healthy || statuses(r) != "not_needed ok ok unchecked" {
		t.Errorf("after the migration: %+v", r.Layers)
	}
	if now, err := h.connector.Get(h.ctx, h.admin, connection.Ref{Name: "acme-target"}); err != nil || now.ID != r.Configuration.Connection {
		t.Errorf("the new connection has not the name: %+v, %v", now.ID, err)
	}
	check(t, h.configs.RemoveCertificate(h.ctx, h.admin, "", "acme", 0))
}

func TestRotate(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	h.make()
	h.check("acme-target")
	private, certificate := pairOf(1)
	next, err := h.configs.Rotate(h.ctx, h.admin, ims.NewCertificate{Alias: "acme", Private: secret.New(private), Certificate: certificate})
	if err != nil || next.Version != 2 || next.Current {
		t.Fatalf("Rotate = %+v, %v", next, err)
	}
	if _, err := h.configs.Rotate(h.ctx, h.admin, ims.NewCertificate{Alias: "acme"}); !errors.Is(err, ims.ErrState) {
		t.Errorf("a third beside two: %v", err)
	}
	_, err = h.configs.Switch(h.ctx, h.admin, "", "acme", 0)
	if _, refused := errors.AsType[*connection.ProviderError](err); !refused {
		t.Fatalf("switching to a certificate that is not bound: %v", err)
	}
	if r := h.check("acme-target"); !r.Healthy {
		t.Errorf("the first key does not sign any more: %+v", r.Layers)
	}
	_, err = h.credentials.AddBinding(h.ctx, h.admin, h.jwt.ID, []byte(certificate), false)
	check(t, err)
	_, err = h.configs.Switch(h.ctx, h.admin, "", "acme", 0)
	check(t, err)
	old := h.jwt.Bindings[0]
	check(t, h.credentials.DeleteBinding(h.ctx, h.admin, h.jwt.ID, old.ID))
	if r := h.check("acme-target"); !r.Healthy {
		t.Errorf("the second key does not sign: %+v", r.Layers)
	}
	if err := h.configs.RemoveCertificate(h.ctx, h.admin, "", "acme", 2); !errors.Is(err, ims.ErrInUse) {
		t.Errorf("removing the version that signs: %v", err)
	}
	if err := h.configs.RemoveCertificate(h.ctx, h.admin, "", "acme", 0); !errors.Is(err, ims.ErrInUse) {
		t.Errorf("removing an alias that is used: %v", err)
	}
	check(t, h.configs.RemoveCertificate(h.ctx, h.admin, "", "acme", 1))
	keys, err := h.configs.Certificates(h.ctx, h.admin, "", "acme")
	if err != nil || len(keys) != 1 || keys[0].Version != 2 || !keys[0].Current || !keys[0].Private.Empty() {
		t.Errorf("what is left: %+v, %v", keys, err)
	}
}
