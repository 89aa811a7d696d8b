package destination_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/internal/destination"
)

// finding is what a lint test wants to find.
type finding struct {
	severity      destination.Severity
	pointer, says string
}

const (
	refused       = destination.Refused
	unpublishable = destination.Unpublishable
	warning       = destination.Warning
)

// cc wraps members into a client credentials entry; members may repeat nothing of it.
func cc(members string) string { return entryOf("OAUTH2_CLIENT_CREDENTIALS", members) }

func ac(members string) string { return entryOf("OAUTH2_AUTHORIZATION_CODE", members) }

func entryOf(grant, members string) string {
	if members != "" {
		members = ", " + members
	}
	return `{"name": "n", "authentication": {"authType": "OAUTH2", "grant": "` + grant + `"` + members + `}}`
}

const (
	client = `"clientId": "c", "clientSecret": "s"`
	urls   = `"accessTokenUrl": "https://api.example.com/token", ` + client
	acURLs = `"authorizationUrl": "https://www.example.com/auth", "refreshTokenUrl": "https://api.example.com/token", ` + urls
)

// request is an accessTokenRequest with a URL, a body and more members of httpTemplate.
func request(url, body, more string) string {
	text := `"accessTokenRequest": {"destinationServerType": "URL_BASED",
		"urlBasedDestination": {"url": {"templatingStrategy": "PEBBLE_V1", "value": "` + url + `"}},
		"httpTemplate": {"httpMethod": "POST"`
	if body != "" {
		text += `, "requestBody": {"templatingStrategy": "PEBBLE_V1", "value": "` + body + `"}`
	}
	return text + more + `}}`
}

const plainURL = "https://api.example.com/token"

// check lints a document and wants each finding; and nothing that keeps it from being published when there is none.
func check(t *testing.T, document string, want ...finding) {
	t.Helper()
	problems := parse(t, document).Lint(destination.LintOptions{})
	worst := warning
	for _, w := range want {
		worst = max(worst, w.severity)
		found := false
		for _, p := range problems {
			found = found || p.Severity == w.severity && p.Pointer == w.pointer && strings.Contains(p.String(), w.says)
		}
		if !found {
			t.Errorf("Lint does not say %q at %s (%v); it says\n%s", w.says, w.pointer, w.severity, list(problems))
		}
	}
	if above := problems.AtLeast(worst + 1); len(above) > 0 {
		t.Errorf("Lint says more:\n%s", list(above))
	}
}

func list(problems destination.Problems) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.Severity.String()+" "+p.String())
	}
	return strings.Join(lines, "\n")
}

func field(members string) string { return `"authenticationDataFields": [` + members + `], ` + urls }

