package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/provider"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Config is all that an operator can set. Each member has one row in [settings], which gives its name in the file,
// its environment variable, its default and its meaning.
type Config struct {
	Listen         string
	PublicURL      string
	CallbackURLs   []string
	Data           string
	DatabaseURL    secret.String
	LogLevel       string
	LogFormat      string
	TLSCertFile    string
	TLSKeyFile     string
	TrustedProxies []string
	Root           string
	RootKeyFile    string
	PreviousRoot   string
	EgressAllow    []string
	EgressProxy    string
	EgressCAFiles  []string
	EgressTimeout  time.Duration
	ReturnURLs     []string
	OrganizationID string
	Organization   string
	RefreshWorkers int
	// ProxyCalls and ProxyReplay bound the calls of a connection under way, and the bodies that are kept to be sent again.
	ProxyCalls     int
	ProxyReplay    int
	DefaultLife    time.Duration
	Providers      provider.Limits
	ProviderHosts  map[provider.Host]provider.Limits
	DrainTimeout   time.Duration
	EventRetention time.Duration
	RootKeyLife    time.Duration // 0 is for ever
	Mail           MailConfig
	OpenID         OpenIDConfig
	Traces         TracesConfig
	IssuerAliases  []string
	// Registration says whether clients may register themselves, RegistrationOrganization whose they are without a token.
	Registration, RegistrationOrganization string
	AccessLife                             time.Duration
	RefreshLife                            time.Duration
	RefreshGrace                           time.Duration
	// TargetClassic and TargetClassicAdmin are servers of one's own in the place of Target Classic's.
	TargetClassic, TargetClassicAdmin string
	// AnalyticsCenters are data centres of Analytics 1.4, "name=URL".
	AnalyticsCenters    []string
	SessionLife         time.Duration
	SessionIdle         time.Duration
	SigningKeyLife      time.Duration
	PipelineLog         string
	PipelineSlow        time.Duration
	PipelineNATS        secret.String
	PipelineReplicas    int
	PipelineLimit       int // MiB
	PipelineCredentials string

	AuditReads           audit.Mode
	AuditRetention       time.Duration // 0 is for ever
	AuditCheckpointEvery time.Duration

	sources map[string]source // setting → where its value came from
}

// source tells where a value came from: the default, a line of the file, or an environment variable.
type source string

const sourceDefault source = "default"

// ConfigError is a value that can't be used.
type ConfigError struct {
	// Setting is the dotted name, as in the file.
	Setting string
	// Where is the file's line or the environment variable that gave the value.
	Where string
	// Problem says what is wrong and what was expected.
	Problem string
	// Fix says what to do.
	Fix string
}

func (e *ConfigError) Error() string {
	text := "configuration: " + e.Setting + ": " + e.Problem
	if e.Where != "" {
		text += " (from " + e.Where + ")"
	}
	if e.Fix != "" {
		text += "\nhint: " + e.Fix
	}
	return text
}

// LoadConfig reads the file (none when path is empty), lays the environment over it, and checks the whole.
func LoadConfig(path string, environ []string) (*Config, error) {
	c := &Config{sources: map[string]source{}}
	for _, s := range settings() {
		if s.fallback != "" {
			if err := s.set(c, strings.Fields(s.fallback)); err != nil {
				panic(fmt.Sprintf("app: the default of %s can't be parsed: %v", s.name, err))
			}
		}
		c.sources[s.name] = sourceDefault
	}
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		if err := c.applyFile(path, text); err != nil {
			return nil, err
		}
	}
	if err := c.applyEnvironment(environ); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) applyEnvironment(environ []string) error {
	known := map[string]setting{}
	for _, s := range settings() {
		known[s.environment()] = s
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "LATCHKEY_") || clientVariables[name] {
			continue
		}
		s, ok := known[name]
		if !ok {
			return unknownVariable(name)
		}
		if err := s.set(c, splitList(s, value)); err != nil {
			return &ConfigError{Setting: s.name, Where: "$" + name, Problem: err.Error()}
		}
		c.sources[s.name] = source("$" + name)
	}
	return nil
}

// clientVariables are read by the command line, not by the server; a shell that has them may start one.
var clientVariables = map[string]bool{
	"LATCHKEY_URL": true, "LATCHKEY_KEY": true, "LATCHKEY_DATA": true, "LATCHKEY_SANDBOX": true, "LATCHKEY_CONFIG": true,
}

func splitList(s setting, value string) []string {
	if !s.list {
		return []string{value}
	}
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

func (c *Config) where(setting string) string {
	if s := c.sources[setting]; s != sourceDefault {
		return string(s)
	}
	return ""
}

// storeConfig says which database is opened: the server's when one is named, else the file in the data directory.
func (c *Config) storeConfig(root, previous seal.Root, log *slog.Logger) store.Config {
	return store.Config{Path: c.path("latchkey.db"), URL: c.DatabaseURL, Root: root, Previous: previous, Log: log}
}

// database names the database for people.
func (c *Config) database() string { return c.storeConfig(nil, nil, nil).Place() }

// path gives the place of a file in the data directory.
func (c *Config) path(elem ...string) string {
	return filepath.Join(append([]string{c.Data}, elem...)...)
}
