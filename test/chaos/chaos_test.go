package chaos_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/test/chaos"
)

// usual is what a long run compares.
const usual = "sqlite,postgres,peer-lock,peer-mutex,sqlite:none,sqlite:revokes_family,peer-lock:revokes_family,peer-mutex:revokes_family"

// What `make chaos ARGS=…` can be told.
var (
	long        = flag.Bool("long", false, "the long version; the other flags change it")
	keepers     = flag.String("keepers", usual, "which keepers to run: "+strings.Join(chaos.Keepers, ", ")+"; with :none or :revokes_family against a provider without grace, whose definition says so")
	duration    = flag.Duration("duration", 6*time.Minute, "how long the faults last, for each keeper")
	kills       = flag.Int("kills", 220, "how many times a node is killed, for each keeper")
	connections = flag.Int("connections", 1000, "how many connections are kept")
	reads       = flag.Int("reads", 400, "how many tokens are read a second")
	life        = flag.Duration("life", 5*time.Second, "how long an access token lives")
	grace       = flag.Duration("grace", 10*time.Second, "how long a provider with a grace repeats its answer to a used refresh token")
	faults      = flag.String("faults", strings.Join(chaos.Faults, ","), "what goes wrong beside kill -9; 502 may be added")
	seed        = flag.Uint64("seed", uint64(time.Now().UnixNano()), "makes the schedule of faults")
	logs        = flag.String("logs", "", "a folder for the nodes' logs")
)

func TestChaos(t *testing.T) {
	config := chaos.Config{
		Seed: *seed, Duration: *duration, Kills: *kills, Connections: *connections, Reads: *reads, Life: *life, Faults: words(*faults), Logs: *logs,
	}
	if !*long {
		config.Duration, config.Kills, config.Connections, config.Reads = 25*time.Second, 12, 100, 100
		config.Faults = []string{chaos.FaultDrop, chaos.FaultSlow, chaos.FaultBusy, chaos.FaultBroken, chaos.FaultDatabase, chaos.FaultDisk, chaos.FaultDrain}
		*keepers = "sqlite,postgres"
	}
	t.Logf("seed %d", config.Seed)
	var reports []*chaos.Report
	for _, keeper := range words(*keepers) {
		t.Run(keeper, func(t *testing.T) {
			config.Keeper, config.Reuse, _ = strings.Cut(keeper, ":")
			if config.Grace = *grace; config.Reuse != "" {
				config.Grace = 0
			}
			r := chaos.Run(t, config, os.Stdout)
			r.Tell(os.Stdout)
			reports = append(reports, r)
			check(t, r)
		})
	}
	chaos.Table(os.Stdout, reports)
}

// check holds the program to what it promises. The patterns of the field are only counted.
func check(t *testing.T, r *chaos.Report) {
	t.Helper()
	if !strings.HasPrefix(r.Name(), "Latchkey") {
		return
	}
	if r.Outside > 0 {
		t.Errorf("%d refresh tokens were presented again outside the rule", r.Outside)
	}
	if lost := r.Lost - r.Unanswered; lost > 0 && r.Config.Grace >= 10*time.Second {
		t.Errorf("%d grants were lost that could have been kept", lost)
	}
	if n := r.Reads["expired"]; n > 0 {
		t.Errorf("%d expired tokens were served", n)
	}
	if len(r.Crashes) > 0 {
		t.Errorf("nodes ended %d times by themselves", len(r.Crashes))
	}
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' })
}
