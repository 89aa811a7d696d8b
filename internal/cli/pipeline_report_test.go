package cli_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey/internal/cli"
)

// What a migration has led to is told of all daemons together: what one lacks came to another, and who runs with another credential is
// named. Those that are gone are left out.
func TestMigrationReport(t *testing.T) {
	dir := campaignFolder(t, `<serverconf><pipelined/></serverconf>`)
	daemon := func(host, fingerprint, report, came string, seen time.Duration) string {
		return fmt.Sprintf(`{"instance":"prod","host":%q,"credential":"IMS","fingerprint":%q,"carried_out":1,"report":%s,"state":{"lanes":[],"dead_letters":{"count":0,"newest":[]},"came":[%s]},"seen_at":%s,"started_at":%s}`,
			host, fingerprint, report, came, at(-seen), at(-time.Hour))
	}
	moved := func(runs string) string {
		return `{"from":"JWT","to":"OAuth","from_fingerprint":"f1","to_fingerprint":"f2","started_at":` + at(-time.Minute) + `,"switched_at":` + at(-time.Minute) +
			`,"received":10,"lost":5,"suppressed":1,"partitions":[{"topic":"t","consumer":"c","partition":0,"received":10,"suppressed":1,"lost":5,"runs":` + runs + `}]}`
	}
	api := newFakeAPI(t).on("GET /instances/prod/daemons", 200, `{"items":[`+strings.Join([]string{
		daemon("campaign-1", "f2", moved(`[{"first":0,"last":9},{"first":15,"last":20}]`), "", time.Second),
		daemon("campaign-2", "f1", "null", `{"topic":"t","consumer":"c","partition":0,"offsets":"10-14"}`, time.Second),
		daemon("campaign-3", "f2", moved(`[{"first":90,"last":99}]`), "", time.Hour),
	}, ",")+`]}`)
	s := newShell(t, api)
	got := s.run("pipeline", "migrate", "prod", "--report", "--conf", dir)
	if got.code != 0 {
		t.Fatalf("%d %s%s", got.code, got.out, got.err)
	}
	contains(t, "the report", got.out, "campaign-1  IMS", "campaign-2  IMS         f1           not moved", "0-9,15-20", "10 received, 0 lost, 1 duplicates suppressed")
	contains(t, "beside it", got.err, "campaign-3 has said nothing for 1h0m0s, and is left out", "campaign-2 runs with another credential")
	lacks(t, "the report", got.out, "90-99")
	contains(t, "the JSON", s.run("pipeline", "migrate", "prod", "--report", "--json", "--conf", dir).out, `"lost": 0`, `"waiting": [`, `"campaign-2"`, `"state": "switched"`)
	s.want(2, "", "latchkey: --wait goes with --report\nhint: see \"latchkey pipeline migrate --help\"\n", "pipeline", "migrate", "prod", "--wait", "--conf", dir)
	none := newShell(t, newFakeAPI(t).on("GET /instances/prod/daemons", 200, `{"items":[]}`)).run("pipeline", "migrate", "prod", "--report", "--conf", dir)
	if none.code != 1 || !strings.Contains(none.err, "no pipelined of this instance runs here") {
		t.Errorf("with no daemon: %d %s%s", none.code, none.out, none.err)
	}
}

// Two instances that consume as one share the triggers, so that each lacks some: the doctor says so.
func TestSharedConsumer(t *testing.T) {
	dir := campaignFolder(t, `<serverconf><pipelined/></serverconf>`)
	daemon := func(instance, consumer string, seen time.Duration) string {
		return fmt.Sprintf(`{"items":[{"instance":%q,"host":"h","report":null,"state":{"lanes":[{"topic":"triggers","consumer":%q,"partition":0}],"dead_letters":{"count":0,"newest":[]}},"seen_at":%s}]}`, instance, consumer, at(-seen))
	}
	for name, c := range map[string]struct {
		stage string
		code  int
		says  string
	}{
		"apart":    {daemon("stage", "stage", time.Second), 0, "ok  no other instance consumes as prod of topic triggers"},
		"together": {daemon("stage", "prod", time.Second), 1, "the consumer prod of topic triggers is also that of stage on h: each gets a part of the triggers"},
		"gone":     {daemon("stage", "prod", time.Hour), 0, "no other instance"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, newFakeAPI(t).on("GET /instances", 200, `{"items":[{"name":"prod","daemons":1},{"name":"stage","daemons":1}]}`).
				on("GET /instances/prod/daemons", 200, daemon("prod", "prod", time.Second)).on("GET /instances/stage/daemons", 200, c.stage))
			s.config.Server.ExaminePipelined = func(context.Context, cli.PipelinedOptions) ([]cli.Finding, error) {
				return []cli.Finding{{Layer: "process", Status: "ok"}}, nil
			}
			got := s.run("pipeline", "doctor", "prod", "--conf", dir)
			if got.code != c.code || !strings.Contains(got.out, c.says) {
				t.Errorf("%d %s%s, want %d and %q", got.code, got.out, got.err, c.code, c.says)
			}
		})
	}
}
