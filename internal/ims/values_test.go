package ims_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// What is pasted is checked before anything is sent: each mismatch has its place, what was expected, and the fix.
func TestPastedValues(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	const server = "https://ims-na1.adobelogin.com"
	const client = "e053e1a87cf74c68a6ec8e71d4a82662"
	payload := func(change func(string) string) *string {
		good := `{"exp": ` + fmt.Sprint(time.Now().Add(time.Hour).Unix()) + `, "iss": "` + organization + `", "sub": "D8E157165FC0EAE10A495E8C@techacct.adobe.com",
 "` + server + `/s/ent_marketing_sdk": true, "aud": "` + server + `/c/` + client + `"}`
		got := change(good)
		return &got
	}
	replace := func(old, with string) *string {
		return payload(func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("%s is not in the payload", old)
			}
			return strings.Replace(s, old, with, 1)
		})
	}
	good := payload(func(s string) string { return s })
	for name, test := range map[string]struct {
		values                          ims.Values
		severity                        finding.Severity
		pointer, message, fix           string
		line, column                    int
		server, client, organizationOut string
	}{
		"good":                 {values: ims.Values{Payload: good}, server: server, client: client},
		"trailing slash":       {values: ims.Values{Payload: good, Server: text(server + "/")}, server: server},
		"no scheme":            {values: ims.Values{Server: text("ims-na1.adobelogin.com")}, server: server},
		"not JSON":             {values: ims.Values{Payload: text("{\n \"iss\": \"x\",\n}")}, severity: finding.Wrong, pointer: "/payload", message: "line 3, column 1", fix: "from { to }", line: 3, column: 1},
		"a list":               {values: ims.Values{Payload: text("[]")}, severity: finding.Wrong, pointer: "/payload", message: "not an object"},
		"other server":         {values: ims.Values{Payload: good, Server: text("https://ims-na1-stg1.adobelogin.com")}, severity: finding.Wrong, pointer: "/authorization_server", message: "is for " + server, fix: "write " + server},
		"other client":         {values: ims.Values{Payload: good, ClientID: text("another")}, severity: finding.Wrong, pointer: "/api_key", message: "is for the client " + client, fix: "same credential"},
		"aud as server":        {values: ims.Values{Server: text(server + "/c/" + client)}, severity: finding.Wrong, pointer: "/authorization_server", message: "the whole line", fix: "write " + server},
		"endpoint as server":   {values: ims.Values{Server: text(server + "/ims/exchange/jwt")}, severity: finding.Wrong, pointer: "/authorization_server", message: "endpoint", fix: "write " + server},
		"path in server":       {values: ims.Values{Server: text(server + "/x")}, severity: finding.Wrong, pointer: "/authorization_server", message: "a path"},
		"server without TLS":   {values: ims.Values{Server: text("http://ims-na1.adobelogin.com")}, severity: finding.Wrong, pointer: "/authorization_server", message: "without TLS", fix: "https://"},
		"no server":            {values: ims.Values{Server: text("https://user:pass@")}, severity: finding.Wrong, pointer: "/authorization_server", message: "not the address"},
		"aud without client":   {values: ims.Values{Payload: replace("/c/"+client, "")}, severity: finding.Wrong, pointer: "/payload", message: `"aud" names no client`},
		"no aud":               {values: ims.Values{Payload: replace(`"aud"`, `"audience"`)}, severity: finding.Wrong, pointer: "/payload", message: `"aud" is missing`},
		"iss":                  {values: ims.Values{Payload: replace("@AdobeOrg", "")}, severity: finding.Wrong, pointer: "/payload", message: `"iss" is not the id of the organization`},
		"no iss":               {values: ims.Values{Payload: replace(`"iss"`, `"issuer"`)}, severity: finding.Wrong, pointer: "/payload", message: `"iss" is missing`},
		"sub":                  {values: ims.Values{Payload: replace("@techacct.adobe.com", "@AdobeID")}, severity: finding.Wrong, pointer: "/payload", message: `"sub" is not the id of the technical account`},
		"no metascope":         {values: ims.Values{Payload: replace(`"`+server+`/s/ent_marketing_sdk": true, `, "")}, severity: finding.Wrong, pointer: "/payload", message: "no metascope", fix: "add an API"},
		"metascope false":      {values: ims.Values{Payload: replace("true", "false")}, severity: finding.Wrong, pointer: "/payload", message: "ent_marketing_sdk is not true"},
		"no metascope's URL":   {values: ims.Values{Payload: replace("/s/ent", "/x/ent")}, severity: finding.Wrong, pointer: "/payload", message: "not that of a metascope"},
		"unusual metascope":    {values: ims.Values{Payload: good, Solution: text("Adobe Analytics")}, severity: finding.Doubtful, pointer: "/metascopes", message: "ent_analytics_bulk_ingest_sdk", fix: "Adobe Analytics"},
		"exp as text":          {values: ims.Values{Payload: replace(`"exp": `, `"exp": "1893456000", "x": `)}, severity: finding.Noted, pointer: "/payload", message: "is a text"},
		"exp in milliseconds":  {values: ims.Values{Payload: replace(`"exp": `, `"exp": 1893456000000, "x": `)}, severity: finding.Noted, pointer: "/payload", message: "milliseconds"},
		"exp past":             {values: ims.Values{Payload: replace(`"exp": `, `"exp": 1527864096, "x": `)}, severity: finding.Noted, pointer: "/payload", message: "has passed; it is ignored"},
		"alias missing":        {values: ims.Values{Alias: text("nobody")}, severity: finding.Wrong, pointer: "/key_alias", message: "no certificate of that alias", fix: "latchkey ims certificate create nobody"},
		"solution":             {values: ims.Values{Solution: text("tarket")}, severity: finding.Wrong, pointer: "/solution", message: "no such", fix: "did you mean target"},
		"type":                 {values: ims.Values{Type: ptr(ims.Type("saml"))}, severity: finding.Wrong, pointer: "/type", message: "no such type"},
		"organization":         {values: ims.Values{IMSOrganization: text("6096892F54B5819E0A4C98A2")}, severity: finding.Wrong, pointer: "/organization_id", message: "expected is"},
		"technical account":    {values: ims.Values{TechnicalAccount: text("x@adobe.com")}, severity: finding.Wrong, pointer: "/technical_account", message: "expected is"},
		"secret":               {values: ims.Values{Secret: ptr(secret.New("two\nlines"))}, severity: finding.Wrong, pointer: "/client_secret", message: "line breaks"},
		"API key":              {values: ims.Values{ClientID: text("two words")}, severity: finding.Wrong, pointer: "/api_key", message: "no client id has"},
		"scope":                {values: ims.Values{Scopes: &[]string{"open\"id"}}, severity: finding.Wrong, pointer: "/scopes", message: "no scope"},
		"title":                {values: ims.Values{Title: text(strings.Repeat("x", 300))}, severity: finding.Wrong, pointer: "/title", message: "too long"},
		"blanks round a value": {values: ims.Values{ClientID: text(" " + client + "\n"), Secret: ptr(secret.New(" s \n"))}, client: client},
	} {
		t.Run(name, func(t *testing.T) {
			n := strings.Map(func(r rune) rune {
				if r == ' ' || r == '\'' {
					return '-'
				}
				return r
			}, strings.ToLower(name))
			saved, err := h.configs.Create(h.ctx, h.admin, ims.Create{Name: n, Values: test.values})
			problems := saved.Problems
			if test.severity == finding.Wrong {
				if !errors.As(err, &problems) {
					t.Fatalf("Create = %v, want problems", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if test.severity == "" && len(problems) != 0 || test.severity != "" && len(problems) != 1 {
				t.Fatalf("the problems are %+v", problems)
			}
			for _, p := range problems {
				if p.Severity != test.severity || p.Pointer != test.pointer || !strings.Contains(p.Message, test.message) || !strings.Contains(p.Fix, test.fix) ||
					p.Line != test.line || p.Column != test.column || p.Severity != finding.Noted && p.Fix == "" {
					t.Errorf("the problem is %+v", p)
				}
			}
			c := saved.Configuration
			if test.server != "" && c.Server != test.server || test.client != "" && c.ClientID != test.client {
				t.Errorf("kept are %s and %s", c.Server, c.ClientID)
			}
		})
	}
}

func TestPayloadFillsIn(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	c := h.make(func(v *ims.Values) { v.Server, v.ClientID = nil, nil }).Configuration
	if c.Server != h.server.URL || c.ClientID != h.jwt.ClientID || c.IMSOrganization != organization || c.TechnicalAccount != h.jwt.TechnicalAccount.ID ||
		len(c.Metascopes) != 1 || c.Metascopes[0] != "ent_marketing_sdk" || c.State() != ims.Ready {
		t.Errorf("made of the payload alone: %+v", c)
	}
}

// A draft has its certificate alone, and is completed later.
func TestDraft(t *testing.T) {
	h := newHouse(t, 0, nil)
	key, err := h.configs.CreateCertificate(h.ctx, h.admin, ims.NewCertificate{Alias: "acme"})
	check(t, err)
	if left := key.Certificate.DaysLeft(h.clock.Now()); left < 364 || key.Certificate.Kind != "RSA 2048" {
		t.Errorf("a new certificate is of %s and has %d days left", key.Certificate.Kind, left)
	}
	if _, err := h.configs.CreateCertificate(h.ctx, h.admin, ims.NewCertificate{Alias: "acme", Private: secret.New(firstKey())}); !errors.Is(err, ims.ErrNameTaken) {
		t.Errorf("an alias twice: %v", err)
	}
	saved, err := h.configs.Create(h.ctx, h.admin, ims.Create{Values: ims.Values{Title: text("Acme: Target!"), Alias: text("acme")}})
	check(t, err)
	if c := saved.Configuration; c.Name != "acme-target" || c.State() != ims.Draft || len(c.Missing()) != 6 {
		t.Errorf("the draft is %+v, and lacks %v", c, c.Missing())
	}
	if _, err := h.configs.Access(h.ctx, h.admin, ims.Ref{Name: "acme-target"}); !errors.Is(err, ims.ErrState) {
		t.Errorf("a token of a draft: %v", err)
	}
	_, err = h.credentials.AddBinding(h.ctx, h.admin, h.jwt.ID, key.Certificate.PEM(), false)
	check(t, err)
	_, err = h.configs.Edit(h.ctx, h.admin, ims.Ref{Name: "acme-target"}, ims.Values{Secret: &h.jwtSecret, Payload: text(h.payload())})
	check(t, err)
	if r := h.check("acme-target"); !r.Healthy {
		t.Errorf("completed, it is %+v", r.Layers)
	}
}

func firstKey() string {
	private, _ := pairOf(0)
	return private
}

// Whoever may make connections names Adobe's servers and our own; another would be told secrets, and be called from inside.
func TestServersAreAllowed(t *testing.T) {
	h := newHouse(t, 0, nil)
	clerk := access.Caller{ID: "key_2", Organization: organization, Scopes: access.Scopes{access.ConnectionsWrite}}
	for server, allowed := range map[string]bool{ims.DefaultServer: true, h.server.URL: true, "https://ims.example.com": false, "https://adobelogin.com.example.com": false} {
		_, err := h.configs.Create(h.ctx, clerk, ims.Create{Name: nameless(server), Values: ims.Values{Server: &server}})
		if _, denied := errors.AsType[*access.DeniedError](err); denied == allowed {
			t.Errorf("%s: %v", server, err)
		}
	}
	if _, err := h.configs.List(h.ctx, access.Caller{Organization: organization}, ""); err == nil {
		t.Error("who has no scope can list")
	}
}

func nameless(server string) string {
	return "s" + strings.NewReplacer(":", "", "/", "").Replace(server)
}

func TestImportedPairsBelongTogether(t *testing.T) {
	h := newHouse(t, 0, nil)
	private, _ := pairOf(0)
	_, certificate := pairOf(1)
	for name, ask := range map[string]ims.NewCertificate{
		"two halves":  {Alias: "a", Private: secret.New(private), Certificate: certificate},
		"no key":      {Alias: "b", Private: secret.New(certificate)},
		"no alias":    {Private: secret.New(private)},
		"too long":    {Alias: "c", Days: 100000},
		"certificate": {Alias: "d", Private: secret.New(private), Certificate: "x"},
	} {
		if _, err := h.configs.CreateCertificate(h.ctx, h.admin, ask); !errors.As(err, new(finding.Problems)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRetired(t *testing.T) {
	for server, retired := range map[string]bool{ims.DefaultServer: true, "https://latchkey.example.com": false} {
		c := ims.Configuration{Name: "acme", Type: ims.JWT, Server: server}
		if got := c.Retired(); (got != "") != retired || retired && !strings.Contains(got, "2026-03-01") {
			t.Errorf("at %s: %q", server, got)
		}
		c.Type = ims.OAuth
		if got := c.Retired(); got != "" {
			t.Errorf("OAuth at %s: %q", server, got)
		}
	}
}