// The treatments of spec §1.9.
func TestInconsistencies(t *testing.T) {
	const at = "/authentication/authenticationDataFields/0"
	t.Run("TestI1", func(t *testing.T) {
		check(t, cc(field(`{"name": "a", "type": "string", "source": "CUSTOMER", "fieldType": "CUSTOMER"}`)), finding{warning, at + "/fieldType", "older name"})
		check(t, cc(field(`{"name": "a", "fieldType": "CUSTOMER"}`)), finding{warning, at + "/fieldType", `write "source": "CUSTOMER"`})
		check(t, cc(field(`{"name": "a", "source": "CUSTOMER", "fieldType": "PARTNER"}`)), finding{refused, at + "/fieldType", "different things"})
	})
	t.Run("TestI2", func(t *testing.T) {
		document := cc(field(`{"name": "a", "source": "CUSTOMER", "authenticationResponsePath": "x.y"}`))
		check(t, document, finding{warning, at + "/source", "nobody will be asked"})
		if got := compile(t, document).Prompts(); len(got) > 0 {
			t.Errorf("an output is asked for: %v", got)
		}
	})
	t.Run("TestI3", func(t *testing.T) {
		check(t, cc(urls+`, "scope": ["a"], "scopes": ["a"]`))
		check(t, cc(urls+`, "scope": ["a"], "scopes": ["b"]`), finding{refused, "/authentication/scopes", "different things"})
		if got := compile(t, cc(urls+`, "scopes": ["a", "b"]`)).Inputs().Scope; len(got) != 2 {
			t.Errorf("scopes are read as %v", got)
		}
		check(t, cc(urls+`, "scope": "read, write"`), finding{refused, "/authentication/scope", `write ["read", "write"]`})
	})
	t.Run("TestI4", func(t *testing.T) {
		check(t, cc(`"accessTokenUrl": "https://api.example.com/token"`),
			finding{unpublishable, "/authentication/clientId", `add "clientId": "…"`}, finding{unpublishable, "/authentication/clientSecret", "accessTokenUrl"})
		check(t, cc(field(`{"name": "clientId", "source": "CUSTOMER"}, {"name": "clientSecret", "source": "CUSTOMER", "format": "password"}`)))
		check(t, strings.Replace(cc(field(`{"name": "account", "source": "CUSTOMER"}`)), `"clientId": "c"`, `"clientId": "{{ authData.account }}"`, 1),
			finding{warning, "/authentication/clientId", "no template"})
		check(t, cc(request(plainURL, "{{ formUrlEncode('k', 'v') }}", ""))) // nobody needs a client
	})
	t.Run("TestI5", func(t *testing.T) {
		check(t, cc(client), finding{unpublishable, "/authentication/accessTokenUrl", "no way to get a first token"})
		check(t, cc(client+","+request(plainURL, "", "")))
	})
	t.Run("TestI6", func(t *testing.T) {
		check(t, ac(acURLs+","+request(plainURL, "{{ formUrlEncode('grant_type', 'client_credentials') | raw }}", "")))
	})
	t.Run("TestI7", func(t *testing.T) {
		check(t, cc(client+","+request("https://{{authData.customerId}}.example.com/token", "", "")),
			finding{unpublishable, "/authentication/accessTokenRequest/urlBasedDestination/url/value", `{"name": "customerId", "title": "Customer ID", "type": "string", "isRequired": true, "source": "CUSTOMER"}`})
	})
	t.Run("TestI8", func(t *testing.T) {
		text := strings.ReplaceAll(read(t, "published/example-3-customer-credentials.json"), "authData.moviestarId", "authData.moviestarID")
		check(t, text, finding{unpublishable, "/customerAuthenticationConfigurations/0/accessTokenRequest/urlBasedDestination/url/value", "did you mean authData.moviestarId?"})
	})
	t.Run("TestI9", func(t *testing.T) {
		const headers = "/authentication/accessTokenRequest/httpTemplate/headers"
		check(t, cc(request(plainURL, "", `, "headers": []`)))
		check(t, cc(request(plainURL, "", `, "headers": [{"header": "X-A", "value": "plain"}, {"header": "X-B", "value": {"templatingStrategy": "NONE", "value": "v"}}]`)))
		check(t, cc(request(plainURL, "", `, "headers": "X-A: b"`)), finding{refused, headers, "must be an array, not a string"})
		check(t, cc(request(plainURL, "", `, "headers": [{"header": "X A", "value": "v"}]`)), finding{refused, headers + "/0/header", "cannot be a header's name"})
		check(t, cc(request(plainURL, "", `, "headers": [{"header": "Content-Length", "value": "v"}]`)), finding{refused, headers + "/0/header", "by the connection itself"})
	})
	t.Run("TestI10", func(t *testing.T) {
		fields := func(list string) string {
			return cc(strings.TrimSuffix(request(plainURL, "", ""), "}") + `, "responseFields": [` + list + `]}`)
		}
		const pointer = "/authentication/accessTokenRequest/responseFields"
		one := `{"name": "accessToken", "templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.a }}"}`
		check(t, fields(one))
		check(t, fields(one+","+one), finding{refused, pointer + "/1/name", "two response fields"})
		check(t, fields(`{"templatingStrategy": "NONE", "value": "x"}`), finding{refused, pointer + "/0/name", "no name"})
	})
	t.Run("TestI11", func(t *testing.T) {
		check(t, cc(`"authenticationDataFields": {"name": "a", "source": "CUSTOMER"}, `+urls), finding{warning, "/authentication/authenticationDataFields", "should be an array"})
	})
	t.Run("TestI12", func(t *testing.T) {
		for _, kind := range []string{"string", "boolean", "integer", "object"} {
			check(t, cc(field(`{"name": "a", "source": "CUSTOMER", "type": "`+kind+`"}`)))
		}
		check(t, cc(field(`{"name": "a", "source": "CUSTOMER", "type": "strng"}`)), finding{refused, at + "/type", `did you mean "string"?`})
	})
	t.Run("TestI13", func(t *testing.T) {
		check(t, cc(field(`{"name": "expiresIn", "value": 3600}`)))
		check(t, cc(field(`{"name": "expiresIn", "type": "string", "value": 3600}`)), finding{warning, at + "/value", "written as a number"})
		check(t, cc(field(`{"name": "expiresIn", "type": "integer", "value": "3600"}`)), finding{warning, at + "/value", "written as a string"})
		check(t, cc(field(`{"name": "expiresIn", "type": "integer", "value": "soon"}`)), finding{refused, at + "/value", "must be an integer"})
	})
	t.Run("TestI17", func(t *testing.T) {
		check(t, `{"name": "n", "authentication": {"authType": "OAUTH2"}}`, finding{refused, "/authentication/grant", "needs a grant"})
	})
	t.Run("TestI20", func(t *testing.T) {
		check(t, cc(request(plainURL, "{{ userContext.client }} // the client executing the authentication attempt", "")))
	})
}

