package archtest_test

// floors says where each room stands. Rooms that are planned are in it already.
var floors = map[string]int{
	"internal/access": 0, "internal/clock": 0, "internal/expiry": 0, "internal/file": 0, "internal/finding": 0, "internal/ident": 0,
	"internal/rsasign": 0, "internal/secret": 0, "internal/suggest": 0, "internal/telemetry": 0,

	"internal/audit": 1, "internal/decision": 1, "internal/egress": 1, "internal/event": 1, "internal/eventlog": 1, "internal/gateway": 1, "internal/idempotency": 1, "internal/jsontree": 1, "internal/keypair": 1, "internal/limit": 1, "internal/seal": 1, "internal/series": 1, "internal/signature": 1,

	"internal/analytics": 2, "internal/campaign": 2, "internal/destination": 2, "internal/pipeline": 2, "internal/project": 2, "internal/registry": 2, "internal/target": 2,

	"internal/authority": 3, "internal/importer": 3, "internal/exchange": 3, "internal/provider": 3,

	"internal/connection": 4, "internal/devca": 4,

	"internal/adobesim": 5, "internal/cloudservice": 5, "internal/ims": 5, "internal/intercept": 5, "internal/mail": 5, "internal/pipelined": 5, "internal/proxy": 5, "internal/revocation": 5, "internal/sidecar": 5, "internal/simulator": 5, "internal/webhook": 5, "internal/calendar": 5, "internal/connectlink": 5,

	"internal/manifest": 6, "internal/trial": 6, "internal/workflow": 6,

	"internal/api": 7, "internal/console": 7, "internal/store": 7, "internal/web": 7,

	"internal/app": 8,

	"internal/cli": 9,

	"cmd/latchkey": 10, "latchkeytest": 10,
}

// basement lists the public packages that import nothing but the standard library, and that every room may import.
var basement = []string{"pebble", "client"}

// beside are folders of the basement that are there for one module, so that the rest needs none.
var beside = map[string]string{"client/oauth2source": "golang.org/x/oauth2"}

// apart lists folders that are no part of the house.
var apart = []string{"internal/archtest", "test", "docs", "examples", "tools"}

// forbidden lists names that say nothing about what is in a package.
var forbidden = []string{"base", "common", "core", "helper", "helpers", "lib", "misc", "models", "pkg", "shared", "types", "util", "utils"}

// modules says which modules production code uses, and in which rooms; no room means every one.
var modules = map[string][]string{
	"code.dny.dev/ssrf":                                             {"internal/egress"},
	"filippo.io/age":                                                {"internal/workflow"},
	"github.com/a-h/templ":                                          {"internal/web"},
	"github.com/caarlos0/env/v11":                                   {"internal/web"},
	"github.com/cenkalti/backoff/v5":                                nil,
	"github.com/coreos/go-oidc/v3":                                  {"internal/web"},
	"github.com/danielgtaylor/huma/v2":                              {"internal/api"},
	"github.com/go-jose/go-jose/v4":                                 nil,
	"github.com/go-webauthn/webauthn":                               {"internal/registry"},
	"github.com/goccy/go-yaml":                                      nil,
	"github.com/jackc/pgx/v5":                                       {"internal/store", "internal/pipelined"},
	"github.com/maypok86/otter/v2":                                  nil,
	"github.com/modelcontextprotocol/go-sdk":                        {"internal/cli", "internal/app"},
	"github.com/nats-io/nats.go":                                    {"internal/eventlog", "internal/pipelined"},
	"github.com/pressly/goose/v3":                                   {"internal/store"},
	"github.com/prometheus/client_golang":                           {"internal/telemetry"}, // the registry that OpenTelemetry's exporter fills
	"github.com/spf13/cobra":                                        {"internal/cli", "cmd/latchkey"},
	"github.com/spf13/pflag":                                        {"internal/cli"}, // cobra's flags
	"github.com/tink-crypto/tink-go/v2":                             {"internal/seal"},
	"github.com/twmb/franz-go":                                      {"internal/pipelined"},
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp": {"internal/telemetry", "internal/app"},
	"go.opentelemetry.io/otel":                                      nil,
	"go.opentelemetry.io/otel/exporters":                            {"internal/telemetry"},
	"go.opentelemetry.io/otel/metric":                               nil,
	"go.opentelemetry.io/otel/sdk":                                  {"internal/telemetry"},
	"go.opentelemetry.io/otel/trace":                                nil,
	"gocloud.dev/secrets":                                           {"internal/seal"},
	"golang.org/x/crypto":                                           nil,
	"golang.org/x/oauth2":                                           {"internal/cli"},
	"golang.org/x/sync":                                             nil,
	"golang.org/x/sys":                                              nil,
	"golang.org/x/term":                                             {"internal/cli"},
	"golang.org/x/time":                                             nil,
	"rsc.io/qr":                                                     {"internal/web"},
	"modernc.org/sqlite":                                            {"internal/eventlog", "internal/pipelined", "internal/store"},
}

// testModules are for tests alone.
var testModules = []string{
	"github.com/chromedp/cdproto", "github.com/chromedp/chromedp", "github.com/google/go-cmp", "github.com/nats-io/nats-server/v2",
	"github.com/rogpeppe/go-internal", "go.opentelemetry.io/proto/otlp", "go.uber.org/goleak", "golang.org/x/net", "golang.org/x/oauth2", "google.golang.org/protobuf", "pgregory.net/rapid",
}

// calls lists what no production code does, by import path and name, with the way to do it instead.
var calls = map[string]map[string]string{
	"net/http": {
		"DefaultClient": viaEgress, "DefaultTransport": viaEgress, "Get": viaEgress, "Head": viaEgress,
		"Post": viaEgress, "PostForm": viaEgress,
		"DefaultServeMux": ownMux, "Handle": ownMux, "HandleFunc": ownMux, "ListenAndServe": ownServer, "ListenAndServeTLS": ownServer,
	},
	"fmt":          {"Print": toWriter, "Printf": toWriter, "Println": toWriter},
	"log":          {"Print": toLog, "Printf": toLog, "Println": toLog, "Fatal": toLog, "Fatalf": toLog, "Fatalln": toLog, "Panic": toLog, "Panicf": toLog},
	"log/slog":     {"Default": toLog, "SetDefault": toLog, "Debug": toLog, "Info": toLog, "Warn": toLog, "Error": toLog},
	"os":           {"Exit": "return an error; main ends the process"},
	"math/rand":    {"*": "use crypto/rand, or math/rand/v2 for jitter"},
	"unsafe":       {"*": "do without"},
	"encoding/gob": {"*": "write JSON"},
}

const (
	viaEgress = "send requests through internal/egress"
	ownMux    = "make a mux with http.NewServeMux"
	ownServer = "make an http.Server with its four timeouts"
	toWriter  = "write to the writer that was passed in"
	toLog     = "log to the *slog.Logger that was passed in"
)

// exempt lists the packages that may do what others may not: import path of the standard library → packages.
var exempt = map[string][]string{
	"net/http": {"client", "internal/cli"}, // they talk to Latchkey itself, from other people's machines
	"os":       {"cmd/latchkey"},
	"unsafe":   {"internal/clock"}, // to step the wall clock alone, in the build for test/chaos
}
