package cli_test

import (
	"testing"
	"time"
)

const bareEntry = `{
  "authType": "OAUTH2",
  "grant": "OAUTH2_CLIENT_CREDENTIALS"
}
`

const stored = `{"id":"def_1","name":"moviestar","status":"draft","revision":1,"published_revision":null,` +
	`"auth_type":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS","problems":[]}`

const published = `{"id":"def_1","name":"moviestar","status":"published","revision":1,"published_revision":1,` +
	`"callback_urls":["http://127.0.0.1:8377/data/core/activation/oauth/api/v1/callback"]}`

func TestApplyStoresADraft(t *testing.T) {
	api := newFakeAPI(t).on("POST /definitions", 201, stored)
	s := newShell(t, api)
	s.file("moviestar.json", bareEntry)
	s.want(0, "stored moviestar: revision 1 (def_1)\n", "publish it: latchkey definition publish moviestar\n",
		"definition", "apply", "moviestar.json")
	want := `{"name":"moviestar","authentication":{
  "authType": "OAUTH2",
  "grant": "OAUTH2_CLIENT_CREDENTIALS"
}}`
	if got := api.last(t, "POST /definitions"); got.Body != want || got.Header.Get("Idempotency-Key") == "" {
		t.Errorf("sent %s", got.Body)
	}
}