// The checks of spec §6.4.
func TestRefusedAtSave(t *testing.T) {
	const at = "/authentication"
	for name, c := range map[string]struct {
		document string
		want     finding
	}{
		"captured secret":      {ac(acURLs + `, "options": {"callback": {"capture": {"clientSecret": "s"}}}`), finding{refused, at + "/options/callback/capture/clientSecret", "not the callback's to say"}},
		"misspelt wrapper":     {`{"name": "n", "authentification": {}}`, finding{refused, "/authentification", `meant to be "authentication"`}},
		"case of an authType":  {`{"name": "n", "authentication": {"authType": "Bearer"}}`, finding{refused, at + "/authType", `write "BEARER"`}},
		"misspelt authType":    {`{"name": "n", "authentication": {"authType": "OAUTH"}}`, finding{refused, at + "/authType", `did you mean "OAUTH2"?`}},
		"kind of an authType":  {`{"name": "n", "authentication": {"authType": 2}}`, finding{refused, at + "/authType", "must be a string, not a number"}},
		"grant without type":   {`{"name": "n", "authentication": {"grant": "OAUTH2_PASSWORD"}}`, finding{refused, at + "/authType", `add "authType": "OAUTH2"`}},
		"grant":                {entryOf("CLIENT_CREDENTIALS", urls), finding{refused, at + "/grant", `OAUTH2_CLIENT_CREDENTIALS`}},
		"entry":                {`{"name": "n", "authentication": []}`, finding{refused, at, "must be an object, not an array"}},
		"entries":              {`{"name": "n", "customerAuthenticationConfigurations": "OAUTH2"}`, finding{refused, "/customerAuthenticationConfigurations", "must be an array"}},
		"both forms":           {`{"name": "n", "customerAuthenticationConfigurations": [], "authentication": {}}`, finding{refused, at, "has both"}},
		"name":                 {`{"name": 1, "authentication": {"authType": "BASIC"}}`, finding{refused, "/name", "must be a string"}},
		"partner without":      {cc(field(`{"name": "a", "source": "PARTNER"}`)), finding{refused, at + "/authenticationDataFields/0", "needs a value or"}},
		"pattern":              {cc(field(`{"name": "a", "source": "CUSTOMER", "pattern": "a("}`)), finding{refused, at + "/authenticationDataFields/0/pattern", "no regular expression"}},
		"strategy":             {cc(strings.Replace(request(plainURL, "", ""), "PEBBLE_V1", "PEBBLE", 1)), finding{refused, at + "/accessTokenRequest/urlBasedDestination/url/templatingStrategy", `did you mean "PEBBLE_V1"?`}},
		"draft strategy":       {cc(strings.Replace(request(plainURL, "", ""), "PEBBLE_V1", "MAPPER", 1)), finding{refused, at + "/accessTokenRequest/urlBasedDestination/url/templatingStrategy", "never released"}},
		"method":               {cc(strings.Replace(request(plainURL, "", ""), "POST", "post", 1)), finding{refused, at + "/accessTokenRequest/httpTemplate/httpMethod", `write "POST"`}},
		"server type":          {cc(strings.Replace(request(plainURL, "", ""), "URL_BASED", "FILE", 1)), finding{refused, at + "/accessTokenRequest/destinationServerType", `URL_BASED`}},
		"unknown filter":       {cc(request(plainURL, "{{ authData.scope | urlencod }}", "")), finding{refused, at + "/accessTokenRequest/httpTemplate/requestBody/value", "urlencode"}},
		"unknown function":     {cc(request(plainURL, "{{ formURLEncode('a', 'b') }}", "")), finding{refused, at + "/accessTokenRequest/httpTemplate/requestBody/value", "formUrlEncode"}},
		"tag":                  {cc(request(plainURL, "{% include 'x' %}", "")), finding{refused, at + "/accessTokenRequest/httpTemplate/requestBody/value", "include"}},
		"look-around":          {cc(urls + `, "validations": [{"name": "v", "actualValue": {"templatingStrategy": "PEBBLE_V1", "value": "{{ response.status }}"}, "expectedValue": {"templatingStrategy": "NONE", "value": "(?!5)..."}}]`), finding{refused, at + "/validations/0/expectedValue/value", "look-around"}},
		"two fields":           {cc(field(`{"name": "a", "value": 1}, {"name": "a", "value": 2}`)), finding{refused, at + "/authenticationDataFields/1/name", "two fields"}}, // U8
		"basic against post":   {cc(urls + `, "options": {"useBasicAuth": true, "clientAuth": "post"}`), finding{refused, at + "/options/clientAuth", "different things"}},
		"pkce":                 {ac(acURLs + `, "options": {"pkce": "s256"}`), finding{refused, at + "/options/pkce", `write "S256"`}},
		"assertion algorithm":  {cc(urls + `, "options": {"assertion": {"alg": "HS256", "key": "{{ authData.scope }}"}}`), finding{refused, at + "/options/assertion/alg", "RS256"}},
		"unit":                 {cc(urls + `, "options": {"expiry": {"unit": "m"}}`), finding{refused, at + "/options/expiry/unit", `"ms"`}},
		"line break in header": {cc(request(plainURL, "", `, "headers": [{"header": "X-A", "value": "a\r\nX-B: c"}]`)), finding{refused, at + "/accessTokenRequest/httpTemplate/headers/0/value", "line breaks"}},
		"placement":            {cc(urls + `, "options": {"tokenPlacement": {}}`), finding{refused, at + "/options/tokenPlacement", "header or into the query"}},
		"proxy without a URL":  {cc(urls + `, "options": {"proxy": {}}`), finding{unpublishable, at + "/options/proxy/baseUrl", "https://api.example.com/v1"}},
		"proxy with a query":   {cc(urls + `, "options": {"proxy": {"baseUrl": "https://api.example.com/?a=b"}}`), finding{refused, at + "/options/proxy/baseUrl", "into query"}},
		"proxy anywhere":       {cc(urls + `, "options": {"proxy": {"baseUrl": "{{ authData.scope }}/x"}}`), finding{unpublishable, at + "/options/proxy/baseUrl", "write the scheme"}},
		"proxy's framing":      {cc(urls + `, "options": {"proxy": {"baseUrl": "https://api.example.com", "headers": {"Host": "x"}}}`), finding{refused, at + "/options/proxy/headers/Host", "take it out"}},
		"proxy's header":       {cc(urls + `, "options": {"proxy": {"baseUrl": "https://api.example.com", "headers": {"x-a": {"a": 1}}}}`), finding{refused, at + "/options/proxy/headers/x-a", "must be a string"}},
		"reuse":                {cc(urls + `, "options": {"refresh": {"reuse": "family"}}`), finding{refused, at + "/options/refresh/reuse", "revokes_family"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, c.document, c.want) })
	}
}

