package peers_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// productCall is what a call of a client came to.
type productCall struct {
	Call    string          `json:"call"`
	Status  int             `json:"status"`
	Type    string          `json:"type"`
	Body    json.RawMessage `json:"body"`
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Client  string          `json:"client"`
	Left    []string        `json:"left"`
	WSSE    string          `json:"wsse"`
	Taken   signedCall      `json:"taken"`
	Again   signedCall      `json:"again"`
	Clear   signedCall      `json:"clear"`
}

type signedCall struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// productRefusals are how refusals come out of the vendor's clients: the code of the call, and the status in words. The bodies of
// gateway and product are lost on the way.
var productRefusals = map[string]struct{ code, says string }{
	"target: version":        {"ERROR_GET_AUDIENCES", "Not Acceptable"},
	"target: key":            {"ERROR_GET_AUDIENCES", "Forbidden"},
	"target: tenant":         {"ERROR_GET_AUDIENCES", "Forbidden"},
	"target: profile":        {"ERROR_GET_AUDIENCES", "Forbidden"},
	"target: role":           {"ERROR_CREATE_OFFER", "Forbidden"},
	"analytics: rate":        {"ERROR_GET_CURRENT_USER", "Too Many Requests"},
	"analytics: company":     {"ERROR_GET_CURRENT_USER", "Not Found"},
	"analytics: permissions": {"ERROR_GET_REPORT", "Forbidden"},
}

// wsseVector is spec/aem-target-analytics.md §3.4's.
const wsseVector = `UsernameToken Username="user1:Acme Inc", PasswordDigest="wZKC1J2uqTR6RSN4bA0ufaH1rPI=", ` +
	`Nonce="ZDQxZDhjZDktOGYwMC00MjA0LTg5ODAtMDk5OGVjZjg0Mjdl", Created="2018-05-14T15:56:54Z"`

// TestProductClients runs every call of Adobe's clients of Target and Analytics, unmodified, through the intercepting proxy: they have
// the vendor's hosts built in. Their tokens are the sample credentials'.
func TestProductClients(t *testing.T) {
	s := harness.Dev(t, "--intercept")
	lines := node(t, append(s.Environment(), "LOG_LEVEL=error"), "products.mjs", filepath.Join(s.Data, "sample"), s.URL)
	calls, clients, signed := map[string]productCall{}, 0, productCall{}
	for _, line := range lines {
		var c productCall
		if err := json.Unmarshal(line, &c); err != nil {
			continue // the client's own words
		}
		switch {
		case c.Client != "":
			clients++
			if len(c.Left) > 0 {
				t.Errorf("these calls of the client of %s are not tried: %v", c.Client, c.Left)
			}
			continue
		case c.WSSE != "":
			signed = c
			continue
		}
		calls[c.Call] = c
		want, refused := productRefusals[c.Call]
		if refused && (c.Code != want.code || !strings.Contains(c.Message, want.says)) {
			t.Errorf("%s: %d %s %s, want it refused with %s and %q", c.Call, c.Status, c.Code, c.Message, want.code, want.says)
		}
		if !refused && (c.Status < 200 || c.Status > 299) {
			t.Errorf("%s: %s %s", c.Call, c.Code, c.Message)
		}
	}
	if clients != 2 {
		t.Fatalf("%d clients were tried to their end", clients)
	}
	for name := range productRefusals {
		if _, tried := calls[name]; !tried {
			t.Errorf("%s was not tried", name)
		}
	}
	for name, says := range map[string]string{
		"getAudiences": `"total":12`, "createAudience": `"status":"saved"`, "getAudienceById": `"memberLevel"`, "updateOffer": `<i>hi</i>`,
		"setActivityState": `"state":"approved"`, "executeBatch": `"operationId":2`, "getCollections": `"totalElements":3`, "getReport": `"value":"page 31"`,
		"analytics: partial": `"errorCode":"not_enabled_metric"`, "getSegments": `"definition"`,
	} {
		if !strings.Contains(string(calls[name].Body), says) {
			t.Errorf("%s gives %.300s, want %q in it", name, calls[name].Body, says)
		}
	}
	for name, version := range map[string]string{"getAudiences": "v3", "getOffers": "v2", "getMBoxes": "v1", "createOffer": "v2", "createABActivity": "v3", "setActivityName": "v1"} {
		if !strings.HasPrefix(calls[name].Type, "application/vnd.adobe.target."+version+"+json") {
			t.Errorf("%s is answered in %s, want %s", name, calls[name].Type, version)
		}
	}
	if calls["createAudience"].Status != 201 || calls["analytics: partial"].Status != 206 {
		t.Errorf("a new audience is answered %d, half a report %d", calls["createAudience"].Status, calls["analytics: partial"].Status)
	}
	checkSigned(t, signed)
}

// checkSigned holds that another's signer signs as the vector does, and is believed once; and not with a nonce in clear, which is how
// it signs unless it is told otherwise.
func checkSigned(t *testing.T, c productCall) {
	t.Helper()
	if c.WSSE != wsseVector {
		t.Errorf("wsse signs %s, want %s", c.WSSE, wsseVector)
	}
	if c.Taken.Status != 200 || !strings.Contains(string(c.Taken.Body), "sampleco0.prod") {
		t.Errorf("a signature of wsse is answered %d %s", c.Taken.Status, c.Taken.Body)
	}
	for name, call := range map[string]signedCall{"a second time": c.Again, "with its nonce in clear": c.Clear} {
		if call.Status != 400 || !strings.Contains(string(call.Body), "Unable to validate authentication.") {
			t.Errorf("a signature is answered %d %s %s", call.Status, call.Body, name)
		}
	}
}
