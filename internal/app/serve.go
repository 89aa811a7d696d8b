package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
)

// ServeOptions are what `latchkey serve` can be told; all else is configuration.
type ServeOptions struct {
	// Config is the configuration file; "" means the environment alone.
	Config   string
	Out, Err io.Writer
}

// Serve runs Latchkey in production until ctx ends. It refuses to start without a sealing key and an organization.
func Serve(ctx context.Context, options ServeOptions) error {
	config, err := LoadConfig(options.Config, os.Environ())
	if err != nil {
		return err
	}
	if err := config.check(); err != nil {
		return err
	}
	p, err := productionPlan(config, options.Err)
	if err != nil {
		return err
	}
	certificates, err := config.certificates()
	if err != nil {
		return errors.Join(err, p.release())
	}
	bound, err := listen(ctx, config.Listen)
	if err != nil {
		return errors.Join(err, p.release())
	}
	house, err := build(ctx, p)
	if err != nil {
		return errors.Join(err, bound.Close())
	}
	l, err := open(ctx, house, bound, certificates)
	if err != nil {
		return errors.Join(err, bound.Close(), house.close(ctx))
	}
	fmt.Fprintf(options.Out, "Latchkey %s serves at %s, reached by %s\n", Version, bound.Addr(), config.PublicURL)
	return house.run(ctx, l)
}

func productionPlan(config *Config, log io.Writer) (plan, error) {
	logger, err := newLog(log, config.LogLevel, config.LogFormat)
	if err != nil {
		return plan{}, err
	}
	root, err := seal.FileRoot(config.RootKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return plan{}, &ConfigError{Setting: "seal.root_key_file", Where: config.where("seal.root_key_file"),
			Problem: fmt.Sprintf("there is no file %s", config.RootKeyFile), Fix: `run "latchkey setup" with this configuration: it makes one`}
	}
	if err != nil {
		return plan{}, err
	}
	lock, err := lockData(config)
	if err != nil {
		return plan{}, err
	}
	return plan{config: config, release: lock.Release, log: logger, root: root, program: "latchkey",
		publicURLs: append([]string{strings.TrimRight(config.PublicURL, "/")}, config.CallbackURLs...)}, nil
}

// open checks that the installation was set up and begins to serve.
func open(ctx context.Context, h *house, bound net.Listener, certificates *tls.Config) (*listener, error) {
	organizations, err := h.directory.Organizations(ctx, operator())
	if err != nil {
		return nil, fmt.Errorf("reading the organizations: %w", err)
	}
	if len(organizations) == 0 {
		return nil, hinted(errors.New("there is no organization yet"), `run "latchkey setup" with this configuration first`)
	}
	handler, err := h.handler(nil)
	if err != nil {
		return nil, err
	}
	trusted := make([]netip.Prefix, 0, len(h.config.TrustedProxies))
	for _, cidr := range h.config.TrustedProxies {
		trusted = append(trusted, netip.MustParsePrefix(cidr)) // check has parsed it
	}
	return serve(bound, proxied(trusted, handler), certificates, h.log), nil
}

// certificates loads the listener's certificate; nil without one.
func (c *Config) certificates() (*tls.Config, error) {
	if c.TLSCertFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
	if err != nil {
		return nil, &ConfigError{Setting: "tls.cert_file", Where: c.where("tls.cert_file"), Problem: err.Error()}
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) {
		return nil, &ConfigError{Setting: "tls.cert_file", Where: c.where("tls.cert_file"),
			Problem: fmt.Sprintf("the certificate ended on %s", pair.Leaf.NotAfter.UTC().Format(time.RFC3339)), Fix: "renew it"}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// operator acts for whoever runs this program on the machine: it makes organizations.
func operator() access.Caller {
	return access.Caller{ID: "operator", Name: "Operator", Scopes: access.Scopes{access.Admin}}
}

// SetupOptions are what `latchkey setup` can be told.
type SetupOptions struct {
	Config string
	// Name is what the administrator's key is called.
	Name string
	JSON bool
	Out  io.Writer
}

// Setup prepares the first start of production: the root key when its file is absent, the organization, and an
// administrator's key, which it prints once. It runs where the server runs, while the server is stopped.
func Setup(ctx context.Context, options SetupOptions) (err error) {
	config, err := LoadConfig(options.Config, os.Environ())
	if err != nil {
		return err
	}
	if err := config.check(); err != nil {
		return err
	}
	_, statErr := os.Stat(config.RootKeyFile)
	if _, err := openOrCreateRoot(config.RootKeyFile); err != nil {
		return err
	}
	p, err := productionPlan(config, io.Discard)
	if err != nil {
		return err
	}
	house, err := build(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.close(ctx)) }()
	organization, err := house.productionOrganization(ctx)
	if err != nil {
		return err
	}
	created, err := house.keyring.Create(ctx, administrator(organization.ID), registry.NewKey{
		Name: cmp.Or(options.Name, "administrator"), Scopes: access.Scopes{access.Admin},
	})
	if err != nil {
		return fmt.Errorf("making the administrator's key: %w", err)
	}
	return printSetup(options, config, organization, created, errors.Is(statErr, fs.ErrNotExist))
}

func (h *house) productionOrganization(ctx context.Context) (registry.Organization, error) {
	existing, err := h.directory.Organizations(ctx, operator())
	if err != nil || len(existing) > 0 {
		return first(existing), err
	}
	return h.directory.CreateOrganization(ctx, operator(), cmp.Or(h.config.OrganizationID, ident.NewIMSOrg()), h.config.Organization)
}

func first(organizations []registry.Organization) registry.Organization {
	if len(organizations) == 0 {
		return registry.Organization{}
	}
	return organizations[0]
}

func printSetup(options SetupOptions, config *Config, organization registry.Organization, key registry.CreatedKey, newRoot bool) error {
	if options.JSON {
		return json.NewEncoder(options.Out).Encode(map[string]any{
			"organization": organization.ID, "key_id": key.ID, "key": key.Value.Reveal(), "root_key_file": config.RootKeyFile, "root_key_made": newRoot,
		})
	}
	if newRoot {
		fmt.Fprintf(options.Out, "Made the root key %s: keep a copy apart from the data, nothing can be read without it.\n", config.RootKeyFile)
	}
	_, err := fmt.Fprintf(options.Out, `Organization  %s  %s
Administrator's key, shown this once:
  %s

Start the server, then
  export LATCHKEY_URL=%s LATCHKEY_KEY=…
  latchkey definition list
`, organization.Name, organization.ID, key.Value.Reveal(), config.PublicURL)
	return err
}

// ShowConfigOptions are what `latchkey config show` can be told.
type ShowConfigOptions struct {
	Config string
	// Effective shows every setting; without it only those that were set.
	Effective bool
	JSON      bool
	Out       io.Writer
}

// ShowConfig tells each setting's value and where it came from. No setting holds a secret: keys are named by file.
func ShowConfig(_ context.Context, options ShowConfigOptions) error {
	config, err := LoadConfig(options.Config, os.Environ())
	if err != nil {
		return err
	}
	type row struct {
		Setting string `json:"setting"`
		Value   string `json:"value"`
		Source  string `json:"source"`
	}
	rows := []row{}
	for _, s := range settings() {
		from := config.sources[s.name]
		if options.Effective || from != sourceDefault {
			rows = append(rows, row{s.name, s.show(config), string(from)})
		}
	}
	if options.JSON {
		return json.NewEncoder(options.Out).Encode(map[string]any{"items": rows})
	}
	table := tabwriter.NewWriter(options.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Setting, cmp.Or(r.Value, "–"), r.Source)
	}
	return table.Flush()
}