func TestTemplateErrorsShowThePlace(t *testing.T) {
	problems := parse(t, cc(request(plainURL, "{{ formUrlEncode(\\n 'a' 'b') }}", ""))).Lint(destination.LintOptions{})
	p := problems.AtLeast(refused)
	if len(p) != 1 || p[0].Line != 2 || p[0].Column == 0 || !strings.Contains(p[0].Excerpt, "^") || !strings.Contains(p[0].Excerpt, "'a' 'b'") {
		t.Errorf("Lint = %+v, want line 2 with a caret", p)
	}
}

func TestRefusedAtPublish(t *testing.T) {
	const at = "/authentication"
	const url = at + "/accessTokenRequest/urlBasedDestination/url/value"
	ask := func(more string) string {
		return `"authenticationDataFields": [{"name": "host", "source": "CUSTOMER"` + more + `}]`
	}
	for name, c := range map[string]struct {
		document string
		want     finding
	}{
		"nothing":               {`{"name": "n"}`, finding{unpublishable, "/customerAuthenticationConfigurations", "nothing about how"}},
		"fragment":              {`{"name": "n", "authentication": ` + read(t, "published/example-2-special-refresh-token.json") + `}`, finding{unpublishable, at + "/authType", `add "authType": "OAUTH2" and "grant"`}},
		"other authType":        {`{"name": "n", "authentication": {"authType": "S3"}}`, finding{unpublishable, at + "/authType", "no token can be had"}},
		"authorizationUrl":      {ac(urls + `, "refreshTokenUrl": "https://api.example.com/token"`), finding{unpublishable, at + "/authorizationUrl", "nowhere to send"}},
		"http":                  {cc(strings.Replace(urls, "https", "http", 1)), finding{unpublishable, at + "/accessTokenUrl", "not https"}},
		"no URL":                {cc(strings.Replace(urls, "https://api.example.com/token", "api.example.com", 1)), finding{unpublishable, at + "/accessTokenUrl", "is not a URL"}},
		"password in a URL":     {cc(strings.Replace(urls, "https://", "https://u:p@", 1)), finding{unpublishable, at + "/accessTokenUrl", "user or a password"}},
		"URL from a value":      {cc(ask("") + "," + request("{{ authData.host }}/token", "", "")), finding{unpublishable, url, "could lead anywhere"}},
		"whole host":            {cc(ask("") + "," + request("https://{{ authData.host }}/token", "", "")), finding{unpublishable, url, `"enum" of hosts`}},
		"whole domain":          {cc(ask("") + "," + request("https://api.{{ authData.host }}.com/token", "", "")), finding{unpublishable, url, `"enum" of hosts`}},
		"captured host":         {ac(acURLs + `, "options": {"callback": {"capture": {"host": "h"}}},` + request("https://{{ authData.host }}/token", "", "")), finding{unpublishable, url, `"enum" of hosts`}},
		"unknown root":          {cc(request(plainURL, "{{ authdata.x }}", "")), finding{unpublishable, at + "/accessTokenRequest/httpTemplate/requestBody/value", "did you mean authData?"}},
		"unknown user context":  {cc(request(plainURL, "{{ userContext.sandbox }}", "")), finding{unpublishable, at + "/accessTokenRequest/httpTemplate/requestBody/value", "there is no userContext.sandbox"}},
		"response in a request": {cc(request(plainURL, "{{ response.status }}", "")), finding{unpublishable, at + "/accessTokenRequest/httpTemplate/requestBody/value", "no response yet"}},
		"code on renewal":       {ac(acURLs + "," + request(plainURL, "{{ authData.code }}", "")), finding{unpublishable, at + "/accessTokenRequest/httpTemplate/requestBody/value", "only while a code is exchanged"}},
		"username elsewhere":    {cc(request(plainURL, "{{ authData.username }}", "")), finding{unpublishable, at + "/accessTokenRequest/httpTemplate/requestBody/value", "nothing declares it"}},
		"client certificate":    {cc(urls + `, "options": {"tls": {}}`), finding{unpublishable, at + "/options/tls", "not supported yet"}},
		"xml":                   {cc(urls + `, "options": {"response": {"format": "xml"}}`), finding{unpublishable, at + "/options/response/format", "XML"}},
		"no method":             {cc(strings.Replace(request(plainURL, "", ""), `"httpMethod": "POST"`, "", 1)), finding{unpublishable, at + "/accessTokenRequest/httpTemplate/httpMethod", `add "httpMethod": "POST"`}},
		"no server type":        {cc(strings.Replace(request(plainURL, "", ""), `"destinationServerType": "URL_BASED",`, "", 1)), finding{unpublishable, at + "/accessTokenRequest/destinationServerType", "missing"}},
		"condition":             {cc(field(`{"name": "a", "source": "CUSTOMER", "conditional": {"field": "b", "operator": "EQUALS", "value": "x"}}`)), finding{unpublishable, at + "/authenticationDataFields/0/conditional/field", "not asked for"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, c.document, c.want) })
	}
	t.Run("limited hosts", func(t *testing.T) {
		check(t, cc(ask(`, "enum": ["a.example.com", "b.example.com"]`)+","+request("https://{{ authData.host }}/token", "", "")))
		check(t, cc(ask(`, "pattern": "[a-z]+\\.example\\.com"`)+","+request("https://{{ authData.host }}/token", "", "")))
		check(t, cc(ask("")+","+request("https://{{ authData.host }}.example.com:8443/token", "", "")))
		check(t, cc(`"authenticationDataFields": [{"name": "host", "value": "api.example.com"}],`+request("https://{{ authData.host }}/token", "", "")))
		check(t, cc(ask("")+","+request("{% set m = {'eu': 'api-eu'} %}https://{{ m[authData.host] }}.example.com/token", "", "")))
	})
	t.Run("http when allowed", func(t *testing.T) {
		d := parse(t, cc(strings.Replace(urls, "https", "http", 1)))
		if problems := d.Lint(destination.LintOptions{AllowHTTP: true}); problems.HasUnpublishable() {
			t.Errorf("Lint = %v", problems)
		}
	})
}

