package cli_test

import (
	"testing"
	"time"
)

func TestProviders(t *testing.T) {
	refused := `{"host":"login.example.com","state":"up","since":null,"latency_ms":{"p50":84,"p95":210,"p99":1480},"calls":412,"failed":3,
		"outcomes":{"ok":900,"client_dead":2},"last_good_at":` + at(-time.Minute) + `,"in_flight":4,"waiting":7,"rate":200,
		"limits":{"rate":200,"concurrency":64},"paused_connections":118,
		"last_failure":{"class":"client_dead","code":"invalid_client","status":401,"description":"expired","at":` + at(-time.Hour) + `},
		"incidents":[{"id":"inc_1","sandbox":"prod","definition":"def_1","client":"app","opened_at":` + at(-time.Hour) + `,"probe_at":` + at(3*time.Minute) + `,
		"held_connections":118,"last_failure":{"class":"client_dead","code":"invalid_client","status":401,"at":` + at(-time.Hour) + `}}]}`
	down := `{"host":"id.example.org:8443","state":"down","since":` + at(-2*time.Hour) + `,"probe_at":` + at(30*time.Second) + `,"latency_ms":null,"calls":0,"failed":0,
		"outcomes":{},"rate":25,"limits":{"rate":200,"concurrency":64},"incidents":[]}`
	api := newFakeAPI(t).on("GET /providers", 200, `{"items":[`+down+","+refused+`]}`).on("GET /providers?state=throttled", 200, `{"items":[]}`).
		on("GET /providers/login.example.com", 200, refused).on("GET /providers/id.example.org:8443", 200, down).
		on("POST /providers/id.example.org:8443/resume", 200, down)
	s := newShell(t, api)
	s.want(0, `HOST                 STATE  SINCE        P50    P99    FAILED         LAST GOOD     PAUSED  NEXT PROBE
id.example.org:8443  down   2 hours ago  -      -      -              -             -       in 30 seconds
login.example.com    up     -            84 ms  1.5 s  0.728% of 412  1 minute ago  118     in 3 minutes
`, "", "provider", "list")
	s.want(0, "", "no such providers; all of them: latchkey provider list\n", "provider", "list", "--state", "throttled")
	s.want(0, `login.example.com
  state            up
  last good        1 minute ago
  latency          p50 84 ms, p95 210 ms, p99 1.5 s
  last 5 minutes   412 calls, 3 failed
  under way        4 of 64, 7 waiting
  rate             200 a second
  since the start  client_dead 2, ok 900
  last failure     client_dead invalid_client (status 401): expired, 1 hour ago

incident inc_1
  client        app
  definition    def_1
  sandbox       prod
  began         1 hour ago
  paused        118 connections
  next probe    in 3 minutes
  last failure  client_dead invalid_client (status 401)
`, "put a new client secret into the definition and publish it, or try again now: latchkey provider resume login.example.com\n",
		"provider", "show", "login.example.com")
	if got := s.run("provider", "show", "id.example.org:8443"); got.code != 0 {
		t.Errorf("%+v", got)
	} else {
		contains(t, "stdout", got.out, "25 of 200 a second", "next probe      in 30 seconds")
	}
	s.want(0, "id.example.org:8443 is tried again with the next refresh\n", "", "provider", "resume", "id.example.org:8443")
	if got := s.run("provider", "list", "--state", "broken"); got.code != 2 {
		t.Errorf("an unknown state: %+v", got)
	}
	if got := s.run("provider", "show", "login.example.com", "--json"); got.code != 0 {
		t.Errorf("%+v", got)
	} else {
		contains(t, "stdout", got.out, `"host": "login.example.com"`, `"held_connections": 118`)
	}
}
