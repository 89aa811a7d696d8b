package pipelined_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/clock"
	"latchkey/internal/finding"
	"latchkey/internal/pipelined"
	"latchkey/internal/secret"
)

// examine looks at the house's files.
func (h *house) examine() []finding.Layer {
	h.t.Helper()
	h.mu.Lock()
	instance, options := h.instance, h.options
	instance.Options = &options
	h.mu.Unlock()
	config := h.config()
	return pipelined.Examine(h.t.Context(), pipelined.Examination{
		Instance: instance, Files: pipelined.Files{Conf: h.conf, Instance: "sample"}, Dir: h.dir, Client: config.Client, Exchanger: config.Exchanger, Clock: clock.System(),
	})
}

// Each row of the vendor's page of troubleshooting (spec/campaign-and-pipeline.md §3.2): made, found, and explained with the
// vendor's own line.
func TestExamine(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(h *house)
		layer string
		// vendor is the line, says a part of the message or the advice.
		vendor, says string
	}{
		"empty option":    {func(h *house) { h.write("NmsPipeline_Config-sample.json", "") }, "routes", "'' aurait dû commencer par `[` ou `{` (iRc=16384)", "it is empty"},
		"bad option":      {func(h *house) { h.write("NmsPipeline_Config-sample.json", "{\n\"topics\": 1}") }, "routes", "aurait dû commencer", "line 2, column 11"},
		"no organization": {func(h *house) { h.instance.Organization = "" }, "credential", "the subject must be a valid organization or client", "IMSOrgId"},
		"no key":          {func(h *house) { legacy(&h.instance, &h.options); h.instance.LegacyKey = secret.String{} }, "credential", "invalid key", "authPrivateKey"},
		"PuTTYgen's key": {func(h *house) {
			legacy(&h.instance, &h.options)
			h.instance.LegacyKey = secret.New("PuTTY-User-Key-File-2: ssh-rsa")
		}, "credential", "unable to read the token during authentication", "authPrivateKey"},
		"gateway refuses": {func(h *house) {
			legacy(&h.instance, &h.options)
			h.authority.set("/token", `{"error":"This client: 6eab7875af-triggers is no longer allowed to get access token."}`)
		}, "token", "Listener: JWT Token is empty. (iRc=16384)", "INT-150012"},
		"another key": {func(h *house) {
			jwt(&h.instance, &h.options)
			h.authority.set("/ims/exchange/jwt", `{"error":"invalid_token","error_description":"Could not match JWT signature to any of the bindings"}`)
		}, "token", "JWT Token is empty", "invalid key"},
		"no scope":      {func(h *house) { h.authority.set("/ims/token/v3", `{"error":"invalid_scope"}`) }, "token", "JWT Token is empty", "lacks a scope"},
		"401 challenge": {func(h *house) { h.broker.refuse = func(string) int { return http.StatusUnauthorized } }, "handshake", "Connection seems to have been lost. Attempting to reconnect.", `Unknown authentication mode: 'Bearer realm="Adobe Analytics"'. (iRc=-55)`},
		"forbidden":     {func(h *house) { h.broker.refuse = func(string) int { return http.StatusForbidden } }, "handshake", "Connection seems to have been lost", "INT-150012 The HTTP query returned a 'Forbidden' type error (403) (iRc=-53)"},
		"broker away":   {func(h *house) { h.options.ForcedEndpoint, h.options.DiscoverEndpoint = "", "http://127.0.0.1:1" }, "broker", "Connection seems to have been lost", "discoverPipelineEndpoint"},
		"not mapped":    {func(h *house) { h.write("pipelined-sample.yaml", "") }, "connectors", "", `"cus:triggers.js" is not mapped`},
		"connector is shut": {func(h *house) {
			h.write("pipelined-sample.yaml", "connectors:\n  \"cus:triggers.js\": {exec: {command: [\"no-such-program\"]}}\n")
		}, "connectors", "", "no-such-program"},
		"not running": {func(*house) {}, "process", "", "does not run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plainRoutes, toFile)
			test.spoil(h)
			first := finding.First(h.examine())
			if first == nil || first.Name != test.layer || !strings.Contains(first.Description, test.vendor) {
				t.Fatalf("Examine() = %+v first, want the layer %s with %q", first, test.layer, test.vendor)
			}
			text := first.Message
			for _, a := range first.Advice {
				text += " " + a.Do + " " + a.Where
			}
			if !strings.Contains(text, test.says) {
				t.Errorf("the layer says %q, want %q in it", text, test.says)
			}
		})
	}
}

func TestExamineWell(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	l, err := h.start().Serve(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, layer := range h.examine() {
		if layer.Status == finding.Failed || layer.Status == finding.Skipped {
			t.Errorf("%s: %s, %s", layer.Name, layer.Status, layer.Message)
		}
	}
	if at := h.broker.committed("dev", 0); at != 0 {
		t.Errorf("the pointer moved to %d", at)
	}
	instance := pipelined.Examine(t.Context(), pipelined.Examination{Files: pipelined.Files{Conf: h.conf, Instance: "sample"}, Dir: h.dir, Clock: clock.System()})
	if first := finding.First(instance); first == nil || first.Description != "No task corresponds to the mask pipelined@sample" {
		t.Errorf("without the element: %+v", first)
	}
}