func TestWarnings(t *testing.T) {
	const at = "/authentication"
	const body = at + "/accessTokenRequest/httpTemplate/requestBody"
	for name, c := range map[string]struct {
		document string
		want     finding
	}{
		"no renewal":           {ac(strings.Replace(acURLs, `"refreshTokenUrl": "https://api.example.com/token", `, "", 1)), finding{warning, at, "nothing renews the token"}},
		"secret in a URL":      {cc(urls + "," + request("https://api.example.com/{{ authData.clientSecret }}", "", "")), finding{warning, at + "/accessTokenRequest/urlBasedDestination/url/value", "authData.clientSecret, becomes part of a URL"}},
		"inside a JSON string": {cc(urls + "," + request(plainURL, `{\"s\": \"{{ authData.clientSecret }}\"}`, `, "contentType": "application/json"`)), finding{warning, body + "/value", "toJson"}},
		"escaped":              {cc(urls + "," + request(plainURL, "a={{ authData.clientId }}&amp;b=c", "")), finding{warning, body + "/value", "&amp;"}},
		"GET with a body":      {cc(strings.Replace(request(plainURL, "a={{ authData.scope }}", ""), "POST", "GET", 1)), finding{warning, body, "without its body"}}, // U20
		"no expiry": {cc(strings.TrimSuffix(request(plainURL, "", ""), "}") + `, "responseFields": [{"name": "accessToken", "templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.data.t }}"}]}`),
			finding{warning, at + "/accessTokenRequest", "how long the token lives"}},
		"described twice": {cc(`"accessTokenResponsePath": "t", ` + strings.TrimSuffix(request(plainURL, "", ""), "}") + `, "responseFields": [{"name": "accessToken", "templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.data.t }}"}]}`),
			finding{warning, at + "/accessTokenRequest/responseFields/0/name", "comes first"}}, // U19
		"near an option":       {cc(urls + `, "options": {"useBasicauth": true}`), finding{warning, at + "/options/useBasicauth", `did you mean "useBasicAuth"?`}},
		"near a member":        {cc(urls + `, "refreshTokenURL": "https://api.example.com/token"`), finding{warning, at + "/refreshTokenURL", `did you mean "refreshTokenUrl"?`}},
		"no strategy":          {cc(strings.Replace(request(plainURL, "", ""), `"templatingStrategy": "PEBBLE_V1", `, "", 1)), finding{warning, at + "/accessTokenRequest/urlBasedDestination/url", `add "templatingStrategy": "NONE"`}},
		"braces under NONE":    {cc(urls + "," + strings.Replace(request(plainURL, "{{ authData.clientId }}", ""), `"requestBody": {"templatingStrategy": "PEBBLE_V1"`, `"requestBody": {"templatingStrategy": "NONE"`, 1)), finding{warning, body + "/value", "as it is"}},
		"nobody gives a value": {cc(field(`{"name": "a"}`)), finding{warning, at + "/authenticationDataFields/0", "the customer will be asked"}},
		"customer data":        {cc(request(plainURL, "{{ customerData.x }}", "")), finding{warning, body + "/value", "customerData is empty"}},
		"all of authData":      {cc(request(plainURL, "{{ authData | toJson }}", "")), finding{warning, body + "/value", "with every secret in it"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, c.document, c.want) })
	}
	t.Run("unknown options are nobody's business", func(t *testing.T) {
		if problems := parse(t, cc(urls+`, "options": {"somethingElse": 1}`)).Lint(destination.LintOptions{}); len(problems) > 0 {
			t.Errorf("Lint = %v", problems)
		}
	})
}

