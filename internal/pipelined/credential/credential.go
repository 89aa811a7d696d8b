// Package credential gets the daemon's access token, in each of the three ways that the pipeline has had
// (spec/campaign-and-pipeline.md §2.2): the Analytics gateway with an application's key, IMS with an assertion (JWT), and
// IMS with client credentials (OAuth Server-to-Server).
//
// A [Credential] is what the instance's configuration holds. It compiles to a plan of a built-in definition, which the
// house's exchange runs; a [Keeper] holds the one token, gets the next before it ends, and asks nobody twice at once.
package credential

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/destination/builtin"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// Mode is how a token is asked for.
type Mode string

// The modes, by age.
const (
	None   Mode = "none"   // disableAuth: there is no token
	Legacy Mode = "legacy" // the Analytics gateway
	JWT    Mode = "jwt"    // IMS, an assertion
	OAuth  Mode = "oauth"  // IMS, client credentials
)

// Modes lists those that people choose from.
var Modes = []Mode{Legacy, JWT, OAuth}

// DefaultMetascopes and DefaultScopes are those of the Analytics card, which the procedure has people add.
var (
	DefaultMetascopes = []string{"ent_analytics_bulk_ingest_sdk"}
	DefaultScopes     = []string{
		"openid", "AdobeID", "read_organizations", "additional_info.projectedProductContext", "additional_info.job_function", "session",
	}
)

// Credential is by whom and where a token is asked for.
type Credential struct {
	Mode Mode
	// Server is the gateway's or IMS's address, without a path.
	Server string
	// Organization is the IMS organization's id.
	Organization string
	// Client is the client id; the application's id with [Legacy].
	Client string
	// Account is the technical account's id; [JWT] alone.
	Account string
	Secret  secret.String
	// PrivateKey is of any encoding that [keypair.Parse] reads.
	PrivateKey secret.String
	// Metascopes and Scopes are the usual ones when nil.
	Metascopes, Scopes []string
}

