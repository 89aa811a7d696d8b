package pipelined

import "time"

// Options are the attributes of <pipelined> that change something here (spec/campaign-and-pipeline.md §1.2).
type Options struct {
	AppName, GatewayEndpoint string
	// AuthType is "" for the legacy gateway, else [AuthIMS].
	AuthType                         string
	DisableAuth                      bool
	DiscoverEndpoint, ForcedEndpoint string
	// DumpState is how often the status is written into a file; 0 is never.
	DumpState                  time.Duration
	MemoryWarning, MemoryAlert int64 // MiB; 0 is never
	// StatusPort is the port of the status; 0 is none.
	StatusPort         int
	PointerFlushCount  int
	PointerFlushPeriod time.Duration
	// ScriptThreads bounds how many triggers are at connectors of scripts at once, BuiltInThreads at what is built in.
	ScriptThreads, BuiltInThreads int
	RetryPeriod, RetryValidity    time.Duration
}

// AuthIMS is the authType of a technical account of IMS, whichever credential it has.
const AuthIMS = "imsJwtToken"

// DefaultOptions are those of an element without attributes.
func DefaultOptions() Options {
	return Options{
		GatewayEndpoint: "https://api.omniture.com", DiscoverEndpoint: "https://producer-pipeline-pnw.adobe.net",
		MemoryWarning: 1600, MemoryAlert: 1800, StatusPort: 7781, PointerFlushCount: 1000, PointerFlushPeriod: 5 * time.Second,
		ScriptThreads: 4, BuiltInThreads: 4, RetryPeriod: 30 * time.Second, RetryValidity: 300 * time.Second,
	}
}

// Idle are the attributes that are taken and change nothing here, by name → why.
var Idle = map[string]string{
	"args":               "start-up parameters of the vendor's process mean nothing here",
	"autoStart":          "the service manager, or nlserver start, starts this process",
	"initScript":         "JavaScript does not run here; map what it prepared to a connector",
	"processRestartTime": "no restart is needed: credentials and routes are taken up while running",
	"runLevel":           "there is one process to start",
}

// Note tells of an attribute that is taken and changes nothing.
type Note struct{ Attribute, Why string }
