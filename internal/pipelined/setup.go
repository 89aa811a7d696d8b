package pipelined

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/pipelined/routes"
	"latchkey/internal/secret"
)

// Instance is what the instance's configuration files say, as far as the daemon asks.
type Instance struct {
	// Options are the attributes of <pipelined>; nil when there is no such element.
	Options *Options
	// Notes are about attributes that change nothing.
	Notes []Note
	// Organization is web/redirection@IMSOrgId.
	Organization string
	// IMSEndpoint, ClientID, AccountID, ClientSecret and PrivateKey are those of shared/ims (authIMS…).
	IMSEndpoint, ClientID, AccountID string
	ClientSecret, PrivateKey         secret.String
	// LegacyKey is pipelined@authPrivateKey, unsealed.
	LegacyKey secret.String
	// Standing is how the credential stands in the instance's own file.
	Standing []Attribute
}

// ErrNoElement says that the configuration has no <pipelined>.
var ErrNoElement = errors.New("the configuration has no <pipelined> element, so that this instance runs no pipelined")

// ErrNoRoutes says that there is no file of NmsPipeline_Config.
var ErrNoRoutes = errors.New("there is no file of NmsPipeline_Config")

// Setup is everything that a daemon goes by. It is read anew at SIGHUP.
type Setup struct {
	Options    Options
	Notes      []Note
	Credential credential.Credential
	Routes     *routes.Config
	Settings   connector.Settings
	// IMS is the address of IMS, whatever the credential is; Standing how the credential stands in the instance's own file.
	IMS      string
	Standing []Attribute
	// RoutesFile and SettingsFile are where those came from, for messages.
	RoutesFile, SettingsFile string
}

// Files are the instance's files beside the vendor's own.
type Files struct {
	// Conf is the folder of the configuration.
	Conf     string
	Instance string
	// Routes is the file of NmsPipeline_Config; "" finds it in Conf.
	Routes string
}

// NewSetup puts a setup together.
func NewSetup(instance Instance, files Files) (*Setup, error) {
	if instance.Options == nil {
		return nil, fmt.Errorf("%w (the vendor's message: %s)", ErrNoElement, fmt.Sprintf(vendorNoTask, files.Instance))
	}
	s := &Setup{
		Options: *instance.Options, Notes: instance.Notes, Standing: instance.Standing, IMS: cmp.Or(instance.IMSEndpoint, "https://ims-na1.adobelogin.com"),
	}
	var err error
	s.SettingsFile = filepath.Join(files.Conf, "pipelined-"+files.Instance+".yaml")
	if s.Settings, err = connector.ReadSettings(s.SettingsFile); err != nil {
		return nil, err
	}
	s.RoutesFile = files.Routes
	if s.RoutesFile == "" {
		if s.RoutesFile, err = findRoutes(files.Conf, files.Instance); err != nil {
			return nil, err
		}
	}
	text, err := os.ReadFile(s.RoutesFile)
	if err != nil {
		return nil, fmt.Errorf("reading NmsPipeline_Config: %w", err)
	}
	if s.Routes, err = routes.Parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", s.RoutesFile, err)
	}
	s.Credential = credentialOf(instance, s)
	return s, nil
}

// topic gives what is done with a topic's triggers; nil when the routes don't have it.
func (s *Setup) topic(name, consumer string) *routes.Topic {
	for i := range s.Routes.Topics {
		if t := &s.Routes.Topics[i]; t.Name == name && t.Consumer == consumer {
			return t
		}
	}
	return nil
}

// credentialOf tells by which credential the configuration asks for tokens. With authType imsJwtToken a private key means
// JWT and none OAuth Server-to-Server: the vendor's attribute stays the same for both.
func credentialOf(in Instance, s *Setup) credential.Credential {
	c := credential.Credential{Organization: in.Organization, Metascopes: s.Settings.Metascopes, Scopes: s.Settings.Scopes}
	switch {
	case s.Options.DisableAuth:
		c.Mode = credential.None
	case !strings.EqualFold(s.Options.AuthType, AuthIMS):
		c.Mode, c.Server, c.Client, c.PrivateKey = credential.Legacy, s.Options.GatewayEndpoint, s.Options.AppName, in.LegacyKey
	default:
		c.Mode, c.Server = credential.OAuth, s.IMS
		c.Client, c.Account, c.Secret = in.ClientID, in.AccountID, in.ClientSecret
		if !in.PrivateKey.Empty() {
			c.Mode, c.PrivateKey = credential.JWT, in.PrivateKey
		}
	}
	return c
}

// findRoutes finds the option's file: of the instance, else of all; the vendor spells the name in two ways.
func findRoutes(conf, instance string) (string, error) {
	entries, err := os.ReadDir(conf)
	if err != nil {
		return "", fmt.Errorf("looking for NmsPipeline_Config: %w", err)
	}
	for _, wanted := range []string{"NmsPipeline_Config-" + instance + ".json", "NmsPipeline_Config.json"} {
		for _, entry := range entries {
			if strings.EqualFold(entry.Name(), wanted) {
				return filepath.Join(conf, entry.Name()), nil
			}
		}
	}
	return "", fmt.Errorf("%w: neither NmsPipeline_Config-%s.json nor NmsPipeline_Config.json is in %s", ErrNoRoutes, instance, conf)
}