// Fingerprint tells credentials apart without showing them: 16 hexadecimal digits. None has "".
func (c Credential) Fingerprint() string {
	if c.Mode == None || c.Mode == "" {
		return ""
	}
	hash := sha256.New()
	key := c.PrivateKey.Reveal()
	if parsed, err := keypair.Parse(c.PrivateKey); err == nil { // however it was pasted
		if pem, err := parsed.PEM(); err == nil {
			key = pem.Reveal()
		}
	}
	for _, part := range []string{string(c.Mode), c.Server, c.Organization, c.Client, c.Account, c.Secret.Reveal(), key} {
		_, _ = fmt.Fprintf(hash, "%d:%s,", len(part), part) // never fails, hash.Hash
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// Describe names the credential for people.
func (c Credential) Describe() string {
	switch c.Mode {
	case Legacy:
		return "legacy gateway, application " + c.Client
	case JWT:
		return "IMS JWT, client " + c.Client
	case OAuth:
		return "IMS OAuth Server-to-Server, client " + c.Client
	}
	return "no authentication"
}

// Problem is what is wrong with a credential before anybody is asked. Vendor is the line that the vendor's daemon would log.
type Problem struct{ Field, Msg, Fix, Vendor string }

func (p *Problem) Error() string {
	text := p.Field + ": " + p.Msg + "; " + p.Fix
	if p.Vendor != "" {
		text += fmt.Sprintf(" (the vendor's message: %s)", p.Vendor)
	}
	return text
}

// vendor's messages (spec/campaign-and-pipeline.md §3.2).
const (
	vendorSubject = "the subject must be a valid organization or client"
	vendorKey     = "invalid key"
	vendorFormat  = "unable to read the token during authentication"
)

// Check finds what keeps a credential from being presented. The error is a [*Problem].
func (c Credential) Check() error {
	switch c.Mode {
	case None:
		return nil
	case Legacy, JWT, OAuth:
	default:
		return &Problem{"pipelined@authType", fmt.Sprintf("the authentication mode %q is unknown", c.Mode), `leave it out for the legacy gateway, or set "imsJwtToken"`, ""}
	}
	fields := map[Mode]map[string]string{
		Legacy: {"client": "pipelined@appName", "key": "pipelined@authPrivateKey"},
		JWT:    {"client": "ims@authIMSTAClientId", "key": "ims@authIMSTAPrivateKey"},
		OAuth:  {"client": "ims@authIMSTAClientId"},
	}[c.Mode]
	if server, err := url.Parse(c.Server); err != nil || server.Host == "" || server.Scheme != "https" && server.Scheme != "http" {
		field := "ims@authIMSEndpoint"
		if c.Mode == Legacy {
			field = "pipelined@authGatewayEndpoint"
		}
		return &Problem{field, fmt.Sprintf("%q is no address", c.Server), "give scheme and host, as https://ims-na1.adobelogin.com", ""}
	}
	switch {
	case c.Organization == "" || !strings.Contains(c.Organization, "@"):
		return &Problem{"web/redirection@IMSOrgId", fmt.Sprintf("%q is no organization's id", c.Organization),
			"set it to the id that ends in @AdobeOrg; an empty attribute in the instance's file hides a good one in serverConf.xml: remove it", vendorSubject}
	case c.Client == "":
		return &Problem{fields["client"], "it is empty", "copy the client's id out of the console", vendorSubject}
	case c.Mode != Legacy && c.Secret.Empty():
		return &Problem{"ims@authIMSTAClientSecret", "it is empty", "enter it with nlserver config -setimsjwtauth or -setimsoauth", ""}
	case c.Mode == JWT && c.Account == "":
		return &Problem{"ims@authIMSTAId", "it is empty", "copy the technical account's id out of the console", vendorSubject}
	case c.Mode == OAuth:
		return nil
	case c.PrivateKey.Empty():
		return &Problem{fields["key"], "it is empty", "enter the private key", vendorKey}
	}
	key, err := keypair.Parse(c.PrivateKey)
	if err != nil {
		return &Problem{fields["key"], err.Error(), "enter the key of the certificate in the console", vendorFormat}
	}
	if err := key.CheckAlgorithm("RS256"); err != nil {
		return &Problem{fields["key"], err.Error(), "the pipeline takes RSA keys", vendorKey}
	}
	return nil
}

// plan compiles what gets the token.
func (c Credential) plan() (*destination.Plan, destination.Fields, error) {
	write := map[Mode]func(name, server string) ([]byte, error){Legacy: builtin.Gateway, JWT: builtin.IMSJWT, OAuth: builtin.IMSOAuth}[c.Mode]
	text, err := write("pipelined-"+string(c.Mode), strings.TrimRight(c.Server, "/"))
	if err != nil {
		return nil, destination.Fields{}, err
	}
	document, err := destination.ParseDocument(text)
	if err != nil {
		return nil, destination.Fields{}, fmt.Errorf("reading the definition: %w", err)
	}
	plan, err := document.Compile(0)
	if err != nil {
		return nil, destination.Fields{}, fmt.Errorf("compiling the definition: %w", err)
	}
	fields, err := c.fields()
	return plan, fields, err
}

func (c Credential) fields() (destination.Fields, error) {
	public := map[string]any{"clientId": c.Client, "organizationId": c.Organization}
	secrets := map[string]secret.String{}
	if c.Mode != Legacy {
		secrets["clientSecret"] = c.Secret
	}
	switch c.Mode {
	case OAuth:
		public["scopes"] = strings.Join(orUsual(c.Scopes, DefaultScopes), ",")
		return destination.NewFields(public, secrets)
	case JWT:
		public["technicalAccount"] = c.Account
		public["metascopes"] = strings.Join(orUsual(c.Metascopes, DefaultMetascopes), " ")
	}
	key, err := keypair.Parse(c.PrivateKey)
	if err != nil {
		return destination.Fields{}, err
	}
	secrets["privateKey"], err = key.PEM()
	if err != nil {
		return destination.Fields{}, err
	}
	return destination.NewFields(public, secrets)
}

func orUsual(own, usual []string) []string {
	if len(own) == 0 {
		return usual
	}
	return own
}