func TestApplyNamesDocuments(t *testing.T) {
	for _, c := range []struct{ name, text, flag, want string }{
		{"wrapped", `{ "authentication":{}}`, "", `{"name":"file", "authentication":{}}`},
		{"named", `{"name": "own", "authentication":{}}`, "", `{"name": "own", "authentication":{}}`},
		{"renamed", `{"a":1,"name" : "own" ,"b":2}`, "new", `{"a":1,"name" : "new" ,"b":2}`},
		{
			"whole", "\n{\n \"customerAuthenticationConfigurations\": [1.0]}", `q"q`,
			"\n{" + `"name":"q\"q",` + "\n \"customerAuthenticationConfigurations\": [1.0]}",
		},
	} {
		api := newFakeAPI(t).on("POST /definitions", 201, stored)
		s := newShell(t, api)
		s.file("file.json", c.text)
		args := []string{"definition", "apply", "file.json"}
		if c.flag != "" {
			args = append(args, "--name", c.flag)
		}
		if got := s.run(args...); got.code != 0 {
			t.Errorf("%s: = %d %s", c.name, got.code, got.err)
			continue
		}
		if got := api.last(t, "POST /definitions").Body; got != c.want {
			t.Errorf("%s: sent %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestApplyUpdatesAndPublishes(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /definitions/moviestar", 200, stored).
		on("PUT /definitions/def_1", 200, `{"id":"def_1","name":"moviestar","status":"draft","revision":2}`, stored).
		on("POST /definitions/def_1/publish", 200, published)
	s := newShell(t, api)
	s.input = `{"name":"moviestar","authentication":{}}`
	out := "published moviestar: revision 1\n" +
		"register this callback with the provider: http://127.0.0.1:8377/data/core/activation/oauth/api/v1/callback\n"
	next := "connect an account: latchkey connection create moviestar\n"
	s.want(0, "updated moviestar: revision 1 (def_1)\n"+out, next, "definition", "apply", "-", "--publish")
	s.want(0, "unchanged moviestar: revision 1 (def_1)\n"+out, next, "definition", "apply", "-", "--publish")
	s.want(0, out, next, "definition", "publish", "def_1")
}

func TestApplyTellsThatTheDraftStays(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /definitions", 201, stored).
		on("POST /definitions/def_1/publish", 422, `{"title":"Not publishable","detail":"1 thing is missing","status":422,`+
			`"errors":[{"pointer":"/authentication/clientId","message":"no client id","fix":"add clientId"}]}`)
	s := newShell(t, api)
	s.file("moviestar.json", bareEntry)
	s.want(1, "", "latchkey: revision 1 of moviestar is stored as a draft and not published: 1 thing is missing\n"+
		"moviestar.json:1:1: error at /authentication/clientId: no client id\n    fix: add clientId\n", "definition", "apply", "moviestar.json", "--publish")
}

func TestDocumentsThatAreNone(t *testing.T) {
	s := newShell(t, newFakeAPI(t))
	for _, c := range []struct{ text, want string }{
		{"{\n  \"a\": 1,\n  b\n}", "d.json:3:3: invalid character 'b' looking for beginning of object key string"},
		{"{\n  \"a\": 1\n", "d.json:2:9: unexpected end of JSON input"},
		{"[]", "d.json: a definition is a JSON object: a destination, or an entry of customerAuthenticationConfigurations"},
	} {
		s.file("d.json", c.text)
		for _, verb := range []string{"apply", "lint", "explain"} {
			s.want(1, "", "latchkey: "+c.want+"\n", "definition", verb, "d.json")
		}
	}
	s.input = `{"authType":"BASIC"}`
	s.want(2, "", "latchkey: the definition has no name: pass --name\nhint: see \"latchkey definition apply --help\"\n",
		"definition", "apply", "-")
	s.want(1, "", "latchkey: reading the definition: open none.json: no such file or directory\n", "definition", "apply", "none.json")
}

func TestLint(t *testing.T) {
	problems := `{"publishable":false,"problems":[
		{"severity":"publish","pointer":"/authentication/grant","message":"unknown grant","fix":"did you mean OAUTH2_PASSWORD?","line":2,"column":5},
		{"severity":"warning","pointer":"/authentication/scope","message":"no scope"},
		{"severity":"warning","pointer":"/authentication/authType","message":"odd"},
		{"severity":"warning","message":"no description"}]}`
	api := newFakeAPI(t).
		on("POST /definitions/lint", 200, problems).
		on("POST /definitions/moviestar/lint", 200, `{"publishable":true,"problems":[{"severity":"warning","message":"no scope"}]}`)
	s := newShell(t, api)
	s.file("cc.json", `{"authType": "OAUTH2",`+"\n\n"+`"grant":"x"}`)
	s.want(1, "cc.json:3:9: error at /authentication/grant: unknown grant (line 2, column 5 of the template)\n"+
		"    fix: did you mean OAUTH2_PASSWORD?\n"+
		"cc.json:1:1: warning at /authentication/scope: no scope\n"+
		"cc.json:1:14: warning at /authentication/authType: odd\n"+
		"cc.json: warning: no description\n", "cc.json cannot be published\n", "definition", "lint", "cc.json")
	s.want(0, "moviestar: warning: no scope\n", "moviestar can be published\n", "definition", "lint", "moviestar")
	if got := s.run("definition", "lint", "cc.json", "--json"); got.code != 1 || got.err != "" {
		t.Errorf("= %d %s", got.code, got.err)
	}
}

func TestRefusalsShowThePlaceInTheFile(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /definitions", 400, `{"title":"Not valid","detail":"2 things are wrong","status":400,"errors":[
			{"pointer":"/customerAuthenticationConfigurations/1/a~1b","message":"not this","fix":"that"},
			{"pointer":"/name","message":"too long"},{"pointer":"/d","message":"odd"}]}`).
		on("POST /definitions/lint", 400, `{"title":"Malformed","detail":"a duplicate member","status":400,"line":2,"column":3}`)
	s := newShell(t, api)
	s.file("d.json", "{\"name\": 1, \"d\": 2,\n \"customerAuthenticationConfigurations\": [ {},\n  {\"x\": [1, {}], \"a/b\" : 7}\n]}")
	s.want(1, "", `latchkey: 2 things are wrong
d.json:3:26: error at /customerAuthenticationConfigurations/1/a~1b: not this
    fix: that
d.json:1:10: error at /name: too long
d.json:1:18: error at /d: odd
`, "definition", "apply", "d.json", "--name", "longer")
	api.on("POST /explain", 400, `{"title":"Not valid","detail":"Secret is missing","errors":[{"pointer":"/fields/s","message":"Secret is missing"}]}`)
	s.want(1, "", "latchkey: error at /fields/s: Secret is missing\n", "definition", "explain", "d.json")
	s.want(1, "", "latchkey: d.json:2:3: a duplicate member (line 2, column 3)\n", "definition", "lint", "d.json")
	got := s.run("definition", "apply", "d.json", "--name", "n", "--json")
	contains(t, "stderr", got.err, `"pointer": "/name"`)
}

func TestExplain(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /definitions/moviestar/prompts", 200, `{"items":[{"name":"tenant","type":"integer"},{"name":"pass","type":"string","secret":true}]}`).
		on("POST /explain", 200, `{"requests":[
		{"purpose":"acquire","when":"when the account is connected","method":"POST","url":"https://api.moviestar.com/token",
		 "headers":[{"name":"Accept","value":"application/json"}],"content_type":"application/x-www-form-urlencoded","body":"a=b&c=********"},
		{"purpose":"renew","method":"GET","url":"https://x"}],"problems":[{"severity":"warning","message":"no scope"}]}`)
	s := newShell(t, api)
	s.file("pass.txt", "hunter2\n")
	s.want(0, `# acquire: when the account is connected
POST https://api.moviestar.com/token
Accept: application/json
Content-Type: application/x-www-form-urlencoded

a=b&c=********

# renew
GET https://x
`, "moviestar: warning: no scope\n", "definition", "explain", "moviestar", "--field", "tenant=7", "--field", "pass=@pass.txt")
	want := `{"definition":"moviestar","fields":{"pass":"hunter2","tenant":7}}`
	if got := api.last(t, "POST /explain").Body; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	s.file("cc.json", `{"authType":"OAUTH2"}`)
	if got := s.run("definition", "explain", "cc.json", "--configuration", "0"); got.code != 0 {
		t.Errorf("= %d %s", got.code, got.err)
	}
	want = `{"definition":{"name":"cc","authentication":{"authType":"OAUTH2"}}}`
	if got := api.last(t, "POST /explain").Body; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestDefinitionTables(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /definitions", 200, `{"items":[{"id":"def_1","name":"moviestar","status":"changed","grant":"OAUTH2_PASSWORD","revision":12,"connections":3,"updated_at":`+at(-90*time.Minute)+`}],"next_cursor":"c"}`).
		on("GET /definitions?cursor=c", 200, `{"items":[{"name":"b","status":"draft","auth_type":"BASIC","revision":1,"updated_at":`+at(-5*time.Second)+`}]}`).
		on("GET /definitions?q=zzz", 200, `{"items":[]}`).
		on("GET /definitions/moviestar/revisions", 200, `{"items":[{"revision":2,"published":true,"created_at":`+at(-48*time.Hour)+`,"created_by":"key_1"},{"revision":1}]}`).
		on("GET /definitions/moviestar/prompts", 200, `{"items":[{"name":"clientId","type":"string","required":true,"title":"Client ID"},{"name":"pass","type":"string","secret":true}]}`).
		on("GET /definitions/none/prompts", 200, `{"items":[]}`)
	s := newShell(t, api)
	s.want(0, `NAME       STATUS   GRANT            REVISION  CONNECTIONS  UPDATED
moviestar  changed  OAUTH2_PASSWORD  12        3            1 hour ago
b          draft    BASIC            1         0            5 seconds ago
`, "", "definition", "list")
	s.want(0, "", "no definitions yet; store one: latchkey definition apply FILE --publish\n", "definition", "list", "--query", "zzz")
	s.want(0, "{\n  \"items\": []\n}\n", "", "definition", "list", "--query", "zzz", "--json")
	s.want(0, `REVISION  STATUS     CREATED     BY
2         published  2 days ago  key_1
1         draft      -           -
`, "", "definition", "revisions", "moviestar")
	s.want(0, `FIELD     TYPE    NEEDED  SECRET  TITLE
clientId  string  yes     no      Client ID
pass      string  no      yes
`, "", "definition", "prompts", "moviestar")
	s.want(0, "", "none asks for nothing: latchkey connection create none\n", "definition", "prompts", "none")
}

func TestDefinitionShowAndDelete(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /definitions/moviestar?revision=2", 200, `{"id":"def_1","name":"moviestar","status":"published","revision":2,"published_revision":2,`+
			`"sandbox":"prod","grant":"OAUTH2_PASSWORD","authentication":{"b":1.0,"a":"********"},"updated_at":`+at(-time.Minute)+
			`,"callback_urls":["http://cb"],"problems":[{"severity":"warning","message":"no scope"}]}`).
		on("DELETE /definitions/moviestar", 204, "").
		on("DELETE /definitions/used", 409, `{"title":"In use","detail":"2 connections use the definition","status":409}`)
	s := newShell(t, api)
	s.want(0, `moviestar
  status                published
  id                    def_1
  grant                 OAUTH2_PASSWORD
  sandbox               prod
  revision              2
  published             revision 2
  connections           0
  updated               1 minute ago
  callback to register  http://cb
{
  "b": 1.0,
  "a": "********"
}
`, "moviestar: warning: no scope\n", "definition", "show", "moviestar", "--revision", "2")
	s.want(0, "deleted moviestar\n", "", "definition", "delete", "moviestar", "--yes")
	s.want(0, "{}\n", "", "definition", "delete", "moviestar", "--json")
	s.want(1, "", "latchkey: 2 connections use the definition\n", "definition", "delete", "used")
}