// A document that is made to be slow is not.
func TestHostileDocuments(t *testing.T) {
	many := func(n int, item func(i int) string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = item(i)
		}
		return strings.Join(items, ",")
	}
	check(t, cc(field(many(501, func(i int) string { return fmt.Sprintf(`{"name":"f%d","value":1}`, i) }))),
		finding{refused, "/authentication/authenticationDataFields", "there are 501, and 500 are allowed"})
	began := time.Now()
	names := many(500, func(i int) string { return fmt.Sprintf(`{"name":"aaaaaaaaaaaaaaaaaaaa%d","value":1}`, i) })
	refs := strings.ReplaceAll(many(2200, func(i int) string { return fmt.Sprintf("{{authData.bbbbbbbbbb%d}}", i) }), ",", "")
	members := many(5000, func(i int) string { return fmt.Sprintf(`"authorizationUr%d":1`, i) })
	parse(t, cc(`"authenticationDataFields": [`+names+`],`+request(plainURL, refs, "")+","+members)).Lint(destination.LintOptions{})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("linting took %v", took)
	}
}

func TestProblemsStandInTheOrderOfTheDocument(t *testing.T) {
	problems := parse(t, read(t, "published/refresh-with-validations.json")).Lint(destination.LintOptions{})
	if len(problems) != 3 || !strings.HasSuffix(problems[0].Pointer, "/url/value") || !strings.Contains(problems[1].Message, "clientId") {
		t.Errorf("Lint =\n%s", list(problems))
	}
}

func TestUnsupportedAuthTypes(t *testing.T) {
	for _, authType := range []string{"S3", "AZURE_CONNECTION_STRING", "AZURE_SERVICE_PRINCIPAL", "SFTP_WITH_PASSWORD", "SFTP_WITH_SSH_KEY", "GOOGLE_CLOUD_STORAGE", "OAUTH1"} {
		d := parse(t, `{"name": "n", "authentication": {"authType": "`+authType+`"}}`)
		if _, err := d.Compile(0); err == nil || !strings.Contains(err.Error(), authType+" is stored, but no token can be had with it") {
			t.Errorf("Compile of %s = %v", authType, err)
		}
	}
}
