package campaign

// Attribute is one that Latchkey knows.
type Attribute struct {
	// Path is its element below the root.
	Path, Name string
	// Default is what counts where no file has it.
	Default string
	// Secret values are sealed.
	Secret bool
	// Means says what it does.
	Means string
}

func (a Attribute) String() string { return a.Path + "@" + a.Name }

// The paths of elements that Latchkey knows.
const (
	PathIMS         = "shared/ims"
	PathPipelined   = "pipelined"
	PathRedirection = "web/redirection"
)

// The attributes that are written by name.
const (
	Organization     = "IMSOrgId"
	TechnicalClient  = "authIMSTAClientId"
	TechnicalSecret  = "authIMSTAClientSecret"
	TechnicalAccount = "authIMSTAId"
	TechnicalKey     = "authIMSTAPrivateKey"
	AuthType         = "authType"
)

// JWTToken is the value of authType that selects the technical account; any other is the legacy gateway.
const JWTToken = "imsJwtToken"

// Attributes lists those that Latchkey knows, with their defaults (spec/campaign-and-pipeline.md §1.2 and §1.3).
func Attributes() []Attribute {
	return []Attribute{
		{PathIMS, "authIMSClientId", "", false, "client id for service tokens"},
		{PathIMS, "authIMSClientSecret", "", true, "its secret"},
		{PathIMS, "authIMSCode", "", true, "its authorization code"},
		{PathIMS, "authIMSEndpoint", "https://ims-na1.adobelogin.com", false, "URL of IMS"},
		{PathIMS, TechnicalClient, "", false, "client id of the technical account"},
		{PathIMS, TechnicalSecret, "", true, "its client secret"},
		{PathIMS, TechnicalAccount, "", false, "id of the technical account"},
		{PathIMS, TechnicalKey, "", true, "private key of the technical account; none means OAuth server-to-server"},
		{PathPipelined, "appName", "", false, "legacy: application id at the gateway"},
		{PathPipelined, "args", "", false, "start-up parameters"},
		{PathPipelined, "authGatewayEndpoint", "https://api.omniture.com", false, "legacy: URL of the gateway"},
		{PathPipelined, "authPrivateKey", "", true, "legacy: private key for the gateway"},
		{PathPipelined, AuthType, "", false, JWTToken + " selects the technical account, nothing the legacy gateway"},
		{PathPipelined, "autoStart", "false", false, "start with the server"},
		{PathPipelined, "disableAuth", "false", false, "connect without a token"},
		{PathPipelined, "discoverPipelineEndpoint", "https://producer-pipeline-pnw.adobe.net", false, "where to ask for the broker"},
		{PathPipelined, "dumpStatePeriodSec", "0", false, "seconds between dumps of the state into pipelined.json; 0 is never"},
		{PathPipelined, "forcedPipelineEndpoint", "", false, "URL of the broker; nothing is discovered then"},
		{PathPipelined, "initScript", "", false, "script to run at the start"},
		{PathPipelined, "maxProcessMemoryAlertMb", "1800", false, "MB of memory that alert"},
		{PathPipelined, "maxProcessMemoryWarningMb", "1600", false, "MB of memory that warn"},
		{PathPipelined, "monitorServerPort", "7781", false, "port of the status page; 0 is none"},
		{PathPipelined, "pointerFlushMessageCount", "1000", false, "messages after which the pointer is stored"},
		{PathPipelined, "pointerFlushPeriodSec", "5", false, "seconds after which the pointer is stored at the latest"},
		{PathPipelined, "processRestartTime", "06:00:00", false, "time of the daily restart"},
		{PathPipelined, "processingJSThreads", "4", false, "workers of scripted connectors"},
		{PathPipelined, "processingThreads", "4", false, "workers of built-in connectors"},
		{PathPipelined, "retryPeriodSec", "30", false, "seconds between tries of a message that fails"},
		{PathPipelined, "retryValiditySec", "300", false, "seconds after which a message that fails is given up"},
		{PathPipelined, "runLevel", "10", false, "order of the start: low ones first"},
		{PathRedirection, Organization, "", false, "id of the organization"},
	}
}
